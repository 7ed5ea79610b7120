import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { databaseUrls, openDatabase } from '../src/db/database.ts';
import { openEmbeddedDatabase } from '../src/db/embedded/embedded-database.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchReport, formatBytes, type ReportSection, summariseMeasurements } from './bench-report.ts';
import { Cleanup } from './cleanup.ts';
import { benchDrift, type DriftBenchResult, formatDriftBench } from './drift-bench.ts';
import { benchFindings, type FindingsBenchResult, formatFindingsBench } from './findings-bench.ts';
import { countInventory, type InventoryCounts } from './generate-inventory.ts';
import { measureIndexSize } from './index-size.ts';
import { describeMachine, loadNow, versionOf } from './machine.ts';
import { chooseMeter, type Measurement, type Meter, meterTexts } from './measure-process.ts';
import { pipelineGoals } from './pipeline-goals.ts';
import {
  type PipelineName,
  type PipelineSubject,
  pipelineNames,
  removeDataDir,
  runSyncsOnly,
  runTurn,
} from './pipeline-turn.ts';
import { listDescendants } from './proc-usage.ts';
import { openWorkFolder, requireRoom } from './work-folder.ts';
import { writeInventory } from './write-inventory.ts';

const SEED = 20_240_607;
/** The database's part has so many times the items. */
const DATABASE_FACTOR = 10;
/** Calls of each listing, for each run that counts. */
const LISTING_CALLS = 70;
/** For each item: the history of git, the rows in a file, in the inventory and in a copy, and ten items and findings. */
const BYTES_PER_ITEM = 70_000;
/** Whatever the items: a new database and its write-ahead log. */
const DATABASE_BYTES = 1_500_000_000;

/** Whom each is compared with. */
const peers: Partial<Record<PipelineName, readonly PipelineName[]>> = {
  'first sync': ['git, first', 'COPY'],
  'second sync': ['openssl'],
  'second sync + findings': ['git, second'],
};

/**
 * The way from an export to findings, through `driftplane serve` with its embedded database: two syncs of an
 * inventory beside git, SHA-256 and COPY on the same objects; then, in the same database, drift between two runs and
 * listings of findings, beside the plain SQL of them.
 */
export async function runPipelineBench(options: BenchOptions): Promise<BenchReport> {
  const versions = { git: versionOf('git', '--version'), OpenSSL: versionOf('openssl', 'version') };
  const machine = describeMachine(versions);
  const loadBefore = loadNow();
  const meter = chooseMeter();
  const cleanup = new Cleanup();
  const workFolder = openWorkFolder(options.dir, () => cleanup.interrupt());
  try {
    return await cleanup.after(async () => {
      const folder = makeScratchFolder(workFolder.path, cleanup);
      const counts = countInventory(options.items, options.resavedPercent);
      const subject = write(workFolder.path, counts, options);
      requireRoom(folder, {
        bytes: DATABASE_BYTES + counts.items * BYTES_PER_ITEM,
        files: counts.items + 10_000,
      });
      const { turns, dataDir } = await runTurns(subject, { ...options, meter, folder, cleanup });
      const larger = options.isGrowthMeasured
        ? await runLarger(workFolder.path, { ...options, meter, folder, cleanup })
        : null;
      const { drift, findings } = await measureDatabase(dataDir, options, cleanup);
      const measured = summariseMeasurements(
        pipelineNames,
        pipelineNames.map((name) => turns.map((turn) => turn[name])),
        peers,
      );
      return {
        benchmark: 'pipeline',
        subject: subjectOf(subject),
        machine,
        load: { before: loadBefore, after: loadNow() },
        method: methodOf(options.runs, meter),
        measured,
        sections: sectionsOf(drift, findings),
        goals: pipelineGoals({
          items: counts.items,
          measured,
          index: measureIndexSize(counts.items),
          larger,
          drift,
          findings,
        }),
      };
    });
  } finally {
    workFolder.dispose();
  }
}

/** What is in it goes at the end; before it, whatever process is still left of an interrupted measurement. */
function makeScratchFolder(parent: string, cleanup: Cleanup): string {
  const folder = mkdtempSync(join(parent, 'pipeline-'));
  // Started by root, PostgreSQL runs as another user, who has to pass through.
  chmodSync(folder, 0o711);
  cleanup.defer(async () => rmSync(folder, { recursive: true, force: true }));
  cleanup.defer(async () => {
    for (const pid of listDescendants(process.pid)) endAtOnce(pid);
  });
  return folder;
}

function endAtOnce(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function write(parent: string, counts: InventoryCounts, { onProgress }: BenchOptions): PipelineSubject {
  return { counts, inventory: writeInventory(parent, counts, { seed: SEED, onProgress }) };
}

interface PipelineOptions extends BenchOptions {
  readonly meter: Meter;
  readonly folder: string;
  readonly cleanup: Cleanup;
}

/** The turns that count, after one that doesn't; the database of the last one is left in `dataDir`. */
async function runTurns(
  subject: PipelineSubject,
  options: PipelineOptions,
): Promise<{ turns: Record<PipelineName, Measurement>[]; dataDir: string }> {
  const { runs, onProgress } = options;
  const turns: Record<PipelineName, Measurement>[] = [];
  let lastDataDir = '';
  for (let turn = 0; turn <= runs; turn++) {
    const { measurements, dataDir } = await runTurn(subject, options);
    const walls = pipelineNames.map((name) => `${name} ${measurements[name].wallSeconds.toFixed(2)} s`);
    onProgress(`${turn === 0 ? 'warm-up' : `run ${turn} of ${runs}`}: ${walls.join('; ')}`);
    if (turn > 0) turns.push(measurements);
    if (turn < runs) removeDataDir(dataDir);
    lastDataDir = dataDir;
  }
  return { turns, dataDir: lastDataDir };
}

/** The memory that twice the items need. */
async function runLarger(
  parent: string,
  options: PipelineOptions,
): Promise<{ items: number; peakBytes: number | null }> {
  const counts = countInventory(options.items * 2, options.resavedPercent);
  const { secondWithFindings } = await runSyncsOnly(write(parent, counts, options), options);
  options.onProgress(
    `twice the items: second sync + findings ${secondWithFindings.wallSeconds.toFixed(2)} s`,
  );
  return { items: counts.items, peakBytes: secondWithFindings.peakBytes };
}

/** What is measured in the database alone, which runs here without the server. */
async function measureDatabase(
  dataDir: string,
  { items, runs, onProgress }: BenchOptions,
  cleanup: Cleanup,
): Promise<{ drift: DriftBenchResult; findings: FindingsBenchResult }> {
  const embedded = await openEmbeddedDatabase({ dataDir, log: onProgress });
  const stop = cleanup.defer(() => embedded.stop());
  const database = openDatabase(databaseUrls({ ownerUrl: embedded.ownerUrl }));
  const close = cleanup.defer(() => database.close());
  const count = items * DATABASE_FACTOR;
  const drift = await benchDrift({ database, items: count, runs, onProgress });
  const findings = await benchFindings({
    database,
    findings: count,
    runs: runs * LISTING_CALLS,
    onProgress,
  });
  await close();
  await stop();
  return { drift, findings };
}

function subjectOf({ inventory, counts }: PipelineSubject): string {
  const { items, changed, added, removed, resaved } = counts;
  const bytes = `${formatBytes(inventory.baselineBytes)} and ${formatBytes(inventory.currentBytes)} of NDJSON`;
  const drift = `${changed} changed, ${added} added, ${removed} removed`;
  return `${items} items, ${bytes}; ${drift}, ${resaved} saved again without a change`;
}

function methodOf(runs: number, meter: Meter): string[] {
  return [
    `In turns, ${runs} times each after one warm-up that does not count, each turn with a new server and database.`,
    'Syncs: from the request to the applied run, or to the execution that succeeded, seen by asking every 20 ms.',
    'CPU time of a sync is that of the server and its database, its memory that of the server since its start.',
    'git, first: init, add, commit. git, second: add, commit, diff. COPY: the rows of the first sync, same indexes.',
    `CPU time and memory of git and openssl were measured ${meterTexts[meter]}.`,
    'Every answer was checked against what the generator changed.',
  ];
}

function sectionsOf(drift: DriftBenchResult, findings: FindingsBenchResult): ReportSection[] {
  return [
    {
      title: `Drift between two runs, ${drift.drifted} of ${drift.items} items`,
      text: formatDriftBench(drift),
      data: drift,
    },
    {
      title: `First page of ${findings.findings} findings, ${findings.runs} calls each`,
      text: formatFindingsBench(findings),
      data: findings,
    },
  ];
}
