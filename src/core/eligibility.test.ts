import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { driftTypes, severities } from './drift-type.ts';
import { checkPlanEligibility, type EligibilityInput } from './eligibility.ts';
import { builtInPlan, parsePlan } from './parse-plan.ts';
import { type HoldCode, holdCodes } from './plan-hold.ts';
import type { PlanContent } from './plan-schema.ts';
import { inputSources } from './plan-vocabulary.ts';
import { anyPlanDocument } from './test-arbitrary-plan.ts';

const drift: EligibilityInput = {
  driftType: 'configuration',
  sourceKind: 'files',
  confidence: 0.5,
  impact: 0.4,
  score: 0.2,
  severity: 'sev3',
  when: 'true',
};

/** The plan that holds nothing of it back, with these groups in place of its own. */
function planWith(
  groups: { [Name in keyof PlanContent]?: Partial<PlanContent[Name]> | PlanContent[Name] } = {},
) {
  const merged = Object.entries(groups).map(([name, value]) => {
    const own = builtInPlan[name as keyof PlanContent];
    return [
      name,
      Array.isArray(value) || typeof value !== 'object' ? value : { ...(own as object), ...value },
    ];
  });
  return { ...builtInPlan, ...Object.fromEntries(merged) } as PlanContent;
}

function codesOf(plan: PlanContent, input: Partial<EligibilityInput> = {}): HoldCode[] {
  return checkPlanEligibility(plan, { ...drift, ...input }).reasons.map(({ code }) => code);
}

/** Every rule: what breaks it, in the plan or in what came of its condition. In the order of `holdCodes`. */
const rules: readonly {
  readonly code: HoldCode;
  readonly rule: string;
  readonly names: string;
  readonly breaks: (plan: PlanContent) => PlanContent;
  readonly input?: Partial<EligibilityInput>;
}[] = [
  {
    code: 'inputSources',
    rule: '/inputSources',
    names: 'files',
    breaks: (plan) => ({ ...plan, inputSources: ['git', 'push'] }),
  },
  {
    code: 'driftTypes',
    rule: '/driftTypes',
    names: 'configuration',
    breaks: (plan) => ({ ...plan, driftTypes: ['presence'] }),
  },
  {
    code: 'eligibility.minSeverity',
    rule: '/eligibility/minSeverity',
    names: 'sev2',
    breaks: (plan) => ({ ...plan, eligibility: { ...plan.eligibility, minSeverity: 'sev2' } }),
  },
  {
    code: 'eligibility.when',
    rule: '/eligibility/when',
    names: 'condition',
    breaks: (plan) => ({ ...plan, eligibility: { ...plan.eligibility, when: 'false' } }),
    input: { when: 'false' },
  },
  ...(
    [
      ['minConfidence', 0.51],
      ['minImpactScore', 0.41],
      ['minDriftScore', 0.21],
      ['ignore', 0.22],
    ] as const
  ).map(([name, least]) => ({
    code: `thresholds.${name}` as const,
    rule: `/thresholds/${name}`,
    names: String(least),
    breaks: (plan: PlanContent) => ({ ...plan, thresholds: { ...plan.thresholds, [name]: least } }),
  })),
];

describe('checkPlanEligibility', () => {
  it('lets everything through where the plan says nothing', () => {
    fc.assert(
      fc.property(
        fc.record({
          driftType: fc.constantFrom(...driftTypes),
          sourceKind: fc.option(fc.constantFrom(...inputSources)),
          confidence: fc.double({ min: 0, max: 1, noNaN: true }),
          impact: fc.double({ min: 0, max: 1, noNaN: true }),
          score: fc.double({ min: 0, max: 1, noNaN: true }),
          severity: fc.constantFrom(...severities),
          when: fc.constant('true' as const),
        }),
        (input) => {
          expect(checkPlanEligibility(builtInPlan, input)).toEqual({ isEligible: true, reasons: [] });
        },
      ),
    );
  });

  it('asks every rule but those of noise, which are about single changes', () => {
    expect(rules.map(({ code }) => code)).toEqual(
      holdCodes.filter((code) => !code.startsWith('noiseControls.')),
    );
  });

  it('says all that holds drift back, for every set of reasons', () => {
    for (let mask = 0; mask < 2 ** rules.length; mask++) {
      const broken = rules.filter((_, bit) => mask & (1 << bit));
      const plan = broken.reduce((plan, { breaks }) => breaks(plan), builtInPlan as PlanContent);
      const input = Object.assign({ ...drift }, ...broken.map(({ input = {} }) => input)) as EligibilityInput;

      const { isEligible, reasons } = checkPlanEligibility(plan, input);

      expect(reasons.map(({ code, rule }) => ({ code, rule }))).toEqual(
        broken.map(({ code, rule }) => ({ code, rule })),
      );
      expect(isEligible).toBe(broken.length === 0);
      for (const [index, { detail }] of reasons.entries()) expect(detail).toContain(broken[index]?.names);
    }
  });

  it('names rules that are there', () => {
    for (const { rule } of rules) {
      const value = rule
        .split('/')
        .slice(1)
        .reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], builtInPlan);

      expect(value).not.toBeUndefined();
    }
  });
});

describe('the input sources', () => {
  it.each(inputSources)('count drift of %s only where it is among them', (sourceKind) => {
    for (const kind of inputSources) {
      expect(codesOf(planWith({ inputSources: [kind] }), { sourceKind })).toEqual(
        kind === sourceKind ? [] : ['inputSources'],
      );
    }
  });

  it('hold back what comes of a kind that plans do not know', () => {
    expect(codesOf(planWith(), { sourceKind: 'fax' })).toEqual(['inputSources']);
  });

  it('hold nothing back of which no source is known', () => {
    expect(codesOf(planWith({ inputSources: ['git'] }), { sourceKind: null })).toEqual([]);
  });
});

describe('the drift types', () => {
  it.each(driftTypes)('count %s only where it is among them', (driftType) => {
    for (const type of driftTypes) {
      expect(codesOf(planWith({ driftTypes: [type] }), { driftType })).toEqual(
        type === driftType ? [] : ['driftTypes'],
      );
    }
  });
});

describe('the least severity', () => {
  it.each(
    severities.flatMap((minSeverity, least) =>
      severities.map((severity, is) => ({ minSeverity, severity, isHeld: is > least })),
    ),
  )('$minSeverity holds back $severity: $isHeld', ({ minSeverity, severity, isHeld }) => {
    const codes = codesOf(planWith({ eligibility: { minSeverity } }), { severity });

    expect(codes).toEqual(isHeld ? ['eligibility.minSeverity'] : []);
  });
});

describe('the condition', () => {
  it.each(['true', 'failed', 'too_expensive'] as const)('that is %s holds nothing back', (when) => {
    expect(codesOf(planWith({ eligibility: { when: 'false' } }), { when })).toEqual([]);
  });
});

describe('the least scores', () => {
  it.each([
    ['minConfidence', 'confidence'],
    ['minImpactScore', 'impact'],
    ['minDriftScore', 'score'],
    ['ignore', 'score'],
  ] as const)('%s holds back what has less %s, and not as much or more', (name, field) => {
    const share = fc.oneof(fc.constantFrom(0, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(share, share, (least, value) => {
        const codes = codesOf(planWith({ thresholds: { [name]: least } }), {
          confidence: 1,
          impact: 1,
          score: 1,
          [field]: value,
        });

        expect(codes).toEqual(value < least ? [`thresholds.${name}`] : []);
      }),
    );
  });

  it('say both values', () => {
    const { reasons } = checkPlanEligibility(planWith({ thresholds: { minDriftScore: 0.25 } }), drift);

    expect(reasons.map(({ detail }) => detail)).toEqual(['the score 0.2 is below 0.25']);
  });
});

describe('what is not asked here', () => {
  it('incidents, approvals, budgets, outputs and documents hold nothing back', () => {
    fc.assert(
      fc.property(anyPlanDocument(), (written) => {
        const result = parsePlan(written);
        if (!result.ok) throw new Error('the plan is not valid');
        const { writeback, budgets, docTargeting, sectionTargets, allowedOutputs, eligibility } = result.plan;
        const { requiresIncident, requiresApproval } = eligibility;

        const changed = planWith({
          writeback,
          budgets,
          docTargeting,
          sectionTargets,
          allowedOutputs,
          eligibility: { requiresIncident, requiresApproval },
        });

        expect(codesOf(changed)).toEqual([]);
      }),
    );
  });
});
