import { SeededRandom } from './seeded-random.ts';
import { editPolicy, makePolicy, policyEdits, policyText, resavePolicy } from './synthetic-policy.ts';

/** How many items an inventory has, and how many of them drift between its two exports. */
export interface InventoryCounts {
  readonly items: number;
  readonly changed: number;
  readonly added: number;
  readonly removed: number;
  /** Saved again without a change: other bytes, but only in what means nothing. */
  readonly resaved: number;
}

/** One item on both sides; null where it is not there. Each text is one line of JSON without its end. */
export interface ItemPair {
  readonly externalId: string;
  readonly baseline: string | null;
  readonly current: string | null;
}

/** Below this, 0.1 % is not one item. */
export const MIN_ITEMS = 1000;
const SHORTEST_ITEM_LENGTH = 2180;
const LONGEST_ITEM_LENGTH = 3830;

/** Of the items of the baseline 1 % change, 0.1 % go, as many as 0.1 % come, and a share of the rest is resaved. */
export function countInventory(items: number, resavedPercent: number): InventoryCounts {
  const changed = Math.round(items / 100);
  const added = Math.round(items / 1000);
  const removed = Math.round(items / 1000);
  const resaved = Math.round(((items - changed - removed) * resavedPercent) / 100);
  return { items, changed, added, removed, resaved };
}

/**
 * Two exports of an inventory, item by item in the order of both. The same counts and seed give the same
 * texts. What drifts is spread evenly; changed items take all kinds of edits in turn.
 */
export function* generateInventory(counts: InventoryCounts, seed: number): Generator<ItemPair> {
  const { items, changed, added, removed, resaved } = counts;
  const drifting = changed + removed;
  for (let index = 0; index < items; index++) {
    const random = new SeededRandom(seed, index);
    const policy = makePolicy(random, randomLength(random));
    const { id: externalId } = policy;
    const baseline = policyText(policy);
    const ordinal = ordinalOfChosen(index, items, drifting);
    if (ordinal === null) {
      const quietIndex = index - Math.floor((index * drifting) / items);
      const isResaved = ordinalOfChosen(quietIndex, items - drifting, resaved) !== null;
      const current = isResaved ? policyText(resavePolicy(policy, random)) : baseline;
      yield { externalId, baseline, current };
    } else if (ordinalOfChosen(ordinal, drifting, removed) !== null) {
      yield { externalId, baseline, current: null };
    } else {
      const edit = policyEdits[ordinal % policyEdits.length] as (typeof policyEdits)[number];
      yield { externalId, baseline, current: policyText(editPolicy(policy, edit, random)) };
    }
    const addition = ordinalOfChosen(index, items, added);
    if (addition !== null) {
      const other = new SeededRandom(seed, items + addition);
      const newPolicy = makePolicy(other, randomLength(other));
      yield { externalId: newPolicy.id, baseline: null, current: policyText(newPolicy) };
    }
  }
}

function randomLength(random: SeededRandom): number {
  return SHORTEST_ITEM_LENGTH + random.below(LONGEST_ITEM_LENGTH - SHORTEST_ITEM_LENGTH);
}

/** Chooses exactly `chosen` of `total` indices, evenly spread: the how manyth this one is, null if it isn't. */
function ordinalOfChosen(index: number, total: number, chosen: number): number | null {
  const ordinal = Math.floor((index * chosen) / total);
  return Math.floor(((index + 1) * chosen) / total) > ordinal ? ordinal : null;
}
