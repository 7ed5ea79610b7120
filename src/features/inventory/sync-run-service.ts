import { randomUUID } from 'node:crypto';
import { DriftplaneError } from '../../core/errors.ts';
import type { ItemTypeRegistry } from '../../core/item-type-registry.ts';
import { isApplied, isSettled, type RunEvent } from '../../core/run-state.ts';
import type { Database } from '../../db/database.ts';
import { enqueueJob } from '../../db/job-queue.ts';
import { violates } from '../../db/pg-errors.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { Metrics } from '../../http/metrics.ts';
import type { Turns } from '../../http/turns.ts';
import { ensureScope } from '../sources/scope-service.ts';
import type { Source } from '../sources/source.ts';
import type { LiveIndexCache } from './ingest/live-index-cache.ts';
import type { AppliedRun, RunTrigger, SyncRun } from './sync-run.ts';
import {
  advanceRun,
  allowedDecisions,
  findActiveRun,
  findHeldRun,
  insertRun,
  lockRun,
  recordEnd,
  recordStart,
  requestCancel,
} from './sync-run-store.ts';

/** What syncing needs of the process that it runs in. */
export interface SyncContext {
  readonly database: Database;
  readonly registry: ItemTypeRegistry;
  readonly indexes: LiveIndexCache;
  /** Turns of what clients push, by workspace. */
  readonly turns: Turns;
  readonly fileRoots: readonly string[];
  readonly metrics: Metrics;
  /** Called in the transaction that applies a run: generators of findings ask for their jobs here. */
  readonly onRunApplied: (tx: WorkspaceTransaction, run: AppliedRun) => Promise<void>;
}

/** Sync jobs are not tried again: a run that failed is settled, and the next one begins anew. */
const SYNC_ATTEMPTS = 3;

/** What the job of a run is found by in the queue. */
export function syncJobKey(workspaceId: string, runId: string): string {
  return `sync:${workspaceId}:${runId}`;
}

/** Starts a sync of a source of files: a queued run and the job that does it. Throws `run_in_progress`. */
export async function startSync(
  tx: WorkspaceTransaction,
  source: Source,
  trigger: RunTrigger,
): Promise<SyncRun> {
  if (source.config.kind !== 'files') {
    throw new DriftplaneError(
      'wrong_source_kind',
      `"${source.name}" takes what clients push; it has nothing to read`,
    );
  }
  const run = await openRun(tx, source, trigger);
  await enqueueJob(tx, {
    kind: 'inventory.sync',
    payload: { runId: run.runId },
    jobKey: syncJobKey(tx.workspaceId, run.runId),
    queueName: `sync:${run.scopeId}`,
    maxAttempts: SYNC_ATTEMPTS,
  });
  return run;
}

/** A new queued run of the source's scope; a held one makes room for it. Throws `run_in_progress`. */
export async function openRun(
  tx: WorkspaceTransaction,
  source: Source,
  trigger: RunTrigger,
): Promise<SyncRun> {
  const { scopeId } = await ensureScope(tx, source);
  const active = await findActiveRun(tx, scopeId);
  if (active !== undefined) throw runInProgress(active);
  const held = await findHeldRun(tx, scopeId);
  if (held !== undefined) {
    await endRun(tx, held, 'replace');
    tx.audit({
      action: 'run.replace',
      target: { kind: 'run', id: held.runId },
      detail: { before: held.status, after: 'rejected' },
    });
  }
  const runId = randomUUID();
  try {
    await insertRun(tx, { runId, scopeId, sourceId: source.sourceId, trigger, requestedBy: tx.actor.label });
  } catch (error) {
    // Another transaction was first; it has committed, or there would be no violation.
    if (!violates(error, 'sync_runs_active_key')) throw error;
    throw new DriftplaneError('run_in_progress', 'another run of the scope has just been started', {
      cause: error,
    });
  }
  tx.emit({
    kind: 'run.changed',
    payload: { runId, scopeId, sourceId: source.sourceId, status: 'queued' },
  });
  tx.audit({
    action: 'run.start',
    target: { kind: 'run', id: runId },
    detail: { sourceId: source.sourceId, scopeId, trigger },
  });
  return lockRun(tx, runId);
}

function runInProgress(run: SyncRun): DriftplaneError {
  const since = (run.startedAt ?? run.requestedAt).toISOString();
  return new DriftplaneError(
    'run_in_progress',
    `run ${run.runId} of this scope is ${run.status}, by ${run.requestedBy} since ${since}`,
    { extensions: { runId: run.runId } },
  );
}

/** Sets a queued run running. `holderKey`: the process that works on it, null for a push. */
export async function beginRun(
  tx: WorkspaceTransaction,
  run: SyncRun,
  options: { baseSeq: number; holderKey: number | null },
): Promise<SyncRun> {
  await advanceRun(tx, run, 'start');
  await recordStart(tx, { runId: run.runId, ...options });
  return lockRun(tx, run.runId);
}

/** Ends a run that is not applied. */
export async function endRun(
  tx: WorkspaceTransaction,
  run: SyncRun,
  event: Exclude<
    RunEvent,
    'start' | 'succeed' | 'finish_partially' | 'hold' | 'confirm' | 'confirm_partially'
  >,
  error: SyncRun['error'] = null,
): Promise<void> {
  await advanceRun(tx, run, event);
  await recordEnd(tx, run.runId, error);
}

/**
 * Cancels a run: at once where it waits or is pushed, otherwise at the next moment its process looks. A run that
 * is settled or held can't be cancelled.
 */
export async function cancelRun(tx: WorkspaceTransaction, runId: string): Promise<SyncRun> {
  const run = await lockRun(tx, runId);
  const isRead = run.status === 'running' && run.holderKey !== null;
  if (isSettled(run.status) || run.status === 'held') {
    throw new DriftplaneError(
      'invalid_transition',
      `run ${runId} is ${run.status}; it can not be cancelled`,
      {
        extensions: { allowed: allowedDecisions(run.status) },
      },
    );
  }
  if (isRead) await requestCancel(tx, runId);
  else await endRun(tx, run, 'cancel', { code: 'run_cancelled', message: `cancelled by ${tx.actor.label}` });
  tx.audit({
    action: 'run.cancel',
    target: { kind: 'run', id: runId },
    detail: { before: run.status, after: isRead ? 'cancelling' : 'cancelled' },
  });
  return lockRun(tx, runId);
}

/** Drops a held run; nothing changes. Throws `run_not_held`. */
export async function rejectRun(tx: WorkspaceTransaction, runId: string): Promise<SyncRun> {
  const run = await lockRun(tx, runId);
  if (run.status !== 'held')
    throw new DriftplaneError('run_not_held', `run ${runId} is ${run.status}, not held`);
  await endRun(tx, run, 'reject');
  tx.audit({
    action: 'run.reject',
    target: { kind: 'run', id: runId },
    detail: { before: 'held', after: 'rejected' },
  });
  return lockRun(tx, runId);
}

/** Whether nothing more is to be done for the run. */
export function isRunOver(run: SyncRun): boolean {
  return isSettled(run.status) || isApplied(run.status);
}
