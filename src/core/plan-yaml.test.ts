import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePlan, parsePlanFile } from './parse-plan.ts';
import { generatePlanHash } from './plan-hash.ts';
import type { PlanDocument, PlanDocumentInput } from './plan-schema.ts';
import { planToYaml } from './plan-yaml.ts';
import { anyPlanDocument, respelled, weirdLines } from './test-arbitrary-plan.ts';
import { parseYaml } from './yaml-document.ts';

function planOf(written: unknown): PlanDocument {
  const result = parsePlan(written);
  if (!result.ok) throw new Error(JSON.stringify(result.details));
  return result.plan;
}

function readYaml(text: string): PlanDocument {
  const yaml = parseYaml(text);
  if (!yaml.ok) throw new Error(JSON.stringify(yaml.details));
  return planOf(yaml.value);
}

const least = { name: 'x', scopeType: 'workspace' } as const;

describe('a plan as YAML', () => {
  it('has every field, written out, in the order of the schema', () => {
    const text = planToYaml(
      planOf({
        ...least,
        description: 'Who may sign in.\n\n# no comment',
        status: 'active',
        thresholds: { notify: 0.5 },
        noiseControls: { ignoreChanges: [{ path: '/a' }] },
        docTargeting: { priorityOrder: ['notion', 'git'] },
      }),
    );

    expect(text.replace(/(inputSources|driftTypes|allowedOutputs):\n(?: {2}- \w+\n)+/g, '$1: …\n')).toBe(
      [
        'name: x',
        'description: |-',
        '  Who may sign in.',
        '',
        '  # no comment',
        'status: active',
        'scopeType: workspace',
        'scopeRef: null',
        'docClass: null',
        'primaryDocId: null',
        'primaryDocSystem: null',
        'inputSources: …',
        'driftTypes: …',
        'allowedOutputs: …',
        'thresholds:',
        '  minConfidence: 0',
        '  minImpactScore: 0',
        '  minDriftScore: 0',
        '  ignore: 0',
        '  digestOnly: 0.2',
        '  notify: 0.5',
        '  autoApprove: 0.98',
        'eligibility:',
        '  requiresIncident: false',
        '  minSeverity: sev4',
        '  requiresApproval: false',
        '  when: null',
        'sectionTargets:',
        '  configuration: []',
        '  assignment: []',
        '  presence: []',
        '  instruction: []',
        '  process: []',
        '  ownership: []',
        '  coverage: []',
        '  environment_tooling: []',
        'impactRules:',
        '  baseImpact: null',
        '  multipliers: []',
        'writeback:',
        '  enabled: false',
        '  requiresApproval: true',
        '  autoMerge: false',
        '  reviewers: []',
        'noiseControls:',
        '  ignorePatterns: []',
        '  ignorePaths: []',
        '  ignoreAuthors: []',
        '  ignoreChanges:',
        '    - itemType: "*"',
        '      path: /a',
        '      when: null',
        '      reason: ""',
        'budgets:',
        '  maxDriftsPerDay: null',
        '  maxDriftsPerWeek: null',
        '  maxNotificationsPerHour: null',
        'docTargeting:',
        '  strategy: primary_first',
        '  maxDocsPerDrift: 3',
        '  priorityOrder:',
        '    - notion',
        '    - git',
        '',
      ].join('\n'),
    );
  });

  it('is read back as the same plan, and written again it is the same text', () => {
    fc.assert(
      fc.property(anyPlanDocument(), (written) => {
        const plan = planOf(written);
        const text = planToYaml(plan);

        const again = readYaml(text);

        expect(again).toEqual(plan);
        expect(planToYaml(again)).toBe(text);
        expect(generatePlanHash(again)).toBe(generatePlanHash(plan));
        expect([again.description, again.status]).toEqual([plan.description, plan.status]);
      }),
      { numRuns: 200 },
    );
  });

  it('is the same for plans that are the same, however they were written and stored', () => {
    fc.assert(
      fc.property(anyPlanDocument(), fc.nat(), (written, seed) => {
        const { description = '', status } = written;
        const beside = { description, ...(status === undefined ? {} : { status }) };
        const other = planOf({ ...respelled(written, seed), ...beside });

        const text = planToYaml(planOf(written));

        expect(planToYaml(other)).toBe(text);
        expect(planToYaml(backwards(other) as PlanDocument)).toBe(text);
      }),
    );
  });

  it.each(weirdLines)('keeps the text %j wherever it stands', (line) => {
    const kept = line.normalize('NFC');
    const name = kept.slice(0, 100).trim();
    const document: PlanDocumentInput = {
      name: kept,
      description: `${kept}\n${kept}\n\n  ${kept}`,
      scopeType: 'service',
      scopeRef: kept,
      primaryDocId: kept,
      sectionTargets: { process: [kept] },
      impactRules: { multipliers: [{ name, factor: 1, when: 'true' }] },
      writeback: { reviewers: [kept] },
      noiseControls: {
        ignorePatterns: [kept],
        ignoreAuthors: [kept],
        ignoreChanges: [{ path: '/a', itemType: kept, reason: kept }],
      },
    };

    const again = readYaml(planToYaml(planOf(document)));

    expect(again).toEqual(planOf(document));
    expect(again.name).toBe(kept);
  });

  it.each([
    'one\ntwo',
    'one \ntwo\t\n\n\n three',
    '# one\n# two',
    'a: b\nc: d',
    '- a\n- b',
    '|\n>',
    'a\r\nb\rc',
    'tab\tand \u0007 bell',
    'a\u0085b\u2028c\u2029d',
    '"\n"',
    '👩‍💻\n🇩🇪',
    '---\n...\n',
    `${'word '.repeat(200)}\nend`,
    'a\n\ufeffb',
    '\u007f\u009b',
    '  - indented\n      more\n   less',
  ])('keeps the description %j', (description) => {
    const plan = planOf({ ...least, description });

    expect(readYaml(planToYaml(plan)).description).toBe(description.trim());
  });

  it.each([0, 1, 0.1, 0.30000000000000004, 1e-7, 5e-324, 0.9999999999999999])(
    'keeps the number %d',
    (share) => {
      const plan = planOf({ ...least, thresholds: { minConfidence: share } });

      expect(readYaml(planToYaml(plan)).thresholds.minConfidence).toBe(share);
    },
  );

  it('has neither anchors nor folded lines, so that it can be compared line by line', () => {
    const changes = Array.from({ length: 300 }, (_, index) => ({
      path: `/${index}/${'long '.repeat(40)}end`,
      reason: 'same',
    }));
    const text = planToYaml(
      planOf({ ...least, noiseControls: { ignoreChanges: changes, ignorePatterns: ['same'] } }),
    );

    expect(text).not.toMatch(/[&*]a\d/);
    expect(text.split('\n').filter((line) => line.includes('path: /'))).toHaveLength(300);
    expect(readYaml(text).noiseControls.ignoreChanges).toHaveLength(300);
  });

  it('says nothing of a status that the plan has not', () => {
    expect(planToYaml(planOf(least))).not.toContain('status');
    expect(readYaml(planToYaml(planOf(least)))).toEqual(planOf(least));
  });

  it('is a plan file too', () => {
    const yaml = parseYaml(planToYaml(planOf(least)));

    expect(parsePlanFile(yaml.ok && yaml.value)).toEqual({ ok: true, plan: planOf(least) });
  });
});

/** With its members in another order, as a database may give them. */
function backwards(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(backwards);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, backwards(member)])
      .reverse(),
  );
}
