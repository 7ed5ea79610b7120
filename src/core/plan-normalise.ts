import { canonicalJson } from './canonical-json.ts';
import { compareText } from './compare-text.ts';
import type { JsonValue } from './json-value.ts';
import type { PlanContent } from './plan-schema.ts';
import { repoKey } from './plan-text.ts';

/**
 * The plan with its set-like arrays in order and each element once, and repository names in lower case, so that the
 * same meaning has the same bytes. `docTargeting.priorityOrder` is a list: only repetitions go. Text was brought to
 * NFC when it was parsed.
 */
export function normalisePlan<Plan extends PlanContent>(plan: Plan): Plan {
  const { sectionTargets, impactRules, writeback, noiseControls, docTargeting } = plan;
  return {
    ...plan,
    scopeRef: plan.scopeType === 'repo' && plan.scopeRef !== null ? repoKey(plan.scopeRef) : plan.scopeRef,
    inputSources: setOf(plan.inputSources),
    driftTypes: setOf(plan.driftTypes),
    allowedOutputs: setOf(plan.allowedOutputs),
    sectionTargets: Object.fromEntries(
      Object.entries(sectionTargets).map(([driftType, sections]) => [driftType, setOf(sections)]),
    ) as Plan['sectionTargets'],
    impactRules: {
      ...impactRules,
      multipliers: [...impactRules.multipliers].sort((a, b) => compareText(a.name, b.name)),
    },
    writeback: { ...writeback, reviewers: setOf(writeback.reviewers) },
    noiseControls: {
      ignorePatterns: setOf(noiseControls.ignorePatterns),
      ignorePaths: setOf(noiseControls.ignorePaths),
      ignoreAuthors: setOf(noiseControls.ignoreAuthors),
      ignoreChanges: uniqueObjects(noiseControls.ignoreChanges),
    },
    docTargeting: { ...docTargeting, priorityOrder: [...new Set(docTargeting.priorityOrder)] },
  };
}

function setOf<Text extends string>(texts: readonly Text[]): Text[] {
  return [...new Set(texts)].sort(compareText);
}

/** By their canonical form, each once. */
function uniqueObjects<T extends object>(values: readonly T[]): T[] {
  const byText = new Map(values.map((value) => [canonicalJson(value as JsonValue), value]));
  return [...byText].sort(([a], [b]) => compareText(a, b)).map(([, value]) => value);
}
