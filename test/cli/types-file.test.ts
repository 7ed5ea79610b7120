import { describe, expect, it } from 'vitest';
import { changesOf, driftOf, expectError, expectHonest, problemsOf } from './expect-honest.ts';
import { runCli, runDiff, useTempFolders, writeExport, writeFiles } from './run-cli.ts';

const tempFolder = useTempFolders();

const good = `itemTypes:
  - itemType: acme.firewallRule
    title: Firewall rule
    match: [{ path: /kind, is: [Firewall*] }]
    identity: [/ruleId]
    label: [/name]
    volatile: [/hitCount]
    unordered: [/sources]
    keyed: [{ path: /targets, key: [/host] }]
    sensitive: [/sharedKey]
    driftTypes: [{ path: /owner, driftType: ownership }]
    impact: [{ path: /action, baseImpact: 0.95 }]
    evidence: { show: [/**] }
`;

const rule = {
  kind: 'FirewallRule',
  ruleId: 7,
  name: 'Web',
  hitCount: 1,
  sources: ['a', 'b'],
  targets: [
    { host: 'x', port: 1 },
    { host: 'y', port: 2 },
  ],
  sharedKey: 'k1',
  owner: 'anna',
  action: 'deny',
};

async function runWithTypes(types: string | Uint8Array, current: unknown = rule) {
  const cwd = await tempFolder();
  await writeExport(cwd, 'baseline', 'folder', [rule]);
  await writeExport(cwd, 'current', 'folder', [current]);
  await writeFiles(cwd, { 'types.yaml': types });
  return { cwd, run: await runDiff({ cwd, args: ['--types', 'types.yaml'] }) };
}

describe.concurrent('types of the user', () => {
  it('make noise of what they call volatile or unordered', async () => {
    const { run } = await runWithTypes(good, {
      ...rule,
      hitCount: 2,
      sources: ['b', 'a', 'b'],
      targets: [...rule.targets].reverse(),
    });

    const report = expectHonest(run);
    expect(run.status).toBe(0);
    expect(report.problems).toEqual([]);
    expect(report.coverage).toEqual([{ itemType: 'acme.firewallRule', status: 'complete', reason: null }]);
  });

  it('say what is drift, of which type and how grave', async () => {
    const { run } = await runWithTypes(good, {
      ...rule,
      action: 'allow',
      owner: 'bert',
      sharedKey: 'k2',
      targets: [{ host: 'z', port: 3 }, { host: 'x', port: 9 }, rule.targets[1]],
    });

    const report = expectHonest(run);
    expect(
      report.findings.map(({ driftType, severity, externalId, label }) => [
        driftType,
        severity,
        externalId,
        label,
      ]),
    ).toEqual([
      ['configuration', 'sev1', '7', 'Web'],
      ['ownership', 'sev3', '7', 'Web'],
    ]);
    expect(changesOf(report)).toEqual([
      ['replace', '/action', 'deny', 'allow'],
      ['replace', '/sharedKey', '[redacted]', '[redacted]'],
      ['replace', '/targets/x/port', 1, 9],
      ['add', '/targets/z', null, { host: 'z', port: 3 }],
      ['replace', '/owner', 'anna', 'bert'],
    ]);
  });

  it('come before the built-in ones, and leave others to those', async () => {
    const { run } = await runWithTypes(good, { id: 'else' });

    const report = expectHonest(run);
    expect(driftOf(report).sort()).toEqual(['added else', 'removed 7']);
    expect(problemsOf(report)).toEqual([]);
  });
});

const typeWith = (line: string) =>
  `itemTypes:\n  - itemType: acme.x\n    match: [{ has: [/x] }]\n    identity: [/x]\n    ${line}\n`;

describe.concurrent('types that are not valid', () => {
  it('are refused with everything that is wrong, each with its line and pointer', async () => {
    const { cwd, run } = await runWithTypes(
      [
        'itemTypes:',
        '  - itemType: acme.a',
        '    match: [{ has: [/a] }]',
        '    identity: [/a/b/c]',
        '    volatle: [/x]',
        '  - itemType: acme.b',
        '    match: [{ has: [/b] }]',
        '    identity: [/id]',
        '    extends: acme.nobody',
        '    impact: [{ path: /x, baseImpact: 7 }]',
        '    driftTypes: [{ path: /x, driftType: asignment }]',
        '',
      ].join('\n'),
    );
    const checked = await runCli(['types', 'check', 'types.yaml'], { cwd });

    expectError(run, 'invalid_item_types');
    expect(checked.status).toBe(2);
    const wrong: [line: number, pointer: string][] = [
      [4, '/itemTypes/0/identity/0'],
      [5, '/itemTypes/0/volatle'],
      [10, '/itemTypes/1/impact/0/baseImpact'],
      [11, '/itemTypes/1/driftTypes/0/driftType'],
    ];
    for (const output of [run.stderr, `${checked.stdout}${checked.stderr}`]) {
      for (const [line, pointer] of wrong) {
        const said = output
          .split('\n')
          .filter((each) => each.includes(pointer) && new RegExp(`\\b${line}\\b`).test(each));
        expect({ line, pointer, said: said.length > 0, output }).toMatchObject({ said: true });
      }
      expect(output).toMatch(/\bassignment\b/);
    }
  });

  it.each([
    ['a definition of nobody is extended', typeWith('extends: acme.nobody')],
    [
      'two definitions extend each other',
      'itemTypes:\n  - { itemType: a, extends: b, match: [{ has: [/a] }], identity: [/i] }\n  - { itemType: b, extends: a, match: [{ has: [/b] }], identity: [/i] }\n',
    ],
    [
      'two have the same name',
      'itemTypes:\n  - { itemType: a, match: [{ has: [/a] }], identity: [/i] }\n  - { itemType: a, match: [{ has: [/b] }], identity: [/i] }\n',
    ],
    ['one has no name', 'itemTypes:\n  - { match: [{ has: [/a] }], identity: [/i] }\n'],
    ['one has no identity', 'itemTypes:\n  - { itemType: a, match: [{ has: [/a] }] }\n'],
    [
      'an identity is three deep',
      'itemTypes:\n  - { itemType: a, match: [{ has: [/a] }], identity: [/a/b/c] }\n',
    ],
    [
      'an identity is no JSON Pointer',
      'itemTypes:\n  - { itemType: a, match: [{ has: [/a] }], identity: [id] }\n',
    ],
    [
      'a match is no JSON Pointer',
      'itemTypes:\n  - { itemType: a, match: [{ has: [a] }], identity: [/i] }\n',
    ],
    ['a match is empty', 'itemTypes:\n  - { itemType: a, match: [{}], identity: [/i] }\n'],
    [
      'patterns and pointers are none',
      typeWith('sensitive: [x/y]\n    label: [name]\n    keyed: [{ path: /l, key: [name] }]'),
    ],
    ['an escape is none', typeWith('sensitive: [/a~3]')],
    ['it has the same key twice', typeWith('identity: [/y]')],
    ['it is no YAML', 'itemTypes: [\n'],
    ['it is empty', ''],
    ['it has 2 MB', `# ${'x'.repeat(2_000_000)}\n${good}`],
  ])('are refused: %s', async (_, types) => {
    const { run } = await runWithTypes(types);

    expect({ status: run.status, stdout: run.stdout }).toEqual({ status: 2, stdout: '' });
    expect(run.stderr).toMatch(/types\.yaml[\s\S]*\[(invalid_item_types|unreadable_config)\]/);
    expect(run.stderr).not.toMatch(/internal_error|^\s+at /m);
    expect(run.stderr.length).toBeLessThan(4_000);
  });

  it('may not be a bomb of aliases', async () => {
    const levels = Array.from({ length: 30 }, (_, level) =>
      level === 0
        ? 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
        : `a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}]`,
    );

    const { run } = await runWithTypes(`${levels.join('\n')}\n${good}`);

    expectError(run, 'invalid_item_types');
  });

  it('and a plan that is not are both told of, or one of them', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', [rule]);
    await writeFiles(cwd, { 'bad.yaml': 'nope: 1\n' });

    const run = await runDiff({
      cwd,
      current: 'baseline',
      args: ['--types', 'bad.yaml', '--plan', 'bad.yaml'],
    });

    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/\[invalid_(item_types|plan)\]/);
  });

  it('may not be absent, or a folder', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', [rule]);

    for (const types of ['nothing.yaml', 'baseline']) {
      expectError(await runDiff({ cwd, current: 'baseline', args: ['--types', types] }), 'unreadable_config');
    }
  });
});
