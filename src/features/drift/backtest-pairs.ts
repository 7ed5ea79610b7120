import { compilePlan } from '../../core/compiled-plan.ts';
import { DriftplaneError } from '../../core/errors.ts';
import type { Observation } from '../../core/observation.ts';
import { validatePlanHash } from '../../core/plan-hash.ts';
import type { PlanContent } from '../../core/plan-schema.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { Backtest } from '../executions/backtest.ts';
import { asIfInForce, listReplayInputs } from '../executions/backtest-service.ts';
import type { NotReplayableReason, ReplayInputs } from '../executions/execution.ts';
import { StateCache } from '../inventory/interval-read-model.ts';
import { RulesByDigest } from '../inventory/rules-read-model.ts';
import { resolvePlansFor } from '../plans/plan-resolver.ts';
import { BacktestComparison } from './backtest-comparison.ts';
import { BacktestLedger } from './backtest-ledger.ts';
import type { BacktestTally } from './backtest-tally.ts';
import { bringsNewRules, renewedValues } from './carry-values-over.ts';
import { DigestAlike } from './digest-alike.ts';
import { compareItems } from './drift-generator.ts';
import type { ComparedItem } from './drift-part.ts';
import { inTurns } from './in-turns.ts';
import { readAhead } from './read-ahead.ts';
import { loadReplayablePairs, type ReplayablePair } from './replayable-pair.ts';
import { findPlanInForce, type PlanInForce } from './resolve-plan.ts';
import type { RunPair } from './run-pair.ts';

/** Parts of pairs that are read ahead: of two pairs, where each is one batch and its end. */
const READ_AHEAD = 4;
/** How long pairs are compared in one snapshot. */
const SLICE_MS = 500;

/** Looked at between pairs and batches. */
export interface BacktestWatch {
  /** Whether somebody has cancelled it. */
  readonly isStopped: boolean;
  /** Resolves when it has looked, at once where the time has not come. That it fails is no reason to stop. */
  look(): Promise<void>;
}

/** What is the same for all pairs of a backtest. */
export interface BacktestContext {
  readonly tally: BacktestTally;
  readonly tried: PlanInForce;
  readonly signal: AbortSignal;
  readonly watch: BacktestWatch;
  readonly rules: RulesByDigest;
  readonly ledger: BacktestLedger;
  readonly findPlan: typeof findPlanInForce;
  isForPlan(tx: WorkspaceTransaction, observation: Observation): Promise<boolean>;
}

export async function openBacktest(
  tx: WorkspaceTransaction,
  backtest: Backtest,
  parts: Pick<BacktestContext, 'tally' | 'signal' | 'watch'>,
): Promise<BacktestContext> {
  const { planVersionHash } = backtest;
  const content = JSON.parse(backtest.content) as PlanContent;
  if (!validatePlanHash(content, planVersionHash)) {
    throw new DriftplaneError('internal_error', 'the plan of the backtest is not what it was');
  }
  const asIf = await asIfInForce(tx, backtest, content);
  return {
    ...parts,
    tried: { plan: compilePlan(content), planVersionHash },
    rules: new RulesByDigest(),
    ledger: new BacktestLedger(),
    findPlan: remember((_tx, hash) => hash, findPlanInForce),
    isForPlan: remember(
      (_tx, { source: { serviceId, repoFullName, docClass } }) =>
        JSON.stringify([serviceId, repoFullName, docClass]),
      async (at, { source }) => {
        const [resolution] = await resolvePlansFor(at, [source], asIf);
        return resolution?.plan === asIf;
      },
    ),
  };
}

/** Most answers that are remembered at once. */
const MAX_REMEMBERED = 500;

/** The function, asked once for what has the same key. */
function remember<Args extends readonly unknown[], T>(
  keyOf: (...args: Args) => string,
  ask: (...args: Args) => Promise<T>,
): (...args: Args) => Promise<T> {
  const known = new Map<string, T>();
  return async (...args) => {
    const key = keyOf(...args);
    if (!known.has(key)) {
      const answer = await ask(...args);
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(key, answer);
    }
    return known.get(key) as T;
  };
}

/**
 * Compares pairs, from the first on, until `SLICE_MS` are over. In one snapshot, so that what they share is read once;
 * and no snapshot is held for as long as the whole takes. Returns how many of them are done, at least one.
 */
export async function comparePairs(
  tx: WorkspaceTransaction,
  executionIds: readonly string[],
  context: BacktestContext,
): Promise<number> {
  const { tally, watch } = context;
  const until = Date.now() + SLICE_MS;
  const pairs = untilNewRules(await loadPairs(tx, executionIds, context));
  const readable = pairs.flatMap((loaded) => (typeof loaded === 'string' ? [] : [loaded.pair]));
  // The database reads the next pair while this one is judged: meanwhile nobody else may ask it anything.
  const parts = readAhead(readPairs(tx, readable, context), READ_AHEAD);
  let done = 0;
  try {
    for (const loaded of pairs) {
      if (done > 0 && (watch.isStopped || Date.now() >= until)) break;
      done++;
      if (typeof loaded === 'string') tally.skipPair(loaded);
      else await comparePair(loaded, parts, context);
    }
  } finally {
    await parts.return(undefined);
  }
  const last = pairs[done - 1];
  if (isWithNewRules(last) && !watch.isStopped) await renewLedger(tx, last.pair, context);
  return done;
}

/** A pair that can be computed again, with the execution that was generated from it. */
interface LoadedPair {
  readonly execution: ReplayInputs;
  readonly pair: RunPair;
  readonly inForce: PlanInForce;
  readonly isForPlan: boolean;
}

/** In the order of the ids; of what can not be computed again the reason. */
async function loadPairs(
  tx: WorkspaceTransaction,
  executionIds: readonly string[],
  { findPlan, isForPlan }: Pick<BacktestContext, 'findPlan' | 'isForPlan'>,
): Promise<(LoadedPair | NotReplayableReason)[]> {
  const executions = await listReplayInputs(tx, executionIds);
  const replayable = await loadReplayablePairs(tx, executions, findPlan);
  const loaded = new Map<string, LoadedPair | NotReplayableReason>();
  for (const [index, execution] of executions.entries()) {
    const found = replayable[index] as ReplayablePair;
    loaded.set(
      execution.executionId,
      found.isReplayable
        ? { execution, ...found, isForPlan: await isForPlan(tx, found.pair.observation) }
        : found.reason,
    );
  }
  // What is not found the retention has just swept.
  return executionIds.map((executionId) => loaded.get(executionId) ?? 'retention');
}

/** Up to the first pair after which the ledger is to be renewed, before the next one is judged. */
function untilNewRules<T extends LoadedPair | NotReplayableReason>(pairs: readonly T[]): readonly T[] {
  const first = pairs.findIndex(isWithNewRules);
  return first === -1 ? pairs : pairs.slice(0, first + 1);
}

function isWithNewRules(loaded: LoadedPair | NotReplayableReason | undefined): loaded is LoadedPair {
  return typeof loaded === 'object' && bringsNewRules(loaded.pair);
}

/** Comes behind the last items of a pair. */
const endOfPair = Symbol('end of pair');
type PairPart = readonly ComparedItem[] | typeof endOfPair;

/** What became of the items of each pair, one pair after the other. */
async function* readPairs(
  tx: WorkspaceTransaction,
  pairs: readonly RunPair[],
  { signal, rules }: Pick<BacktestContext, 'signal' | 'rules'>,
): AsyncGenerator<PairPart> {
  const byScope = new Map<string, { readonly alike: DigestAlike; readonly states: StateCache }>();
  for (const pair of pairs) {
    const { scopeId } = pair;
    const ofScope = byScope.get(scopeId) ?? { alike: new DigestAlike(scopeId), states: new StateCache() };
    byScope.set(scopeId, ofScope);
    yield* compareItems(tx, { pair, signal, rules, ...ofScope });
    yield endOfPair;
  }
}

/** Judges one pair, with its items from `parts`, up to their end. */
async function comparePair(
  { execution, pair, inForce, isForPlan }: LoadedPair,
  parts: AsyncGenerator<PairPart>,
  context: BacktestContext,
): Promise<void> {
  const { tally, tried, signal, rules, watch } = context;
  const { executionId, baselineMode, planId, planVersion } = execution;
  const { scopeId, scopeKey, observation } = pair;
  const comparison = new BacktestComparison(
    {
      executionId,
      scopeId,
      scopeKey,
      mode: baselineMode,
      runSeq: pair.current.runSeq,
      observation,
      used: { ...inForce, planId, planVersion },
      tried,
      isForPlan,
    },
    { tally, ledger: context.ledger, rules },
  );
  const isStopped = (): boolean => {
    signal.throwIfAborted();
    // Not waited for: it needs another connection while this one is held.
    void watch.look();
    return watch.isStopped;
  };
  for (;;) {
    const part = await parts.next();
    if (part.done === true || part.value === endOfPair) break;
    await inTurns(part.value, (item) => comparison.add(item), { isStopped });
    if (isStopped()) return;
  }
  comparison.end();
}

/** Subjects whose values are looked at at once. */
const RENEWED_AT_ONCE = 500;

/** What findings would know of values is written as the new rules write it, as `carryValuesOver` does with stored ones. */
async function renewLedger(
  tx: WorkspaceTransaction,
  pair: RunPair,
  { ledger, rules, signal }: Pick<BacktestContext, 'ledger' | 'rules' | 'signal'>,
): Promise<void> {
  const known = ledger.subjectsOf(pair.scopeId);
  for (let start = 0; start < known.length; start += RENEWED_AT_ONCE) {
    signal.throwIfAborted();
    const subjects = known.slice(start, start + RENEWED_AT_ONCE);
    for (const renewed of await renewedValues(tx, pair, subjects, rules)) {
      ledger.renew(pair.scopeId, renewed, renewed);
    }
  }
}
