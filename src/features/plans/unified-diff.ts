import { createTwoFilesPatch } from 'diff';

const CONTEXT_LINES = 3;

/** The two texts as a unified diff under these names; empty where they are the same. */
export function unifiedDiff(before: string, after: string, [from, to]: readonly [string, string]): string {
  if (before === after) return '';
  const patch = createTwoFilesPatch(from, to, before, after, undefined, undefined, {
    context: CONTEXT_LINES,
  });
  // The first line is a ruler that no other tool expects.
  return patch.replace(/^=+\n/, '');
}
