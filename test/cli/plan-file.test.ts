import { describe, expect, it } from 'vitest';
import { changesOf, driftOf, expectError, expectHonest } from './expect-honest.ts';
import { runDiff, useTempFolders, writeExport, writeFiles } from './run-cli.ts';

const tempFolder = useTempFolders();

const policyType = '#microsoft.graph.windows10CompliancePolicy';
const policy = (description: string, group: string) => ({
  '@odata.type': policyType,
  id: 'p',
  displayName: 'Compliance',
  description,
  passwordMinimumLength: description.length,
  assignments: [{ target: { '@odata.type': '#microsoft.graph.groupAssignmentTarget', groupId: group } }],
});

/** One item changed (two paths, two drift types), one added, one removed. */
async function runWithPlan(plan: string | Uint8Array, format = 'json') {
  const cwd = await tempFolder();
  await writeExport(cwd, 'baseline', 'folder', [policy('old', 'g1'), { id: 'gone' }]);
  await writeExport(cwd, 'current', 'folder', [policy('newer', 'g2'), { id: 'new' }]);
  await writeFiles(cwd, { 'plan.yaml': plan });
  return runDiff({ cwd, format, args: ['--plan', 'plan.yaml'] });
}

describe.concurrent('a plan', () => {
  it('with nothing in it holds nothing back', async () => {
    const report = expectHonest(await runWithPlan('{}\n'));

    expect(driftOf(report).sort()).toEqual(['added new', 'changed p', 'changed p', 'removed gone']);
  });

  it('keeps the drift of its drift types', async () => {
    const report = expectHonest(await runWithPlan('driftTypes: [assignment]\n'));

    expect(report.findings.map(({ driftType }) => driftType)).toEqual(['assignment']);
    expect(report.summary).toMatchObject({ added: 1, removed: 1, changed: 1 });
  });

  it('that lets nothing through ends with exit code 0, and says so to people', async () => {
    const plan = 'driftTypes: [ownership]\n';
    const run = await runWithPlan(plan);

    expect(run.status).toBe(0);
    expect(expectHonest(run).findings).toEqual([]);
    expect((await runWithPlan(plan, 'table')).stdout).toMatch(/held back/i);
    expect((await runWithPlan(plan, 'markdown')).stdout).toMatch(/held back/i);
  });

  it('ignores the changes it names and keeps the others, with the same fingerprint', async () => {
    const without = expectHonest(await runWithPlan('name: all\n'));
    const report = expectHonest(
      await runWithPlan(
        'noiseControls:\n  ignoreChanges:\n    - path: /description\n      reason: nobody cares\n',
      ),
    );

    const configuration = report.findings.find(({ driftType }) => driftType === 'configuration');
    expect(configuration!.changes.map(({ path }) => path)).toEqual(['/passwordMinimumLength']);
    expect(report.findings.map(({ fingerprint }) => fingerprint)).toEqual(
      without.findings.map(({ fingerprint }) => fingerprint),
    );
  });

  it.each([
    // ** stands for any number of segments, none included: the presence of an item is at "".
    ['*', '/**', []],
    ['windows*', '/**', ['assignment', 'configuration', 'presence', 'presence']],
    ['microsoft.graph.*', '/**', ['presence', 'presence']],
    ['*', '/assignments/**', ['configuration', 'presence', 'presence']],
    ['*', '""', ['assignment', 'configuration']],
    ['json', '""', ['assignment', 'configuration']],
    ['*', '/*', ['assignment', 'presence', 'presence']],
    ['*', '/DESCRIPTION', ['assignment', 'configuration', 'presence', 'presence']],
  ])('ignores by item type and path: %s %s', async (itemType, path, left) => {
    const plan = `noiseControls: { ignoreChanges: [{ itemType: '${itemType}', path: ${path.startsWith('/') ? `'${path}'` : path} }] }\n`;

    const report = expectHonest(await runWithPlan(plan));

    expect(report.findings.map(({ driftType }) => driftType).sort()).toEqual(left);
  });

  it('hides nothing that was not checked', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', [{ id: '1', a: 1 }]);
    await writeExport(cwd, 'current', 'folder', [{ id: '1', a: 2 }, '{']);
    await writeFiles(cwd, { 'plan.yaml': "noiseControls: { ignoreChanges: [{ path: '/**' }] }\n" });

    const run = await runDiff({ cwd, args: ['--plan', 'plan.yaml'] });

    expect(run.status).toBe(3);
    expect(changesOf(expectHonest(run))).toEqual([]);
  });
});

describe.concurrent('a plan that is not valid', () => {
  it.each([
    ['description', ' /x', '#/x', '$.x'],
    ['/a~2b', '/a~'],
  ])('has paths that are no JSON Pointers: %s, %s', async (...paths) => {
    const changes = paths.map((path) => `{ path: '${path}' }`).join(', ');
    const run = await runWithPlan(`noiseControls: { ignoreChanges: [${changes}] }\n`);

    expectError(run, 'invalid_plan');
    for (const [index] of paths.entries()) {
      expect(run.stderr).toContain(`/noiseControls/ignoreChanges/${index}/path`);
    }
  });

  it('is refused with everything that is wrong, each with its line and pointer', async () => {
    const run = await runWithPlan(
      [
        'name: 7',
        'driftTypes: [configuration, asignment, presence]',
        'nosieControls: {}',
        'noiseControls:',
        '  ignoreChanges:',
        '    - path: description',
        '    - itemType: json',
        '    - path: 5',
        '      resaon: typo',
        '',
      ].join('\n'),
    );

    expectError(run, 'invalid_plan');
    const lines = run.stderr.split('\n');
    const wrong: [line: number, pointer: string][] = [
      [1, '/name'],
      [2, '/driftTypes/1'],
      [3, '/nosieControls'],
      [6, '/noiseControls/ignoreChanges/0/path'],
      [7, '/noiseControls/ignoreChanges/1'],
      [8, '/noiseControls/ignoreChanges/2/path'],
      [9, '/noiseControls/ignoreChanges/2/resaon'],
    ];
    for (const [line, pointer] of wrong) {
      const said = lines.filter((each) => each.includes(pointer) && new RegExp(`\\b${line}\\b`).test(each));
      expect({ line, pointer, said: said.length > 0, stderr: run.stderr }).toMatchObject({ said: true });
    }
    expect(run.stderr).toContain('plan.yaml');
    // The nearest name is said.
    expect(run.stderr).toMatch(/\bassignment\b/);
    expect(run.stderr).toMatch(/noiseControls/);
  });

  it.each([
    ['is not YAML', 'name: [\n  a: b: c\n}', 'invalid_plan'],
    ['has the same key twice', 'name: a\ndriftTypes: [assignment]\nname: b\n', 'invalid_plan'],
    ['is a list', '- name: x\n', 'invalid_plan'],
    ['is several documents', 'name: a\n---\nname: b\n', 'invalid_plan'],
    ['has an unknown alias', 'name: *nobody\n', 'invalid_plan'],
    ['has a tag of a programming language', 'name: !!js/function "function(){}"\n', 'invalid_plan'],
    ['has __proto__', '__proto__: { name: x }\n', 'invalid_plan'],
    ['is a picture', Buffer.from('89504e470d0a1a0a00000000', 'hex'), '(invalid_plan|unreadable_config)'],
    ['is Latin-1', Buffer.from('name: Ger\xe4t\n', 'latin1'), '(invalid_plan|unreadable_config)'],
    ['has 2 MB', `# ${'x'.repeat(2_000_000)}\nname: x\n`, '(invalid_plan|unreadable_config)'],
    ['is nested 10,000 deep', `name: ${'['.repeat(10_000)}${']'.repeat(10_000)}\n`, 'invalid_plan'],
  ])('is refused in a few lines: it %s', async (_, plan, code) => {
    const run = await runWithPlan(plan);

    expect({ status: run.status, stdout: run.stdout }).toEqual({ status: 2, stdout: '' });
    expect(run.stderr).toMatch(new RegExp(`plan\\.yaml[\\s\\S]*\\[${code}\\]`));
    expect(run.stderr).not.toMatch(/internal_error|^\s+at /m);
    expect(run.stderr.length).toBeLessThan(4_000);
  });

  it('may not be a bomb of aliases', async () => {
    const levels = Array.from({ length: 30 }, (_, level) =>
      level === 0
        ? 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
        : `a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}]`,
    );

    const run = await runWithPlan(`${levels.join('\n')}\n`);

    expectError(run, 'invalid_plan');
    expect(run.stderr.length).toBeLessThan(10_000);
  });

  it('may not be absent, or a folder', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', [{ id: '1' }]);

    for (const plan of ['nothing.yaml', 'baseline', '']) {
      const run = await runDiff({ cwd, current: 'baseline', args: ['--plan', plan] });
      expectError(run, 'unreadable_config');
    }
  });

  it('leaves stdout empty where the format would be a document', async () => {
    expectError(await runWithPlan('nope: 1\n', 'sarif'), 'invalid_plan');
  });
});
