import { RE2JS } from '@bufbuild/re2';

const MAX_PATTERN_LENGTH = 200;
/** Most copies that counted repetitions make of what they repeat, one within the other. */
const MAX_REPETITIONS = 500;

/**
 * What is wrong with a pattern, or null where it can be used. RE2 matches in time that is linear in the text, but a
 * pattern with large counts takes long to compile and makes a large program.
 */
export function patternSizeFault(pattern: string): string | null {
  if (pattern.length > MAX_PATTERN_LENGTH)
    return `a pattern is at most ${MAX_PATTERN_LENGTH} characters long`;
  const counts = [...pattern.matchAll(/\{(\d*),?(\d*)\}/g)].map(([, from, to]) =>
    Math.max(Number(from), Number(to), 1),
  );
  if (counts.reduce((product, count) => product * count, 1) > MAX_REPETITIONS) {
    return `the counts of a pattern multiply to at most ${MAX_REPETITIONS}`;
  }
  try {
    compilePattern(pattern);
    return null;
  } catch (error) {
    return `it is no pattern of RE2: ${error instanceof Error ? error.message : 'it can not be read'}`;
  }
}

/** Few, and each of them looked at when its plan was written. */
const MAX_CACHED = 500;
const compiled = new Map<string, RE2JS>();

/** A compiled pattern: made once, as the same ones are asked of many values. Throws on what is no pattern. */
export function compilePattern(pattern: string): RE2JS {
  let known = compiled.get(pattern);
  if (known === undefined) {
    known = new RE2JS(pattern);
    if (compiled.size >= MAX_CACHED) compiled.clear();
    compiled.set(pattern, known);
  }
  return known;
}
