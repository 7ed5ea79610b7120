import { randomUUID } from 'node:crypto';
import { DriftplaneError } from '../../core/errors.ts';
import { type ExecutionEvent, type ExecutionState, nextExecutionState } from '../../core/execution-state.ts';
import { enqueueJob, MAX_JOB_ATTEMPTS } from '../../db/job-queue.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { BaselineMode, Execution } from './execution.ts';
import * as store from './execution-store.ts';

/** A pair of applied runs of one scope. */
export interface ExecutionPair {
  readonly scopeId: string;
  readonly sourceId: string;
  readonly baselineMode: BaselineMode;
  readonly baselineRunId: string;
  readonly currentRunId: string;
}

/**
 * Puts the comparison of a pair into the queue, when the transaction commits. The same pair waiting already is
 * one execution. Returns its id.
 */
export async function requestExecution(tx: WorkspaceTransaction, pair: ExecutionPair): Promise<string> {
  const executionId = randomUUID();
  const isNew = await store.insertExecution(tx, { ...pair, executionId, maxAttempts: MAX_JOB_ATTEMPTS });
  if (!isNew) {
    const waiting = await store.findWaitingExecution(tx, pair);
    if (waiting !== undefined) {
      if (waiting.status === 'failed') await queueAgain(tx, waiting);
      return waiting.executionId;
    }
    throw new DriftplaneError('internal_error', 'the execution of this pair has just been finished');
  }
  await enqueueGeneration(tx, { ...pair, executionId });
  emitChange(tx, { ...pair, executionId }, 'queued');
  return executionId;
}

async function enqueueGeneration(
  tx: WorkspaceTransaction,
  execution: Pick<Execution, 'executionId' | 'scopeId' | 'baselineRunId' | 'currentRunId'>,
): Promise<void> {
  const { executionId, scopeId, baselineRunId, currentRunId } = execution;
  await enqueueJob(tx, {
    kind: 'drift.generate',
    payload: { executionId },
    jobKey: `drift:${tx.workspaceId}:${scopeId}:${baselineRunId}:${currentRunId}`,
    queueName: `drift:${scopeId}`,
  });
}

/** Undefined where there is none, or none any more: repeated and overtaken ones are dropped. */
export function findExecution(tx: WorkspaceTransaction, executionId: string): Promise<Execution | undefined> {
  return store.findExecution(tx, executionId);
}

/** Throws `execution_not_found`. */
export async function getExecution(
  tx: WorkspaceTransaction,
  executionId: string,
  lock: 'no lock' | 'for update' = 'no lock',
): Promise<Execution> {
  const execution = isUuid(executionId) ? await store.findExecution(tx, executionId, lock) : undefined;
  if (execution === undefined) throw new DriftplaneError('execution_not_found', 'there is no such execution');
  return execution;
}

/** A worker takes it. Undefined where nothing is to be done any more: it has succeeded, or is gone. */
export async function startExecution(
  tx: WorkspaceTransaction,
  executionId: string,
): Promise<Execution | undefined> {
  const execution = await store.findExecution(tx, executionId, 'for update');
  if (execution === undefined || execution.status === 'succeeded') return undefined;
  // One that had failed for good is taken up again when a later pair of its scope needs it.
  const from = execution.status === 'failed' ? 'queued' : execution.status;
  await store.updateExecution(tx, executionId, {
    status: nextState(execution, from, 'start'),
    attempts: execution.attempts + 1,
    startedAt: tx.now,
    finishedAt: null,
  });
  emitChange(tx, execution, 'running');
  return { ...execution, status: 'running', attempts: execution.attempts + 1 };
}

/** An attempt has failed; `isLast` where no other follows by itself. */
export async function failAttempt(
  tx: WorkspaceTransaction,
  executionId: string,
  failure: { readonly code: string; readonly message: string; readonly isLast: boolean },
): Promise<void> {
  const execution = await store.findExecution(tx, executionId, 'for update');
  if (execution === undefined || execution.status === 'succeeded' || execution.status === 'failed') return;
  const { code, message, isLast } = failure;
  // Where the worker is gone, it may never have been marked as running.
  const status = isLast ? nextState(execution, execution.status, 'fail') : 'queued';
  await store.updateExecution(tx, executionId, {
    status,
    error: { code, message },
    ...(isLast ? { finishedAt: tx.now } : {}),
  });
  emitChange(tx, execution, status);
}

/** The worker stops and gives it back; what it had done is undone with its transaction. */
export async function releaseExecution(tx: WorkspaceTransaction, executionId: string): Promise<void> {
  const execution = await store.findExecution(tx, executionId, 'for update');
  if (execution?.status !== 'running') return;
  await store.updateExecution(tx, executionId, { status: nextState(execution, 'running', 'release') });
  emitChange(tx, execution, 'queued');
}

/** Settles an execution with its result, in the transaction that writes its findings. */
export async function succeedExecution(
  tx: WorkspaceTransaction,
  execution: Execution,
  result: store.ExecutionResult,
): Promise<void> {
  nextState(execution, execution.status, 'succeed');
  await store.saveResult(tx, execution.executionId, result);
  emitChange(tx, execution, 'succeeded');
}

/** Whether the same pair has been generated under the same plan and engine; then this one is dropped as a repetition. */
export async function dropRepetition(
  tx: WorkspaceTransaction,
  execution: Execution,
  made: { readonly planVersionHash: string; readonly engineVersion: string },
): Promise<boolean> {
  if ((await store.findTwin(tx, execution, made)) === undefined) return false;
  await store.deleteExecution(tx, execution.executionId);
  return true;
}

/**
 * Drops what is unfinished of runs before the one that is reconciled: the findings of the scope are past it, as where
 * a run is pinned, the comparison with the last one fails, and the next run comes first.
 */
export function dropOvertaken(
  tx: WorkspaceTransaction,
  reconciled: { readonly scopeId: string; readonly runSeq: number },
): Promise<void> {
  return store.deleteUnfinishedBefore(tx, reconciled);
}

/** A person has a failed execution tried again. Throws `execution_not_found` and `invalid_transition`. */
export async function retryExecution(tx: WorkspaceTransaction, executionId: string): Promise<Execution> {
  const execution = await getExecution(tx, executionId, 'for update');
  if (execution.status !== 'failed') {
    throw new DriftplaneError(
      'invalid_transition',
      `only a failed execution can be retried; this one is ${execution.status}`,
    );
  }
  await queueAgain(tx, execution);
  tx.audit({
    action: 'execution.retry',
    target: { kind: 'execution', id: executionId },
    detail: { before: { status: 'failed' }, after: { status: 'queued' } },
  });
  return getExecution(tx, executionId);
}

async function queueAgain(tx: WorkspaceTransaction, execution: Execution): Promise<void> {
  const status = nextState(execution, 'failed', 'retry');
  await store.updateExecution(tx, execution.executionId, {
    status,
    attempts: 0,
    finishedAt: null,
    error: null,
  });
  await enqueueGeneration(tx, execution);
  emitChange(tx, execution, status);
}

/** Keyset page of the executions, newest first. */
export async function listExecutions(
  tx: WorkspaceTransaction,
  filter: store.ExecutionFilter,
  page: { readonly after: { queuedAt: Date; executionId: string } | null; readonly limit: number },
): Promise<Execution[]> {
  const ids = [filter.scopeId, filter.sourceId, filter.currentRunId, filter.planId];
  if (ids.some((id) => id !== undefined && !isUuid(id))) return [];
  return store.listExecutions(tx, filter, page);
}

/** The ids of what has to be generated before the pair of this run can be, in order. */
export function listUnfinishedBefore(
  tx: WorkspaceTransaction,
  pair: { readonly scopeId: string; readonly runSeq: number },
): Promise<string[]> {
  return store.listUnfinishedBefore(tx, pair);
}

/** Shows how far a running execution is. */
export function reportProgress(
  tx: WorkspaceTransaction,
  executionId: string,
  progress: { readonly done: number; readonly total: number },
): Promise<void> {
  return store.saveProgress(tx, executionId, progress);
}

function nextState(execution: Execution, from: ExecutionState, event: ExecutionEvent): ExecutionState {
  const to = nextExecutionState(from, event);
  if (to !== null) return to;
  throw new DriftplaneError(
    'invalid_transition',
    `execution ${execution.executionId} is ${from}: no ${event}`,
  );
}

function emitChange(
  tx: WorkspaceTransaction,
  { executionId, scopeId }: Pick<Execution, 'executionId' | 'scopeId'>,
  status: ExecutionState,
): void {
  tx.emit({ kind: 'execution.changed', payload: { executionId, scopeId, status } });
}
