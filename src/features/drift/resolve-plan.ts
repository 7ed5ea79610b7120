import { type CompiledPlan, CompiledPlans, compilePlan } from '../../core/compiled-plan.ts';
import { DriftplaneError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { Observation } from '../../core/observation.ts';
import { builtInPlan } from '../../core/parse-plan.ts';
import { generatePlanHash } from '../../core/plan-hash.ts';
import type { PlanContent } from '../../core/plan-schema.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { findContentByHash } from '../plans/plan-read-model.ts';
import { resolvePlanFor } from '../plans/plan-resolver.ts';

/** A plan that is in force, ready to judge by. */
export interface PlanInForce {
  readonly plan: CompiledPlan;
  /** SHA-256 of the content of the plan version. */
  readonly planVersionHash: string;
}

/** Which plan is in force for a source, and how it was found. */
export interface ResolvedPlan extends PlanInForce {
  readonly planId: string | null;
  readonly planVersion: number | null;
  /** False: no plan of the workspace is for the source, and the built-in default counts. */
  readonly hasPlan: boolean;
  /** The step that found it (5: none), and what was looked at on the way. */
  readonly resolution: JsonObject;
}

/** What the default was hashed to before plans had hashes of their own; it behaved the same. */
const FIRST_BUILT_IN_HASH = 'e385a0759cc1ab5ac9e4b576628b0634c9b5dfdef34cb3bcb49bab2f4a71bf56';

const builtIn: PlanInForce = {
  plan: compilePlan(builtInPlan),
  planVersionHash: generatePlanHash(builtInPlan),
};

/** Whether a hash is that of the default, which counts everything. */
export function isBuiltIn(planVersionHash: string): boolean {
  return planVersionHash === builtIn.planVersionHash || planVersionHash === FIRST_BUILT_IN_HASH;
}

/** The plan for a source by its binding. */
export async function resolvePlan(tx: WorkspaceTransaction, { source }: Observation): Promise<ResolvedPlan> {
  const found = await resolvePlanFor(tx, source);
  const { plan, step, resolutionMethod, trace, omittedTraceEntries } = found;
  const resolution = {
    step,
    resolutionMethod,
    trace: trace.map((entry) => ({ ...entry })),
    omittedTraceEntries,
  };
  if (plan === null) return { ...builtIn, planId: null, planVersion: null, hasPlan: false, resolution };
  const content = await findContentByHash(tx, plan.versionHash);
  if (content === undefined) {
    throw new DriftplaneError(
      'internal_error',
      `version ${plan.version} of plan ${plan.planId} is not what it was`,
    );
  }
  return {
    plan: compiled(content, plan.versionHash),
    planVersionHash: plan.versionHash,
    planId: plan.planId,
    planVersion: plan.version,
    hasPlan: true,
    resolution,
  };
}

/** The plan that was in force under a hash; undefined where no such version is kept. */
export async function findPlanInForce(
  tx: WorkspaceTransaction,
  planVersionHash: string,
): Promise<PlanInForce | undefined> {
  if (isBuiltIn(planVersionHash)) return { ...builtIn, planVersionHash };
  const content = await findContentByHash(tx, planVersionHash);
  return content === undefined ? undefined : { plan: compiled(content, planVersionHash), planVersionHash };
}

/** Few plans are in force at a time, and each judges many runs. Of this size they take some 80 MB. */
const compiledPlans = new CompiledPlans({ maxPlans: 200, maxSize: 500_000 });

/** By its hash, which says all that a plan decides by: of whatever workspace, it is the same plan. */
function compiled(content: PlanContent, planVersionHash: string): CompiledPlan {
  return compiledPlans.get(planVersionHash, () => compilePlan(content));
}
