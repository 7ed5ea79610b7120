/** The job `plans.backtest`: tries a plan on stored pairs of runs. Of the database it writes its own result alone. */

import { compilePlan } from '../../core/compiled-plan.ts';
import { DriftplaneError } from '../../core/errors.ts';
import type { Observation } from '../../core/observation.ts';
import { validatePlanHash } from '../../core/plan-hash.ts';
import type { ResolvablePlan } from '../../core/plan-resolution.ts';
import type { PlanContent } from '../../core/plan-schema.ts';
import type { Database } from '../../db/database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import type { Backtest, BacktestPair } from '../executions/backtest.ts';
import {
  countBacktestPairs,
  failBacktestAttempt,
  listBacktestPairs,
  releaseBacktest,
  reportBacktest,
  startBacktest,
  succeedBacktest,
} from '../executions/backtest-service.ts';
import { findExecution } from '../executions/execution-service.ts';
import { describeFailure } from '../executions/job-failure.ts';
import { RulesByDigest } from '../inventory/rules-read-model.ts';
import { resolvePlansFor } from '../plans/plan-resolver.ts';
import { getDriftPlan } from '../plans/plan-service.ts';
import { BacktestComparison } from './backtest-comparison.ts';
import { BacktestTally } from './backtest-tally.ts';
import { changesOf, compareItems } from './drift-generator.ts';
import { loadReplayablePair } from './replayable-pair.ts';
import { findPlanInForce, type PlanInForce } from './resolve-plan.ts';

/** How often progress is written down, and whether somebody has cancelled it is looked at. */
const PROGRESS_MS = 2_000;
/** Ids of executions that are read at once. */
const PAGE = 1_000;

/** One attempt of the job `plans.backtest`. */
export interface BacktestAttempt {
  readonly workspaceId: string;
  readonly backtestId: string;
  readonly signal: AbortSignal;
  readonly isLastAttempt: boolean;
  readonly progressMs?: number;
}

/**
 * Works off `plans.backtest`. It begins anew however far an attempt before it came: nothing is written but the whole
 * result, at once. Throws what made it fail, so that the queue tries again.
 */
export async function runBacktestJob(database: Database, attempt: BacktestAttempt): Promise<void> {
  const { workspaceId, backtestId, signal, isLastAttempt } = attempt;
  try {
    await runBacktest(database, attempt);
  } catch (error) {
    await withWorkspace(database.app, { workspaceId, actor: systemActor }, async (tx) => {
      if (signal.aborted) await releaseBacktest(tx, backtestId);
      else await failBacktestAttempt(tx, backtestId, { ...describeFailure(error), isLast: isLastAttempt });
    }).catch(() => {
      // The database is away: the next attempt, or the sweep of given-up jobs, puts it right.
    });
    throw error;
  }
}

/** The queue has given up on the job, as where a worker died in its last attempt. */
export async function giveUpBacktestJob(
  database: Database,
  { workspaceId, backtestId }: { readonly workspaceId: string; readonly backtestId: string },
): Promise<void> {
  await withWorkspace(database.app, { workspaceId, actor: systemActor }, (tx) =>
    failBacktestAttempt(tx, backtestId, {
      code: 'internal_error',
      message: 'the worker was gone in its last attempt',
      isLast: true,
    }),
  );
}

async function runBacktest(
  database: Database,
  { workspaceId, backtestId, signal, progressMs = PROGRESS_MS }: BacktestAttempt,
): Promise<void> {
  const who = { workspaceId, actor: systemActor };
  const write = <T>(work: (tx: WorkspaceTransaction) => Promise<T>) => withWorkspace(database.app, who, work);
  // Each pair in a transaction of its own: none is open for as long as the whole takes.
  const read = <T>(work: (tx: WorkspaceTransaction) => Promise<T>) =>
    withWorkspace(database.app, { ...who, isReadOnly: true }, work);
  const backtest = await write((tx) => startBacktest(tx, backtestId));
  if (backtest === undefined) return;
  const context = await read((tx) => openContext(tx, backtest, signal));
  const totalPairs = await read((tx) => countBacktestPairs(tx, backtest));
  let donePairs = 0;
  const progressNow = () => ({ donePairs, totalPairs, candidates: context.tally.candidateCount });
  const watch = watchBacktest(progressMs, () => write((tx) => reportBacktest(tx, backtestId, progressNow())));
  for await (const { executionId } of pairsInOrder(read, backtest)) {
    signal.throwIfAborted();
    await watch.look();
    if (watch.isStopped) break;
    await read((tx) => comparePair(tx, executionId, { ...context, watch }));
    donePairs++;
  }
  await write((tx) =>
    watch.isStopped
      ? releaseBacktest(tx, backtestId)
      : succeedBacktest(tx, backtestId, { ...context.tally.result(), progress: progressNow() }),
  );
}

type Read = <T>(work: (tx: WorkspaceTransaction) => Promise<T>) => Promise<T>;

async function* pairsInOrder(read: Read, backtest: Backtest): AsyncGenerator<BacktestPair> {
  for (let after: BacktestPair | null = null; ; ) {
    const behind: BacktestPair | null = after;
    const page: BacktestPair[] = await read((tx) =>
      listBacktestPairs(tx, backtest, { after: behind, limit: PAGE }),
    );
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1) ?? null;
  }
}

/** Looks every now and then whether it is to go on, by writing down how far it is. */
interface Watch {
  /** Whether somebody has cancelled it. */
  readonly isStopped: boolean;
  /** Resolves when it has looked, at once where the time has not come. That it fails is no reason to stop. */
  look(): Promise<void>;
}

function watchBacktest(everyMs: number, report: () => Promise<boolean>): Watch {
  let nextAt = Date.now() + everyMs;
  let isStopped = false;
  return {
    get isStopped() {
      return isStopped;
    },
    async look() {
      if (Date.now() < nextAt) return;
      nextAt = Number.POSITIVE_INFINITY;
      try {
        isStopped ||= !(await report());
      } catch {
        // The next one may be written.
      }
      nextAt = Date.now() + everyMs;
    },
  };
}

/** What is the same for all pairs of a backtest. */
interface Context {
  readonly tally: BacktestTally;
  readonly tried: PlanInForce;
  readonly signal: AbortSignal;
  readonly rules: RulesByDigest;
  readonly findPlan: typeof findPlanInForce;
  isForPlan(tx: WorkspaceTransaction, observation: Observation): Promise<boolean>;
}

async function openContext(
  tx: WorkspaceTransaction,
  backtest: Backtest,
  signal: AbortSignal,
): Promise<Context> {
  const { planVersionHash } = backtest;
  const content = JSON.parse(backtest.content) as PlanContent;
  if (!validatePlanHash(content, planVersionHash)) {
    throw new DriftplaneError('internal_error', 'the plan of the backtest is not what it was');
  }
  const asIf = await asIfInForce(tx, backtest, content);
  return {
    tally: new BacktestTally(),
    tried: { plan: compilePlan(content), planVersionHash },
    signal,
    rules: new RulesByDigest(),
    findPlan: remember((_tx, hash) => hash, findPlanInForce),
    isForPlan: remember(
      (_tx, { source: { serviceId, repoFullName, docClass } }) =>
        JSON.stringify([serviceId, repoFullName, docClass]),
      async (at, { source }) => {
        const [resolution] = await resolvePlansFor(at, [source], asIf);
        return resolution?.plan === asIf;
      },
    ),
  };
}

/** The tried plan as it would be resolved, were it in force. */
async function asIfInForce(
  tx: WorkspaceTransaction,
  { backtestId, planId, planVersion, planVersionHash, requestedAt }: Backtest,
  { name, scopeType, scopeRef, docClass }: PlanContent,
): Promise<ResolvablePlan> {
  const madeAt = planId === null ? requestedAt : (await getDriftPlan(tx, planId)).createdAt;
  return {
    planId: planId ?? backtestId,
    name,
    scopeType,
    scopeRef,
    docClass,
    version: planVersion ?? 1,
    versionHash: planVersionHash,
    createdAt: madeAt.toISOString(),
  };
}

/** Most answers that are remembered at once. */
const MAX_REMEMBERED = 500;

/** The function, asked once for what has the same key. */
function remember<Args extends readonly unknown[], T>(
  keyOf: (...args: Args) => string,
  ask: (...args: Args) => Promise<T>,
): (...args: Args) => Promise<T> {
  const known = new Map<string, T>();
  return async (...args) => {
    const key = keyOf(...args);
    if (!known.has(key)) {
      const answer = await ask(...args);
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(key, answer);
    }
    return known.get(key) as T;
  };
}

async function comparePair(
  tx: WorkspaceTransaction,
  executionId: string,
  context: Context & { readonly watch: Watch },
): Promise<void> {
  const { tally, tried, signal, rules, watch } = context;
  const execution = await findExecution(tx, executionId);
  // The retention has just swept it.
  if (execution === undefined) return tally.skipPair('retention');
  const loaded = await loadReplayablePair(tx, execution, context.findPlan);
  if (!loaded.isReplayable) return tally.skipPair(loaded.reason);
  const { pair, inForce } = loaded;
  const { scopeId, scopeKey, observation } = pair;
  const { planId, planVersion } = execution;
  const isForPlan = await context.isForPlan(tx, observation);
  const comparison = new BacktestComparison(
    {
      executionId,
      scopeId,
      scopeKey,
      observation,
      used: { ...inForce, planId, planVersion },
      tried,
      isForPlan,
    },
    tally,
  );
  for await (const items of compareItems(tx, { pair, signal, rules })) {
    comparison.add(changesOf(items));
    // Not waited for: it needs another connection while this one is held.
    void watch.look();
    if (watch.isStopped) return;
  }
  comparison.end();
}
