import { compareText } from './compare-text.ts';
import type { SideCoverage } from './coverage.ts';

/** The identity of an item, as text: what a Map is keyed by. */
export function identityKey(itemType: string, externalId: string): string {
  return `${itemType}\u0000${externalId}`;
}

/** One item of one side, as far as comparing needs it. */
export interface ComparableItem {
  /** `identityKey` of the two below. */
  readonly identity: string;
  readonly itemType: string;
  readonly externalId: string;
}

export interface ItemPair<T> {
  readonly before: T;
  readonly after: T;
}

/** Whatever holds an item; the comparison asks `identify` who it is. */
export type Identify<T> = (item: T) => ComparableItem;

/** What became of the items of a baseline, each list sorted by item type and external id. */
export interface Comparison<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  readonly changed: readonly ItemPair<T>[];
  readonly unchanged: number;
  /** Gone, but the current enumeration of their type is not complete. */
  readonly unprovenRemovals: readonly T[];
  /** New, but the baseline's enumeration of their type is not complete. */
  readonly unprovenAdditions: readonly T[];
}

/**
 * Compares two sides, each keyed by `identityKey`. `excluded` identities (ambiguous on either side) take no
 * part. Absence is a finding only where the enumeration of the type is complete on the side that lacks it.
 */
export function compareInventories<T>(input: {
  baseline: ReadonlyMap<string, T>;
  current: ReadonlyMap<string, T>;
  identify: Identify<T>;
  excluded: ReadonlySet<string>;
  baselineCoverage: SideCoverage;
  currentCoverage: SideCoverage;
  isSame: (before: T, after: T) => boolean;
}): Comparison<T> {
  const { baseline, current, excluded, identify } = input;
  const lists = {
    added: [] as T[],
    removed: [] as T[],
    changed: [] as ItemPair<T>[],
    unprovenRemovals: [] as T[],
    unprovenAdditions: [] as T[],
  };
  let unchanged = 0;
  for (const [key, before] of baseline) {
    if (excluded.has(key)) continue;
    const after = current.get(key);
    if (after === undefined) {
      const isProven = input.currentCoverage.isComplete(identify(before).itemType);
      (isProven ? lists.removed : lists.unprovenRemovals).push(before);
    } else if (input.isSame(before, after)) unchanged++;
    else lists.changed.push({ before, after });
  }
  for (const [key, after] of current) {
    if (excluded.has(key) || baseline.has(key)) continue;
    const isProven = input.baselineCoverage.isComplete(identify(after).itemType);
    (isProven ? lists.added : lists.unprovenAdditions).push(after);
  }
  const byIdentity = (a: T, b: T): number => compareItems(identify(a), identify(b));
  lists.changed.sort((a, b) => byIdentity(a.after, b.after));
  return {
    added: lists.added.sort(byIdentity),
    removed: lists.removed.sort(byIdentity),
    changed: lists.changed,
    unchanged,
    unprovenRemovals: lists.unprovenRemovals.sort(byIdentity),
    unprovenAdditions: lists.unprovenAdditions.sort(byIdentity),
  };
}

/** Orders items by type and external id, in UTF-16 code units. */
export function compareItems(a: ComparableItem, b: ComparableItem): number {
  return compareText(a.itemType, b.itemType) || compareText(a.externalId, b.externalId);
}
