import { compareText } from './compare-text.ts';
import { type Problem, problemEffect } from './problem.ts';

/** How much of one item type was checked. */
export interface TypeCoverage {
  readonly itemType: string;
  readonly status: 'complete' | 'partial' | 'failed' | 'not_checked';
  readonly reason: string | null;
}

/** Stands for every item type, where nothing of an export could be read. */
export const EVERY_TYPE = '*';

/**
 * What the enumeration of one side proves: for each item type why it is not complete, or nothing where it
 * is. Absence counts as evidence only in a complete enumeration.
 */
export interface SideCoverage {
  isComplete(itemType: string): boolean;
  /** Why `itemType` is not complete; null where it is. */
  reason(itemType: string): string | null;
  /** What left every type incomplete; null where nothing did. */
  readonly reasonForEveryType: string | null;
}

/** Derives the coverage of one side from its problems. */
export function coverageOf(problems: readonly Problem[]): SideCoverage {
  const unread = new Map<string, number>();
  const byType = new Map<string, Map<string, number>>();
  for (const problem of problems) {
    const effect = problemEffect(problem);
    if (effect !== 'unread' && effect !== 'type_unread') continue;
    let counts = unread;
    if (effect === 'type_unread' && problem.itemType !== null) {
      counts = byType.get(problem.itemType) ?? new Map();
      byType.set(problem.itemType, counts);
    }
    counts.set(problem.code, (counts.get(problem.code) ?? 0) + 1);
  }
  const reasonFor = (itemType: string): string | null => {
    const counts = [...unread, ...(byType.get(itemType) ?? [])];
    return counts.length === 0 ? null : summarise(counts);
  };
  return {
    isComplete: (itemType) => unread.size === 0 && !byType.has(itemType),
    reason: reasonFor,
    reasonForEveryType: unread.size === 0 ? null : summarise([...unread]),
  };
}

function summarise(counts: readonly (readonly [string, number])[]): string {
  return counts
    .map(([code, count]) => `${count} × ${code}`)
    .sort(compareText)
    .join(', ');
}

/** The ledger of a comparison: per item type the worse of both sides, with the reasons, sorted by type. */
export function joinCoverage(
  itemTypes: Iterable<string>,
  baseline: SideCoverage,
  current: SideCoverage,
): TypeCoverage[] {
  const entries = [...new Set(itemTypes)].map((itemType): TypeCoverage => {
    const reasons = [
      sideReason('baseline', baseline.reason(itemType)),
      sideReason('current', current.reason(itemType)),
    ].filter((reason) => reason !== null);
    if (reasons.length === 0) return { itemType, status: 'complete', reason: null };
    return { itemType, status: 'partial', reason: reasons.join('; ') };
  });
  if (entries.length === 0) {
    const reasons = [
      sideReason('baseline', baseline.reasonForEveryType),
      sideReason('current', current.reasonForEveryType),
    ].filter((reason) => reason !== null);
    if (reasons.length > 0)
      entries.push({ itemType: EVERY_TYPE, status: 'failed', reason: reasons.join('; ') });
  }
  return entries.sort((a, b) => compareText(a.itemType, b.itemType));
}

function sideReason(side: string, reason: string | null): string | null {
  return reason === null ? null : `${side}: ${reason}`;
}
