import { linkSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutionResponse } from '../src/features/executions/execution-contract.ts';
import type { RunResponse } from '../src/features/inventory/sync-run-contract.ts';
import { BenchApi } from './bench-api.ts';
import { BenchError } from './bench-error.ts';
import type { InventoryCounts } from './generate-inventory.ts';
import type { Measurement } from './measure-process.ts';
import { readPeakBytes, readTreeCpuSeconds } from './proc-usage.ts';
import { requireEqual } from './require-equal.ts';
import type { ServeProcess } from './serve-process.ts';
import { settleDisk } from './work-folder.ts';
import type { WrittenInventory } from './write-inventory.ts';

/** CPU time is that of the server and its database; the peak is that of the server's process since it started. */
export interface SyncMeasurements {
  /** From the request to the applied run. */
  readonly first: Measurement;
  readonly second: Measurement;
  /** The second, on to the execution that succeeded. */
  readonly secondWithFindings: Measurement;
}

/** How often the server is asked. */
const POLL_MS = 20;
/** By how much the clocks of two processes may disagree. */
const CLOCK_TOLERANCE_MS = 50;

/**
 * Has a server sync a source twice, first on the baseline, then on the current side, which takes the place of the
 * same file; checks counts and findings. `betweenSyncs` is done between the two and not measured.
 */
export async function measureSyncs(
  server: ServeProcess,
  subject: {
    readonly inventory: WrittenInventory;
    readonly counts: InventoryCounts;
    /** An empty one, below the server's file root. */
    readonly folder: string;
    readonly betweenSyncs: () => Promise<void>;
  },
): Promise<SyncMeasurements> {
  const { inventory, counts, folder, betweenSyncs } = subject;
  const api = new BenchApi(server);
  const path = join(folder, 'export.ndjson');
  mkdirSync(folder, { recursive: true });
  putInPlace(inventory.baselineFile, path);
  const { sourceId } = await api.post<{ sourceId: string }>('sources', {
    kind: 'files',
    name: 'bench',
    config: { path },
  });
  const first = await sync(server, api, sourceId);
  verifyFirst(first.run, counts);
  await betweenSyncs();
  putInPlace(inventory.currentFile, path);
  const second = await sync(server, api, sourceId);
  if (second.withFindings === null) throw new BenchError('the second run had no execution');
  await verifySecond(api, second.run, counts);
  return { first: first.settled, second: second.settled, secondWithFindings: second.withFindings };
}

/** Another name of the same file, as both are on one disk; whoever has the old one open keeps it. */
function putInPlace(file: string, path: string): void {
  linkSync(file, `${path}.new`);
  renameSync(`${path}.new`, path);
}

interface MeasuredSync {
  readonly run: RunResponse;
  readonly settled: Measurement;
  /** Null where there was nothing to compare with. */
  readonly withFindings: Measurement | null;
}

async function sync(server: ServeProcess, api: BenchApi, sourceId: string): Promise<MeasuredSync> {
  settleDisk();
  const look = startMeter(server.pid);
  let run = await api.post<RunResponse>('runs', { sourceId });
  while (run.status === 'queued' || run.status === 'running') {
    await delay(POLL_MS);
    run = await api.get<RunResponse>('runs', `/${run.runId}`);
  }
  const settled = look();
  if (run.status !== 'succeeded') {
    throw new BenchError(`the run is ${run.status}: ${run.error?.message ?? JSON.stringify(run.coverage)}`);
  }
  verifyClock(run, settled);
  if (run.runSeq === 1) return { run, settled, withFindings: null };
  await untilSucceeded(api, run);
  return { run, settled, withFindings: look() };
}

function startMeter(pid: number): () => Measurement {
  const cpuBefore = readTreeCpuSeconds(pid);
  const startedAt = performance.now();
  return () => {
    const wallSeconds = (performance.now() - startedAt) / 1000;
    const cpuAfter = readTreeCpuSeconds(pid);
    const cpuSeconds = cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore;
    return { wallSeconds, cpuSeconds, peakBytes: readPeakBytes(pid) };
  };
}

async function untilSucceeded(api: BenchApi, { runId, scopeId }: RunResponse): Promise<void> {
  for (;;) {
    const page = await api.get<{ items: ExecutionResponse[] }>('executions', '', {
      scopeId,
      currentRunId: runId,
    });
    const [execution] = page.items;
    if (execution === undefined) throw new BenchError('the run has no execution');
    if (execution.status === 'succeeded') return;
    if (execution.status === 'failed') {
      throw new BenchError(`the execution failed: ${execution.error?.message ?? ''}`);
    }
    await delay(POLL_MS);
  }
}

/** What the server says of its own time must fit into what was seen from outside. */
function verifyClock({ startedAt, finishedAt }: RunResponse, { wallSeconds }: Measurement): void {
  if (startedAt === null || finishedAt === null) throw new BenchError('a settled run has no times');
  const own = Date.parse(finishedAt) - Date.parse(startedAt);
  if (own >= 0 && own <= wallSeconds * 1000 + CLOCK_TOLERANCE_MS) return;
  throw new BenchError(`the server counts ${own} ms for a run that took ${wallSeconds} s: the clock moved`);
}

function verifyFirst({ counts }: RunResponse, { items }: InventoryCounts): void {
  const { items: live, added, removed, changed, problems } = counts;
  requireEqual(
    'what the first sync counts',
    { live, added, removed, changed, problems },
    { live: items, added: items, removed: 0, changed: 0, problems: 0 },
  );
}

async function verifySecond(api: BenchApi, run: RunResponse, expected: InventoryCounts): Promise<void> {
  const { items, added, removed, changed, unchanged, unprovenRemovals, problems } = run.counts;
  requireEqual(
    'what the second sync counts',
    { items, added, removed, changed, unchanged, unprovenRemovals, problems },
    {
      items: expected.items + expected.added - expected.removed,
      added: expected.added,
      removed: expected.removed,
      changed: expected.changed,
      unchanged: expected.items - expected.removed - expected.changed,
      unprovenRemovals: 0,
      problems: 0,
    },
  );
  const findings = await api.listAll<{ change: string; state: string }>('findings', {
    scopeId: run.scopeId,
  });
  const count = (change: string) =>
    findings.filter((finding) => finding.change === change && finding.state === 'new').length;
  requireEqual(
    'the findings',
    { all: findings.length, added: count('added'), removed: count('removed'), changed: count('changed') },
    {
      all: expected.added + expected.removed + expected.changed,
      added: expected.added,
      removed: expected.removed,
      changed: expected.changed,
    },
  );
}
