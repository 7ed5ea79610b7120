import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { expectError, expectHonest, expectNoTrace, problemsOf } from './expect-honest.ts';
import { cliPath, formats, runCli, runDiff, useTempFolders, writeExport, writeFiles } from './run-cli.ts';

const tempFolder = useTempFolders();

/** A folder in which 1,000 items changed, made once. */
const changedItems = memoized(async () => {
  const cwd = await tempFolder();
  const many = (value: number) => Array.from({ length: 1_000 }, (_, id) => ({ id: `${id}`, value }));
  await writeExport(cwd, 'baseline', 'ndjson', many(1));
  await writeExport(cwd, 'current', 'ndjson', many(2));
  return cwd;
});

function memoized<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function folderWith(
  current: readonly unknown[],
  baseline: readonly unknown[] = [{ id: '1' }],
): Promise<string> {
  const cwd = await tempFolder();
  await writeExport(cwd, 'baseline', 'folder', baseline);
  await writeExport(cwd, 'current', 'folder', current);
  return cwd;
}

/** Runs a line of shell in which `driftplane` is the command line. */
function runShell(cwd: string, line: string): Promise<{ status: number; stdout: string; stderr: string }> {
  const script = `driftplane() { "${process.execPath}" "${cliPath}" "$@"; }\n${line}`;
  return new Promise((resolve) => {
    execFile('bash', ['-c', script], { cwd, maxBuffer: 1e9 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe.concurrent('exit codes', () => {
  const cases = [
    { what: 'nothing drifted', current: [{ id: '1' }], status: 0 },
    { what: 'something drifted', current: [{ id: '1', a: 1 }], status: 1 },
    { what: 'nothing drifted, but not all was checked', current: [{ id: '1' }, '{'], status: 3 },
    { what: 'something drifted, and not all was checked', current: [{ id: '1', a: 1 }, '{'], status: 1 },
    {
      what: 'nothing drifted, but one is ambiguous',
      current: [{ id: '1' }, { id: '2' }, { id: '2', a: 1 }],
      status: 3,
    },
  ];

  it.each(formats)('are the same in every format (%s)', async (format) => {
    const some = format === 'json' ? cases : cases.slice(3, 4);
    const runs = await Promise.all(
      some.map(async ({ current }) => runDiff({ cwd: await folderWith(current), format })),
    );

    for (const [index, { what, status }] of some.entries()) {
      const run = runs[index]!;
      expectNoTrace(run);
      expect({ what, status: run.status, isSaid: run.stdout !== '' }).toEqual({ what, status, isSaid: true });
      expect({ what, stderr: run.stderr }).toEqual({ what, stderr: '' });
    }
  });

  it.each([
    ['an unknown option', ['diff', 'baseline', 'current', '--nope']],
    ['an unknown format', ['diff', 'baseline', 'current', '--format', 'xml']],
    ['a format of nothing', ['diff', 'baseline', 'current', '--format', '']],
    ['no format behind the option', ['diff', 'baseline', 'current', '--format']],
    ['one path', ['diff', 'baseline']],
    ['three paths', ['diff', 'baseline', 'current', 'current']],
    ['an unknown command', ['dif', 'baseline', 'current']],
  ])('are 2 with a line on stderr for %s', async (_, args) => {
    const run = await runCli(args, { cwd: await folderWith([{ id: '1' }]) });

    expectNoTrace(run);
    expect({ status: run.status, stdout: run.stdout }).toEqual({ status: 2, stdout: '' });
    expect(run.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
  });

  it('are 2 with the code of the error, for arguments as for everything else', async () => {
    const run = await runCli(['diff', 'baseline', 'current', '--nope'], {
      cwd: await folderWith([{ id: '1' }]),
    });

    expectError(run, 'invalid_arguments');
  });

  it('are 0 for help, on stdout', async () => {
    for (const args of [['--help'], ['diff', '--help'], ['--version']]) {
      const run = await runCli(args, { cwd: await tempFolder() });
      expect(run).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/\S/) });
    }
  });

  it('are those of the plan as well', async () => {
    const cwd = await folderWith([{ id: '1', a: 1 }]);
    await writeFiles(cwd, { 'plan.yaml': "noiseControls: { ignoreChanges: [{ path: '/a' }] }\n" });

    const run = await runDiff({ cwd, args: ['--plan', 'plan.yaml'] });

    expect(run.status).toBe(0);
    expect(expectHonest(run).summary.changed).toBe(1);
  });

  it('are 0 for two empty lists, with nothing to be found', async () => {
    const cwd = await tempFolder();
    await writeFiles(cwd, { 'a.json': '[]', 'b.json': '{"value":[]}' });

    const run = await runDiff({ cwd, baseline: 'a.json', current: 'b.json' });

    expect(run.status).toBe(0);
    expect(problemsOf(expectHonest(run))).toEqual([]);
  });

  it('are 0 for an export and itself', async () => {
    const cwd = await folderWith([{ id: '1' }]);

    expect((await runDiff({ cwd, current: 'baseline' })).status).toBe(0);
  });
});

describe.concurrent('stdout', () => {
  it('holds every line of a long answer, through a slow pipe too', async () => {
    const cwd = await changedItems();

    const { stdout, stderr } = await runShell(
      cwd,
      'set -o pipefail; driftplane diff baseline.ndjson current.ndjson --format ndjson | { sleep 0.5; cat; }',
    );

    const records = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(stderr).toBe('');
    expect(records.filter(({ record }) => record === 'finding')).toHaveLength(1_000);
  });

  it.each(['table', 'json', 'ndjson'])('may be closed early without harm (%s)', async (format) => {
    const cwd = await changedItems();

    const { stdout, stderr } = await runShell(
      cwd,
      `driftplane diff baseline.ndjson current.ndjson --format ${format} | head -1; echo "status \${PIPESTATUS[0]}" >&2`,
    );

    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/^status (0|1|141)\n$/);
  });

  it('that is closed from the start is no crash', async () => {
    const cwd = await folderWith([{ id: '1', a: 1 }]);

    const { stderr } = await runShell(cwd, 'driftplane diff baseline current >&-; echo "status $?" >&2');

    expect(stderr).not.toMatch(/^\s+at |node:/m);
    expect(stderr).toMatch(/status [12]\n$/);
  });

  it('that is full is an error, not a result', async () => {
    const cwd = await folderWith([{ id: '1' }]);

    const { stderr } = await runShell(
      cwd,
      'driftplane diff baseline current >/dev/full; echo "status $?" >&2',
    );

    expect(stderr).not.toMatch(/^\s+at |node:/m);
    expect(stderr).toMatch(/status 2\n$/);
  });

  it('has colours on terminals only', async () => {
    const cwd = await folderWith([{ id: '1', a: 1 }]);

    const run = await runCli(['diff', 'baseline', 'current'], { cwd, env: { TERM: 'xterm-256color' } });

    expect(run.stdout).not.toContain('\u001b');
    expect(run.stderr).toBe('');
  });

  it('holds nothing that an item could write to the terminal', async () => {
    const evil = '\u001b]0;title\u0007\u001b[2J\u009b31m\u202e';
    const item = { id: `1${evil}`, name: evil, [evil]: evil };
    const cwd = await folderWith([{ ...item, name: `${evil}2`, [evil]: 2 }], [item, { id: evil }]);

    const run = await runDiff({ cwd, format: 'table' });

    expect(run.status).toBe(1);
    expect(run.stdout).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
  });

  it('says the same in ndjson as in json', async () => {
    const cwd = await folderWith(
      [{ id: '1', a: 1 }, { id: '2' }, { id: '2', b: 1 }, '{'],
      [{ id: '1' }, { id: '3' }],
    );

    const report = expectHonest(await runDiff({ cwd }));
    const lines = (await runDiff({ cwd, format: 'ndjson' })).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

    const of = (kind: string) =>
      lines.filter(({ record }) => record === kind).map(({ record: _, ...rest }) => rest);
    expect(of('finding')).toEqual(report.findings);
    expect(of('problem')).toEqual(report.problems);
    expect(of('coverage')).toEqual(report.coverage);
    const counted = lines.length - of('finding').length - of('problem').length - of('coverage').length;
    expect(counted).toBe(
      1 + report.ambiguous.length + report.unprovenRemovals.length + report.unprovenAdditions.length,
    );
  });
});
