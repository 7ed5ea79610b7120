/**
 * The generator of inventory drift: what lies between two runs of a scope, item by item, as findings under a plan.
 * It reads and writes nothing; generating, replaying and comparing on demand all go through it.
 */

import type { ItemChange } from '../../core/candidate.ts';
import type { CompiledPlan } from '../../core/compiled-plan.ts';
import { type Generated, generateFindings, joinGenerated } from '../../core/generate.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { type DriftedItem, readDrift, type StateCache } from '../inventory/interval-read-model.ts';
import { RulesByDigest } from '../inventory/rules-read-model.ts';
import { DigestAlike } from './digest-alike.ts';
import type { ComparedItem, DriftPart } from './drift-part.ts';
import type { DriftTally } from './drift-tally.ts';
import { inTurns } from './in-turns.ts';
import { itemDrift, turnAround } from './item-change.ts';
import type { RunPair } from './run-pair.ts';

/**
 * The drift of a pair in bounded batches, in the fixed order of `readDrift`. What passes by is counted in `tally`.
 * Throws what `signal` was aborted with.
 */
export async function* generateDriftParts(
  tx: WorkspaceTransaction,
  options: CompareOptions & { readonly plan: CompiledPlan; readonly tally: DriftTally },
): AsyncGenerator<DriftPart[]> {
  const { pair, plan, tally, signal } = options;
  const { scopeKey, observation } = pair;
  const isStopped = (): boolean => {
    signal?.throwIfAborted();
    return false;
  };
  for await (const items of compareItems(tx, options)) {
    const parts: Generated[] = [];
    await inTurns(
      changesOf(items),
      (change) => void parts.push(generateFindings([change], { plan, scopeKey, observation })),
      { isStopped },
    );
    const generated = joinGenerated(parts);
    const byItem = Map.groupBy(generated.findings, identityOf);
    const heldByItem = Map.groupBy(generated.held, identityOf);
    tally.addHeldBack(generated);
    const told = items.map((part): DriftPart => {
      if (part.kind !== 'drifted') return part;
      const identity = identityOf(part.item);
      return { ...part, findings: byItem.get(identity) ?? [], held: heldByItem.get(identity) ?? [] };
    });
    for (const part of told) tally.add(part);
    yield told;
  }
}

export interface CompareOptions {
  readonly pair: RunPair;
  readonly signal?: AbortSignal | undefined;
  /** The rules that were needed stay loaded for whoever looks at the parts. */
  readonly rules?: RulesByDigest;
  /** Of the scope of the pair: for several pairs in one snapshot, as are the states. */
  readonly alike?: DigestAlike;
  readonly states?: StateCache;
}

/**
 * What became of the items of a pair, before any plan is asked: read and compared once, for as many plans as are to
 * judge it. In bounded batches, in the fixed order of `readDrift`. Throws what `signal` was aborted with.
 */
export async function* compareItems(
  tx: WorkspaceTransaction,
  options: CompareOptions,
): AsyncGenerator<ComparedItem[]> {
  const { pair, signal } = options;
  const { scopeId, fromSeq, toSeq } = pair;
  const { rules = new RulesByDigest(), alike = new DigestAlike(scopeId), states } = options;
  if (fromSeq >= toSeq) return;
  for await (const items of readDrift(tx, { scopeId, fromSeq, toSeq, isOneStep: isOneStep(pair), states })) {
    signal?.throwIfAborted();
    await rules.load(tx, items.flatMap(rulesOfItem));
    await alike.load(tx, items);
    yield items.map((item) => compare(pair.isBackwards ? turnAround(item) : item, pair, { rules, alike }));
  }
}

function isOneStep({ baseline, current }: RunPair): boolean {
  return Math.abs(current.runSeq - baseline.runSeq) === 1;
}

/** What drifted with proof: what plans judge. */
function changesOf(items: readonly ComparedItem[]): ItemChange[] {
  return items.flatMap((part) => (part.kind === 'drifted' ? [part.drift.change] : []));
}

function compare(
  item: DriftedItem,
  pair: RunPair,
  { rules, alike }: { readonly rules: RulesByDigest; readonly alike: DigestAlike },
): ComparedItem {
  if (pair.isAmbiguous(item.itemType, item.externalId)) return { kind: 'ambiguous', item };
  const rulesOf = (digest: string) => rules.get(digest);
  const drift = itemDrift(item, rulesOf, alike.apply(item, rulesOf));
  if (drift === null) return { kind: 'settled', item };
  // A later absence is only ever written down with proof; an earlier one has it from a complete enumeration.
  const earlier = pair.isBackwards ? drift.after : drift.before;
  if (earlier === null && !pair.provesAbsence(item.itemType)) return { kind: 'unproven', item, drift };
  return { kind: 'drifted', item, drift };
}

function rulesOfItem({ steps }: DriftedItem): string[] {
  return steps.flatMap(({ before, after }) =>
    [before, after].flatMap((state) => (state === null ? [] : [state.rulesDigest])),
  );
}

function identityOf({ itemType, externalId }: { itemType: string; externalId: string }): string {
  return `${itemType}\u0000${externalId}`;
}
