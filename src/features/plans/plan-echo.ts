import { isDeepStrictEqual } from 'node:util';
import type { ErrorDetail } from '../../core/errors.ts';
import { isJsonObject, type JsonValue } from '../../core/json-value.ts';
import { waitingReviewStates } from '../../core/plan-review-state.ts';
import { requireRevision } from '../../http/revision.ts';
import type { DriftPlan } from './plan.ts';
import { planResponseOf } from './plan-response.ts';

/**
 * What is said of a plan that only the server sets, and is not what it shows. Throws `revision_mismatch` where it was read
 * at another revision: then all else is likely to be otherwise, too.
 */
export function echoFaults(plan: DriftPlan, echoed: Readonly<Record<string, unknown>>): ErrorDetail[] {
  if (typeof echoed.revision === 'number') requireRevision(echoed.revision, plan.revision);
  const shown = planResponseOf(plan) as Record<string, unknown>;
  const isShown = ([name, value]: [string, unknown]): boolean =>
    isDeepStrictEqual(withoutReview(value), withoutReview(shown[name]));
  return Object.entries(echoed)
    .filter((member) => !isShown(member))
    .map(([name]) => ({
      pointer: `/${name}`,
      line: null,
      detail: 'only the server sets it: leave it out, or as it was read',
    }));
}

/** A review moves the newest version on its way, and the plan stays at the revision that was read. */
function withoutReview(value: unknown): unknown {
  const isWaiting =
    isJsonObject(value as JsonValue) && waitingReviewStates.includes((value as LatestVersion).state);
  return isWaiting ? { ...(value as LatestVersion), state: 'draft' } : value;
}

type LatestVersion = DriftPlan['latest'];
