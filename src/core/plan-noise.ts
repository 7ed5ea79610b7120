import type { Candidate, CandidateValue, ItemChange } from './candidate.ts';
import type { CompiledPlan } from './compiled-plan.ts';
import type { ConditionCheck } from './condition-check.ts';
import { matchesGlob } from './path-pattern.ts';
import type { HoldCode, HoldReason } from './plan-hold.ts';

/** What of a candidate is noise under a plan. */
export interface Noise {
  /** The changes that no rule calls noise. */
  readonly kept: readonly CandidateValue[];
  /** Every rule that holds back one of the changes, and how many of them. */
  readonly rules: readonly { readonly reason: HoldReason; readonly changes: number }[];
}

/** Asks every noise control of a plan about every change of a candidate. */
export function noiseOf(
  plan: CompiledPlan,
  input: {
    readonly change: ItemChange;
    readonly candidate: Candidate;
    readonly author: string | null;
    readonly conditions: ConditionCheck;
  },
): Noise {
  const { change, candidate, author } = input;
  const rules = new Map<string, { reason: HoldReason; changes: number }>();
  const count = (reason: HoldReason, changes: number): void => {
    const known = rules.get(reason.rule);
    if (known === undefined) rules.set(reason.rule, { reason, changes });
    else known.changes += changes;
  };
  const ofItem = itemRules(plan, change, author);
  for (const reason of ofItem) count(reason, candidate.values.length);
  const kept = candidate.values.filter((value) => {
    const ofChange = changeRules(plan, value, input);
    for (const reason of ofChange) count(reason, 1);
    return ofItem.length === 0 && ofChange.length === 0;
  });
  return { kept, rules: [...rules.values()] };
}

/** The rules that call all changes of an item noise. */
function itemRules(
  { content }: CompiledPlan,
  { label, externalId }: ItemChange,
  author: string | null,
): HoldReason[] {
  const { ignorePatterns, ignoreAuthors } = content.noiseControls;
  const matching = (
    globs: readonly string[],
    name: 'ignorePatterns' | 'ignoreAuthors',
    texts: readonly string[],
  ) =>
    globs.flatMap((glob, index) =>
      texts.some((text) => matchesGlob(glob, text.normalize('NFC')))
        ? [reasonOf(`noiseControls.${name}`, `/noiseControls/${name}/${index}`, `${name} has ${quote(glob)}`)]
        : [],
    );
  return [
    ...matching(ignorePatterns, 'ignorePatterns', [label, externalId]),
    ...matching(ignoreAuthors, 'ignoreAuthors', author === null ? [] : [author]),
  ];
}

function changeRules(
  plan: CompiledPlan,
  value: CandidateValue,
  { change, candidate, conditions }: Parameters<typeof noiseOf>[1],
): HoldReason[] {
  const { ignorePaths, ignoreChanges } = plan.content.noiseControls;
  return [
    ...plan.ignorePathsAt(value.path).map((rule) => {
      const pattern = ignorePaths[indexOf(rule)] ?? '';
      return reasonOf('noiseControls.ignorePaths', rule, `ignorePaths has ${quote(pattern)}`);
    }),
    ...plan.ignoreChangesAt(change.type.name, value.path).flatMap((compiled) => {
      if (!conditions.isTrueOfChange(compiled, { change, driftType: candidate.driftType, value })) return [];
      const { itemType = '*', path = '', reason = '' } = ignoreChanges[indexOf(compiled.rule)] ?? {};
      const detail = `ignoreChanges has ${quote(path)} of ${quote(itemType)}${reason === '' ? '' : `: ${reason}`}`;
      return [reasonOf('noiseControls.ignoreChanges', compiled.rule, detail)];
    }),
  ];
}

function reasonOf(code: HoldCode, rule: string, detail: string): HoldReason {
  return { code, rule, detail };
}

function indexOf(rule: string): number {
  return Number(rule.slice(rule.lastIndexOf('/') + 1));
}

function quote(text: string): string {
  return JSON.stringify(text);
}
