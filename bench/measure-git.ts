import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { InventoryCounts } from './generate-inventory.ts';
import { verifyNameStatus } from './git-name-status.ts';
import {
  type Measurement,
  type Meter,
  measureProcess,
  type ProcessOutcome,
  requireExitCode,
} from './measure-process.ts';
import { settleDisk } from './work-folder.ts';
import type { WrittenInventory } from './write-inventory.ts';

export interface GitMeasurements {
  /** `git init`, `git add -A`, `git commit` of the baseline. */
  readonly first: Measurement;
  /** `git add -A`, `git commit`, `git diff HEAD~1 --name-status` of the current side in its place. */
  readonly second: Measurement;
}

const settings = [
  'gc.auto=0',
  'maintenance.auto=false',
  'core.hooksPath=/dev/null',
  'commit.gpgSign=false',
  'user.name=bench',
  'user.email=bench@example.invalid',
];

/**
 * Keeps the history of the inventory in a new repository, which goes again. The folders stay where they are: each in
 * its turn is the work tree, so all files of the second have other inodes and times, as those of a new export do.
 */
export async function measureGit(
  subject: { readonly inventory: WrittenInventory; readonly counts: InventoryCounts },
  options: { readonly meter: Meter; readonly folder: string },
): Promise<GitMeasurements> {
  const { baselineFolder, currentFolder } = subject.inventory;
  const repository = join(options.folder, 'history.git');
  const git = async (workTree: string, ...command: string[]): Promise<ProcessOutcome> => {
    const args = [
      `--git-dir=${repository}`,
      `--work-tree=${workTree}`,
      ...settings.flatMap((setting) => ['-c', setting]),
      ...command,
    ];
    const outcome = await measureProcess({ file: 'git', args }, options);
    requireExitCode(outcome, 0, `git ${command[0]}`);
    return outcome;
  };
  try {
    settleDisk();
    const first = [
      await git(baselineFolder, 'init', '--quiet'),
      await git(baselineFolder, 'add', '-A', '.'),
      await git(baselineFolder, 'commit', '--quiet', '-m', 'baseline'),
    ];
    settleDisk();
    const second = [
      await git(currentFolder, 'add', '-A', '.'),
      await git(currentFolder, 'commit', '--quiet', '-m', 'current'),
      await git(currentFolder, 'diff', 'HEAD~1', '--name-status'),
    ];
    verifyNameStatus((second.at(-1) as ProcessOutcome).stdoutPath, subject.counts);
    return { first: sumOf(first), second: sumOf(second) };
  } finally {
    rmSync(repository, { recursive: true, force: true });
  }
}

/** One after the other: times are added, memory is that of the one that needed most. */
function sumOf(outcomes: readonly ProcessOutcome[]): Measurement {
  const measurements = outcomes.map(({ measurement }) => measurement);
  const cpu = measurements.map(({ cpuSeconds }) => cpuSeconds);
  const peaks = measurements.flatMap(({ peakBytes }) => peakBytes ?? []);
  return {
    wallSeconds: measurements.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0),
    cpuSeconds: cpu.reduce((sum, each) => (sum === null || each === null ? null : sum + each), 0),
    peakBytes: peaks.length === 0 ? null : Math.max(...peaks),
  };
}
