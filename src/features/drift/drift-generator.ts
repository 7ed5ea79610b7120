/**
 * The generator of inventory drift: what lies between two runs of a scope, item by item, as findings under a plan.
 * It reads and writes nothing; generating, replaying and comparing on demand all go through it.
 */

import type { CompiledPlan } from '../../core/compiled-plan.ts';
import { generateFindings } from '../../core/generate.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { type DriftedItem, readDrift } from '../inventory/interval-read-model.ts';
import { RulesByDigest } from '../inventory/rules-read-model.ts';
import { DigestAlike } from './digest-alike.ts';
import type { DriftPart } from './drift-part.ts';
import type { DriftTally } from './drift-tally.ts';
import { itemDrift, turnAround } from './item-change.ts';
import type { RunPair } from './run-pair.ts';

/**
 * The drift of a pair in bounded batches, in the fixed order of `readDrift`. What passes by is counted in `tally`.
 * Throws what `signal` was aborted with.
 */
export async function* generateDriftParts(
  tx: WorkspaceTransaction,
  options: {
    readonly pair: RunPair;
    readonly plan: CompiledPlan;
    readonly tally: DriftTally;
    readonly signal?: AbortSignal | undefined;
    /** The rules that were needed stay loaded for whoever looks at the parts. */
    readonly rules?: RulesByDigest;
  },
): AsyncGenerator<DriftPart[]> {
  const { pair, plan, tally, signal, rules = new RulesByDigest() } = options;
  const { scopeId, fromSeq, toSeq } = pair;
  if (fromSeq >= toSeq) return;
  const alike = new DigestAlike(scopeId);
  for await (const items of readDrift(tx, { scopeId, fromSeq, toSeq })) {
    signal?.throwIfAborted();
    await rules.load(tx, items.flatMap(rulesOfItem));
    await alike.load(tx, items);
    const parts = items.map((item) =>
      judge(pair.isBackwards ? turnAround(item) : item, pair, { rules, alike }),
    );
    const changes = parts.flatMap((part) => (part.kind === 'drifted' ? [part.drift.change] : []));
    const { scopeKey, observation } = pair;
    const generated = generateFindings(changes, { plan, scopeKey, observation });
    const byItem = Map.groupBy(generated.findings, identityOf);
    const heldByItem = Map.groupBy(generated.held, identityOf);
    tally.addHeldBack(generated);
    const complete = parts.map(
      (part): DriftPart =>
        part.kind === 'drifted'
          ? {
              ...part,
              findings: byItem.get(identityOf(part.item)) ?? [],
              held: heldByItem.get(identityOf(part.item)) ?? [],
            }
          : part,
    );
    for (const part of complete) tally.add(part);
    yield complete;
    // So that a server that works off its own jobs answers in between.
    await new Promise(setImmediate);
  }
}

function judge(
  item: DriftedItem,
  pair: RunPair,
  { rules, alike }: { readonly rules: RulesByDigest; readonly alike: DigestAlike },
): DriftPart {
  if (pair.isAmbiguous(item.itemType, item.externalId)) return { kind: 'ambiguous', item };
  const rulesOf = (digest: string) => rules.get(digest);
  const drift = itemDrift(item, rulesOf, alike.apply(item, rulesOf));
  if (drift === null) return { kind: 'settled', item };
  // A later absence is only ever written down with proof; an earlier one has it from a complete enumeration.
  const earlier = pair.isBackwards ? drift.after : drift.before;
  if (earlier === null && !pair.provesAbsence(item.itemType)) return { kind: 'unproven', item, drift };
  return { kind: 'drifted', item, drift, findings: [], held: [] };
}

function rulesOfItem({ steps }: DriftedItem): string[] {
  return steps.flatMap(({ before, after }) =>
    [before, after].flatMap((state) => (state === null ? [] : [state.rulesDigest])),
  );
}

function identityOf({ itemType, externalId }: { itemType: string; externalId: string }): string {
  return `${itemType}\u0000${externalId}`;
}
