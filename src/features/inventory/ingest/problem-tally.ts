import { compareText } from '../../../core/compare-text.ts';
import type { ProblemCode } from '../../../core/errors.ts';
import { compareProblems, type Problem } from '../../../core/problem.ts';

/** How many problems of a run are listed; all are counted. */
const MAX_LISTED_PROBLEMS = 1000;

/** How often one problem came up, and of which type. */
export interface ProblemCount {
  readonly code: ProblemCode;
  readonly itemType: string | null;
  readonly count: number;
}

/** The problems of a run or of a part of it: all counted, the first thousand listed. */
export class ProblemTally {
  readonly #counts = new Map<string, { code: ProblemCode; itemType: string | null; count: number }>();
  #listed: Problem[] = [];

  add(problem: Problem): void {
    this.#count(problem.code, problem.itemType, 1);
    if (this.#listed.length < MAX_LISTED_PROBLEMS) this.#listed.push(problem);
  }

  merge(other: { counts: readonly ProblemCount[]; listed: readonly Problem[] }): void {
    for (const { code, itemType, count } of other.counts) this.#count(code, itemType, count);
    if (other.listed.length === 0) return;
    this.#listed = [...this.#listed, ...other.listed].sort(compareProblems).slice(0, MAX_LISTED_PROBLEMS);
  }

  /** What it held when `mark` was taken. */
  mark(): { counts: ProblemCount[]; listed: Problem[] } {
    return { counts: this.counts, listed: [...this.#listed] };
  }

  restore(mark: { counts: readonly ProblemCount[]; listed: readonly Problem[] }): void {
    this.#counts.clear();
    for (const { code, itemType, count } of mark.counts) this.#count(code, itemType, count);
    this.#listed = [...mark.listed];
  }

  get total(): number {
    return this.counts.reduce((sum, { count }) => sum + count, 0);
  }

  /** Sorted by code and type. */
  get counts(): ProblemCount[] {
    return [...this.#counts]
      .sort(([a], [b]) => compareText(a, b))
      .map(([, { code, itemType, count }]) => ({ code, itemType, count }));
  }

  /** Sorted by path, code and detail. */
  get listed(): Problem[] {
    return [...this.#listed].sort(compareProblems);
  }

  #count(code: ProblemCode, itemType: string | null, count: number): void {
    const key = `${code}\u0000${itemType ?? ''}`;
    const entry = this.#counts.get(key);
    if (entry === undefined) this.#counts.set(key, { code, itemType, count });
    else entry.count += count;
  }
}
