import { compareText } from './compare-text.ts';
import { type Disposition, demote } from './disposition.ts';
import type { DriftPlanConfig } from './plan-config-schema.ts';
import type { PlanContent } from './plan-schema.ts';

/** What of the world outside a routing depends on; recorded on the execution, so that it can be understood later. */
export interface RoutingInputs {
  /** Whether an incident of the plan's subject is open. */
  readonly hasOpenIncident: boolean;
  /** New findings of the plan that were told in the last 24 hours, in the last 7 days; told at once in the last hour. */
  readonly toldInDay: number;
  readonly toldInWeek: number;
  readonly notifiedInHour: number;
}

/** A finding that was opened, with where its plan leads it by itself. */
export interface RoutableFinding {
  readonly findingId: string;
  readonly fingerprint: string;
  readonly disposition: Disposition;
}

/**
 * Where newly opened findings really go: without an open incident a plan that requires one only records; what is beyond
 * a budget of drifts is recorded, what is beyond that of notifications goes to the digest. The highest scores use the
 * budgets first, of equal ones the lowest fingerprint. Returns those that are routed otherwise than they came.
 */
export function routeFindings(
  plan: PlanContent,
  findings: readonly RoutableFinding[],
  inputs: RoutingInputs,
): RoutableFinding[] {
  const { budgets, eligibility } = plan;
  const left = {
    day: budgetLeft(budgets.maxDriftsPerDay, inputs.toldInDay),
    week: budgetLeft(budgets.maxDriftsPerWeek, inputs.toldInWeek),
    hour: budgetLeft(budgets.maxNotificationsPerHour, inputs.notifiedInHour),
  };
  return byScore(findings).flatMap((finding) => {
    let { disposition } = finding;
    if (eligibility.requiresIncident && !inputs.hasOpenIncident) {
      disposition = demote(plan, disposition, 'eligibility.requiresIncident', 'recorded');
    }
    if (disposition.route !== 'recorded' && left.day <= 0) {
      disposition = demote(plan, disposition, 'budgets.maxDriftsPerDay', 'recorded');
    }
    if (disposition.route !== 'recorded' && left.week <= 0) {
      disposition = demote(plan, disposition, 'budgets.maxDriftsPerWeek', 'recorded');
    }
    if (disposition.route === 'notify' && left.hour <= 0) {
      disposition = demote(plan, disposition, 'budgets.maxNotificationsPerHour', 'digest');
    }
    if (disposition.route !== 'recorded') {
      left.day--;
      left.week--;
    }
    if (disposition.route === 'notify') left.hour--;
    return disposition === finding.disposition ? [] : [{ ...finding, disposition }];
  });
}

/** Whether where findings of the plan go depends on anything outside. */
export function isRoutedByWorld({ budgets, eligibility }: DriftPlanConfig): boolean {
  return eligibility.requiresIncident || Object.values(budgets).some((budget) => budget !== null);
}

function budgetLeft(budget: number | null, used: number): number {
  return budget === null ? Number.POSITIVE_INFINITY : budget - used;
}

function byScore(findings: readonly RoutableFinding[]): RoutableFinding[] {
  return [...findings].sort(
    (a, b) => b.disposition.score - a.disposition.score || compareText(a.fingerprint, b.fingerprint),
  );
}
