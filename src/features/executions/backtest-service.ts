/** Backtests: asked for, told of and cancelled here; carried out by the generator of drift. */

import { randomUUID } from 'node:crypto';
import { type BacktestEvent, type BacktestState, nextBacktestState } from '../../core/backtest-state.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { DriftplaneError } from '../../core/errors.ts';
import { parsePlan } from '../../core/parse-plan.ts';
import { generatePlanHash, hashedContent } from '../../core/plan-hash.ts';
import type { ResolvablePlan } from '../../core/plan-resolution.ts';
import { contentOf, type PlanContent } from '../../core/plan-schema.ts';
import { enqueueJob } from '../../db/job-queue.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { cutPage, decodeOrdinal, encodeCursor } from '../../http/page.ts';
import { invalidPlan } from '../plans/plan-problems.ts';
import { getPlanVersion } from '../plans/plan-read-model.ts';
import { resolvePlansFor } from '../plans/plan-resolver.ts';
import { getDriftPlan } from '../plans/plan-service.ts';
import type {
  Backtest,
  BacktestEffect,
  BacktestPair,
  BacktestProgress,
  BacktestSummary,
  KeptBacktestChange,
  ListedBacktestChange,
} from './backtest.ts';
import * as store from './backtest-store.ts';
import type { ReplayInputs } from './execution.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Of one workspace that wait or run: they run one after the other, and the queue is everybody's. */
const MAX_PENDING = 20;
const CHANGES_CURSOR = 'backtest_changes';

/** What is tried, and on what. */
export interface BacktestRequest {
  /** A version of a plan, the newest where none is named; or a document that is no plan yet, not validated. */
  readonly plan:
    | { readonly planId: string; readonly version: number | null }
    | { readonly document: unknown };
  /** Null: the scopes that the plan would be for. */
  readonly scopeIds: readonly string[] | null;
  readonly days: number;
}

/**
 * Has a plan tried on the stored pairs of runs, in a job. Throws `plan_not_found`, `plan_version_not_found`,
 * `invalid_plan` with all that is wrong, `scope_not_found` and `too_many_backtests`.
 */
export async function requestBacktest(tx: WorkspaceTransaction, request: BacktestRequest): Promise<Backtest> {
  const { days } = request;
  await requireRoom(tx);
  const { content, ...tried } = await findTriedPlan(tx, request.plan);
  const planVersionHash = generatePlanHash(content);
  const scopeIds =
    request.scopeIds === null
      ? await listScopesOf(tx, { ...tried, planVersionHash }, content)
      : await requireScopes(tx, request.scopeIds);
  const backtestId = randomUUID();
  await store.insertBacktest(tx, {
    backtestId,
    ...tried,
    planVersionHash,
    content: canonicalJson(hashedContent(content)),
    scopeIds,
    days,
    since: new Date(tx.now.getTime() - days * DAY_MS),
    requestedAt: tx.now,
    requestedBy: tx.actor.label,
  });
  await enqueueJob(tx, {
    kind: 'plans.backtest',
    payload: { backtestId },
    jobKey: `backtest:${tx.workspaceId}:${backtestId}`,
    // Those of a workspace run one after the other.
    queueName: `backtest:${tx.workspaceId}`,
  });
  const backtest = await getBacktest(tx, backtestId);
  const { planId, planVersion } = backtest;
  tx.audit({
    action: 'plan.backtest',
    target: { kind: 'backtest', id: backtestId },
    detail: { planId, planVersion, planVersionHash, scopes: scopeIds.length, days },
  });
  emitChange(tx, backtest, 'queued');
  return backtest;
}

async function requireRoom(tx: WorkspaceTransaction): Promise<void> {
  const pending = await store.countPending(tx);
  if (pending < MAX_PENDING) return;
  throw new DriftplaneError(
    'too_many_backtests',
    `${pending} backtests of this workspace wait or run already`,
  );
}

async function findTriedPlan(
  tx: WorkspaceTransaction,
  wanted: BacktestRequest['plan'],
): Promise<{ planId: string | null; planVersion: number | null; content: PlanContent }> {
  if ('document' in wanted) {
    const parsed = parsePlan(wanted.document);
    if (!parsed.ok) throw invalidPlan(parsed.details);
    return { planId: null, planVersion: null, content: contentOf(parsed.plan) };
  }
  const { planId, latest } = await getDriftPlan(tx, wanted.planId);
  const { version, content } = await getPlanVersion(tx, planId, wanted.version ?? latest.version);
  return { planId, planVersion: version, content };
}

/**
 * The scopes whose sources a plan would be for, were it in force, as they and all other plans are now. Written down with
 * the request, so that what it takes does not change while it runs.
 */
async function listScopesOf(
  tx: WorkspaceTransaction,
  tried: Pick<Backtest, 'planId' | 'planVersion' | 'planVersionHash'>,
  content: PlanContent,
): Promise<string[]> {
  const asIf = await asIfInForce(tx, { ...tried, requestedAt: tx.now }, content);
  const scopes = await store.listBoundScopes(tx);
  const resolutions = await resolvePlansFor(
    tx,
    scopes.map(({ binding }) => binding),
    asIf,
  );
  return scopes.filter((_, index) => resolutions[index]?.plan === asIf).map(({ scopeId }) => scopeId);
}

/** The tried plan as it would be resolved, were it in force. */
export async function asIfInForce(
  tx: WorkspaceTransaction,
  tried: Pick<Backtest, 'planId' | 'planVersion' | 'planVersionHash' | 'requestedAt'>,
  { name, scopeType, scopeRef, docClass }: PlanContent,
): Promise<ResolvablePlan> {
  const { planId, planVersion, planVersionHash, requestedAt } = tried;
  const createdAt = planId === null ? requestedAt : (await getDriftPlan(tx, planId)).createdAt;
  return {
    // A document that is no plan yet has an id that no plan has.
    planId: planId ?? '',
    name,
    scopeType,
    scopeRef,
    docClass,
    version: planVersion ?? 1,
    versionHash: planVersionHash,
    createdAt: createdAt.toISOString(),
  };
}

async function requireScopes(tx: WorkspaceTransaction, wanted: readonly string[]): Promise<string[]> {
  const scopeIds = [...new Set(wanted)].sort();
  if (!scopeIds.every(isUuid) || (await store.countScopes(tx, scopeIds)) < scopeIds.length) {
    throw new DriftplaneError('scope_not_found', 'one of the scopes does not exist');
  }
  return scopeIds;
}

/** Throws `backtest_not_found`. */
export async function getBacktest(
  tx: WorkspaceTransaction,
  backtestId: string,
  lock: 'no lock' | 'for update' = 'no lock',
): Promise<Backtest> {
  const backtest = isUuid(backtestId) ? await store.findBacktest(tx, backtestId, lock) : undefined;
  if (backtest === undefined) throw new DriftplaneError('backtest_not_found', 'there is no such backtest');
  return backtest;
}

/** Keyset page of the backtests, newest first. */
export async function listBacktests(
  tx: WorkspaceTransaction,
  filter: { readonly planId?: string | undefined },
  page: { readonly after: { requestedAt: Date; backtestId: string } | null; readonly limit: number },
): Promise<Backtest[]> {
  if (filter.planId !== undefined && !isUuid(filter.planId)) return [];
  return store.listBacktestRows(tx, filter, page);
}

/** What a backtest found to be otherwise, in the order of scopes and runs. Throws `backtest_not_found`, `invalid_transition` where it has no result, and `invalid_cursor`. */
export async function listBacktestChanges(
  tx: WorkspaceTransaction,
  backtestId: string,
  query: {
    readonly cursor?: string | undefined;
    readonly limit: number;
    readonly effect?: BacktestEffect | undefined;
  },
): Promise<{ items: ListedBacktestChange[]; nextCursor: string | null; omitted: number }> {
  const { summary, status } = await getBacktest(tx, backtestId);
  // That nothing would be otherwise is not said of what nobody has looked at.
  if (summary === null) {
    const fate = status === 'queued' || status === 'running' ? 'has no result yet' : 'has no result';
    throw new DriftplaneError('invalid_transition', `the backtest is ${status}: it ${fate}`, {
      extensions: { state: status, allowed: [] },
    });
  }
  const after = query.cursor === undefined ? 0 : decodeOrdinal(CHANGES_CURSOR, query.cursor);
  const { effect = null, limit } = query;
  const found = await store.listChangeRows(tx, { backtestId, effect, after, limit: limit + 1 });
  return {
    ...cutPage(found, limit, (last) => encodeCursor(CHANGES_CURSOR, [last.ordinal])),
    omitted: summary.changes - summary.changesKept,
  };
}

/**
 * A person does not want it any more. What waits is cancelled at once, what runs within a few seconds; again it changes
 * nothing. Throws `backtest_not_found`, and `invalid_transition` for one that is over.
 */
export async function cancelBacktest(tx: WorkspaceTransaction, backtestId: string): Promise<Backtest> {
  const backtest = await getBacktest(tx, backtestId, 'for update');
  const { status, isCancelRequested } = backtest;
  if (status === 'cancelled' || isCancelRequested) return backtest;
  const to = nextState(backtest, 'cancel');
  if (status === 'running') await store.markCancelRequested(tx, backtestId);
  else {
    await store.updateBacktest(tx, backtestId, { status: to, isCancelRequested: true, finishedAt: tx.now });
  }
  tx.audit({
    action: 'plan.backtest_cancel',
    target: { kind: 'backtest', id: backtestId },
    detail: { status },
  });
  emitChange(tx, backtest, status === 'running' ? status : to);
  return getBacktest(tx, backtestId);
}

/** A worker takes it. Undefined where nothing is to be done any more: it is over, was cancelled, or is gone. */
export async function startBacktest(
  tx: WorkspaceTransaction,
  backtestId: string,
): Promise<Backtest | undefined> {
  const backtest = await store.findBacktest(tx, backtestId, 'for update');
  if (backtest === undefined || nextBacktestState(backtest.status, 'start') === null) return undefined;
  if (backtest.isCancelRequested) {
    await settleCancelled(tx, backtest);
    return undefined;
  }
  const status = nextState(backtest, 'start');
  await store.updateBacktest(tx, backtestId, {
    status,
    attempts: backtest.attempts + 1,
    startedAt: tx.now,
  });
  emitChange(tx, backtest, status);
  return { ...backtest, status, attempts: backtest.attempts + 1 };
}

/** Shows how far it is. False where it is to stop: it was cancelled, or is gone. */
export function reportBacktest(
  tx: WorkspaceTransaction,
  backtestId: string,
  progress: BacktestProgress,
): Promise<boolean> {
  return store.saveProgress(tx, backtestId, progress);
}

/** The executions that a backtest takes: those that had succeeded when it was asked for. */
export function countBacktestPairs(tx: WorkspaceTransaction, backtest: Backtest): Promise<number> {
  return store.countPairs(tx, backtest);
}

/** The same by scope and run, behind `after`. */
export function listBacktestPairs(
  tx: WorkspaceTransaction,
  backtest: Backtest,
  page: { readonly after: BacktestPair | null; readonly limit: number },
): Promise<BacktestPair[]> {
  return store.listPairRows(tx, backtest, page);
}

/** What of these executions is needed to compute them again, in their order; without those that are gone. */
export function listReplayInputs(
  tx: WorkspaceTransaction,
  executionIds: readonly string[],
): Promise<ReplayInputs[]> {
  return store.listReplayInputs(tx, executionIds);
}

export interface BacktestResult {
  readonly summary: BacktestSummary;
  /** The first of the changes. */
  readonly kept: readonly KeptBacktestChange[];
  readonly resultDigest: string;
  readonly progress: BacktestProgress;
}

/**
 * Settles it with its result, all at once; where it was cancelled meanwhile, without. Throws `not_replayable` where what
 * it tells of has become sensitive while it ran: it is to begin anew.
 */
export async function succeedBacktest(
  tx: WorkspaceTransaction,
  backtestId: string,
  { kept, ...result }: BacktestResult,
): Promise<void> {
  const backtest = await store.findBacktest(tx, backtestId, 'for update');
  // Another worker may have done it, as where this one was taken for dead.
  if (backtest?.status !== 'running') return;
  if (backtest.isCancelRequested) return settleCancelled(tx, backtest);
  const status = nextState(backtest, 'succeed');
  if (await store.isAnyRedacted(tx, [...new Set(kept.map(({ executionId }) => executionId))])) {
    throw new DriftplaneError('not_replayable', 'a value has become sensitive while it ran');
  }
  await store.insertChanges(tx, backtestId, kept);
  await store.saveResult(tx, backtestId, result);
  emitChange(tx, backtest, status);
}

/** The worker stops before it is done: cancelled where that was asked for, else given back. */
export async function releaseBacktest(tx: WorkspaceTransaction, backtestId: string): Promise<void> {
  const backtest = await store.findBacktest(tx, backtestId, 'for update');
  if (backtest?.status !== 'running') return;
  if (backtest.isCancelRequested) return settleCancelled(tx, backtest);
  const status = nextState(backtest, 'release');
  await store.updateBacktest(tx, backtestId, { status });
  emitChange(tx, backtest, status);
}

/** An attempt has failed; `isLast` where no other follows. */
export async function failBacktestAttempt(
  tx: WorkspaceTransaction,
  backtestId: string,
  failure: { readonly code: string; readonly message: string; readonly isLast: boolean },
): Promise<void> {
  const backtest = await store.findBacktest(tx, backtestId, 'for update');
  if (backtest === undefined || nextBacktestState(backtest.status, 'fail') === null) return;
  if (backtest.isCancelRequested) return settleCancelled(tx, backtest);
  const { code, message, isLast } = failure;
  // Where the worker is gone, it may never have been marked as running.
  const status = nextBacktestState(backtest.status, isLast ? 'fail' : 'release') ?? backtest.status;
  await store.updateBacktest(tx, backtestId, {
    status,
    error: { code, message },
    ...(isLast ? { finishedAt: tx.now } : {}),
  });
  emitChange(tx, backtest, status);
}

async function settleCancelled(tx: WorkspaceTransaction, backtest: Backtest): Promise<void> {
  const status = nextState(backtest, 'cancel');
  await store.updateBacktest(tx, backtest.backtestId, { status, finishedAt: tx.now });
  emitChange(tx, backtest, status);
}

function nextState({ status }: Backtest, event: BacktestEvent): BacktestState {
  const to = nextBacktestState(status, event);
  if (to !== null) return to;
  throw new DriftplaneError('invalid_transition', `the backtest is ${status}: no ${event}`, {
    extensions: { state: status },
  });
}

function emitChange(tx: WorkspaceTransaction, { backtestId }: Backtest, status: BacktestState): void {
  tx.emit({ kind: 'backtest.changed', payload: { backtestId, status } });
}
