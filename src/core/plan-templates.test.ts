import { describe, expect, it } from 'vitest';
import { compilePlan } from './compiled-plan.ts';
import { generateFindings } from './generate.ts';
import { parsePlan } from './parse-plan.ts';
import { matchesGlob } from './path-pattern.ts';
import { changed, itemTypes, planOf } from './plan-templates/test-template.ts';
import {
  getAllTemplates,
  getTemplateById,
  getTemplatesByCategory,
  planTemplateCategories,
} from './plan-templates.ts';

const templates = getAllTemplates();
const typeNames = itemTypes.types.map(({ name }) => name);

describe('the templates', () => {
  it('are these, category by category', () => {
    expect(templates.map(({ category, id }) => `${category}: ${id}`)).toEqual([
      'service: microservice',
      'service: api_gateway',
      'data: database',
      'infrastructure: infrastructure',
      'security: security_documentation',
      'inventory: tenant_configuration_baseline',
      'inventory: conditional_access_and_identity',
      'inventory: change_freeze',
    ]);
  });

  it('are found by their ids', () => {
    for (const template of templates) expect(getTemplateById(template.id)).toBe(template);
    expect(getTemplateById('micro')).toBeUndefined();
  });

  it('are those of their categories, of which none is empty', () => {
    const found = planTemplateCategories.map(getTemplatesByCategory);

    expect(found.flat()).toEqual(templates);
    for (const ofCategory of found) expect(ofCategory).not.toEqual([]);
  });
});

describe.each(templates)('the template $id', (template) => {
  const plan = planOf(template);
  const conditions = [
    plan.eligibility.when,
    ...plan.impactRules.multipliers.map(({ when }) => when),
    ...plan.noiseControls.ignoreChanges.map(({ when }) => when),
  ].filter((when) => when !== null);

  it('lacks nothing but the service or repository that it is for', () => {
    const parsed = parsePlan(template.plan);

    const pointers = parsed.ok ? [] : parsed.details.map(({ pointer }) => pointer);
    expect(pointers).toEqual(template.plan.scopeType === 'workspace' ? [] : ['/scopeRef']);
  });

  it('says in two to four sentences what it is for', () => {
    expect(template.description).toMatch(/^For .*[.]$/);
    const sentences = template.description.split(/[.] /);
    expect(sentences.length).toBeGreaterThanOrEqual(2);
    expect(sentences.length).toBeLessThanOrEqual(4);
  });

  it('writes documents back only where it may and somebody reviews', () => {
    const { enabled, requiresApproval, autoMerge, reviewers } = plan.writeback;

    expect(plan.allowedOutputs.includes('github_pull_request')).toBe(enabled);
    expect([requiresApproval, autoMerge]).toEqual([true, false]);
    if (enabled) expect(reviewers).not.toEqual([]);
  });

  it('names a section for every drift type that it counts, if it names any', () => {
    const named = plan.driftTypes.filter((driftType) => plan.sectionTargets[driftType].length > 0);

    expect([[], plan.driftTypes]).toContainEqual(named);
  });

  it('names item types that there are', () => {
    const globs = plan.noiseControls.ignoreChanges.map(({ itemType }) => itemType);
    const prefixes = conditions.flatMap((when) =>
      [...when.matchAll(/"((?:microsoft[.]graph|kubernetes)[.]\w*)"/g)].map(([, text = '']) =>
        text.endsWith('.') ? `${text}*` : text,
      ),
    );

    const unknown = [...globs, ...prefixes].filter(
      (glob) => !typeNames.some((name) => matchesGlob(glob, name)),
    );

    expect(unknown).toEqual([]);
  });

  it('has patterns of item types that each match one', () => {
    const patterns = conditions.flatMap((when) =>
      [...when.matchAll(/itemType[.]matches[(]"([^"]+)"[)]/g)].map(([, text = '']) => text),
    );

    // The patterns that ask for a Graph type; others ask for words in the names of types to come.
    const ofGraph = patterns.filter((pattern) => pattern.includes('microsoft'));

    for (const pattern of ofGraph)
      expect(typeNames.filter((name) => new RegExp(pattern).test(name))).not.toEqual([]);
  });

  it('can judge a change of everything in a large policy', () => {
    const policy = (value: number) => ({
      ...{ '@odata.type': '#microsoft.graph.deviceManagementConfigurationPolicy', id: '1', name: 'All' },
      settings: Array.from({ length: 300 }, (_, index) => ({
        settingInstance: {
          settingDefinitionId: `device_vendor_msft_policy_config_microsoft_edge~policy_setting_${index}`,
          simpleSettingValue: { value },
        },
      })),
    });

    const generated = generateFindings([changed(policy(1), policy(2)).change], {
      plan: compilePlan(plan),
      scopeKey: 'scope',
    });

    expect(generated.conditionProblems).toEqual([]);
  });
});
