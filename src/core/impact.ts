import type { ConditionOutcome } from './condition.ts';

/** Impacts are told in millionths, so that 0.3 × 3 is 0.9 and not a little less. */
const PRECISION = 1_000_000;

/** A factor of the impact, and whether it was applied. */
export interface AppliedMultiplier {
  readonly name: string;
  readonly factor: number;
  /** `true`: applied. */
  readonly outcome: ConditionOutcome;
}

/**
 * The impact of drift: the base impact times the factors whose condition is true, at most 1. A condition that can not be
 * told leaves its factor out. Factors are multiplied in the order given (a plan has them by name), so that the same ones
 * give the same bits.
 */
export function impactOf(baseImpact: number, multipliers: readonly AppliedMultiplier[]): number {
  const product = multipliers.reduce(
    (impact, { factor, outcome }) => (outcome === 'true' ? impact * factor : impact),
    baseImpact,
  );
  return Math.min(1, Math.round(product * PRECISION) / PRECISION);
}
