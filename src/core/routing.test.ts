import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dispositionOf } from './disposition.ts';
import { parsePlan } from './parse-plan.ts';
import { type FindingRoute, findingRoutes, routeOf } from './plan-route.ts';
import type { PlanDocument, PlanDocumentInput } from './plan-schema.ts';
import { isRoutedByWorld, type RoutableFinding, type RoutingInputs, routeFindings } from './routing.ts';
import { anyPlanDocument, choicesOf } from './test-arbitrary-plan.ts';

function planOf(written: Partial<PlanDocumentInput>): PlanDocument {
  const result = parsePlan({ name: 'x', scopeType: 'workspace', ...written });
  if (!result.ok) throw new Error(JSON.stringify(result.details));
  return result.plan;
}

const quietWorld: RoutingInputs = { hasOpenIncident: false, toldInDay: 0, toldInWeek: 0, notifiedInHour: 0 };

/** Findings of these scores, named a, b, … */
function findings(plan: PlanDocument, scores: readonly number[]): RoutableFinding[] {
  return scores.map((score, index) => {
    const route = routeOf(score, plan.thresholds);
    const name = String.fromCharCode(97 + index);
    const disposition = dispositionOf(plan, {
      driftType: 'configuration',
      isOfDocument: false,
      confidence: 1,
      score,
      route,
    });
    return { findingId: `id of ${name}`, fingerprint: name, disposition };
  });
}

/** Where each of them ends, those too that are routed as they came. */
function routed(
  plan: PlanDocument,
  came: readonly RoutableFinding[],
  inputs: Partial<RoutingInputs> = {},
): RoutableFinding[] {
  const otherwise = routeFindings(plan, came, { ...quietWorld, ...inputs });
  return came.map((one) => otherwise.find(({ findingId }) => findingId === one.findingId) ?? one);
}

const routesOf = (
  written: Partial<PlanDocumentInput>,
  scores: readonly number[],
  inputs: Partial<RoutingInputs> = {},
): string[] => {
  const plan = planOf(written);
  return routed(plan, findings(plan, scores), inputs).map(({ disposition }) =>
    [disposition.route, ...disposition.demotedBy].join(' '),
  );
};

// Recorded, in the digest, told at once.
const scores = [0.1, 0.3, 0.5];

describe('where findings go', () => {
  it('is where their scores lead, where the plan says nothing', () => {
    expect(routesOf({}, scores)).toEqual(['recorded', 'digest', 'notify']);
    expect(routeFindings(planOf({}), findings(planOf({}), scores), quietWorld)).toEqual([]);
  });

  it('without an open incident is nowhere, where the plan requires one', () => {
    const written = { eligibility: { requiresIncident: true } };
    const because = 'recorded eligibility.requiresIncident';

    expect(routesOf(written, scores)).toEqual(['recorded', because, because]);
    expect(routesOf(written, scores, { hasOpenIncident: true })).toEqual(['recorded', 'digest', 'notify']);
  });

  it('does not depend on incidents where the plan does not require one', () => {
    expect(routesOf({}, scores, { hasOpenIncident: true })).toEqual(routesOf({}, scores));
  });

  it.each([
    ['maxDriftsPerDay', 'toldInDay'],
    ['maxDriftsPerWeek', 'toldInWeek'],
  ] as const)('is beyond %s the record', (budget, used) => {
    const written = (limit: number | null) => ({ budgets: { [budget]: limit } });
    const beyond = `recorded budgets.${budget}`;

    expect(routesOf(written(2), scores)).toEqual(['recorded', 'digest', 'notify']);
    expect(routesOf(written(1), scores)).toEqual(['recorded', beyond, 'notify']);
    expect(routesOf(written(0), scores)).toEqual(['recorded', beyond, beyond]);
    expect(routesOf(written(5), scores, { [used]: 4 })).toEqual(['recorded', beyond, 'notify']);
    expect(routesOf(written(5), scores, { [used]: 9 })).toEqual(['recorded', beyond, beyond]);
    expect(routesOf(written(null), scores, { [used]: 1_000_000 })).toEqual(['recorded', 'digest', 'notify']);
  });

  it('is beyond maxNotificationsPerHour the digest', () => {
    const written = (limit: number | null) => ({ budgets: { maxNotificationsPerHour: limit } });
    const many = [0.9, 0.8, 0.3];
    const beyond = 'digest budgets.maxNotificationsPerHour';

    expect(routesOf(written(2), many)).toEqual(['notify', 'notify', 'digest']);
    expect(routesOf(written(1), many)).toEqual(['notify', beyond, 'digest']);
    expect(routesOf(written(0), many)).toEqual([beyond, beyond, 'digest']);
    expect(routesOf(written(3), many, { notifiedInHour: 2 })).toEqual(['notify', beyond, 'digest']);
    expect(routesOf(written(null), many, { notifiedInHour: 9 })).toEqual(['notify', 'notify', 'digest']);
  });

  it('uses the budgets of the day and the week for the digest too', () => {
    const budgets = { maxDriftsPerDay: 2, maxNotificationsPerHour: 1 };

    expect(routesOf({ budgets }, [0.9, 0.8, 0.7])).toEqual([
      'notify',
      'digest budgets.maxNotificationsPerHour',
      'recorded budgets.maxDriftsPerDay',
    ]);
  });

  it('uses no budget for what is recorded', () => {
    expect(routesOf({ budgets: { maxDriftsPerDay: 1, maxDriftsPerWeek: 1 } }, [0.1, 0.15, 0.3])).toEqual([
      'recorded',
      'recorded',
      'digest',
    ]);
    expect(
      routesOf({ budgets: { maxDriftsPerDay: 1 }, eligibility: { requiresIncident: true } }, [0.9, 0.8]),
    ).toEqual(['recorded eligibility.requiresIncident', 'recorded eligibility.requiresIncident']);
  });

  it('uses the budgets for the highest scores first, and of equal ones for the lowest fingerprint', () => {
    expect(routesOf({ budgets: { maxDriftsPerDay: 2 } }, [0.5, 0.9, 0.5, 0.5])).toEqual([
      'notify',
      'notify',
      'recorded budgets.maxDriftsPerDay',
      'recorded budgets.maxDriftsPerDay',
    ]);
  });

  it('leaves a finding without outputs where it is only recorded', () => {
    const plan = planOf({ budgets: { maxDriftsPerDay: 0 } });

    const [finding] = routeFindings(plan, findings(plan, [0.9]), quietWorld);

    expect(finding?.disposition).toMatchObject({ route: 'recorded', scoreRoute: 'notify', outputs: [] });
  });
});

describe('isRoutedByWorld', () => {
  it.each<[Partial<PlanDocumentInput>, boolean]>([
    [{}, false],
    [{ eligibility: { requiresIncident: true } }, true],
    [{ budgets: { maxDriftsPerDay: 0 } }, true],
    [{ budgets: { maxDriftsPerWeek: 1 } }, true],
    [{ budgets: { maxNotificationsPerHour: 1 } }, true],
    [{ thresholds: { ignore: 0.1 }, eligibility: { requiresApproval: true } }, false],
  ])('of %j is %j', (written, isRouted) => {
    expect(isRoutedByWorld(planOf(written))).toBe(isRouted);
  });
});

describe('whatever the findings and the world', () => {
  const limit = fc.option(fc.nat(6));
  const anyPlan = fc
    .record({
      written: anyPlanDocument(),
      budgets: fc.record({ maxDriftsPerDay: limit, maxDriftsPerWeek: limit, maxNotificationsPerHour: limit }),
      requiresIncident: fc.boolean(),
    })
    .map(({ written, budgets, requiresIncident }) => {
      const eligibility = { ...written.eligibility, requiresIncident };
      return planOf({ ...written, budgets, eligibility });
    });
  const anyWorld: fc.Arbitrary<RoutingInputs> = fc.record({
    hasOpenIncident: fc.boolean(),
    toldInDay: fc.nat(8),
    toldInWeek: fc.nat(8),
    notifiedInHour: fc.nat(8),
  });
  const anyScores = fc.array(
    fc.oneof(fc.constantFrom(0.1, 0.3, 0.5, 0.9), fc.double({ min: 0, max: 1, noNaN: true })),
    { maxLength: 12 },
  );
  const rank = (route: FindingRoute): number => findingRoutes.indexOf(route);
  const told = (all: readonly RoutableFinding[]) =>
    all.filter(({ disposition }) => disposition.route !== 'recorded');

  it('no budget is exceeded, and none is left unused', () => {
    fc.assert(
      fc.property(anyPlan, anyScores, anyWorld, (plan, scores, world) => {
        const came = findings(plan, scores);

        const went = routed(plan, came, world);

        const { maxDriftsPerDay, maxDriftsPerWeek, maxNotificationsPerHour } = plan.budgets;
        const left = (budget: number | null, used: number): number =>
          budget === null ? Number.POSITIVE_INFINITY : Math.max(0, budget - used);
        const mayTell = !plan.eligibility.requiresIncident || world.hasOpenIncident;
        const tellable = mayTell ? told(came).length : 0;
        const toTell = Math.min(
          tellable,
          left(maxDriftsPerDay, world.toldInDay),
          left(maxDriftsPerWeek, world.toldInWeek),
        );
        const notified = went.filter(({ disposition }) => disposition.route === 'notify').length;
        const loud = came.filter(({ disposition }) => disposition.route === 'notify').length;
        expect(told(went).length).toBe(toTell);
        expect(notified).toBe(
          mayTell ? Math.min(loud, toTell, left(maxNotificationsPerHour, world.notifiedInHour)) : 0,
        );
      }),
    );
  });

  it('nothing is routed higher than its score says, and what is routed lower says why', () => {
    fc.assert(
      fc.property(anyPlan, anyScores, anyWorld, (plan, scores, world) => {
        const came = findings(plan, scores);

        const changed = routeFindings(plan, came, world);

        for (const { findingId, disposition } of changed) {
          const before = came.find((one) => one.findingId === findingId)?.disposition;
          expect(rank(disposition.route)).toBeLessThan(rank(before?.route ?? 'recorded'));
          expect(disposition.scoreRoute).toBe(before?.route);
          expect(disposition.demotedBy.length).toBeGreaterThan(0);
        }
        expect(new Set(changed.map(({ findingId }) => findingId)).size).toBe(changed.length);
      }),
    );
  });

  it('the highest scores are told first', () => {
    fc.assert(
      fc.property(anyPlan, anyScores, anyWorld, (plan, scores, world) => {
        const went = routed(plan, findings(plan, scores), world);

        for (const low of went) {
          for (const high of went) {
            const isAbove = high.disposition.score > low.disposition.score;
            if (isAbove)
              expect(rank(high.disposition.route)).toBeGreaterThanOrEqual(rank(low.disposition.route));
          }
        }
      }),
    );
  });

  it('the order in which they come makes no difference', () => {
    fc.assert(
      fc.property(anyPlan, anyScores, anyWorld, fc.nat(), (plan, scores, world, seed) => {
        const came = findings(plan, scores);
        const shuffled = choicesOf(seed).shuffled(came);

        expect(routeFindings(plan, shuffled, world)).toEqual(routeFindings(plan, came, world));
      }),
    );
  });

  it('a plan that is not routed by the world routes nothing otherwise', () => {
    fc.assert(
      fc.property(anyPlan, anyScores, anyWorld, (plan, scores, world) => {
        const changed = routeFindings(plan, findings(plan, scores), world);

        if (!isRoutedByWorld(plan)) expect(changed).toEqual([]);
      }),
    );
  });

  it('a greater budget never tells less', () => {
    fc.assert(
      fc.property(anyPlan, anyScores, anyWorld, fc.nat(3), (plan, scores, world, more) => {
        const { maxDriftsPerDay } = plan.budgets;
        const budgets = {
          ...plan.budgets,
          maxDriftsPerDay: maxDriftsPerDay === null ? null : maxDriftsPerDay + more,
        };

        const before = routed(plan, findings(plan, scores), world);
        const after = routed({ ...plan, budgets }, findings(plan, scores), world);

        for (const [index, { disposition }] of after.entries()) {
          expect(rank(disposition.route)).toBeGreaterThanOrEqual(
            rank(before[index]?.disposition.route ?? 'notify'),
          );
        }
      }),
    );
  });
});
