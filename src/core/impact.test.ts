import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { severityOf } from './drift-type.ts';
import { type AppliedMultiplier, impactOf } from './impact.ts';

const outcome = fc.constantFrom<AppliedMultiplier['outcome']>('true', 'false', 'failed', 'too_expensive');
const share = fc.double({ min: 0, max: 1, noNaN: true });
const anyMultipliers = fc.array(
  fc.record({
    name: fc.string(),
    factor: fc.oneof(fc.constantFrom(0, 1, 10), fc.double({ min: 0, max: 10, noNaN: true })),
    outcome,
  }),
  { maxLength: 100 },
);

const applied = (...factors: number[]): AppliedMultiplier[] =>
  factors.map((factor, index) => ({ name: `${index}`, factor, outcome: 'true' }));

describe('the impact', () => {
  it.each<[number, number[], number]>([
    [0.5, [], 0.5],
    [0.5, [1.5], 0.75],
    [0.5, [0.5, 0.5], 0.125],
    [0.5, [2, 0.5], 0.5],
    [0.5, [3], 1],
    [0.9, [10, 10, 0.001], 0.09],
    [0, [10], 0],
    [1, [0], 0],
    // 0.8999999999999999 in doubles, and so a band lower.
    [0.3, [3], 0.9],
    [0.7, [0.1, 10], 0.7],
    [0.1, [7], 0.7],
  ])('of %d times %j is %d', (baseImpact, factors, impact) => {
    expect(impactOf(baseImpact, applied(...factors))).toBe(impact);
  });

  it('is capped behind all factors, not in between', () => {
    expect(impactOf(0.5, applied(4, 0.25))).toBe(0.5);
    expect(impactOf(0.5, applied(0.25, 4))).toBe(0.5);
  });

  it('is in the band that its factors say', () => {
    expect(severityOf(impactOf(0.3, applied(3)))).toBe('sev1');
    expect(severityOf(impactOf(0.1, applied(7)))).toBe('sev2');
  });

  it('is a number from 0 to 1, in millionths', () => {
    fc.assert(
      fc.property(share, anyMultipliers, (baseImpact, multipliers) => {
        const impact = impactOf(baseImpact, multipliers);

        expect(impact).toBeGreaterThanOrEqual(0);
        expect(impact).toBeLessThanOrEqual(1);
        expect(impact).toBe(Number(impact.toFixed(6)));
      }),
    );
  });

  it('is multiplied by the factors whose condition is true, and by no other', () => {
    fc.assert(
      fc.property(share, anyMultipliers, (baseImpact, multipliers) => {
        const isTrue = multipliers.filter(({ outcome }) => outcome === 'true');

        const product = isTrue.reduce((product, { factor }) => product * factor, baseImpact);
        expect(impactOf(baseImpact, multipliers)).toBe(impactOf(baseImpact, isTrue));
        expect(Math.abs(impactOf(baseImpact, multipliers) - Math.min(1, product))).toBeLessThan(1e-6);
      }),
    );
  });

  it('does not see the names', () => {
    fc.assert(
      fc.property(share, anyMultipliers, (baseImpact, multipliers) => {
        const renamed = multipliers.map((multiplier) => ({ ...multiplier, name: 'x' }));

        expect(impactOf(baseImpact, renamed)).toBe(impactOf(baseImpact, multipliers));
      }),
    );
  });

  it('never falls with a greater base impact', () => {
    fc.assert(
      fc.property(share, share, anyMultipliers, (one, other, multipliers) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];

        expect(impactOf(low, multipliers)).toBeLessThanOrEqual(impactOf(high, multipliers));
      }),
    );
  });
});
