import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { expectError, expectNoTrace } from './expect-honest.ts';
import { cliPath, runCli, useTempFolders, writeFiles } from './run-cli.ts';

const tempFolder = useTempFolders();

const good = `name: Billing
scopeType: repo
scopeRef: Contoso/Billing
docClass: runbook
driftTypes: [presence, configuration]
noiseControls:
  ignoreChanges:
    - { path: /description, when: 'op == "replace"' }
`;

/** Without a server, and without the settings for one. */
async function check(plan: string | Uint8Array, ...more: string[]) {
  const cwd = await tempFolder();
  await writeFiles(cwd, { 'plan.yaml': plan });
  return runCli(['plans', 'check', 'plan.yaml', ...more], {
    cwd,
    env: { DRIFTPLANE_URL: '', DRIFTPLANE_TOKEN: '' },
  });
}

describe.concurrent('plans check', () => {
  it('says the name, the scope and the hash of a plan', async () => {
    const run = await check(good);
    const reordered = await check(good.replace('presence, configuration', 'configuration, presence'));

    expectNoTrace(run);
    expect(run).toMatchObject({ status: 0, stderr: 'plan.yaml is valid.\n' });
    expect(run.stdout).toMatch(
      /^name +Billing\nscope +repo contoso\/billing, document class runbook\nversion hash +[0-9a-f]{64}\n$/,
    );
    expect(reordered.stdout).toBe(run.stdout);
  });

  it('gives the plan with its defaults as JSON', async () => {
    const run = await check(good, '--json');

    expect(run.stderr).toBe('');
    expect(JSON.parse(run.stdout)).toMatchObject({
      name: 'Billing',
      scopeRef: 'contoso/billing',
      driftTypes: ['configuration', 'presence'],
      thresholds: { notify: 0.4 },
      versionHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('takes a file without name and scope for diff only', async () => {
    const run = await check('driftTypes: [assignment]\n');
    const forDiff = await check('driftTypes: [assignment]\n', '--for-diff');

    expectError(run, 'invalid_plan');
    expect(run.stderr).toMatch(/\/name: /);
    expect(run.stderr).toMatch(/\/scopeType: /);
    expect(forDiff.status).toBe(0);
  });

  it('reads stdin', async () => {
    const child = spawn(process.execPath, [cliPath, 'plans', 'check', '-'], { stdio: 'pipe' });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk));
    child.stdin.end(good.replace('docClass', 'docclass'));

    const [code] = await once(child, 'close');

    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: stdin is not a valid plan \[invalid_plan\]\n {2}line 4, \/docclass: /);
  });

  it.each([
    ['little', Buffer.from(`\ufeff${good}`, 'utf16le')],
    ['big', Buffer.from(`\ufeff${good}`, 'utf16le').swap16()],
  ])('reads what Windows writes, in UTF-16 with the %s end first', async (_, bytes) => {
    const [run, plain] = [await check(bytes), await check(good)];

    expect(run).toMatchObject({ status: 0, stdout: plain.stdout });
  });

  it('says everything that is wrong, each with its line and pointer', async () => {
    const run = await check(
      [
        'name: ""',
        'scopeType: repo',
        'scopeRef: billing',
        'allowedOutputs: [slack, emial]',
        'thresholds: { notify: 2 }',
        'eligibility:',
        '  when: severity == 1',
        'noiseControls:',
        '  ignoreChanges:',
        '    - path: description',
        'impactRules:',
        '  multipliers:',
        "    - { name: a, factor: 2, when: 'true' }",
        "    - { name: a, factor: 2, when: 'tru' }",
        'budget: {}',
        '',
      ].join('\n'),
    );

    expectError(run, 'invalid_plan');
    const places = [...run.stderr.matchAll(/^ {2}line (\d+), (\S+): /gm)].map(([, line, pointer]) => [
      Number(line),
      pointer,
    ]);
    expect(places).toEqual([
      [1, '/name'],
      [3, '/scopeRef'],
      [4, '/allowedOutputs/1'],
      [5, '/thresholds/notify'],
      [7, '/eligibility/when'],
      [10, '/noiseControls/ignoreChanges/0/path'],
      [14, '/impactRules/multipliers/1/when'],
      [14, '/impactRules/multipliers/1/name'],
      [15, '/budget'],
    ]);
    expect(run.stderr).toMatch(/\/allowedOutputs\/1: "emial" is not one of .+; did you mean "email"\?/);
  });

  it.each([
    ['is not YAML', 'name: [\n', /line \d/],
    [
      'has the same key twice',
      `${good}scopeType: workspace\n`,
      /line 9, \/scopeType: the key "scopeType" is there twice/,
    ],
    ['is two documents', `${good}---\n${good}`, /line \d/],
    ['is a text', 'Billing\n', /line 1: /],
    [
      'is not UTF-8',
      Buffer.from('name: Ger\xe4t\n', 'latin1'),
      /plan\.yaml is not UTF-8 \[unreadable_config\]/,
    ],
    [
      'is not UTF-16 throughout',
      Buffer.concat([Buffer.from('\ufeffname: ', 'utf16le'), Buffer.from([0, 0xdc, 0x20])]),
      /plan\.yaml is not UTF-16LE \[unreadable_config\]/,
    ],
    ['is too large', `# ${'x'.repeat(2_000_000)}\n${good}`, /larger than 1024 KiB \[unreadable_config\]/],
  ])('refuses a file that %s', async (_, plan, said) => {
    const run = await check(plan);

    expectNoTrace(run);
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toMatch(said);
  });

  it('refuses a bomb of aliases', async () => {
    const levels = Array.from({ length: 30 }, (_, level) =>
      level === 0
        ? 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
        : `a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}]`,
    );

    const run = await check(`${good}${levels.join('\n')}\n`);

    expectError(run, 'invalid_plan');
    expect(run.stderr).toContain('more than 100 aliases');
    expect(run.stderr.length).toBeLessThan(4_000);
  });

  it('refuses a file that is not there', async () => {
    const cwd = await tempFolder();

    expectError(await runCli(['plans', 'check', 'nothing.yaml'], { cwd }), 'unreadable_config');
  });
});

describe.concurrent('plans schema', () => {
  it('is a JSON Schema that knows good files from bad ones', async () => {
    const cwd = await tempFolder();

    const run = await runCli(['plans', 'schema'], { cwd, env: { DRIFTPLANE_TOKEN: '' } });

    expect(run).toMatchObject({ status: 0, stderr: '' });
    const isValid = new Ajv2020({ strict: false }).compile(JSON.parse(run.stdout));
    expect(isValid(parse(good))).toBe(true);
    expect(isValid({ ...parse(good), budget: {} })).toBe(false);
    expect(isValid({ ...parse(good), allowedOutputs: ['emial'] })).toBe(false);
    expect(isValid({ name: 'x' })).toBe(false);
  });
});

describe.concurrent('commands that need a server', () => {
  it.each([
    ['plans', 'list'],
    ['plans', 'templates', 'list'],
    ['incidents', 'list'],
    // Not the version of the program.
    ['plans', 'publish', 'Billing', '--version', '2'],
  ])('say that the token is missing: %s %s', async (...args) => {
    const run = await runCli(args, { cwd: await tempFolder(), env: { DRIFTPLANE_TOKEN: '' } });

    expectError(run, 'invalid_arguments');
    expect(run.stderr).toContain('DRIFTPLANE_TOKEN is not set');
  });
});
