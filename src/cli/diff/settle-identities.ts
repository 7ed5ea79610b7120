import { compareText } from '../../core/compare-text.ts';
import type { ItemType } from '../../core/item-type.ts';
import type { Problem } from '../../core/problem.ts';
import { readingOf, type SideItem } from './reading.ts';
import type { Side } from './side.ts';

/** The items of one side whose identity can be relied on, and what is to be said of the others. */
export interface SettledSide {
  readonly items: readonly SideItem[];
  readonly problems: readonly Problem[];
}

/**
 * Judges identities that were guessed, which only a look at both sides can do:
 * - an item with a weak identity counts where no item of its type, on either side, has a better one; else it
 *   has lost the one by which the other side knows it, and is reported as having none;
 * - where a type guesses all identities and took different members for different items, the items are
 *   compared, but absence proves nothing.
 */
export function settleIdentities(
  baseline: Side,
  current: Side,
): { baseline: SettledSide; current: SettledSide } {
  const all = [baseline, current].map((side) => side.records.filter((record) => record.isItem()));
  const pointersByType = new Map<ItemType, Set<string>>();
  for (const items of all) {
    for (const item of items) {
      const { type, identityPointer } = readingOf(item);
      const pointers = pointersByType.get(type);
      if (pointers === undefined) pointersByType.set(type, new Set([identityPointer]));
      else pointers.add(identityPointer);
    }
  }
  const [settledBaseline, settledCurrent] = all.map((items) => settleSide(items, pointersByType));
  return { baseline: settledBaseline as SettledSide, current: settledCurrent as SettledSide };
}

function settleSide(
  records: readonly SideItem[],
  pointersByType: ReadonlyMap<ItemType, ReadonlySet<string>>,
): SettledSide {
  const withoutIdentity = new Set<ItemType>();
  for (const [type, pointers] of pointersByType) {
    const isWeak = [...pointers].map((pointer) => type.isWeakIdentity(pointer));
    if (isWeak.includes(true) && isWeak.includes(false)) withoutIdentity.add(type);
  }
  const problems: Problem[] = [];
  let items = records;
  if (withoutIdentity.size > 0) {
    items = records.filter((item) => {
      const { type, itemType, identityPointer } = readingOf(item);
      if (!withoutIdentity.has(type) || !type.isWeakIdentity(identityPointer)) return true;
      const detail = `no id at ${type.definition.identity.join(', ')}, where others of its type have one`;
      problems.push({ code: 'missing_identity', path: item.path, detail, itemType });
      return false;
    });
  }
  for (const look of lookAtGuesses(items)) problems.push(...guessProblems(look, pointersByType));
  return { items, problems };
}

/** The items of one type that needed a guess, on one side. */
interface Guesses {
  readonly type: ItemType;
  /** The first file that holds one. */
  readonly path: string;
  readonly countByPointer: Map<string, number>;
}

function lookAtGuesses(items: readonly SideItem[]): Iterable<Guesses> {
  const byType = new Map<ItemType, Guesses>();
  for (const item of items) {
    const { type, identityPointer } = readingOf(item);
    if (!type.definition.isFallback && !type.isWeakIdentity(identityPointer)) continue;
    let look = byType.get(type);
    if (look === undefined) {
      look = { type, path: item.filePath, countByPointer: new Map() };
      byType.set(type, look);
    }
    look.countByPointer.set(identityPointer, (look.countByPointer.get(identityPointer) ?? 0) + 1);
  }
  return byType.values();
}

function guessProblems(
  { type, path, countByPointer }: Guesses,
  pointersByType: ReadonlyMap<ItemType, ReadonlySet<string>>,
): Problem[] {
  const { isFallback, guessesIdentity } = type.definition;
  const itemType = type.name;
  const counts = [...countByPointer].sort(([a], [b]) => compareText(a, b));
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const number = total === 1 ? '1 item' : `${total} items`;
  const from = counts.map(([pointer, count]) => `${pointer} (${count})`).join(', ');
  if (!isFallback) {
    return [
      {
        code: 'identity_guessed',
        path,
        detail: `${number} of ${itemType} without id, identified by ${from}`,
        itemType,
      },
    ];
  }
  const guess = guessesIdentity ? `; identity guessed from ${from}` : '';
  const unknown = `${number} of no known type, read as "${itemType}"${guess}`;
  const problems: Problem[] = [{ code: 'unknown_item_type', path, detail: unknown, itemType }];
  const pointers = pointersByType.get(type);
  if (guessesIdentity && pointers !== undefined && pointers.size > 1) {
    const members = [...pointers].sort(compareText).join(' and ');
    const detail = `items of "${itemType}" were identified by ${members}: what is missing may only have lost one of them`;
    problems.push({ code: 'mixed_identity', path, detail, itemType });
  }
  return problems;
}
