import type { DriftPlan, PlanVersion } from './plan.ts';
import type { AppliedPlan } from './plan-apply.ts';
import type { AppliedPlanResponse, PlanResponse, PlanVersionResponse } from './plan-contract.ts';

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

export function appliedResponseOf({ plan, changes, ...rest }: AppliedPlan): AppliedPlanResponse {
  return { ...rest, plan: plan === null ? null : planResponseOf(plan), changes: [...changes] };
}
