import type { CandidateValue, ItemChange } from './candidate.ts';
import type { CompiledRule } from './compiled-plan.ts';
import type { ConditionOutcome } from './condition.ts';
import { StepBudget } from './condition-meter.ts';
import type { DriftType } from './drift-type.ts';
import type { JsonValue } from './json-value.ts';
import type { Observation } from './observation.ts';
import { hideDigests, maskSecrets } from './redact.ts';

/** How often a condition could not be told, and why. */
export interface ConditionProblem {
  /** JSON Pointer into the plan. */
  readonly rule: string;
  readonly outcome: Exclude<ConditionOutcome, 'true' | 'false'>;
  readonly count: number;
}

/** Steps of all conditions that are asked about one candidate: a tenth of a second at most. */
const STEPS_PER_CANDIDATE = 500_000;

/**
 * Evaluates the conditions of a plan on one observation and counts those that can not be told. The conditions that are
 * asked about one candidate share a budget of steps: the same candidate, asked in the same order, is always told the same,
 * whatever was asked about others before.
 */
export class ConditionCheck {
  #budget = new StepBudget(STEPS_PER_CANDIDATE);
  /** What conditions are shown of the values of the candidate: made once, for however many conditions. */
  readonly #shown = new Map<CandidateValue, ShownChange>();
  readonly #source: Record<string, string>;
  readonly #author: string;
  readonly #observedAt: Date | null;
  readonly #problems = new Map<
    string,
    { rule: string; outcome: ConditionProblem['outcome']; count: number }
  >();

  constructor({ source, author, observedAt }: Observation) {
    this.#source = {
      kind: source.kind ?? '',
      serviceId: source.serviceId ?? '',
      repoFullName: source.repoFullName ?? '',
      docClass: source.docClass ?? '',
    };
    this.#author = author ?? '';
    this.#observedAt = observedAt === null ? null : new Date(observedAt);
  }

  /** From here on it is another candidate that is asked about. */
  startCandidate(): void {
    this.#budget = new StepBudget(STEPS_PER_CANDIDATE);
    this.#shown.clear();
  }

  /** Whether a rule for single changes applies: it has no condition, or a true one. */
  isTrueOfChange(
    { rule, condition }: CompiledRule,
    at: { readonly change: ItemChange; readonly driftType: DriftType; readonly value: CandidateValue },
  ): boolean {
    if (condition === null) return true;
    const { path, op, before, after } = this.#show(at.value, at.change);
    const variables = { ...this.#common(at.change, at.driftType), path, op, before, after };
    return this.#note(rule, condition.evaluate(variables, this.#budget)) === 'true';
  }

  /** `true` where the rule has no condition. `more`: what the kind of condition has besides. */
  outcomeOf(
    { rule, condition }: CompiledRule,
    drift: {
      readonly change: ItemChange;
      readonly driftType: DriftType;
      readonly values: readonly CandidateValue[];
    },
    more: Readonly<Record<string, number | string>>,
  ): ConditionOutcome {
    if (condition === null) return 'true';
    const changes = drift.values.map((value) => this.#show(value, drift.change));
    const paths = changes.map(({ path }) => path);
    const variables = { ...this.#common(drift.change, drift.driftType), paths, changes, ...more };
    return this.#note(rule, condition.evaluate(variables, this.#budget));
  }

  problems(): ConditionProblem[] {
    return [...this.#problems.values()].map((problem) => ({ ...problem }));
  }

  #show(value: CandidateValue, change: ItemChange): ShownChange {
    let shown = this.#shown.get(value);
    if (shown === undefined) {
      shown = conditionChange(value, change);
      this.#shown.set(value, shown);
    }
    return shown;
  }

  #common({ type, externalId, label, change }: ItemChange, driftType: DriftType) {
    return {
      itemType: type.name,
      externalId,
      label,
      driftType,
      change,
      source: this.#source,
      author: this.#author,
      observedAt: this.#observedAt,
    };
  }

  #note(rule: string, outcome: ConditionOutcome): ConditionOutcome {
    if (outcome === 'true' || outcome === 'false') return outcome;
    const key = `${rule} ${outcome}`;
    const known = this.#problems.get(key);
    if (known === undefined) this.#problems.set(key, { rule, outcome, count: 1 });
    else known.count++;
    return outcome;
  }
}

/** Joins what several parts of one comparison counted; sorted by rule and outcome. */
export function joinConditionProblems(parts: readonly (readonly ConditionProblem[])[]): ConditionProblem[] {
  const joined = new Map<string, ConditionProblem>();
  for (const problem of parts.flat()) {
    const key = `${problem.rule} ${problem.outcome}`;
    joined.set(key, { ...problem, count: problem.count + (joined.get(key)?.count ?? 0) });
  }
  return [...joined].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, problem]) => problem);
}

interface ShownChange {
  readonly [name: string]: JsonValue;
  readonly path: string;
  readonly op: string;
  readonly before: JsonValue;
  readonly after: JsonValue;
}

/** A change as conditions see it: with its values, and one constant in place of every secret. */
function conditionChange(
  { path, before, after, property }: CandidateValue,
  { change }: ItemChange,
): ShownChange {
  const presenceOp = change === 'added' ? 'add' : 'remove';
  const shown = (value: JsonValue | undefined): JsonValue =>
    // An item that came or went is told by its digest, which says nothing to a condition.
    value === undefined || property === null ? null : maskSecrets(value);
  return {
    path: hideDigests(path),
    op: property?.op ?? presenceOp,
    before: shown(before),
    after: shown(after),
  };
}
