import { compareText } from './compare-text.ts';
import { errorCatalogue, type ProblemCode, type ProblemEffect } from './errors.ts';

/** Something in an export that could not be read, or was not as it should be. */
export interface Problem {
  readonly code: ProblemCode;
  /** The file as the user can open it; in files of many items `file:line` (NDJSON) or `file#/index` (array). */
  readonly path: string;
  /** What happened and where in the item (line, JSON Pointer). Never a value of the export. */
  readonly detail: string;
  /** The item type that is affected, where only one is. */
  readonly itemType: string | null;
}

export function problemEffect(problem: Problem): ProblemEffect {
  return errorCatalogue[problem.code].effect;
}

/** Orders problems by path, code and detail, in UTF-16 code units. */
export function compareProblems(a: Problem, b: Problem): number {
  return compareText(a.path, b.path) || compareText(a.code, b.code) || compareText(a.detail, b.detail);
}
