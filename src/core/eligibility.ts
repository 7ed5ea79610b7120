import type { ConditionOutcome } from './condition.ts';
import { type DriftType, type Severity, severities } from './drift-type.ts';
import type { HoldReason } from './plan-hold.ts';
import type { PlanContent } from './plan-schema.ts';

/** A subject's drift, as far as a plan decides by it. */
export interface EligibilityInput {
  readonly driftType: DriftType;
  /** Of the source that it comes from; null where there is none, as in a comparison of files. */
  readonly sourceKind: string | null;
  /** 0 to 1. */
  readonly confidence: number;
  /** After the multipliers, 0 to 1. */
  readonly impact: number;
  /** Confidence × impact. */
  readonly score: number;
  readonly severity: Severity;
  /** What came of `eligibility.when`; `true` where the plan has none. */
  readonly when: ConditionOutcome;
}

export interface Eligibility {
  readonly isEligible: boolean;
  /** Every rule that holds it back, in the order of `holdCodes`. */
  readonly reasons: readonly HoldReason[];
}

/**
 * Whether a plan lets drift become a finding, with every reason why not. A condition that can not be told holds nothing
 * back: drift is not lost by a mistake in a rule. What depends on the world outside (incidents, budgets) is not asked
 * here, it is decided when the finding is routed.
 */
export function checkPlanEligibility(plan: PlanContent, input: EligibilityInput): Eligibility {
  const { eligibility, thresholds } = plan;
  const { driftType, sourceKind, severity, when } = input;
  const reasons: HoldReason[] = [];
  const hold = (code: HoldReason['code'], detail: string): void => {
    reasons.push({ code, rule: `/${code.replace('.', '/')}`, detail });
  };
  if (sourceKind !== null && !(plan.inputSources as readonly string[]).includes(sourceKind)) {
    hold('inputSources', `sources of kind ${sourceKind} are not among the input sources`);
  }
  if (!plan.driftTypes.includes(driftType)) hold('driftTypes', `${driftType} is not among the drift types`);
  if (severities.indexOf(severity) > severities.indexOf(eligibility.minSeverity)) {
    hold('eligibility.minSeverity', `${severity} is less severe than ${eligibility.minSeverity}`);
  }
  if (when === 'false') hold('eligibility.when', 'the condition is false');
  for (const [name, value, title] of [
    ['minConfidence', input.confidence, 'confidence'],
    ['minImpactScore', input.impact, 'impact'],
    ['minDriftScore', input.score, 'score'],
    ['ignore', input.score, 'score'],
  ] as const) {
    const least = thresholds[name];
    if (value < least) hold(`thresholds.${name}`, `the ${title} ${value} is below ${least}`);
  }
  return { isEligible: reasons.length === 0, reasons };
}
