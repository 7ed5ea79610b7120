import { type Condition, compileCondition } from './condition.ts';
import type { ConditionKind } from './condition-variables.ts';
import { parsePointer } from './json-pointer.ts';
import { compilePatterns, matchesGlob } from './path-pattern.ts';
import type { PlanContent } from './plan-schema.ts';

/** An item of a rule list whose condition, if there is one, decides. */
export interface CompiledRule {
  /** JSON Pointer into the plan. */
  readonly rule: string;
  readonly condition: Condition | null;
}

/** A plan made ready to judge many changes. Immutable. */
export interface CompiledPlan {
  readonly content: PlanContent;
  /** What its rules take in memory, in parts of conditions and patterns: some 160 bytes each. */
  readonly size: number;
  /** The rules of ignoreChanges for items of a type and a change at a path, as far as these decide. */
  ignoreChangesAt(itemType: string, path: string): readonly CompiledRule[];
  /** The rules of ignorePaths, by their pointers. */
  ignorePathsAt(path: string): readonly string[];
  readonly multipliers: readonly {
    readonly name: string;
    readonly factor: number;
    readonly compiled: CompiledRule;
  }[];
  readonly when: CompiledRule | null;
}

export function compilePlan(content: PlanContent): CompiledPlan {
  const { noiseControls, impactRules, eligibility } = content;
  const { ignoreChanges, ignorePaths } = noiseControls;
  const changesAt = matcherOf(ignoreChanges.map(({ path }) => path));
  const pathsAt = matcherOf(ignorePaths);
  const changeRules = ignoreChanges.map(({ when }, index) =>
    compiledRule(`/noiseControls/ignoreChanges/${index}`, 'change', when),
  );
  const multipliers = impactRules.multipliers.map(({ name, factor, when }, index) => ({
    name,
    factor,
    compiled: compiledRule(`/impactRules/multipliers/${index}`, 'candidate', when),
  }));
  const when =
    eligibility.when === null ? null : compiledRule('/eligibility/when', 'eligibility', eligibility.when);
  const rules = [...changeRules, ...multipliers.map(({ compiled }) => compiled), ...(when ? [when] : [])];
  return {
    content,
    size: sizeOf(rules) + RULE_SIZE * ignorePaths.length,
    ignoreChangesAt: (itemType, path) =>
      changesAt(path).flatMap((index) =>
        matchesGlob(ignoreChanges[index]?.itemType ?? '', itemType) ? (changeRules[index] ?? []) : [],
      ),
    ignorePathsAt: (path) => pathsAt(path).map((index) => `/noiseControls/ignorePaths/${index}`),
    multipliers,
    when,
  };
}

function compiledRule(rule: string, kind: ConditionKind, text: string | null): CompiledRule {
  return { rule, condition: text === null ? null : compileCondition(kind, text) };
}

/** What a rule takes besides its condition, in the same measure. */
const RULE_SIZE = 20;

function sizeOf(rules: readonly CompiledRule[]): number {
  return rules.reduce((sum, { condition }) => sum + RULE_SIZE + (condition?.size ?? 0), 0);
}

/** The indices of the patterns that a pointer matches, all of them found in one walk. */
function matcherOf(patterns: readonly string[]): (pointer: string) => readonly number[] {
  if (patterns.length === 0) return () => [];
  const root = compilePatterns(patterns);
  return (pointer) => {
    let place = root;
    // Patterns are in NFC, whatever form the data has.
    for (const token of parsePointer(pointer.normalize('NFC'))) place = place.next(token);
    return place.matches;
  };
}

/** Compiled plans, kept as long as they are not too many or too large together; those asked for last stay. */
export class CompiledPlans {
  readonly #limits: { readonly maxPlans: number; readonly maxSize: number };
  readonly #plans = new Map<string, CompiledPlan>();
  #size = 0;

  constructor(limits: { readonly maxPlans: number; readonly maxSize: number }) {
    this.#limits = limits;
  }

  /** The plan of a hash; made where it is not kept. */
  get(hash: string, compile: () => CompiledPlan): CompiledPlan {
    const kept = this.#plans.get(hash);
    const plan = kept ?? compile();
    this.#plans.delete(hash);
    this.#plans.set(hash, plan);
    if (kept === undefined) {
      this.#size += plan.size;
      this.#shrink();
    }
    return plan;
  }

  #shrink(): void {
    for (const [hash, { size }] of this.#plans) {
      if (this.#plans.size <= this.#limits.maxPlans && this.#size <= this.#limits.maxSize) return;
      this.#plans.delete(hash);
      this.#size -= size;
    }
  }
}
