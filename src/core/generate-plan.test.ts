import { describe, expect, it } from 'vitest';
import { compilePlan } from './compiled-plan.ts';
import { dispositionOf } from './disposition.ts';
import { checkPlanEligibility } from './eligibility.ts';
import { generateFindings } from './generate.ts';
import { comparePlans } from './plan-comparison.ts';
import type { PlanDocumentInput } from './plan-schema.ts';
import { type RoutingInputs, routeFindings } from './routing.ts';
import { observation, planOf, scenario } from './test-plan-drift.ts';
import { planDefaults } from './test-plan-meaning.ts';

/** All that a plan decides about some drift: what is held, how much it matters, where it goes, what may be written. */
function outcomeOf(written: Partial<PlanDocumentInput>): unknown {
  const plan = planOf(written);
  const world: RoutingInputs = { hasOpenIncident: false, toldInDay: 3, toldInWeek: 3, notifiedInHour: 3 };
  const generated = generateFindings(scenario, { plan: compilePlan(plan), scopeKey: 'scope', observation });
  const routable = generated.findings.map((finding) => ({
    findingId: finding.fingerprint,
    fingerprint: finding.fingerprint,
    disposition: dispositionOf(plan, { ...finding, isOfDocument: false }),
  }));
  // Drift of a document, which is not always sure.
  const document = { driftType: 'process' as const, isOfDocument: true, confidence: 0.9, score: 0.9 };
  return {
    generated,
    routable,
    routed: routeFindings(plan, routable, world),
    eligible: checkPlanEligibility(plan, {
      ...document,
      sourceKind: 'git',
      impact: 1,
      severity: 'sev1',
      when: 'true',
    }),
    proposed: dispositionOf(plan, { ...document, route: 'notify' }),
  };
}

describe('every rule of a plan changes what comes of the same drift', () => {
  const multiplier = { name: 'a', factor: 2, when: 'true' };
  const ignored = { path: '/x', itemType: '*', when: null, reason: '' };
  const writeback = { enabled: true, requiresApproval: false };
  const document = { primaryDocId: 'docs/run.md' };

  /** Two plans that differ in the rule alone. */
  const pairs: readonly [string, Partial<PlanDocumentInput>, Partial<PlanDocumentInput>][] = [
    ['/primaryDocId', document, { primaryDocId: 'docs/other.md' }],
    ['/primaryDocSystem', document, { ...document, primaryDocSystem: 'git' }],
    ['/inputSources', {}, { inputSources: ['files'] }],
    ['/driftTypes', {}, { driftTypes: ['presence', 'process'] }],
    ['/allowedOutputs', {}, { allowedOutputs: ['slack'] }],
    ['/thresholds/minConfidence', {}, { thresholds: { minConfidence: 0.91 } }],
    ['/thresholds/minImpactScore', {}, { thresholds: { minImpactScore: 0.6 } }],
    ['/thresholds/minDriftScore', {}, { thresholds: { minDriftScore: 0.6 } }],
    [
      '/thresholds/ignore',
      { thresholds: { digestOnly: 0.6, notify: 0.6 } },
      { thresholds: { ignore: 0.6, digestOnly: 0.6, notify: 0.6 } },
    ],
    [
      '/thresholds/digestOnly',
      { thresholds: { notify: 0.8 } },
      { thresholds: { digestOnly: 0.6, notify: 0.8 } },
    ],
    ['/thresholds/notify', {}, { thresholds: { notify: 0.6 } }],
    ['/thresholds/autoApprove', { writeback }, { writeback, thresholds: { autoApprove: 0.9 } }],
    ['/eligibility/requiresIncident', {}, { eligibility: { requiresIncident: true } }],
    ['/eligibility/minSeverity', {}, { eligibility: { minSeverity: 'sev2' } }],
    ['/eligibility/requiresApproval', {}, { eligibility: { requiresApproval: true } }],
    ['/eligibility/when', {}, { eligibility: { when: 'driftType == "assignment"' } }],
    ...(['configuration', 'assignment', 'presence', 'ownership', 'process'] as const).map(
      (type): [string, Partial<PlanDocumentInput>, Partial<PlanDocumentInput>] => [
        `/sectionTargets/${type}`,
        {},
        { sectionTargets: { [type]: ['Policies'] } },
      ],
    ),
    ['/impactRules/baseImpact', {}, { impactRules: { baseImpact: 0.3 } }],
    ['/impactRules/multipliers', {}, { impactRules: { multipliers: [multiplier] } }],
    [
      '/impactRules/multipliers/a/factor',
      { impactRules: { multipliers: [multiplier] } },
      { impactRules: { multipliers: [{ ...multiplier, factor: 1.5 }] } },
    ],
    [
      '/impactRules/multipliers/a/when',
      { impactRules: { multipliers: [multiplier] } },
      { impactRules: { multipliers: [{ ...multiplier, when: 'change == "removed"' }] } },
    ],
    ['/writeback/enabled', {}, { writeback: { enabled: true } }],
    [
      '/writeback/requiresApproval',
      { writeback: { enabled: true }, thresholds: { autoApprove: 0.5 } },
      { writeback, thresholds: { autoApprove: 0.5 } },
    ],
    ['/writeback/autoMerge', { writeback }, { writeback: { ...writeback, autoMerge: true } }],
    ['/writeback/reviewers', {}, { writeback: { reviewers: ['ann'] } }],
    ['/noiseControls/ignorePatterns', {}, { noiseControls: { ignorePatterns: ['T*'] } }],
    ['/noiseControls/ignorePaths', {}, { noiseControls: { ignorePaths: ['/x'] } }],
    ['/noiseControls/ignoreAuthors', {}, { noiseControls: { ignoreAuthors: ['*[bot]'] } }],
    ['/noiseControls/ignoreChanges', {}, { noiseControls: { ignoreChanges: [ignored] } }],
    ...(
      [
        ['itemType', 'group'],
        ['path', '/owner'],
        ['when', 'op == "add"'],
      ] as const
    ).map(([name, value]): [string, Partial<PlanDocumentInput>, Partial<PlanDocumentInput>] => [
      `/noiseControls/ignoreChanges/*/${name}`,
      { noiseControls: { ignoreChanges: [{ ...ignored, path: '/owner' }, ignored] } },
      {
        noiseControls: {
          ignoreChanges: [
            { ...ignored, path: '/owner' },
            { ...ignored, [name]: value },
          ],
        },
      },
    ]),
    [
      '/noiseControls/ignoreChanges/*/reason',
      { noiseControls: { ignoreChanges: [{ path: '/owner' }] } },
      { noiseControls: { ignoreChanges: [{ path: '/owner', reason: 'Known.' }] } },
    ],
    ['/budgets/maxDriftsPerDay', {}, { budgets: { maxDriftsPerDay: 4 } }],
    ['/budgets/maxDriftsPerWeek', {}, { budgets: { maxDriftsPerWeek: 4 } }],
    ['/budgets/maxNotificationsPerHour', {}, { budgets: { maxNotificationsPerHour: 4 } }],
    ['/docTargeting/strategy', {}, { docTargeting: { strategy: 'all_matching' } }],
    ['/docTargeting/maxDocsPerDrift', {}, { docTargeting: { maxDocsPerDrift: 4 } }],
    [
      '/docTargeting/priorityOrder',
      { docTargeting: { priorityOrder: ['git', 'notion'] } },
      { docTargeting: { priorityOrder: ['notion', 'git'] } },
    ],
  ];

  it.each(pairs)('%s', (rule, one, other) => {
    const [before, after] = [outcomeOf(one), outcomeOf(other)];

    const rules = comparePlans(planOf(one), planOf(other)).map(({ path }) => path);
    const group = rule.split('/*/')[0] as string;
    expect(rules.length).toBeGreaterThan(0);
    expect(rules.filter((path) => path !== group && !path.startsWith(`${group}/`))).toEqual([]);
    expect(after).not.toEqual(before);
  });

  it('and none is left out', () => {
    const config = Object.entries(planDefaults).filter(
      ([name]) => !['description', 'scopeRef', 'docClass'].includes(name),
    );
    const leaves = config.flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.keys(value).map((member) => `/${name}/${member}`)
        : [`/${name}`],
    );
    // Drift types of documents, whose generator is another.
    const elsewhere = ['instruction', 'coverage', 'environment_tooling'].map(
      (type) => `/sectionTargets/${type}`,
    );

    expect([...pairs.map(([rule]) => rule), ...elsewhere]).toEqual(expect.arrayContaining(leaves));
  });

  it('while what is no rule changes nothing', () => {
    const plan = outcomeOf({});

    expect(outcomeOf({ name: 'y', description: 'd', status: 'archived' })).toEqual(plan);
    expect(outcomeOf({ scopeType: 'service', scopeRef: 'identity' })).toEqual(plan);
  });
});
