import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  comparePreference,
  createPlanIndex,
  type PlanSubject,
  type ResolutionStep,
  type ResolvablePlan,
  resolutionMethods,
  resolveDriftPlan,
} from './plan-resolution.ts';
import { choicesOf } from './test-arbitrary-plan.ts';

function plan(planId: string, rest: Partial<ResolvablePlan> = {}): ResolvablePlan {
  return {
    planId,
    name: `Plan ${planId}`,
    scopeType: 'workspace',
    scopeRef: null,
    docClass: null,
    version: 1,
    versionHash: planId.repeat(3),
    createdAt: '2026-01-01T00:00:00.000Z',
    ...rest,
  };
}

const repo = (planId: string, docClass: string | null, rest: Partial<ResolvablePlan> = {}): ResolvablePlan =>
  plan(planId, { scopeType: 'repo', scopeRef: 'contoso/infra', docClass, ...rest });

const nothingAsked: PlanSubject = { serviceId: null, repoFullName: null, docClass: null };

/** DESIGN, "Resolution", word by word: slow, and without an index. */
function resolveSlowly(plans: readonly ResolvablePlan[], subject: PlanSubject) {
  const isOfRepo = ({ scopeType, scopeRef }: ResolvablePlan): boolean =>
    scopeType === 'repo' && subject.repoFullName !== null && scopeRef === subject.repoFullName.toLowerCase();
  const steps: ((plan: ResolvablePlan) => boolean)[] = [
    // 1 exact (repo + docClass); skipped where none is asked for.
    (plan) => isOfRepo(plan) && subject.docClass !== null && plan.docClass === subject.docClass,
    // 2 repo (any docClass)
    isOfRepo,
    // 3 service
    ({ scopeType, scopeRef }) =>
      scopeType === 'service' && subject.serviceId !== null && scopeRef === subject.serviceId,
    // 4 workspace default
    ({ scopeType }) => scopeType === 'workspace',
  ];
  // In step 2 the order is: without docClass, then oldest, then id.
  const isBefore = (one: ResolvablePlan, other: ResolvablePlan): boolean => {
    if ((one.docClass === null) !== (other.docClass === null)) return one.docClass === null;
    if (one.createdAt !== other.createdAt) return Date.parse(one.createdAt) < Date.parse(other.createdAt);
    return one.planId < other.planId;
  };
  const left = new Set(plans);
  const places = steps.map((matches) => {
    const found = [...left].filter(matches);
    for (const plan of found) left.delete(plan);
    const inOrder: ResolvablePlan[] = [];
    while (inOrder.length < found.length) {
      const rest = found.filter((plan) => !inOrder.includes(plan));
      const [first] = rest.filter((plan) => rest.every((other) => other === plan || isBefore(plan, other)));
      inOrder.push(first as ResolvablePlan);
    }
    return inOrder;
  });
  const at = places.findIndex((found) => found.length > 0);
  return {
    plan: places[at]?.[0] ?? null,
    step: at < 0 ? 5 : at + 1,
    trace: places.flatMap((found, index) =>
      found.map(({ planId }, rank) => ({ step: index + 1, planId, isChosen: index === at && rank === 0 })),
    ),
  };
}

/** All subsets, the empty one too. */
function subsets<T>(values: readonly T[]): T[][] {
  return Array.from({ length: 2 ** values.length }, (_, mask) =>
    values.filter((_, bit) => mask & (1 << bit)),
  );
}

describe('the five steps', () => {
  const pool = [
    repo('exact', 'runbook'),
    repo('any', null),
    repo('other class', 'readme'),
    repo('other repo', 'runbook', { scopeRef: 'contoso/other' }),
    plan('service', { scopeType: 'service', scopeRef: 'identity' }),
    plan('other service', { scopeType: 'service', scopeRef: 'Identity' }),
    plan('workspace'),
  ];
  const subjects = [null, 'identity', 'nobody'].flatMap((serviceId) =>
    [null, 'contoso/infra', 'Contoso/INFRA', 'contoso/nothing'].flatMap((repoFullName) =>
      [null, 'runbook', 'adr'].map((docClass): PlanSubject => ({ serviceId, repoFullName, docClass })),
    ),
  );

  it.each(subjects)('for $serviceId, $repoFullName and $docClass, whichever plans there are', (subject) => {
    for (const plans of subsets(pool)) {
      const has = (planId: string): boolean => plans.some((one) => one.planId === planId);
      const isRepo = subject.repoFullName?.toLowerCase() === 'contoso/infra';
      const isExact = isRepo && subject.docClass === 'runbook';
      const expected: [string | null, ResolutionStep] =
        isExact && has('exact')
          ? ['exact', 1]
          : isRepo && has('any')
            ? ['any', 2]
            : // Of the same age, so by id.
              isRepo && has('exact')
              ? ['exact', 2]
              : isRepo && has('other class')
                ? ['other class', 2]
                : subject.serviceId === 'identity' && has('service')
                  ? ['service', 3]
                  : has('workspace')
                    ? ['workspace', 4]
                    : [null, 5];

      const resolution = resolveDriftPlan(plans, subject);

      expect([resolution.plan?.planId ?? null, resolution.step]).toEqual(expected);
    }
  });

  it.each(subjects)('for $serviceId, $repoFullName and $docClass say how far they cover it', (subject) => {
    for (const plans of subsets(pool)) {
      const { plan, step, hasPlan, planScope, resolutionMethod } = resolveDriftPlan(plans, subject);

      expect(hasPlan).toBe(plan !== null);
      expect(planScope).toBe(plan?.scopeType ?? null);
      expect(resolutionMethod).toBe(['exact', 'repo', 'service', 'workspace', 'none'][step - 1]);
      expect(planScope).toBe(['repo', 'repo', 'service', 'workspace', null][step - 1]);
    }
  });

  it('are five', () => {
    expect(resolutionMethods).toEqual(['exact', 'repo', 'service', 'workspace', 'none']);
  });

  it('answer with the very plan, whatever else it holds', () => {
    const stored = { ...plan('a'), content: { driftTypes: ['presence'] } };

    expect(resolveDriftPlan([stored], nothingAsked).plan).toBe(stored);
  });

  it('without any plan end with none', () => {
    expect(resolveDriftPlan([], nothingAsked)).toEqual({
      plan: null,
      step: 5,
      resolutionMethod: 'none',
      hasPlan: false,
      planScope: null,
      trace: [],
      omittedTraceEntries: 0,
    });
  });
});

describe('what is asked for', () => {
  it('is found in whatever case and Unicode form the repository is written', () => {
    const stored = repo('a', null, { scopeRef: 'z\u00fcrich/\u01f0' });

    for (const repoFullName of [
      'z\u00fcrich/\u01f0',
      'Z\u00dcRICH/J\u030c',
      'Zu\u0308rich/j\u030c',
      ' z\u00fcrich/\u01f0 ',
    ]) {
      expect(resolveDriftPlan([stored], { ...nothingAsked, repoFullName }).plan).toBe(stored);
    }
  });

  it('is found in whatever Unicode form the service and the document class are written', () => {
    const service = plan('s', { scopeType: 'service', scopeRef: 'caf\u00e9' });
    const exact = repo('e', 'caf\u00e9');

    expect(resolveDriftPlan([service], { ...nothingAsked, serviceId: 'cafe\u0301' }).plan).toBe(service);
    expect(
      resolveDriftPlan([exact], { serviceId: null, repoFullName: 'contoso/infra', docClass: 'cafe\u0301' })
        .step,
    ).toBe(1);
  });

  it('is of services told apart by case', () => {
    const service = plan('s', { scopeType: 'service', scopeRef: 'Identity' });

    expect(resolveDriftPlan([service], { ...nothingAsked, serviceId: 'identity' }).plan).toBeNull();
  });

  it('is nothing where it has no text', () => {
    const plans = [repo('r', null), plan('s', { scopeType: 'service', scopeRef: 'identity' })];

    expect(resolveDriftPlan(plans, { serviceId: '', repoFullName: '', docClass: '' }).step).toBe(5);
  });

  it.each(['service', 'repo'] as const)(
    'is no plan for a %s where only that of another kind has the name',
    (kind) => {
      const name = 'contoso/infra';
      const other = plan('a', { scopeType: kind === 'service' ? 'repo' : 'service', scopeRef: name });
      const subject = kind === 'service' ? { serviceId: name } : { repoFullName: name };

      expect(resolveDriftPlan([other], { ...nothingAsked, ...subject }).plan).toBeNull();
    },
  );

  it('counts by its document class for repositories only', () => {
    const service = plan('s', { scopeType: 'service', scopeRef: 'identity', docClass: 'readme' });
    const workspace = plan('w', { docClass: 'readme' });
    const subject = { serviceId: 'identity', repoFullName: null, docClass: 'runbook' };

    expect(resolveDriftPlan([service, workspace], subject)).toMatchObject({ plan: service, step: 3 });
    expect(resolveDriftPlan([workspace], subject)).toMatchObject({ plan: workspace, step: 4 });
  });
});

describe('the preference in step 2', () => {
  const older = '2025-01-01T00:00:00.000Z';

  it.each<[string, ResolvablePlan, ResolvablePlan]>([
    ['a plan without document class', repo('b', null), repo('a', 'readme', { createdAt: older })],
    ['the oldest', repo('b', 'x', { createdAt: older }), repo('a', 'a')],
    ['the lowest id', repo('a', 'x'), repo('b', 'a')],
    ['the lowest id in code units', repo('B', 'x'), repo('a', 'a')],
  ])('is %s', (_, first, second) => {
    for (const docClass of [null, 'adr']) {
      for (const plans of [
        [first, second],
        [second, first],
      ]) {
        const subject = { serviceId: null, repoFullName: 'contoso/infra', docClass };

        expect(resolveDriftPlan(plans, subject)).toMatchObject({ plan: first, step: 2 });
      }
    }
    expect(Math.sign(comparePreference(first, second))).toBe(-1);
    expect(Math.sign(comparePreference(second, first))).toBe(1);
    expect(comparePreference(first, first)).toBe(0);
  });
});

describe('the trace', () => {
  it('has every plan that matches a step, once, and why it won or lost', () => {
    const plans = [
      plan('w'),
      plan('s', { scopeType: 'service', scopeRef: 'identity', version: 3 }),
      repo('a', null),
      repo('b', 'readme'),
      repo('c', 'runbook'),
      repo('no', 'runbook', { scopeRef: 'contoso/other' }),
    ];
    const subject = { serviceId: 'identity', repoFullName: 'contoso/infra', docClass: 'runbook' };

    const { trace } = resolveDriftPlan(plans, subject);

    expect(trace).toEqual([
      {
        step: 1,
        planId: 'c',
        name: 'Plan c',
        version: 1,
        isChosen: true,
        because: 'it is for the repository and the document class, and nothing more specific is',
      },
      {
        step: 2,
        planId: 'a',
        name: 'Plan a',
        version: 1,
        isChosen: false,
        because: 'it is for the repository, but step 1 is more specific',
      },
      {
        step: 2,
        planId: 'b',
        name: 'Plan b',
        version: 1,
        isChosen: false,
        because: 'it is for the repository (its document class readme), but step 1 is more specific',
      },
      {
        step: 3,
        planId: 's',
        name: 'Plan s',
        version: 3,
        isChosen: false,
        because: 'it is for the service, but step 1 is more specific',
      },
      {
        step: 4,
        planId: 'w',
        name: 'Plan w',
        version: 1,
        isChosen: false,
        because: 'it is for the workspace, but step 1 is more specific',
      },
    ]);
  });

  it.each<[string, ResolvablePlan, ResolvablePlan]>([
    ['another plan of it has no document class', repo('b', null), repo('a', 'x')],
    [
      'another plan of it is older',
      repo('b', 'x', { createdAt: '2025-01-01T00:00:00.000Z' }),
      repo('a', 'y'),
    ],
    ['another plan of it is as old and has a lower id', repo('a', 'x'), repo('b', 'y')],
  ])('says of one that lost in step 2: %s', (because, winner, loser) => {
    const { trace } = resolveDriftPlan([loser, winner], { ...nothingAsked, repoFullName: 'contoso/infra' });

    expect(trace.map(({ planId, isChosen }) => [planId, isChosen])).toEqual([
      [winner.planId, true],
      [loser.planId, false],
    ]);
    expect(trace[1]?.because.endsWith(`, but ${because}`)).toBe(true);
  });

  it('has the first fifty of any number of plans, of which the one that is found is the first', () => {
    const classes = Array.from({ length: 60 }, (_, index) =>
      repo(String(index).padStart(2, '0'), `c${index}`),
    );
    const plans = [plan('w'), repo('exact', 'runbook'), ...classes];
    const subject = { ...nothingAsked, repoFullName: 'contoso/infra', docClass: 'runbook' };

    const { trace, omittedTraceEntries } = resolveDriftPlan(plans, subject);

    expect(trace.map(({ planId }) => planId)).toEqual([
      'exact',
      ...classes.slice(0, 49).map(({ planId }) => planId),
    ]);
    expect(trace[0]).toMatchObject({ step: 1, isChosen: true });
    expect(omittedTraceEntries).toBe(12);
    expect(resolveDriftPlan(plans.slice(0, 50), subject)).toMatchObject({
      trace: { length: 50 },
      omittedTraceEntries: 0,
    });
  });

  it('does not say where no document class is asked for that one is matched', () => {
    const { trace } = resolveDriftPlan([repo('a', 'readme')], {
      ...nothingAsked,
      repoFullName: 'contoso/infra',
    });

    expect(trace).toMatchObject([{ step: 2, isChosen: true }]);
  });
});

describe('whatever plans there are', () => {
  const ref = fc.constantFrom('a/b', 'a/c', 'x');
  const docClass = fc.constantFrom(null, 'runbook', 'readme', 'adr');
  const anyPlans = fc.uniqueArray(
    fc
      .record({
        planId: fc.uuid(),
        name: fc.string(),
        scopeType: fc.constantFrom('workspace' as const, 'service' as const, 'repo' as const),
        scopeRef: ref,
        docClass,
        version: fc.integer({ min: 1 }),
        versionHash: fc.constant('0'.repeat(64)),
        createdAt: fc.constantFrom(
          '2026-01-01T00:00:00.000Z',
          '2026-01-01T00:00:00.001Z',
          '2025-12-31T23:59:59.999Z',
        ),
      })
      .map((one): ResolvablePlan => (one.scopeType === 'workspace' ? { ...one, scopeRef: null } : one)),
    { selector: ({ planId }) => planId, maxLength: 12 },
  );
  const anySubject: fc.Arbitrary<PlanSubject> = fc.record({
    serviceId: fc.option(ref),
    repoFullName: fc.option(fc.constantFrom('a/b', 'A/B', 'a/c', 'x')),
    docClass,
  });

  it('they are found as the slow way finds them', () => {
    fc.assert(
      fc.property(anyPlans, anySubject, (plans, subject) => {
        const { plan, step, trace } = resolveDriftPlan(plans, subject);

        const found = {
          plan,
          step,
          trace: trace.map(({ step, planId, isChosen }) => ({ step, planId, isChosen })),
        };
        expect(found).toEqual(resolveSlowly(plans, subject));
        for (const { because } of trace) expect(because).not.toBe('');
      }),
    );
  });

  it('their order makes no difference', () => {
    fc.assert(
      fc.property(anyPlans, anySubject, fc.nat(), (plans, subject, seed) => {
        const shuffled = choicesOf(seed).shuffled(plans);

        expect(resolveDriftPlan(shuffled, subject)).toEqual(resolveDriftPlan(plans, subject));
      }),
    );
  });

  it('an index of them answers any number of times as the list does, and changes neither', () => {
    fc.assert(
      fc.property(anyPlans, fc.array(anySubject), (plans, subjects) => {
        const before = structuredClone(plans);
        const index = createPlanIndex(plans.values());

        for (const subject of [...subjects, ...subjects]) {
          expect(index.resolve(subject)).toEqual(resolveDriftPlan(plans, subject));
        }
        expect(plans).toEqual(before);
      }),
    );
  });

  it('one that is for something else makes no difference', () => {
    fc.assert(
      fc.property(anyPlans, anySubject, (plans, subject) => {
        const { plan, trace } = resolveDriftPlan(plans, subject);
        const matching = plans.filter(({ planId }) => trace.some((entry) => entry.planId === planId));

        expect(resolveDriftPlan(matching, subject)).toEqual(resolveDriftPlan(plans, subject));
        expect(trace.filter(({ isChosen }) => isChosen).map(({ planId }) => planId)).toEqual(
          plan === null ? [] : [plan.planId],
        );
      }),
    );
  });
});
