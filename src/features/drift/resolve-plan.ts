import { contentHash } from '../../core/content-hash.ts';
import type { JsonObject, JsonValue } from '../../core/json-value.ts';
import { builtInPlan, type Plan } from '../../core/plan-schema.ts';

/** Which plan is in force for a source, and how it was found. */
export interface ResolvedPlan {
  readonly plan: Plan;
  /** SHA-256 of the content of the plan version. */
  readonly planVersionHash: string;
  /** False: nobody has made a plan, and the built-in default counts. */
  readonly hasPlan: boolean;
  /** The step that found it (5: none), and what was looked at on the way. */
  readonly resolution: JsonObject;
}

const builtInPlanHash = contentHash(builtInPlan as unknown as JsonValue);

/** The built-in default, as long as workspaces have no plans of their own: step 5, with nothing looked at. */
export function resolvePlan(): ResolvedPlan {
  return {
    plan: builtInPlan,
    planVersionHash: builtInPlanHash,
    hasPlan: false,
    resolution: { step: 5, trace: [] },
  };
}
