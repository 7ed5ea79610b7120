import type { DriftPlan, PlanVersion } from './plan.ts';
import type { PlanResponse, PlanVersionResponse } from './plan-contract.ts';

export function planResponseOf(plan: DriftPlan): PlanResponse {
  return {
    ...plan,
    createdAt: plan.createdAt.toISOString(),
    updatedAt: plan.updatedAt.toISOString(),
    archivedAt: plan.archivedAt?.toISOString() ?? null,
  };
}

export function versionResponseOf({ createdById: _, ...version }: PlanVersion): PlanVersionResponse {
  return {
    ...version,
    createdAt: version.createdAt.toISOString(),
    publishedAt: version.publishedAt?.toISOString() ?? null,
  };
}
