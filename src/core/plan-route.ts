import type { PlanContent } from './plan-schema.ts';

/** What is done about a finding: kept without a word, told in the next digest, told at once. */
export const findingRoutes = ['recorded', 'digest', 'notify'] as const;

export type FindingRoute = (typeof findingRoutes)[number];

/**
 * Where a score leads: below `digestOnly` recorded, below `notify` to the digest, from it on told at once. Below
 * `ignore` there is no finding to route.
 */
export function routeOf(score: number, thresholds: PlanContent['thresholds']): FindingRoute {
  if (score < thresholds.digestOnly) return 'recorded';
  return score < thresholds.notify ? 'digest' : 'notify';
}
