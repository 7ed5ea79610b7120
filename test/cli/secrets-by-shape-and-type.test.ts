import { describe, expect, it } from 'vitest';
import { idsOf } from './expect-honest.ts';
import { useTempFolders } from './run-cli.ts';
import { runSecretly } from './run-secretly.ts';

const tempFolder = useTempFolders();

// Put together at run time, so that no scanner takes them for leaked ones.
const tokens = {
  github: `ghp${'_'}${'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6'}`,
  aws: `AKIA${'Q7WX3ZP5R2L8N4KD'}`,
  slack: `xoxb${'-'}123456789012-1234567890123-${'AbCdEfGhIjKlMnOpQrStUvWx'}`,
  jwt: `eyJhbGciOiJIUzI1NiJ9.${'eyJzdWIiOiIxMjM0NTY3ODkwIn0'}.${'dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'}`,
  pem: `-----BEGIN PRIVATE${' '}KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE${' '}KEY-----\n`,
};

describe.concurrent('a text whose shape says that it is a secret', () => {
  it('is never shown, whatever its name', async () => {
    const kinds = Object.keys(tokens) as (keyof typeof tokens)[];
    const urls = [
      'postgres://app:first-passw0rd@db.example/app',
      'postgres://app:other-passw0rd@db.example/app',
    ];

    const report = await runSecretly({
      cwd: await tempFolder(),
      baseline: [...kinds.map((id) => ({ id, note: 'none' })), { id: 'url', note: urls[0] }],
      current: [...kinds.map((id) => ({ id, note: tokens[id] })), { id: 'url', note: urls[1] }],
      secrets: [...Object.values(tokens), 'first-passw0rd', 'other-passw0rd'],
    });

    expect(idsOf(report.findings)).toEqual([...kinds, 'url'].sort());
  });

  it.each([
    ['the label', (token: string) => ({ id: '1', displayName: token, n: 1 })],
    ['the key of a list', (token: string) => ({ id: '1', list: [{ key: token, n: 1 }] })],
    ['the name of a member', (token: string) => ({ id: '1', sessions: { [token]: 1 } })],
  ])('is never shown as %s', async (_, itemOf) => {
    const changed = JSON.parse(JSON.stringify(itemOf(tokens.github)).replace(':1}', ':2}'));

    await runSecretly({
      cwd: await tempFolder(),
      baseline: [itemOf(tokens.github)],
      current: [changed, { ...itemOf(tokens.github), id: '9' }],
      secrets: [tokens.github],
      formats: ['json'],
    });
  });
});

const types = `itemTypes:
  - itemType: acme.vault
    match: [{ has: [/vaultId] }]
    identity: [/vaultId]
    label: [/title]
    sensitive: [/pin, /entries/*/text, /blob, /title, /tags, /map/*]
    keyed: [{ path: /entries, key: [/slot] }]
    evidence: { show: [/**] }
`;

describe.concurrent('a path that the user calls sensitive', () => {
  const vault = (value: string) => ({
    vaultId: 'v',
    pin: `pin-${value}`,
    entries: [{ slot: 's', text: `entry-${value}` }],
    blob: { a: [`blob-${value}`] },
    title: `title-${value}`,
    tags: [`tag-${value}`, 'x'],
    map: { one: `one-${value}` },
  });
  const secretsOf = (value: string) =>
    ['pin', 'entry', 'blob', 'title', 'tag', 'one'].map((each) => `${each}-${value}`);

  it('is never shown, and its change is', async () => {
    const values = ['before-8831', 'after-7742', 'gone-5512', 'new-6623'] as const;

    const report = await runSecretly({
      cwd: await tempFolder(),
      baseline: [vault(values[0]), { ...vault(values[2]), vaultId: 'gone' }],
      current: [vault(values[1]), { ...vault(values[3]), vaultId: 'new' }],
      secrets: values.flatMap(secretsOf),
      types,
    });

    const changed = report.findings.filter(({ change }) => change === 'changed');
    const roots = changed.flatMap(({ changes }) => changes.map(({ path }) => path.split('/')[1]));
    expect([...new Set(roots)].sort()).toEqual(['blob', 'entries', 'map', 'pin', 'tags', 'title']);
    expect(report.findings).toHaveLength(3);
  });
});

/** Objects of known types with a secret each. */
function knownObjects(value: string): unknown[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        uid: 'secret',
        name: 'db',
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration': `{"stringData":{"user":"copy-${value}"}}`,
        },
      },
      data: { user: Buffer.from(`data-${value}`).toString('base64') },
      stringData: { user: `string-${value}` },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { uid: 'variable', name: 'web' },
      spec: {
        template: {
          spec: { containers: [{ name: 'web', env: [{ name: 'DB_PASSWORD', value: `env-${value}` }] }] },
        },
      },
    },
    {
      '@odata.type': '#microsoft.graph.deviceManagementConfigurationPolicy',
      id: 'setting',
      name: 'Wi-Fi',
      settings: [
        {
          id: '0',
          settingInstance: {
            '@odata.type': '#microsoft.graph.deviceManagementConfigurationSimpleSettingInstance',
            settingDefinitionId: 'wifi_key',
            simpleSettingValue: {
              '@odata.type': '#microsoft.graph.deviceManagementConfigurationSecretSettingValue',
              value: `setting-${value}`,
              valueState: 'notEncrypted',
            },
          },
        },
      ],
    },
    {
      '@odata.type': '#microsoft.graph.windows10CustomConfiguration',
      id: 'custom',
      displayName: 'Custom',
      omaSettings: [
        {
          '@odata.type': '#microsoft.graph.omaSettingString',
          omaUri: './x',
          isEncrypted: true,
          secretReferenceValueId: null,
          value: `oma-${value}`,
        },
      ],
    },
  ];
}

it.concurrent('the secrets of known types are never shown, and their changes are', async () => {
  const values = ['first-5512', 'second-6623'] as const;
  const places = ['copy', 'data', 'string', 'env', 'setting', 'oma'];

  const report = await runSecretly({
    cwd: await tempFolder(),
    baseline: knownObjects(values[0]),
    current: knownObjects(values[1]),
    secrets: values.flatMap((value) => places.map((place) => `${place}-${value}`)),
  });

  expect(idsOf(report.findings).sort()).toEqual(['custom', 'secret', 'setting', 'variable']);
});
