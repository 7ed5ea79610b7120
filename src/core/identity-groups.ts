import { type ComparableItem, compareItems, type Identify } from './compare.ts';
import { compareText } from './compare-text.ts';

/** How `groupByIdentity` looks at whatever holds a reading of an item. */
export interface ReadingAccess<T> {
  readonly identify: Identify<T>;
  /** It says two things at once. */
  readonly isContradictory: (reading: T) => boolean;
  /** Where it was read, as the user can open it. */
  readonly pathOf: (reading: T) => string;
  readonly isSameContent: (a: T, b: T) => boolean;
}

/** An identity that one side gives different contents, or a content that contradicts itself. */
export interface AmbiguousItem extends ComparableItem {
  /** Where its contents stand, sorted. */
  readonly paths: readonly string[];
}

/** One side, each identity once. */
export interface IdentityGroups<T> {
  /** By `identityKey`; of readings with the same content the one with the first path. */
  readonly items: ReadonlyMap<string, T>;
  /** Sorted by item type and external id. */
  readonly ambiguous: readonly AmbiguousItem[];
  /** Identities that were read more than once with the same content; paths sorted. */
  readonly duplicates: readonly AmbiguousItem[];
}

/**
 * Collapses readings of the same identity: equal content counts once, different content makes the identity
 * ambiguous, whichever came last. The result does not depend on the order of `readings`.
 */
export function groupByIdentity<T>(readings: Iterable<T>, access: ReadingAccess<T>): IdentityGroups<T> {
  const { identify, isContradictory, pathOf, isSameContent } = access;
  const items = new Map<string, T>();
  const repeated = new Map<string, T[]>();
  for (const reading of readings) {
    const { identity } = identify(reading);
    const first = items.get(identity);
    if (first === undefined) {
      items.set(identity, reading);
      if (isContradictory(reading)) repeated.set(identity, [reading]);
      continue;
    }
    const group = repeated.get(identity);
    if (group === undefined) repeated.set(identity, [first, reading]);
    else group.push(reading);
  }
  const ambiguous: AmbiguousItem[] = [];
  const duplicates: AmbiguousItem[] = [];
  for (const [identity, group] of repeated) {
    const sorted = group
      .map((reading) => ({ reading, path: pathOf(reading) }))
      .sort((a, b) => compareText(a.path, b.path));
    const first = (sorted[0] as (typeof sorted)[number]).reading;
    const { itemType, externalId } = identify(first);
    items.set(identity, first);
    const isAmbiguous = group.some((reading) => isContradictory(reading) || !isSameContent(first, reading));
    const paths = sorted.map(({ path }) => path);
    (isAmbiguous ? ambiguous : duplicates).push({ identity, itemType, externalId, paths });
  }
  return { items, ambiguous: ambiguous.sort(compareItems), duplicates: duplicates.sort(compareItems) };
}

/** The ambiguous identities of both sides; one that is ambiguous on both stands once, with all its paths. */
export function joinAmbiguous(
  baseline: readonly AmbiguousItem[],
  current: readonly AmbiguousItem[],
): AmbiguousItem[] {
  const byIdentity = new Map<string, AmbiguousItem>();
  for (const item of [...baseline, ...current]) {
    const known = byIdentity.get(item.identity);
    const paths = [...(known?.paths ?? []), ...item.paths].sort(compareText);
    byIdentity.set(item.identity, { ...item, paths });
  }
  return [...byIdentity.values()].sort(compareItems);
}
