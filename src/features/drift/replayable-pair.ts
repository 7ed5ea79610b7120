import { ENGINE_VERSION } from '../../core/engine-version.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { type Execution, type NotReplayableReason, notReplayableReasons } from '../executions/execution.ts';
import { digestInputs } from './drift-tally.ts';
import { findPlanInForce, type PlanInForce } from './resolve-plan.ts';
import { loadRunPair, type RunPair } from './run-pair.ts';

/** The pair of an execution with the plan that it used, or why it can not be computed again. */
export type ReplayablePair =
  | { readonly isReplayable: true; readonly pair: RunPair; readonly inForce: PlanInForce }
  | { readonly isReplayable: false; readonly reason: NotReplayableReason };

/** Loads what an execution that succeeded was generated from, if it is all still there. Throws `run_not_found`. */
export async function loadReplayablePair(
  tx: WorkspaceTransaction,
  execution: Execution,
  findPlan: typeof findPlanInForce = findPlanInForce,
): Promise<ReplayablePair> {
  const refuse = (reason: NotReplayableReason): ReplayablePair => ({ isReplayable: false, reason });
  const { notReplayableBecause, engineVersion, planVersionHash, inputsDigest } = execution;
  if (notReplayableBecause !== null) {
    return refuse(notReplayableReasons.find((reason) => reason === notReplayableBecause) ?? 'inputs_changed');
  }
  if (engineVersion !== ENGINE_VERSION) return refuse('other_engine');
  const inForce = await findPlan(tx, planVersionHash ?? '');
  if (inForce === undefined) return refuse('plan_version_gone');
  const pair = await loadRunPair(tx, execution);
  if (digestInputs(pair, inForce.planVersionHash) !== inputsDigest) return refuse('inputs_changed');
  return { isReplayable: true, pair, inForce };
}
