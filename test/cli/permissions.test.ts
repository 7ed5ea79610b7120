import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { driftOf, expectError, expectHonest, idsOf, problemsOf } from './expect-honest.ts';
import { isRoot, runCli, runDiff, sides, useTempFolders, writeExport, writeFiles } from './run-cli.ts';

const tempFolder = useTempFolders();

const items = ['1', '2', '3'].map((id) => ({ id, name: `item ${id}` }));

/** Nobody must be able to start the checkout; where it lies in a home folder, it can't. */
const probeFolder = await tempFolder();
const canRun =
  !isRoot ||
  (await runCli(['--help'], { cwd: probeFolder, isUnprivileged: true }).then(
    (run) => run.status === 0,
    () => false,
  ));

describe.skipIf(!canRun)('without the right to read', () => {
  async function runLocked(path: string, mode: number, args: { baseline?: string; current?: string } = {}) {
    const cwd = await tempFolder();
    for (const side of sides) {
      await writeExport(cwd, side, 'folder', items.slice(0, 2));
      await writeFiles(cwd, { [`${side}/deeper/3.json`]: JSON.stringify(items[2]) });
    }
    await chmod(join(cwd, path), mode);
    const run = await runDiff({ cwd, isUnprivileged: true, ...args });
    await chmod(join(cwd, path), 0o755);
    return run;
  }

  it.each(sides)('a file is a problem and proves no absence (%s)', async (side) => {
    const run = await runLocked(`${side}/2.json`, 0o000);
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(problemsOf(report)).toEqual([`unreadable_file ${side}/2.json`]);
    expect(idsOf(report.unprovenRemovals)).toEqual(side === 'current' ? ['2'] : []);
    expect(idsOf(report.unprovenAdditions)).toEqual(side === 'baseline' ? ['2'] : []);
  });

  it.each(sides)('a folder is a problem and proves no absence (%s)', async (side) => {
    const run = await runLocked(`${side}/deeper`, 0o000);
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(problemsOf(report)).toEqual([`unreadable_folder ${side}/deeper`]);
    expect(idsOf(report.unprovenRemovals)).toEqual(side === 'current' ? ['3'] : []);
    expect(idsOf(report.unprovenAdditions)).toEqual(side === 'baseline' ? ['3'] : []);
  });

  it('a folder that may be listed but not entered proves no absence', async () => {
    const run = await runLocked('current/deeper', 0o444);
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(problemsOf(report)).toEqual([
      expect.stringMatching(/^(unreadable_file current\/deeper\/3\.json|unreadable_folder current\/deeper)$/),
    ]);
    expect(idsOf(report.unprovenRemovals)).toEqual(['3']);
  });

  it('a folder that may be entered but not listed proves no absence', async () => {
    const run = await runLocked('current/deeper', 0o111);

    expect(run.status).toBe(3);
    expect(problemsOf(expectHonest(run))).toEqual(['unreadable_folder current/deeper']);
  });

  it('an export that is a folder is an error or proves nothing', async () => {
    for (const side of sides) {
      const run = await runLocked(side, 0o000);
      if (run.status === 2) {
        expect(run).toMatchObject({ stdout: '', stderr: expect.stringContaining(side) });
        continue;
      }
      const report = expectHonest(run);
      expect(problemsOf(report)).toEqual([`unreadable_folder ${side}`]);
      expect(driftOf(report)).toEqual([]);
    }
  });

  it('an export that is a file is an error or proves nothing', async () => {
    const run = await runLocked('current/1.json', 0o000, { current: 'current/1.json' });
    if (run.status === 2) return expect(run.stderr).toContain('current/1.json');
    const report = expectHonest(run);
    expect(problemsOf(report)).toEqual(['unreadable_file current/1.json']);
    expect(report.unprovenRemovals).toHaveLength(3);
  });

  it('a plan or types are an error', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', items);
    await writeFiles(cwd, { 'locked.yaml': 'name: x\n' });
    await chmod(join(cwd, 'locked.yaml'), 0o000);

    for (const option of ['--plan', '--types']) {
      const args = [option, 'locked.yaml'];
      const run = await runDiff({ cwd, current: 'baseline', isUnprivileged: true, args });
      expectError(run, 'unreadable_config');
    }
  });
});
