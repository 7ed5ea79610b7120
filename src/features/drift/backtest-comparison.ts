import { type Candidate, candidatesOf, type ItemChange } from '../../core/candidate.ts';
import { compareText } from '../../core/compare-text.ts';
import type { CompiledPlan } from '../../core/compiled-plan.ts';
import { ConditionCheck } from '../../core/condition-check.ts';
import { fingerprintOf } from '../../core/generate.ts';
import { type JudgedCandidate, judgeCandidate } from '../../core/judge-candidate.ts';
import type { Observation } from '../../core/observation.ts';
import { routeOf } from '../../core/plan-route.ts';
import type { BacktestEffect, BacktestSide } from '../executions/backtest.ts';
import type { BacktestTally, UsedVersion } from './backtest-tally.ts';
import type { PlanInForce } from './resolve-plan.ts';

/** A pair that is judged twice: by the plan that its execution used, and by the one that is tried. */
export interface TriedPair {
  readonly scopeId: string;
  readonly scopeKey: string;
  readonly executionId: string;
  readonly observation: Observation;
  readonly used: UsedVersion & PlanInForce;
  readonly tried: PlanInForce;
  /** Whether the tried plan would be in force for the source, were it active. */
  readonly isForPlan: boolean;
}

/**
 * Puts the drift of one pair to both of its plans, batch by batch, and counts in `tally` what would be otherwise. Each
 * subject is made ready once; its fingerprint is only taken where something is told of it.
 */
export class BacktestComparison {
  readonly #pair: TriedPair;
  readonly #tally: BacktestTally;
  readonly #conditionsBefore: ConditionCheck;
  readonly #conditionsAfter: ConditionCheck;

  constructor(pair: TriedPair, tally: BacktestTally) {
    this.#pair = pair;
    this.#tally = tally;
    tally.addPair(versionOf(pair.used), pair.isForPlan);
    this.#conditionsBefore = new ConditionCheck(pair.observation);
    // The same content is the same plan: it is asked once.
    this.#conditionsAfter = isSamePlan(pair) ? this.#conditionsBefore : new ConditionCheck(pair.observation);
  }

  /** Changes of the pair, in the order of `readDrift`. */
  add(changes: readonly ItemChange[]): void {
    for (const change of changes) {
      for (const candidate of candidatesInOrder(change)) this.#compare(change, candidate);
    }
  }

  /** There are no more changes. */
  end(): void {
    this.#tally.addProblems(this.#conditionsAfter.problems());
  }

  #compare(change: ItemChange, candidate: Candidate): void {
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
    const before = sideOf(judgedBefore, used.plan);
    const after = sideOf(judgedAfter, tried.plan);
    const effects = effectsOf(before, after);
    this.#tally.addHeld(used, candidate, { before: judgedBefore, after: judgedAfter });
    this.#tally.addSubject(before, after, effects);
    if (effects.length === 0) return;
    this.#tally.addChange({
      effects,
      scopeId,
      executionId,
      fingerprint: fingerprintOf(change, candidate, scopeKey),
      driftType: candidate.driftType,
      change: change.change,
      itemType: change.type.name,
      externalId: change.externalId,
      label: change.label,
      before,
      after,
      reasons: before === null ? judgedBefore.reasons : judgedAfter.reasons,
    });
  }
}

function isSamePlan({ used, tried }: TriedPair): boolean {
  return used.planVersionHash === tried.planVersionHash;
}

function versionOf({ planVersionHash, planId, planVersion }: UsedVersion): UsedVersion {
  return { planVersionHash, planId, planVersion };
}

function sideOf({ reasons, severity, score }: JudgedCandidate, plan: CompiledPlan): BacktestSide | null {
  if (reasons.length > 0) return null;
  return { severity, score, route: routeOf(score, plan.content.thresholds) };
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
