import { compareText } from '../../../core/compare-text.ts';
import { EVERY_TYPE, type TypeCoverage } from '../../../core/coverage.ts';
import { errorCatalogue } from '../../../core/errors.ts';
import { isSelected } from '../../../core/selection.ts';
import type { ProblemCount } from './problem-tally.ts';

const NOT_SELECTED = 'not selected';

/** What a run proves of each type. */
export interface RunLedger {
  /** Sorted by type; `*` stands for every type that is not listed. */
  readonly entries: readonly TypeCoverage[];
  isComplete(itemType: string): boolean;
}

/**
 * Derives the coverage ledger of a run from its problems and from which types were enumerated: what could not
 * be read may be of its known type, or of any.
 */
export function makeLedger(input: {
  readonly problems: readonly ProblemCount[];
  /** Types, or globs of them, that were enumerated to their end; null for all. */
  readonly enumerated: readonly string[] | null;
  /** Globs of the types that are selected; null for all. */
  readonly selected: readonly string[] | null;
  /** Types that there are: that the scope has had, or that have rules. Others that were enumerated are not listed. */
  readonly itemTypes: Iterable<string>;
}): RunLedger {
  const { problems, enumerated, selected, itemTypes } = input;
  const ofEveryType: string[] = [];
  const byType = new Map<string, string[]>();
  for (const { code, itemType, count } of problems) {
    const { effect } = errorCatalogue[code];
    if (effect !== 'unread' && effect !== 'type_unread') continue;
    const reason = `${count} × ${code}`;
    if (effect === 'unread' || itemType === null) ofEveryType.push(reason);
    else byType.set(itemType, [...(byType.get(itemType) ?? []), reason]);
  }
  const entryOf = (itemType: string): TypeCoverage => {
    if (itemType !== EVERY_TYPE && !isSelected({ itemTypes: selected }, itemType)) {
      return { itemType, status: 'not_checked', reason: NOT_SELECTED };
    }
    const reasons = [...ofEveryType, ...(byType.get(itemType) ?? [])].sort(compareText);
    if (reasons.length > 0) return { itemType, status: 'partial', reason: reasons.join(', ') };
    if (itemType === EVERY_TYPE && selected !== null && !selected.includes('*')) {
      return { itemType, status: 'not_checked', reason: NOT_SELECTED };
    }
    const isAll =
      itemType === EVERY_TYPE
        ? enumerated === null || enumerated.includes('*')
        : isSelected({ itemTypes: enumerated }, itemType);
    if (!isAll) return { itemType, status: 'not_checked', reason: 'not declared complete' };
    return { itemType, status: 'complete', reason: null };
  };
  const named = new Set([...itemTypes, ...byType.keys(), ...plainNames(selected)]);
  named.delete(EVERY_TYPE);
  const entries = [EVERY_TYPE, ...named].map(entryOf).sort((a, b) => compareText(a.itemType, b.itemType));
  const status = new Map(entries.map((entry) => [entry.itemType, entry.status]));
  return {
    entries,
    isComplete: (itemType) => (status.get(itemType) ?? entryOf(itemType).status) === 'complete',
  };
}

function plainNames(globs: readonly string[] | null): string[] {
  return (globs ?? []).filter((glob) => !glob.includes('*'));
}

/** Whether every selected type is complete, also those that nobody has seen yet: then a run has `succeeded`. */
export function isEverySelectedComplete(entries: readonly TypeCoverage[]): boolean {
  return entries.every(({ status, reason }) => status === 'complete' || reason === NOT_SELECTED);
}
