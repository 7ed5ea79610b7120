import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtInPlan } from './parse-plan.ts';
import { findingRoutes, routeOf } from './plan-route.ts';

const { thresholds } = builtInPlan;
const share = fc.oneof(fc.constantFrom(0, 0.2, 0.4, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true }));
const anyThresholds = fc
  .tuple(share, share, share)
  .map((values) => values.sort((a, b) => a - b))
  .map(
    ([ignore, digestOnly, notify]) => ({ ...thresholds, ignore, digestOnly, notify }) as typeof thresholds,
  );

describe('routeOf', () => {
  it.each([
    [0, 'recorded'],
    [0.19, 'recorded'],
    [0.2, 'digest'],
    [0.39, 'digest'],
    [0.4, 'notify'],
    [1, 'notify'],
  ])('leads a score of %d to %s where the plan says nothing', (score, route) => {
    expect(routeOf(score, thresholds)).toBe(route);
  });

  it('records below digestOnly, tells in the digest below notify, and at once from there on', () => {
    fc.assert(
      fc.property(anyThresholds, share, (thresholds, score) => {
        const expected =
          score < thresholds.digestOnly ? 'recorded' : score < thresholds.notify ? 'digest' : 'notify';

        expect(routeOf(score, thresholds)).toBe(expected);
      }),
    );
  });

  it('never leads a higher score to a lower route', () => {
    fc.assert(
      fc.property(anyThresholds, share, share, (thresholds, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)].map((score) =>
          findingRoutes.indexOf(routeOf(score, thresholds)),
        ) as [number, number];

        expect(low).toBeLessThanOrEqual(high);
      }),
    );
  });

  it('of equal thresholds leaves no room for what is between', () => {
    const all = { ...thresholds, ignore: 0.5, digestOnly: 0.5, notify: 0.5 };

    expect([0.49, 0.5].map((score) => routeOf(score, all))).toEqual(['recorded', 'notify']);
    expect(routeOf(0, { ...thresholds, digestOnly: 0, notify: 0 })).toBe('notify');
    expect(routeOf(1, { ...thresholds, digestOnly: 1, notify: 1 })).toBe('notify');
  });
});
