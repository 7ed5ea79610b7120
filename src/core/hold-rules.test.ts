import { describe, expect, it } from 'vitest';
import { holdRulesOf } from './hold-rules.ts';
import { builtInPlan, parsePlan } from './parse-plan.ts';

function planOf(document: Record<string, unknown>) {
  const parsed = parsePlan({ name: 'plan', scopeType: 'workspace', ...document });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.details));
  return parsed.plan;
}

describe('holdRulesOf', () => {
  it('finds none in a plan that lets everything pass', () => {
    expect(holdRulesOf(builtInPlan)).toEqual([]);
  });

  it('finds every rule where it stands in the plan', () => {
    const plan = planOf({
      inputSources: ['push', 'files'],
      driftTypes: ['presence'],
      noiseControls: {
        ignorePatterns: ['test-*'],
        ignorePaths: ['/b', '/a'],
        ignoreAuthors: ['bot'],
        ignoreChanges: [
          { path: '', itemType: 'x', reason: 'come\nand go' },
          { path: '/a "b"', when: 'op == "add"\n && true' },
        ],
      },
      eligibility: { minSeverity: 'sev2', when: 'impact > 0.5' },
      thresholds: { minConfidence: 0.1, minImpactScore: 0.2, minDriftScore: 0.3, ignore: 0.15 },
    });

    expect(holdRulesOf(plan).map(({ rule, text }) => [rule, text])).toEqual([
      ['/inputSources', 'files, push'],
      ['/driftTypes', 'presence'],
      ['/noiseControls/ignorePatterns/0', 'test-*'],
      ['/noiseControls/ignorePaths/0', '/a'],
      ['/noiseControls/ignorePaths/1', '/b'],
      ['/noiseControls/ignoreAuthors/0', 'bot'],
      ['/noiseControls/ignoreChanges/0', '* "/a \\"b\\"" when op == "add" && true'],
      ['/noiseControls/ignoreChanges/1', 'x "": come and go'],
      ['/eligibility/minSeverity', 'sev2'],
      ['/eligibility/when', 'impact > 0.5'],
      ['/thresholds/minConfidence', '0.1'],
      ['/thresholds/minImpactScore', '0.2'],
      ['/thresholds/minDriftScore', '0.3'],
      ['/thresholds/ignore', '0.15'],
    ]);
  });
});
