import { driftTypes, severities } from './drift-type.ts';
import type { JsonValue } from './json-value.ts';
import { type HoldCode, holdCodes } from './plan-hold.ts';
import type { PlanContent } from './plan-schema.ts';
import { inputSources } from './plan-vocabulary.ts';

/** A rule of a plan that can hold drift back. */
export interface HoldRule {
  readonly code: HoldCode;
  /** JSON Pointer into the plan, as `HoldReason` has it. */
  readonly rule: string;
  /** The rule as it stands in the plan: the same value of the same code is the same rule, wherever it stands. */
  readonly value: JsonValue;
  /** For people, on one line. */
  readonly text: string;
}

/** Every rule of a plan that can hold drift back, in the order of `holdCodes`; those that let everything pass are none. */
export function holdRulesOf(plan: PlanContent): HoldRule[] {
  return holdCodes.flatMap((code) =>
    valuesOf[code](plan).map(({ at, value, text }) => ({
      code,
      rule: `/${code.replace('.', '/')}${at === null ? '' : `/${at}`}`,
      value,
      text,
    })),
  );
}

interface RuleValue {
  /** Its place in a list of rules; null where the field is one rule. */
  readonly at: number | null;
  readonly value: JsonValue;
  readonly text: string;
}

const valuesOf: Record<HoldCode, (plan: PlanContent) => RuleValue[]> = {
  inputSources: (plan) => oneOf(plan.inputSources, inputSources),
  driftTypes: (plan) => oneOf(plan.driftTypes, driftTypes),
  'noiseControls.ignorePatterns': ({ noiseControls }) => listed(noiseControls.ignorePatterns),
  'noiseControls.ignorePaths': ({ noiseControls }) => listed(noiseControls.ignorePaths),
  'noiseControls.ignoreAuthors': ({ noiseControls }) => listed(noiseControls.ignoreAuthors),
  'noiseControls.ignoreChanges': ({ noiseControls }) =>
    noiseControls.ignoreChanges.map((rule, at) => ({ at, value: { ...rule }, text: changeText(rule) })),
  'eligibility.minSeverity': ({ eligibility: { minSeverity } }) =>
    minSeverity === severities.at(-1) ? [] : [{ at: null, value: minSeverity, text: minSeverity }],
  'eligibility.when': ({ eligibility: { when } }) =>
    when === null ? [] : [{ at: null, value: when, text: onOneLine(when) }],
  'thresholds.minConfidence': ({ thresholds }) => least(thresholds.minConfidence),
  'thresholds.minImpactScore': ({ thresholds }) => least(thresholds.minImpactScore),
  'thresholds.minDriftScore': ({ thresholds }) => least(thresholds.minDriftScore),
  'thresholds.ignore': ({ thresholds }) => least(thresholds.ignore),
};

/** A choice of some of all values. */
function oneOf(chosen: readonly string[], all: readonly string[]): RuleValue[] {
  if (all.every((value) => chosen.includes(value))) return [];
  return [{ at: null, value: [...chosen], text: chosen.join(', ') }];
}

function listed(globs: readonly string[]): RuleValue[] {
  return globs.map((glob, at) => ({ at, value: glob, text: glob }));
}

function least(threshold: number): RuleValue[] {
  return threshold === 0 ? [] : [{ at: null, value: threshold, text: String(threshold) }];
}

function changeText(rule: PlanContent['noiseControls']['ignoreChanges'][number]): string {
  const { itemType, path, when, reason } = rule;
  const condition = when === null ? '' : ` when ${onOneLine(when)}`;
  return `${itemType} ${JSON.stringify(path)}${condition}${reason === '' ? '' : `: ${onOneLine(reason)}`}`;
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
