/** The job `plans.backtest`: tries a plan on stored pairs of runs. Of the database it writes its own result alone. */

import { compilePlan } from '../../core/compiled-plan.ts';
import { DriftplaneError } from '../../core/errors.ts';
import type { Observation } from '../../core/observation.ts';
import { validatePlanHash } from '../../core/plan-hash.ts';
import type { ResolvablePlan } from '../../core/plan-resolution.ts';
import type { PlanContent } from '../../core/plan-schema.ts';
import type { Database } from '../../db/database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import type { Backtest } from '../executions/backtest.ts';
import {
  countBacktestPairs,
  failBacktestAttempt,
  listBacktestPairs,
  releaseBacktest,
  reportBacktest,
  startBacktest,
  succeedBacktest,
} from '../executions/backtest-service.ts';
import type { Execution } from '../executions/execution.ts';
import { findExecution } from '../executions/execution-service.ts';
import { describeFailure } from '../executions/job-failure.ts';
import { RulesByDigest } from '../inventory/rules-read-model.ts';
import { resolvePlansFor } from '../plans/plan-resolver.ts';
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
  /** Null: often. */
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
