import { ENGINE_VERSION } from '../../core/engine-version.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import {
  type NotReplayableReason,
  notReplayableReasons,
  type ReplayInputs,
} from '../executions/execution.ts';
import { digestInputs } from './drift-tally.ts';
import { findPlanInForce, type PlanInForce } from './resolve-plan.ts';
import { loadRunPairs, type RunPair } from './run-pair.ts';

/** The pair of an execution with the plan that it used, or why it can not be computed again. */
export type ReplayablePair =
  | { readonly isReplayable: true; readonly pair: RunPair; readonly inForce: PlanInForce }
  | { readonly isReplayable: false; readonly reason: NotReplayableReason };

/** Loads what an execution that succeeded was generated from, if it is all still there. */
export async function loadReplayablePair(
  tx: WorkspaceTransaction,
  execution: ReplayInputs,
): Promise<ReplayablePair> {
  const [loaded] = await loadReplayablePairs(tx, [execution]);
  return loaded as ReplayablePair;
}

/** The same of several, in their order. `findPlan` may remember the plans that it found. */
export async function loadReplayablePairs(
  tx: WorkspaceTransaction,
  executions: readonly ReplayInputs[],
  findPlan: typeof findPlanInForce = findPlanInForce,
): Promise<ReplayablePair[]> {
  const plans: (PlanInForce | NotReplayableReason)[] = [];
  for (const execution of executions) plans.push(await findUsedPlan(tx, execution, findPlan));
  const kept = executions.filter((_, index) => typeof plans[index] === 'object');
  const pairs = (await loadRunPairs(tx, kept)).values();
  return executions.map(({ inputsDigest }, index): ReplayablePair => {
    const inForce = plans[index] as PlanInForce | NotReplayableReason;
    if (typeof inForce === 'string') return { isReplayable: false, reason: inForce };
    const pair = pairs.next().value as RunPair;
    return digestInputs(pair, inForce.planVersionHash) === inputsDigest
      ? { isReplayable: true, pair, inForce }
      : { isReplayable: false, reason: 'inputs_changed' };
  });
}

async function findUsedPlan(
  tx: WorkspaceTransaction,
  { notReplayableBecause, engineVersion, planVersionHash }: ReplayInputs,
  findPlan: typeof findPlanInForce,
): Promise<PlanInForce | NotReplayableReason> {
  if (notReplayableBecause !== null) {
    return notReplayableReasons.find((reason) => reason === notReplayableBecause) ?? 'inputs_changed';
  }
  if (engineVersion !== ENGINE_VERSION) return 'other_engine';
  return (await findPlan(tx, planVersionHash ?? '')) ?? 'plan_version_gone';
}
