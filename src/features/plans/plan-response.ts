import { canonicalJson } from '../../core/canonical-json.ts';
import type { ErrorDetail } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json-value.ts';
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

/** What is said of a plan that only the server sets, and is not what it shows. */
export function echoFaults(plan: DriftPlan, echoed: Readonly<Record<string, unknown>>): ErrorDetail[] {
  const shown = planResponseOf(plan) as Record<string, unknown>;
  const isShown = ([name, value]: [string, unknown]): boolean =>
    canonicalJson(value as JsonValue) === canonicalJson(shown[name] as JsonValue);
  return Object.entries(echoed)
    .filter((member) => !isShown(member))
    .map(([name]) => ({
      pointer: `/${name}`,
      line: null,
      detail: 'only the server sets it: leave it out, or as it was read',
    }));
}

export function versionResponseOf({ createdById: _, ...version }: PlanVersion): PlanVersionResponse {
  return {
    ...version,
    createdAt: version.createdAt.toISOString(),
    publishedAt: version.publishedAt?.toISOString() ?? null,
  };
}
