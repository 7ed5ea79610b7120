/** The job `plans.backtest`: tries a plan on stored pairs of runs. Of the database it writes its own result alone. */

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
import { describeFailure } from '../executions/job-failure.ts';
import { type BacktestWatch, comparePairs, openBacktest } from './backtest-pairs.ts';
import { BacktestTally } from './backtest-tally.ts';

/** How often progress is written down, and whether somebody has cancelled it is looked at. */
const PROGRESS_MS = 2_000;
/** Ids of executions that are read at once. */
const PAGE = 1_000;
/** Most pairs that are compared in one snapshot. */
const PAIRS_AT_ONCE = 100;

/** One attempt of the job `plans.backtest`. */
export interface BacktestAttempt {
  readonly workspaceId: string;
  readonly backtestId: string;
  readonly signal: AbortSignal;
  readonly isLastAttempt: boolean;
  readonly progressMs?: number;
  readonly pairsAtOnce?: number;
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
  { workspaceId, backtestId, signal, progressMs = PROGRESS_MS, pairsAtOnce = PAIRS_AT_ONCE }: BacktestAttempt,
): Promise<void> {
  const who = { workspaceId, actor: systemActor };
  const write = <T>(work: (tx: WorkspaceTransaction) => Promise<T>) => withWorkspace(database.app, who, work);
  const read = <T>(work: (tx: WorkspaceTransaction) => Promise<T>) =>
    withWorkspace(database.app, { ...who, isReadOnly: true }, work);
  const backtest = await write((tx) => startBacktest(tx, backtestId));
  if (backtest === undefined) return;
  const tally = new BacktestTally();
  const totalPairs = await read((tx) => countBacktestPairs(tx, backtest));
  let donePairs = 0;
  const progressNow = () => ({ donePairs, totalPairs, candidates: tally.candidateCount });
  const watch = watchBacktest(progressMs, () => write((tx) => reportBacktest(tx, backtestId, progressNow())));
  const context = await read((tx) => openBacktest(tx, backtest, { tally, signal, watch }));
  for await (const slice of slicesInOrder(read, backtest, pairsAtOnce)) {
    for (let next = 0; next < slice.length && !watch.isStopped; ) {
      signal.throwIfAborted();
      await watch.look();
      const done = await read((tx) => comparePairs(tx, slice.slice(next), context));
      next += done;
      donePairs += done;
    }
    if (watch.isStopped) break;
  }
  await write((tx) =>
    watch.isStopped
      ? releaseBacktest(tx, backtestId)
      : succeedBacktest(tx, backtestId, { ...tally.result(), progress: progressNow() }),
  );
}

type Read = <T>(work: (tx: WorkspaceTransaction) => Promise<T>) => Promise<T>;

/** The ids of the executions, in their order and in bounded parts. */
async function* slicesInOrder(read: Read, backtest: Backtest, size: number): AsyncGenerator<string[]> {
  for (let after: BacktestPair | null = null; ; ) {
    const behind: BacktestPair | null = after;
    const page: BacktestPair[] = await read((tx) =>
      listBacktestPairs(tx, backtest, { after: behind, limit: PAGE }),
    );
    const executionIds = page.map(({ executionId }) => executionId);
    for (let start = 0; start < page.length; start += size) yield executionIds.slice(start, start + size);
    if (page.length < PAGE) return;
    after = page.at(-1) ?? null;
  }
}

/** Looks every now and then whether it is to go on, by writing down how far it is. */
function watchBacktest(everyMs: number, report: () => Promise<boolean>): BacktestWatch {
  let nextAt = Date.now() + everyMs;
  let isStopped = false;
  return {
    get isStopped() {
      return isStopped;
    },
    async look() {
      if (isStopped || Date.now() < nextAt) return;
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
