/** Which field of a plan holds drift back. In the order in which reasons are listed. */
export const holdCodes = [
  'inputSources',
  'driftTypes',
  'noiseControls.ignorePatterns',
  'noiseControls.ignorePaths',
  'noiseControls.ignoreAuthors',
  'noiseControls.ignoreChanges',
  'eligibility.minSeverity',
  'eligibility.when',
  'thresholds.minConfidence',
  'thresholds.minImpactScore',
  'thresholds.minDriftScore',
  'thresholds.ignore',
] as const;

export type HoldCode = (typeof holdCodes)[number];

/** Why drift is held back. */
export interface HoldReason {
  readonly code: HoldCode;
  /** JSON Pointer into the plan: the very rule. */
  readonly rule: string;
  /** For people; holds no value of an inventory. */
  readonly detail: string;
}

/** How much one rule of a plan held back. A change that two rules hold back counts for both. */
interface RuleTally {
  readonly code: HoldCode;
  readonly rule: string;
  /** Subjects of which nothing is left, this rule being one of the reasons. */
  readonly candidates: number;
  /** Single changes. */
  readonly changes: number;
}

/** What a plan held back of a comparison. */
export interface HeldBack {
  /** Subjects of which nothing became a finding. */
  readonly candidates: number;
  /** Single changes, those of findings that show others too. */
  readonly changes: number;
  /** Sorted by the order of the codes, then by rule. */
  readonly rules: readonly RuleTally[];
}

export const nothingHeldBack: HeldBack = { candidates: 0, changes: 0, rules: [] };

/** Gathers what is held back, candidate by candidate. */
export class HoldTally {
  #candidates = 0;
  #changes = 0;
  readonly #rules = new Map<string, { code: HoldCode; rule: string; candidates: number; changes: number }>();

  /** Nothing of a subject is left. */
  holdCandidate(changes: number, reasons: readonly HoldReason[]): void {
    this.#candidates++;
    this.#changes += changes;
    for (const { code, rule } of reasons) this.#count(code, rule).candidates++;
  }

  /** A change of a subject of which others are left; `holdCandidate` counts those of the rest. */
  holdChange(): void {
    this.#changes++;
  }

  /** A rule holds back so many changes, whatever becomes of their subject. */
  countChanges({ code, rule }: Pick<HoldReason, 'code' | 'rule'>, changes: number): void {
    this.#count(code, rule).changes += changes;
  }

  add(held: HeldBack): void {
    this.#candidates += held.candidates;
    this.#changes += held.changes;
    for (const { code, rule, candidates, changes } of held.rules) {
      const tally = this.#count(code, rule);
      tally.candidates += candidates;
      tally.changes += changes;
    }
  }

  result(): HeldBack {
    const rules = [...this.#rules.values()].map((tally) => ({ ...tally })).sort(compareReasons);
    return { candidates: this.#candidates, changes: this.#changes, rules };
  }

  #count(code: HoldCode, rule: string) {
    let tally = this.#rules.get(rule);
    if (tally === undefined) {
      tally = { code, rule, candidates: 0, changes: 0 };
      this.#rules.set(rule, tally);
    }
    return tally;
  }
}

/** Reasons of one candidate that are kept: a plan may have a thousand rules, and all of them may match. */
const MAX_KEPT_REASONS = 20;

/** The first of some sorted reasons, and in any case one of each code. */
export function keptReasons(reasons: readonly HoldReason[]): readonly HoldReason[] {
  if (reasons.length <= MAX_KEPT_REASONS) return reasons;
  const isFirst = reasons.map(({ code }, index) => index === 0 || reasons[index - 1]?.code !== code);
  let room = MAX_KEPT_REASONS - isFirst.filter(Boolean).length;
  return reasons.filter((_, index) => isFirst[index] || room-- > 0);
}

/** By the order of the codes, then by rule. */
export function compareReasons(
  one: Pick<HoldReason, 'code' | 'rule'>,
  other: Pick<HoldReason, 'code' | 'rule'>,
): number {
  return holdCodes.indexOf(one.code) - holdCodes.indexOf(other.code) || compareRules(one.rule, other.rule);
}

/** `/…/2` before `/…/10`. */
function compareRules(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
}
