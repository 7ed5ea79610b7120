import {
  appendFile,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { driftOf, expectHonest } from './expect-honest.ts';
import { runDiff, useTempFolders, writeFiles } from './run-cli.ts';

const tempFolder = useTempFolders();

const count = 4_000;
const lineOf = (id: number, fill = 'x') =>
  `{"id":"${String(id).padStart(6, '0')}","text":"${fill.repeat(2_000)}"}\n`;
const baselineLines = Array.from({ length: count }, (_, id) => lineOf(id));
/** Every hundredth item drifted, so that those have to be read once more. */
const currentLines = baselineLines.map((line, id) => (id % 100 === 50 ? lineOf(id, 'z') : line));

/** When the change comes: while the file is read for the first time, after that, or at its second reading. */
type Moment = 'first reading' | 'between readings' | 'second reading';

/** Whether the process holds `path` open now. */
async function holdsOpen(pid: number, path: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const descriptors = await readdir(folder).catch(() => []);
  const targets = await Promise.all(descriptors.map((each) => readlink(join(folder, each)).catch(() => '')));
  return targets.includes(path);
}

/** State letter of the process: R, S, D, T (stopped), Z; empty if it is gone. */
async function stateOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return /\) (\w) /.exec(status)?.[1] ?? '';
}

/** Stops the process at the moment, changes something, lets it go on. Answers whether the moment came. */
async function changeAt(
  moment: Moment,
  target: { pid: number; path: string },
  change: () => Promise<void>,
): Promise<boolean> {
  const { pid, path } = target;
  let openings = 0;
  let wasOpen = false;
  while (!['', 'Z'].includes(await stateOf(pid))) {
    const isOpen = await holdsOpen(pid, path);
    if (isOpen && !wasOpen) openings += 1;
    wasOpen = isOpen;
    const isWanted = (wanted: boolean) => wanted === (moment !== 'between readings');
    const isMoment = openings === (moment === 'second reading' ? 2 : 1) && isWanted(isOpen);
    if (isMoment) {
      process.kill(pid, 'SIGSTOP');
      while (!['T', 'Z', ''].includes(await stateOf(pid)));
      const isStill = isWanted(await holdsOpen(pid, path));
      if (isStill) await change();
      process.kill(pid, 'SIGCONT');
      return isStill;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return false;
}

/** Runs until the change came at the moment; three times without is as good as not read so. */
async function runChanging(moment: Moment, change: (path: string) => Promise<void>) {
  for (let attempt = 1; ; attempt += 1) {
    const cwd = await tempFolder();
    await writeFiles(cwd, {
      'baseline.ndjson': baselineLines.join(''),
      'current/big.ndjson': currentLines.slice(0, -1).join(''),
      'current/small.json': currentLines.at(-1)!,
    });
    const path = join(cwd, 'current/big.ndjson');
    let wasHit = false;
    const run = await runDiff({
      cwd,
      baseline: 'baseline.ndjson',
      onStart: async (pid) => {
        wasHit = await changeAt(moment, { pid, path }, () => change(path));
      },
    });
    if (wasHit || attempt === 3) return { run, report: expectHonest(run), wasHit };
  }
}

const changes: { how: string; isInPlace: boolean; change: (path: string) => Promise<void> }[] = [
  { how: 'truncated', isInPlace: true, change: (path) => truncate(path, 5_000_017) },
  { how: 'emptied', isInPlace: true, change: (path) => truncate(path, 0) },
  { how: 'written anew', isInPlace: true, change: (path) => writeFile(path, lineOf(7)) },
  { how: 'grown', isInPlace: true, change: (path) => appendFile(path, '{"id":"new"}\n{"id":"ne') },
  {
    how: 'edited in place',
    isInPlace: true,
    change: async (path) => {
      const file = await open(path, 'r+');
      for (const id of [0, 50, count - 50, count - 2]) await file.write('y', lineOf(0).length * id + 100);
      await file.close();
    },
  },
  {
    how: 'replaced by another one',
    isInPlace: false,
    change: async (path) => {
      await writeFile(`${path}.tmp`, baselineLines.slice(0, 10).join(''));
      await rename(`${path}.tmp`, path);
    },
  },
  {
    // And so is the small file that is read after it.
    how: 'removed',
    isInPlace: false,
    change: async (path) => {
      await rm(path);
      await rm(join(dirname(path), 'small.json'));
    },
  },
];

const cases = changes.flatMap((each) => {
  const moments: Moment[] = ['first reading'];
  if (['truncated', 'edited in place', 'removed'].includes(each.how))
    moments.push('between readings', 'second reading');
  return moments.map((moment) => ({ moment, ...each }));
});

// It is /proc that tells when the file is open.
describe.skipIf(process.platform !== 'linux').concurrent('a file that changes', () => {
  it.each(cases)('loses no item: $how ($moment)', async ({ moment, isInPlace, change }) => {
    const { run, report, wasHit } = await runChanging(moment, change);

    const drift = driftOf(report);
    expect(drift.filter((each) => !each.startsWith('changed'))).toEqual([]);
    expect(new Set(report.findings.flatMap((finding) => finding.changes.map(({ path }) => path)))).toEqual(
      new Set(drift.length > 0 ? ['/text'] : []),
    );
    const { summary, ambiguous, unprovenRemovals } = report;
    expect(summary.unchanged + summary.changed + ambiguous.length + unprovenRemovals.length).toBe(count);
    const codes = report.problems.filter(({ path }) => path.startsWith('current/')).map(({ code }) => code);
    if (wasHit && moment === 'first reading' && isInPlace) expect(codes).toContain('file_changed');
    if (unprovenRemovals.length > 0)
      expect(codes).toContainEqual(expect.stringMatching(/^(file_changed|unreadable_file)$/));
    if (codes.includes('file_changed')) expect(run.status).not.toBe(0);
  });
});
