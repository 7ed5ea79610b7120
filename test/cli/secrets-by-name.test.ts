import { describe, expect, it } from 'vitest';
import { expectHonest } from './expect-honest.ts';
import { runDiff, useTempFolders, writeExport } from './run-cli.ts';
import { runSecretly } from './run-secretly.ts';

const tempFolder = useTempFolders();

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
      cwd: await tempFolder(),
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
      cwd: await tempFolder(),
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
          servers: { x: { y: { token: 'in-an-object' } } },
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
      ],
    });

    const changes = report.findings.flatMap((finding) =>
      finding.changes.map(({ op, path }) => `${op} ${path}`),
    );
    expect(changes).toEqual(expect.arrayContaining(['add /clientSecret', 'remove /password']));
  });

  it('is never shown where it is a number, a list, an object or one of many', async () => {
    const members = (value: string, number: number) => ({
      password: number,
      apiKey: [`${value}-of-a-list`],
      clientSecret: { current: `${value}-of-an-object` },
      passwords: [`${value}-of-many`],
      tokens: { one: `${value}-of-names` },
    });
    const values = ['first', 'second', 'third'];
    const places = ['of-a-list', 'of-an-object', 'of-many', 'of-names'];

    const report = await runSecretly({
      cwd: await tempFolder(),
      baseline: [{ id: '1', ...members('first', 731901368527) }, { id: '2' }],
      current: [
        { id: '1', ...members('second', 731901468527) },
        { id: '2', ...members('third', 731901568527) },
      ],
      secrets: [
        ...values.flatMap((value) => places.map((place) => `${value}-${place}`)),
        '731901368527',
        '731901468527',
        '731901568527',
      ],
      formats: ['json'],
    });

    expect(report.findings.flatMap(({ changes }) => changes)).toHaveLength(10);
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

  it('is not a list that only says where secrets are', async () => {
    const cwd = await tempFolder();
    const deployment = (names: string[]) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { uid: 'u', name: 'web' },
      spec: { template: { spec: { imagePullSecrets: names.map((name) => ({ name })) } } },
    });
    await writeExport(cwd, 'baseline', 'folder', [deployment(['registry', 'mirror'])]);
    await writeExport(cwd, 'current', 'folder', [deployment(['mirror', 'registry', 'other'])]);

    const report = expectHonest(await runDiff({ cwd }));

    expect(report.findings.flatMap(({ changes }) => changes)).toEqual([
      {
        path: '/spec/template/spec/imagePullSecrets/other',
        op: 'add',
        before: null,
        after: { name: 'other' },
      },
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
      cwd: await tempFolder(),
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
