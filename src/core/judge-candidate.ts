import type { Candidate, CandidateValue, ItemChange } from './candidate.ts';
import type { CompiledPlan } from './compiled-plan.ts';
import type { ConditionCheck } from './condition-check.ts';
import { type Severity, severityOf } from './drift-type.ts';
import { checkPlanEligibility } from './eligibility.ts';
import { impactOf } from './impact.ts';
import type { Observation } from './observation.ts';
import { compareReasons, type HoldReason, type HoldTally } from './plan-hold.ts';
import { type Noise, noiseOf } from './plan-noise.ts';

/** What a plan makes of a subject's drift. */
export interface Judgement {
  readonly severity: Severity;
  /** What the severity is the band of, in [0, 1]: the greatest impact of the changes that count, times the factors. */
  readonly impact: number;
  /** Confidence (1: facts of an inventory) × impact. */
  readonly score: number;
}

export interface JudgedCandidate extends Judgement {
  readonly noise: Noise;
  /** Why it is no finding; empty where it is one. */
  readonly reasons: readonly HoldReason[];
}

/** Facts are facts: drift of an inventory is seen, not guessed. */
export const INVENTORY_CONFIDENCE = 1;

/** Asks a plan about one candidate of a change. The same candidate may be put to any number of plans. */
export function judgeCandidate(
  change: ItemChange,
  candidate: Candidate,
  context: {
    readonly plan: CompiledPlan;
    readonly observation: Observation;
    /** Of this plan and observation. */
    readonly conditions: ConditionCheck;
  },
): JudgedCandidate {
  const { plan, observation, conditions } = context;
  const { driftType } = candidate;
  conditions.startCandidate();
  const noise = noiseOf(plan, { change, candidate, author: observation.author, conditions });
  const isNoise = noise.kept.length === 0;
  // What is noise throughout is judged as a whole, so that all other reasons are told too.
  const values = isNoise ? candidate.values : noise.kept;
  const drift = { change, driftType, values };
  const baseImpact = plan.content.impactRules.baseImpact ?? greatestImpact(values);
  const multipliers = plan.multipliers.map(({ name, factor, compiled }) => ({
    name,
    factor,
    outcome: conditions.outcomeOf(compiled, drift, { impact: baseImpact }),
  }));
  const impact = impactOf(baseImpact, multipliers);
  const confidence = INVENTORY_CONFIDENCE;
  const score = confidence * impact;
  const severity = severityOf(impact);
  const when =
    plan.when === null
      ? 'true'
      : conditions.outcomeOf(plan.when, drift, { impact, confidence, score, severity });
  const sourceKind = observation.source.kind;
  const eligible = checkPlanEligibility(plan.content, {
    driftType,
    sourceKind,
    confidence,
    impact,
    score,
    severity,
    when,
  });
  const noiseReasons = isNoise ? noise.rules.map(({ reason }) => reason) : [];
  const reasons = [...noiseReasons, ...eligible.reasons].sort(compareReasons);
  return { severity, impact, score, noise, reasons };
}

function greatestImpact(values: readonly CandidateValue[]): number {
  return values.reduce((most, { impact }) => Math.max(most, impact), 0);
}

/** Counts what the plan held back of a candidate: all of it, or single changes. */
export function countHeld(
  tally: HoldTally,
  { values }: Candidate,
  { noise, reasons }: Pick<JudgedCandidate, 'noise' | 'reasons'>,
): void {
  for (const { reason, changes } of noise.rules) tally.countChanges(reason, changes);
  if (reasons.length === 0) {
    for (let count = values.length - noise.kept.length; count > 0; count--) tally.holdChange();
    return;
  }
  const noiseRules = new Set(noise.rules.map(({ reason }) => reason.rule));
  for (const reason of reasons) {
    if (!noiseRules.has(reason.rule)) tally.countChanges(reason, values.length);
  }
  tally.holdCandidate(values.length, reasons);
}
