import { setTimeout as delay } from 'node:timers/promises';
import type { AuditActor } from '../../core/audit-chain.ts';
import { DriftplaneError } from '../../core/errors.ts';
import { isApplied } from '../../core/run-state.ts';
import { isConnectionLost } from '../../db/pg-errors.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import { getSource } from '../sources/source-read-model.ts';
import { type ApplyResult, applyRun } from './ingest/apply-run.ts';
import type { LiveIndex } from './ingest/live-index.ts';
import { loadLiveIndex } from './ingest/load-live-index.ts';
import { clearStaging, joinParts } from './ingest/part-store.ts';
import { getRegistryOfRun } from './ingest/rules-in-force.ts';
import { listKnownTypes } from './ingest/scope-types.ts';
import { storageFault } from './ingest/storage-fault.ts';
import type { VersionChange } from './ingest/version-changes.ts';
import { requestRedactions } from './redact-history.ts';
import type { SyncRun } from './sync-run.ts';
import { isRunOver, type SyncContext } from './sync-run-service.ts';
import {
  advanceRun,
  getScopeHead,
  lockRun,
  recordApplied,
  recordEnd,
  recordHold,
  recordOutcome,
} from './sync-run-store.ts';

/** Days that a held run waits for a person. */
const HELD_DAYS = 7;
/** How often the apply is tried when the database goes away in it. */
const MAX_APPLY_ATTEMPTS = 4;
const RETRY_MS = 500;
/** From so many changes on, and this share of the items, what the planner knows is brought up to date at once. */
const MANY_CHANGES = 1_000;
const LARGE_SHARE = 0.2;
/** How many declared types the audit trail names; it counts them all. */
const MAX_AUDITED_TYPES = 100;
/** With more changes than these the index is read anew rather than advanced. */
const MAX_ADVANCED = 50_000;

/** Which run, in whose name, and what is known of it beyond its staged parts. */
export interface SettleOptions {
  readonly workspaceId: string;
  readonly actor: AuditActor;
  readonly runId: string;
  /** Types, or globs of them, that were enumerated to their end; null for all. */
  readonly enumerated: readonly string[] | null;
  /** A person has looked at what is gone. */
  readonly isConfirmed: boolean;
  /** How many parts there must be. */
  readonly expectedParts: number;
}

/**
 * Applies what a run has staged in one transaction, or holds it. The transaction is tried again when the
 * connection breaks: whether it had committed is seen from the run, so nothing happens twice.
 */
export async function settleRun(context: SyncContext, options: SettleOptions): Promise<SyncRun> {
  const { workspaceId } = options;
  const { run, result, index } = await withRetries(() => settleOnce(context, options));
  if (result !== null && index !== null) keepIndex(context, run, result, index);
  await tidyUp(context, workspaceId, run, result);
  const seconds =
    ((run.finishedAt ?? run.requestedAt).getTime() - (run.startedAt ?? run.requestedAt).getTime()) / 1000;
  if (result !== null) context.metrics.runSettled({ status: run.status, trigger: run.trigger, seconds });
  return run;
}

/** What does not belong to the run any more: it is settled even if this fails, and the sweep makes it good. */
async function tidyUp(
  context: SyncContext,
  workspaceId: string,
  run: SyncRun,
  result: ApplyResult | null,
): Promise<void> {
  const { database } = context;
  try {
    if (result?.kind === 'applied' && hasGrownOtherwise(result)) {
      await database.ingest.query('select driftplane.analyze_item_versions()');
    }
    if (run.status !== 'held' && isRunOver(run)) await clearStaging(database.ingest, workspaceId, run.runId);
    if (result?.kind === 'applied') await readIndex(context, workspaceId, run, result.endSeq);
  } catch (error) {
    if (!isConnectionLost(error)) throw error;
  }
}

/** Reads the index that was not advanced, so that the next sync need not wait for it. */
async function readIndex(
  { database, indexes }: SyncContext,
  workspaceId: string,
  { scopeId }: SyncRun,
  headSeq: number,
): Promise<void> {
  if (indexes.get(scopeId, headSeq) !== undefined) return;
  await withWorkspace(database.ingest, { workspaceId, actor: systemActor, isReadOnly: true }, async (tx) => {
    const head = await getScopeHead(tx, scopeId, { isLocked: false });
    if (head.headSeq === headSeq) indexes.set(scopeId, await loadLiveIndex(tx, { scopeId, headSeq }));
  });
}

async function withRetries<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= MAX_APPLY_ATTEMPTS || !isConnectionLost(error)) throw storageFault(error) ?? error;
      await delay(RETRY_MS * 2 ** attempt);
    }
  }
}

interface Settled {
  readonly run: SyncRun;
  /** Null where the run had been settled before. */
  readonly result: ApplyResult | null;
  readonly index: LiveIndex | null;
}

function settleOnce(context: SyncContext, options: SettleOptions): Promise<Settled> {
  const { database, indexes } = context;
  const { workspaceId, actor, runId, isConfirmed } = options;
  return withWorkspace(database.ingest, { workspaceId, actor }, async (tx) => {
    const found = await lockRun(tx, runId);
    const isSettled = isRunOver(found) || (found.status === 'held' && !isConfirmed);
    if (isSettled) return { run: found, result: null, index: null };
    if (found.isCancelRequested) {
      throw new DriftplaneError('run_cancelled', 'it was cancelled while it was read');
    }
    const registry = await getRegistryOfRun(tx, runId, context.registry);
    const head = await getScopeHead(tx, found.scopeId, { isLocked: true });
    if (found.baseSeq !== head.headSeq) {
      throw new DriftplaneError('head_moved', `run ${runId} was read against another state of its scope`);
    }
    const source = await getSource(tx, found.sourceId);
    const index =
      indexes.get(found.scopeId, head.headSeq) ??
      (await loadLiveIndex(tx, { scopeId: found.scopeId, headSeq: head.headSeq }));
    const parts = await joinParts(tx, { runId, liveCount: index.count });
    if (parts.partNos.length !== options.expectedParts) {
      throw new DriftplaneError(
        'staging_lost',
        `of ${options.expectedParts} parts of run ${runId}, ${parts.partNos.length} are there`,
      );
    }
    const result = await applyRun(tx, {
      runId,
      scopeId: found.scopeId,
      registry,
      index,
      seen: parts.seen,
      repeated: parts.summary.repeated,
      problems: parts.problems,
      enumerated: options.enumerated,
      selected: head.selection.itemTypes,
      contentDigest: head.contentDigest,
      knownTypes: await listKnownTypes(tx, found.scopeId),
      safeguard: isConfirmed ? null : source.safeguard,
    });
    await recordOutcome(tx, runId, {
      result,
      counts: parts.summary,
      problems: parts.problems,
      registryDigest: registry.digest,
      declaredTypes: options.enumerated,
    });
    if (isConfirmed) auditConfirmation(tx, found);
    if (found.trigger === 'push' && !isConfirmed) auditClosing(tx, found, options, result);
    if (result.kind === 'held') {
      await advanceRun(tx, found, 'hold');
      await recordHold(tx, runId, HELD_DAYS);
    } else {
      const runSeq = head.runCount + 1;
      await recordEnd(tx, runId, null);
      const status = await advanceRun(tx, found, eventOf(result.isComplete, isConfirmed));
      await recordApplied(tx, { ...found, status, runSeq, registryDigest: registry.digest }, result);
      await requestRedactions(tx, {
        scopeId: found.scopeId,
        seq: result.seq,
        endSeq: result.endSeq,
        registry,
      });
      await context.onRunApplied(tx, { runId, scopeId: found.scopeId, sourceId: found.sourceId, runSeq });
    }
    return { run: await lockRun(tx, runId), result, index };
  });
}

/** What was declared complete is what makes items go, so the trail has it. */
function auditClosing(
  tx: WorkspaceTransaction,
  run: SyncRun,
  { enumerated, expectedParts }: SettleOptions,
  result: ApplyResult,
): void {
  const { added, removed, changed } = result.outcome.counts;
  tx.audit({
    action: 'run.close',
    target: { kind: 'run', id: run.runId },
    detail: {
      before: run.status,
      after: result.kind,
      parts: expectedParts,
      completeTypes: (enumerated ?? ['*']).slice(0, MAX_AUDITED_TYPES),
      completeTypeCount: enumerated?.length ?? 1,
      added,
      removed,
      changed,
    },
  });
}

function eventOf(isComplete: boolean, isConfirmed: boolean) {
  if (isConfirmed) return isComplete ? 'confirm' : 'confirm_partially';
  return isComplete ? 'succeed' : 'finish_partially';
}

/** Whether the scope has become another one for the planner. */
function hasGrownOtherwise({
  closed,
  opened,
  itemCount,
}: Extract<ApplyResult, { kind: 'applied' }>): boolean {
  return closed.count + opened.count >= Math.max(MANY_CHANGES, LARGE_SHARE * itemCount);
}

/** Keeps the index at the scope's new head where that is cheaper than reading it again. */
function keepIndex(
  { indexes }: SyncContext,
  { scopeId }: SyncRun,
  result: ApplyResult,
  index: LiveIndex,
): void {
  if (result.kind === 'held') return;
  const { closed, opened, rehashed, endSeq } = result;
  if (closed.count + opened.count > MAX_ADVANCED) {
    indexes.delete(scopeId);
    return;
  }
  const live = ({ versionId, rawHash, rulesDigest }: VersionChange) => ({ versionId, rawHash, rulesDigest });
  indexes.set(
    scopeId,
    index.advance({
      headSeq: endSeq,
      closed: new Set(Array.from(closed, ({ versionId }) => versionId)),
      opened: Array.from(opened, live),
      rehashed: new Map(Array.from(rehashed, ({ versionId, rawHash }) => [versionId, rawHash])),
    }),
  );
}

/** Applies a held run after all: a person has looked at what is gone. Throws `run_not_held`, `head_moved`. */
export async function confirmRun(
  context: SyncContext,
  options: { workspaceId: string; actor: AuditActor; runId: string },
): Promise<SyncRun> {
  return context.turns.run(options.workspaceId, () => confirm(context, options));
}

async function confirm(
  context: SyncContext,
  { workspaceId, actor, runId }: { workspaceId: string; actor: AuditActor; runId: string },
): Promise<SyncRun> {
  const held = await withWorkspace(context.database.ingest, { workspaceId, actor }, async (tx) => {
    const run = await lockRun(tx, runId);
    if (run.status !== 'held') {
      throw new DriftplaneError('run_not_held', `run ${runId} is ${run.status}, not held`);
    }
    return run;
  });
  const run = await settleRun(context, {
    workspaceId,
    actor,
    runId,
    enumerated: held.declaredTypes,
    isConfirmed: true,
    expectedParts: held.partCount,
  });
  if (!isApplied(run.status)) {
    throw new DriftplaneError('run_not_held', `run ${runId} is ${run.status}, not held`);
  }
  return run;
}

function auditConfirmation(tx: WorkspaceTransaction, run: SyncRun): void {
  tx.audit({
    action: 'run.confirm',
    target: { kind: 'run', id: run.runId },
    detail: {
      before: 'held',
      types: (run.hold?.types ?? []).map(({ itemType, gone, live }) => ({ itemType, gone, live })),
    },
  });
}
