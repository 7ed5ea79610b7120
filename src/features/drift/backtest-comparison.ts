import { type Candidate, candidatesOf, type ItemChange } from '../../core/candidate.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { compareText } from '../../core/compare-text.ts';
import type { CompiledPlan } from '../../core/compiled-plan.ts';
import { ConditionCheck } from '../../core/condition-check.ts';
import type { DriftType } from '../../core/drift-type.ts';
import { fingerprintOf } from '../../core/generate.ts';
import type { JsonValue } from '../../core/json-value.ts';
import { type JudgedCandidate, judgeCandidate } from '../../core/judge-candidate.ts';
import type { ProvenValue } from '../../core/known-finding.ts';
import type { Observation } from '../../core/observation.ts';
import { routeOf } from '../../core/plan-route.ts';
import { sha256Hex } from '../../core/sha256.ts';
import type { DriftOutcome } from '../../core/subject-ledger.ts';
import type { BacktestEffect, BacktestSide } from '../executions/backtest.ts';
import type { ItemState } from '../inventory/interval-read-model.ts';
import type { RulesByDigest } from '../inventory/rules-read-model.ts';
import type { BacktestLedger, TriedDrift, TriedOutcome } from './backtest-ledger.ts';
import type { BacktestTally, TriedSide, UsedVersion } from './backtest-tally.ts';
import type { ComparedItem } from './drift-part.ts';
import type { PlanInForce } from './resolve-plan.ts';
import { driftTypesOf, subjectValueIn, type ValueOf, valuesOf } from './subject-values.ts';

/** A pair that is judged twice: by the plan that its execution used, and by the one that is tried. */
export interface TriedPair {
  readonly scopeId: string;
  readonly scopeKey: string;
  readonly mode: 'rolling' | 'pinned';
  readonly runSeq: number;
  readonly executionId: string;
  readonly observation: Observation;
  readonly used: UsedVersion & PlanInForce;
  readonly tried: PlanInForce;
  /** Whether the tried plan would be in force for the source, were it active. */
  readonly isForPlan: boolean;
}

/**
 * Puts the drift of one pair to both of its plans, batch by batch, and counts in `tally` what would be otherwise. Each
 * subject is made ready once. What a plan lets through is told to `ledger`, which knows what earlier pairs came to.
 */
export class BacktestComparison {
  readonly #pair: TriedPair;
  readonly #tally: BacktestTally;
  readonly #ledger: BacktestLedger;
  readonly #rules: RulesByDigest;
  readonly #conditionsBefore: ConditionCheck;
  readonly #conditionsAfter: ConditionCheck;

  constructor(
    pair: TriedPair,
    {
      tally,
      ledger,
      rules,
    }: { readonly tally: BacktestTally; readonly ledger: BacktestLedger; readonly rules: RulesByDigest },
  ) {
    this.#pair = pair;
    this.#tally = tally;
    this.#ledger = ledger;
    this.#rules = rules;
    tally.addPair(versionOf(pair.used), pair.isForPlan);
    this.#conditionsBefore = new ConditionCheck(pair.observation);
    // The same content is the same plan: it is asked once.
    this.#conditionsAfter = isSamePlan(pair) ? this.#conditionsBefore : new ConditionCheck(pair.observation);
  }

  /** The next item of the pair, in the order of `readDrift`. */
  add(part: ComparedItem): void {
    if (part.kind !== 'drifted' && part.kind !== 'unproven') return;
    const { change, before, after } = part.drift;
    const values = valuesAtEnds(before, after, this.#rules);
    const rest = driftTypesOf(part, this.#rules);
    if (part.kind === 'drifted') {
      for (const candidate of candidatesInOrder(change)) {
        this.#compare(change, candidate, values);
        rest.delete(candidate.driftType);
      }
    }
    // Their values may have changed without drift that is told, as where an item is gone.
    for (const driftType of rest) this.#note(change, driftType, values, nothing);
  }

  /** There are no more items. */
  end(): void {
    this.#tally.addProblems(this.#conditionsAfter.problems());
    this.#tally.setForgotten(this.#ledger.forgotten);
  }

  #compare(change: ItemChange, candidate: Candidate, values: Values): void {
    const { observation, used, tried, scopeId, scopeKey, executionId } = this.#pair;
    const judgedBefore = judgeCandidate(change, candidate, {
      plan: used.plan,
      observation,
      conditions: this.#conditionsBefore,
    });
    const judgedAfter = isSamePlan(this.#pair)
      ? judgedBefore
      : judgeCandidate(change, candidate, {
          plan: tried.plan,
          observation,
          conditions: this.#conditionsAfter,
        });
    this.#tally.addHeld(used, candidate, { before: judgedBefore, after: judgedAfter });
    const { driftType } = candidate;
    const isHeld = { before: judgedBefore.reasons.length > 0, after: judgedAfter.reasons.length > 0 };
    const generated =
      isHeld.before && isHeld.after
        ? null
        : {
            fingerprint: sameDriftKey(change, candidate),
            baselineHash: values.before(driftType),
            currentHash: values.after(driftType),
          };
    const outcome = this.#note(change, driftType, values, {
      before: isHeld.before ? null : generated,
      after: isHeld.after ? null : generated,
    });
    const before = sideOf(judgedBefore, outcome.before, used.plan);
    const after = sideOf(judgedAfter, outcome.after, tried.plan);
    const effects = effectsOf(before.finding, after.finding);
    this.#tally.addSubject(before, after, effects);
    if (effects.length === 0) return;
    this.#tally.addChange({
      effects,
      scopeId,
      executionId,
      fingerprint: fingerprintOf(change, candidate, scopeKey),
      driftType,
      change: change.change,
      itemType: change.type.name,
      externalId: change.externalId,
      label: change.label,
      before: before.finding,
      after: after.finding,
      absence: before.absence ?? after.absence,
      reasons: before.finding === null ? judgedBefore.reasons : judgedAfter.reasons,
    });
  }

  #note(
    change: ItemChange,
    driftType: DriftType,
    values: Values,
    generated: TriedDrift['generated'],
  ): TriedOutcome {
    const { scopeId, mode, runSeq } = this.#pair;
    const subject = { driftType, itemType: change.type.name, externalId: change.externalId };
    const isSilent = generated.before === null && generated.after === null;
    // Most of what is held back is never let through: its values need not be looked at.
    if (isSilent && !this.#ledger.knows(scopeId, subject)) return nothing;
    const value = values.now(driftType);
    const valueAtBaseline = values.atBaseline(driftType);
    return this.#ledger.note(scopeId, subject, { value, valueAtBaseline, generated, mode, runSeq });
  }
}

const nothing = { before: null, after: null };

interface Values {
  readonly before: ValueOf;
  readonly after: ValueOf;
  atBaseline(driftType: DriftType): ProvenValue;
  now(driftType: DriftType): ProvenValue;
}

function valuesAtEnds(before: ItemState | null, after: ItemState | null, rules: RulesByDigest): Values {
  const [valueBefore, valueAfter] = [valuesOf(before, rules), valuesOf(after, rules)];
  return {
    before: valueBefore,
    after: valueAfter,
    atBaseline: (driftType) => subjectValueIn(before, driftType, valueBefore),
    now: (driftType) => subjectValueIn(after, driftType, valueAfter),
  };
}

/** So long is what stands for drift as it is; what is longer is hashed. */
const MAX_KEY = 200;

/** The same for drift of the same fingerprint, and cheaper. */
function sameDriftKey({ change }: ItemChange, { values }: Candidate): string {
  const text = (value: JsonValue | undefined): string => (value === undefined ? '' : canonicalJson(value));
  const parts = values.flatMap(({ path, before, after }) => [path, text(before), text(after)]);
  const key = `${change}\u0000${parts.join('\u0000')}`;
  return key.length > MAX_KEY ? sha256Hex(key) : key;
}

function isSamePlan({ used, tried }: TriedPair): boolean {
  return used.planVersionHash === tried.planVersionHash;
}

function versionOf({ planVersionHash, planId, planVersion }: UsedVersion): UsedVersion {
  return { planVersionHash, planId, planVersion };
}

function sideOf(
  { reasons, severity, score }: JudgedCandidate,
  outcome: DriftOutcome | null,
  plan: CompiledPlan,
): TriedSide {
  if (reasons.length > 0 || outcome === null) return { finding: null, absence: 'held_back' };
  if (outcome !== 'opens') return { finding: null, absence: outcome };
  return { finding: { severity, score, route: routeOf(score, plan.content.thresholds) }, absence: null };
}

/** What would be otherwise about a subject's finding; null where there is none. */
function effectsOf(before: BacktestSide | null, after: BacktestSide | null): BacktestEffect[] {
  if (before === null || after === null) {
    if (before === after) return [];
    return [before === null ? 'appears' : 'disappears'];
  }
  const effects: BacktestEffect[] = [];
  if (before.severity !== after.severity) effects.push('changes_severity');
  if (before.route !== after.route) effects.push('changes_route');
  return effects;
}

/** By drift type, as findings are listed. */
function candidatesInOrder(change: ItemChange): Candidate[] {
  const candidates = candidatesOf(change);
  if (candidates.length < 2) return candidates;
  return candidates.sort((a, b) => compareText(a.driftType, b.driftType));
}
