import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchError } from './bench-error.ts';
import type { BenchOptions } from './bench-options.ts';
import {
  type BenchReport,
  formatBytes,
  type Goal,
  type MeasuredProcess,
  summariseMeasurements,
} from './bench-report.ts';
import { countInventory, type InventoryCounts } from './generate-inventory.ts';
import { verifyNameStatus } from './git-name-status.ts';
import { describeMachine, loadNow, versionOf } from './machine.ts';
import {
  type Command,
  chooseMeter,
  meterTexts,
  type ProcessOutcome,
  requireExitCode,
} from './measure-process.ts';
import { requireEqual } from './require-equal.ts';
import { type Contestant, runInTurns } from './run-in-turns.ts';
import { openWorkFolder } from './work-folder.ts';
import { type WrittenInventory, writeInventory } from './write-inventory.ts';

const SEED = 20_240_607;
const MAX_OPENSSL_RATIO = 6;
const MAX_PEAK_BYTES = 300_000_000;
/** Git maps both files of every pair that differs and keeps them; Linux allows 65,530 maps (vm.max_map_count). */
const MAX_GIT_PAIRS = 32_000;
const executable = join(import.meta.dirname, '..', 'bin', 'driftplane.cjs');

/** `driftplane diff` on two NDJSON exports, beside git on the same objects as files and one pass of SHA-256. */
export async function runDiffBench(options: BenchOptions): Promise<BenchReport> {
  const { onProgress, runs } = options;
  const versions = { git: versionOf('git', '--version'), OpenSSL: versionOf('openssl', 'version') };
  const machine = describeMachine(versions);
  const loadBefore = loadNow();
  const meter = chooseMeter();
  const counts = countInventory(options.items, options.resavedPercent);
  if (counts.changed + counts.resaved > MAX_GIT_PAIRS) {
    throw new BenchError(
      `git can't compare more than ${MAX_GIT_PAIRS} files that differ: lower --resaved or --items`,
    );
  }
  const workFolder = openWorkFolder(options.dir);
  try {
    const inventory = writeInventory(workFolder.path, counts, { seed: SEED, onProgress });
    const contestants = contestantsOn(inventory, counts);
    const measurements = await runInTurns({
      contestants,
      runs,
      meter,
      folder: inventory.folder,
      onProgress,
    });
    const names = contestants.map(({ name }) => name);
    const measured = summariseMeasurements(names, measurements, ['openssl', 'git']);
    return {
      benchmark: 'diff',
      subject: subjectOf(inventory, counts),
      machine,
      load: { before: loadBefore, after: loadNow() },
      method: [
        `Whole processes from outside, in turns, ${runs} times each after one warm-up that does not count.`,
        `CPU time and peak memory were measured ${meterTexts[meter]}.`,
        'Every answer was checked against what the generator changed.',
      ],
      measured,
      goals: goalsOf(measured[0] as MeasuredProcess),
    };
  } finally {
    workFolder.dispose();
  }
}

function subjectOf({ baselineBytes, currentBytes }: WrittenInventory, counts: InventoryCounts): string {
  const { items, changed, added, removed, resaved } = counts;
  const bytes = `${formatBytes(baselineBytes)} and ${formatBytes(currentBytes)} of NDJSON`;
  const drift = `${changed} changed, ${added} added, ${removed} removed`;
  return `${items} items, ${bytes}; ${drift}, ${resaved} saved again without a change`;
}

function contestantsOn(inventory: WrittenInventory, counts: InventoryCounts): Contestant[] {
  const { baselineFile, currentFile, baselineFolder, currentFolder } = inventory;
  return [
    {
      name: 'driftplane diff',
      command: diffCommand(baselineFile, currentFile),
      verify: (outcome) => verifyDiff(outcome, counts),
    },
    {
      name: 'driftplane diff on folders',
      command: diffCommand(baselineFolder, currentFolder),
      verify: (outcome) => verifyDiff(outcome, counts),
    },
    {
      name: 'git',
      command: {
        file: 'git',
        args: ['diff', '--no-index', '--name-status', baselineFolder, currentFolder],
      },
      verify(outcome) {
        requireExitCode(outcome, 1, 'git');
        verifyNameStatus(outcome.stdoutPath, counts);
      },
    },
    {
      name: 'openssl',
      command: { file: 'openssl', args: ['dgst', '-sha256', baselineFile, currentFile] },
      verify: (outcome) => requireExitCode(outcome, 0, 'openssl'),
    },
  ];
}

/** Not through npm or a shell: what is measured is what a user's process does. */
function diffCommand(baseline: string, current: string): Command {
  return {
    file: process.execPath,
    args: [executable, 'diff', baseline, current, '--format', 'json'],
  };
}

function goalsOf({ ratios, peakBytes }: MeasuredProcess): Goal[] {
  const { openssl, git } = ratios as { openssl: number; git: number };
  return [
    {
      goal: `at most ${MAX_OPENSSL_RATIO} × the SHA-256 pass over the same two files`,
      measured: `${openssl.toFixed(2)} ×`,
      isMet: openssl <= MAX_OPENSSL_RATIO,
    },
    { goal: 'faster than git', measured: `${git.toFixed(2)} ×`, isMet: git < 1 },
    {
      goal: `peak memory at most ${formatBytes(MAX_PEAK_BYTES)}`,
      measured: peakBytes === null ? '' : formatBytes(peakBytes),
      isMet: peakBytes === null ? null : peakBytes <= MAX_PEAK_BYTES,
    },
  ];
}

/** What of `driftplane/diff@1` is looked at. */
interface DiffDocument {
  readonly summary: object;
  readonly coverage: readonly { readonly status: string }[];
  readonly problems: readonly unknown[];
  readonly findings: readonly unknown[];
}

function verifyDiff(outcome: ProcessOutcome, counts: InventoryCounts): void {
  const { items, added, removed, changed } = counts;
  requireExitCode(outcome, 1, 'driftplane diff');
  const document = JSON.parse(readFileSync(outcome.stdoutPath, 'utf8')) as DiffDocument;
  const { summary, coverage, problems, findings } = document;
  requireEqual('the summary of driftplane diff', summary, {
    baselineItems: items,
    currentItems: items + added - removed,
    added,
    removed,
    changed,
    unchanged: items - removed - changed,
    ambiguous: 0,
    unprovenRemovals: 0,
    unprovenAdditions: 0,
  });
  requireEqual('the number of findings', findings.length, added + removed + changed);
  requireEqual('the number of problems', problems.length, 0);
  requireEqual('complete coverage', coverage.length > 0 && coverage.every(isComplete), true);
}

function isComplete({ status }: { readonly status: string }): boolean {
  return status === 'complete';
}
