import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { expectHonest, expectNoTrace, idsOf } from './expect-honest.ts';
import { formats as allFormats, runDiff, useTempFolders, writeExport, writeFiles } from './run-cli.ts';

const tempFolder = useTempFolders();

const sha256 = (text: string) => createHash('sha256').update(text);
/** The documented key (docs/fingerprint.md): whoever knows it could try secrets out on a digest. */
const hmac = (text: string) => createHmac('sha256', 'driftplane/offline').update(text);

/** Everything that would give a secret away. */
function traces(secret: string): string[] {
  const canonical = JSON.stringify(secret);
  const digests = [sha256(secret), sha256(canonical), hmac(secret), hmac(canonical)].map((hash) =>
    hash.digest(),
  );
  return [
    secret,
    canonical.slice(1, -1),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret).toString('hex'),
    encodeURIComponent(secret),
    secret.slice(0, Math.max(8, secret.length / 2)),
    ...digests.flatMap((digest) => [digest.toString('hex'), digest.toString('base64').slice(0, 42)]),
    ...digests.map((digest) => digest.toString('hex').slice(0, 12)),
  ];
}

/** Runs one comparison in every format; expects no trace of any secret. Answers with the JSON report. */
async function runSecretly(options: {
  baseline: unknown[];
  current: unknown[];
  secrets: readonly string[];
  types?: string;
  formats?: readonly string[];
}) {
  const formats = options.formats ?? allFormats;
  const cwd = await tempFolder();
  await writeExport(cwd, 'baseline', 'folder', options.baseline);
  await writeExport(cwd, 'current', 'folder', options.current);
  if (options.types !== undefined) await writeFiles(cwd, { 'types.yaml': options.types });
  const args = options.types === undefined ? [] : ['--types', 'types.yaml'];
  const runs = await Promise.all(formats.map((format) => runDiff({ cwd, format, args })));

  for (const [index, run] of runs.entries()) {
    expectNoTrace(run);
    const said = `${run.stdout}\n${run.stderr}`;
    for (const secret of options.secrets) {
      const found = traces(secret).filter((trace) => said.includes(trace));
      expect({ format: formats[index], secret, found }).toEqual({
        format: formats[index],
        secret,
        found: [],
      });
    }
    expect(said).not.toContain('hmac-sha256');
  }
  return expectHonest(runs[formats.indexOf('json')]!);
}

const names = [
  'password',
  'Password',
  'adminPassword',
  'wifi_password',
  'PASSWORD',
  'passphrase',
  'pwd',
  'clientSecret',
  'client_secret',
  'client-secret',
  'CLIENT_SECRET',
  'secret',
  'sharedSecret',
  'token',
  'accessToken',
  'refresh_token',
  'apiKey',
  'api_key',
  'x-api-key',
  'connectionString',
  'privateKey',
  'preSharedKey',
  'sharedKey',
  'accountKey',
  'sasToken',
  'secretKey',
  'secretAccessKey',
];

describe.concurrent('a member whose name says that it is a secret', () => {
  it('is never shown when it changes, and its change is', async () => {
    const members = (value: string) =>
      Object.fromEntries(names.map((name) => [name, `${value} of ${name}!`]));
    const report = await runSecretly({
      baseline: [{ id: '1', deep: [{ er: members('hunter2-old') }] }],
      current: [{ id: '1', deep: [{ er: members('hunter2-new') }] }],
      secrets: [
        'hunter2-old',
        'hunter2-new',
        ...names.flatMap((name) => [`hunter2-old of ${name}!`, `hunter2-new of ${name}!`]),
      ],
    });

    const paths = report.findings.flatMap(({ changes }) => changes.map(({ path }) => path.split('/').at(-1)));
    expect(paths.sort()).toEqual([...names].sort());
  });

  it('is never shown when it comes or goes, alone, with its item, or inside of something', async () => {
    const report = await runSecretly({
      baseline: [
        { id: '1', password: 'gone-with-the-wind' },
        { id: 'gone', apiKey: 'gone-with-its-item' },
        { id: '2', connections: [{ name: 'a', auth: { password: 'inside-an-element' } }] },
      ],
      current: [
        { id: '1', clientSecret: 'came-from-nowhere' },
        { id: 'new', apiKey: 'came-with-its-item' },
        {
          id: '2',
          connections: [],
          servers: { x: { y: { token: { value: 'in-an-object' } } } },
          password: 7_319_046_852,
        },
        { id: '3', name: 'another' },
      ],
      secrets: [
        'gone-with-the-wind',
        'gone-with-its-item',
        'inside-an-element',
        'came-from-nowhere',
        'came-with-its-item',
        'in-an-object',
        '7319046852',
      ],
    });

    const changes = report.findings.flatMap((finding) =>
      finding.changes.map(({ op, path }) => `${op} ${path}`),
    );
    expect(changes).toEqual(expect.arrayContaining(['add /clientSecret', 'remove /password']));
  });

  it('is never shown where the name is a plural', async () => {
    const name = (value: string) => ({
      id: '1',
      passwords: [`${value}-of-many-1`],
      apiKeys: { a: `${value}-of-many-2` },
    });

    await runSecretly({
      baseline: [name('first')],
      current: [name('second')],
      secrets: ['first-of-many-1', 'second-of-many-1', 'first-of-many-2', 'second-of-many-2'],
      formats: ['json'],
    });
  });

  it('is only the same where it is the same', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', [{ id: '1', password: 'same', n: 1 }]);
    await writeExport(cwd, 'current', 'folder', ['{"n":1,"password":"s\\u0061me","id":"1"}']);

    expect((await runDiff({ cwd })).status).toBe(0);
  });

  it('is not one that only counts or rules passwords', async () => {
    const cwd = await tempFolder();
    const policy = (value: number, isRequired: boolean) => ({
      id: '1',
      passwordMinimumLength: value,
      passwordRequired: isRequired,
      tokenLifetimeMinutes: value,
    });
    await writeExport(cwd, 'baseline', 'folder', [policy(8, false)]);
    await writeExport(cwd, 'current', 'folder', [policy(12, true)]);

    const report = expectHonest(await runDiff({ cwd }));

    expect(report.findings[0]!.changes.map(({ before, after }) => [before, after])).toEqual([
      [8, 12],
      [false, true],
      [8, 12],
    ]);
  });

  it('is never shown in a problem', async () => {
    const broken = [
      '{"id":"1","password":"broken-off-here',
      '{"id":"2","password":"twice-one","password":"twice-two"}',
      '{"password":"without-identity"}',
      '{"id":"3","password":"contradiction-1"}',
      '{"id":"3","password":"contradiction-2"}',
      '{"id":"4","password":98765432109876543210987}',
      'password=plain-text-file',
      '"text-as-an-item"',
      '{"id":"5","password":unquoted-secret}',
    ];
    const report = await runSecretly({
      baseline: [{ id: '1' }],
      current: broken,
      secrets: [
        'broken-off-here',
        'twice-one',
        'twice-two',
        'without-identity',
        'contradiction-1',
        'contradiction-2',
        '98765432109876543210987',
        'plain-text-file',
        'text-as-an-item',
        'unquoted-secret',
      ],
    });

    expect(report.problems.length).toBeGreaterThan(5);
  });
});

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
      baseline: [itemOf(tokens.github)],
      current: [changed, { ...itemOf(tokens.github), id: '9' }],
      secrets: [tokens.github],
      formats: ['json', 'table'],
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
    baseline: knownObjects(values[0]),
    current: knownObjects(values[1]),
    secrets: values.flatMap((value) => places.map((place) => `${place}-${value}`)),
  });

  expect(idsOf(report.findings).sort()).toEqual(['custom', 'secret', 'setting', 'variable']);
});
