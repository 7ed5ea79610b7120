/**
 * Patterns over JSON Pointers. A pattern looks like a pointer; in its segments `*` stands for any characters,
 * and the segment `**` for any number of segments, none included. Examples:
 * `/settings/*\/id`, `/**\/@odata.*`, `/assignments/**`.
 *
 * A set of patterns is compiled into one automaton that is walked segment by segment, so the cost of
 * normalising an item does not grow with the number of its rules.
 */

import { parsePointer, pointerFault } from './json-pointer.ts';

const DEEP = '**';

/** What is wrong with `pattern`, or null where it is a pattern. */
export function patternFault(pattern: string): string | null {
  const fault = pointerFault(pattern);
  if (fault !== null) return fault;
  const tokens = parsePointer(pattern);
  if (tokens.length > 64) return 'a path pattern has at most 64 segments';
  if (tokens.some((token) => token !== DEEP && token.includes(DEEP))) {
    return '"**" stands alone between slashes';
  }
  return null;
}

/** Whether one segment matches one pattern segment, in which `*` stands for any characters. */
export function matchesGlob(glob: string, text: string): boolean {
  if (!glob.includes('*')) return glob === text;
  const parts = glob.split('*');
  const first = parts[0] as string;
  const last = parts.at(-1) as string;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

/** A place in a document, as the patterns see it. Compare places by identity. */
export interface PathState {
  /** Indices of the patterns that match this very place, ascending. */
  readonly matches: readonly number[];
  /** The place of the member `name`. */
  next(name: string): PathState;
  /**
   * The place of an array element with this key, or of one without. A key is data, so a name in a pattern
   * means it only where the pattern also names the array: `/settings/wifi` is the element "wifi", but
   * `/**\/createdDateTime` is a member and never an element that happens to have that key.
   */
  element(key: string | null): PathState;
}

/** Compiles `patterns`; the indices in `PathState.matches` are theirs. The result is the root's place. */
export function compilePatterns(patterns: readonly string[]): PathState {
  const compiled = patterns.map(parsePointer);
  const states = new Map<string, PatternState>();
  const stateFor = (positions: readonly number[]): PatternState => {
    const key = positions.join(',');
    const known = states.get(key);
    if (known !== undefined) return known;
    const state = new PatternState(compiled, positions, stateFor);
    // A bound for hostile input; the patterns of real definitions make some dozen states.
    if (states.size < MAX_CACHED_STATES) states.set(key, state);
    return state;
  };
  const start = compiled.flatMap((tokens, index) => closure(tokens, 0).map((at) => index * STRIDE + at));
  return stateFor(start);
}

const STRIDE = 128;
const MAX_CACHED_STATES = 10_000;
const MAX_CACHED_SEGMENTS = 4_096;

class PatternState implements PathState {
  readonly matches: readonly number[];
  readonly #patterns: readonly (readonly string[])[];
  /** pattern index * STRIDE + number of its segments already matched */
  readonly #positions: readonly number[];
  readonly #stateFor: (positions: readonly number[]) => PatternState;
  /** Some pattern goes on with a name that an element's key could be. */
  readonly #namesElements: boolean;
  readonly #members = new Map<string, PatternState>();
  readonly #elements = new Map<string | null, PatternState>();

  constructor(
    patterns: readonly (readonly string[])[],
    positions: readonly number[],
    stateFor: (positions: readonly number[]) => PatternState,
  ) {
    this.#patterns = patterns;
    this.#positions = positions;
    this.#stateFor = stateFor;
    this.#namesElements = positions.some((position) => {
      const tokens = this.#tokens(position);
      const at = position % STRIDE;
      const token = tokens[at];
      return token !== undefined && token !== '*' && token !== DEEP && tokens[at - 1] !== DEEP;
    });
    this.matches = positions
      .filter((position) => position % STRIDE === this.#tokens(position).length)
      .map((position) => Math.floor(position / STRIDE));
  }

  next(name: string): PathState {
    return this.#advance(this.#members, name, (tokens, at) => matchesGlob(tokens[at] as string, name));
  }

  element(key: string | null): PathState {
    // Where no pattern names an element, its key makes no difference, however many keys there are.
    return this.#advance(this.#elements, this.#namesElements ? key : null, (tokens, at) => {
      const token = tokens[at] as string;
      if (token === '*') return true;
      return key !== null && tokens[at - 1] !== DEEP && matchesGlob(token, key);
    });
  }

  #advance<Segment>(
    cache: Map<Segment, PatternState>,
    segment: Segment,
    matches: (tokens: readonly string[], at: number) => boolean,
  ): PatternState {
    const cached = cache.get(segment);
    if (cached !== undefined) return cached;
    const positions = new Set<number>();
    for (const position of this.#positions) {
      const tokens = this.#tokens(position);
      const at = position % STRIDE;
      if (at === tokens.length) continue;
      const advanced = tokens[at] === DEEP ? at : matches(tokens, at) ? at + 1 : -1;
      if (advanced >= 0) for (const next of closure(tokens, advanced)) positions.add(position - at + next);
    }
    const state = this.#stateFor([...positions].sort((a, b) => a - b));
    if (cache.size < MAX_CACHED_SEGMENTS) cache.set(segment, state);
    return state;
  }

  #tokens(position: number): readonly string[] {
    return this.#patterns[Math.floor(position / STRIDE)] ?? [];
  }
}

/** The positions reached from `at` without reading a segment: `**` may stand for none. */
function closure(tokens: readonly string[], at: number): number[] {
  const positions = [at];
  for (let next = at; tokens[next] === DEEP; next++) positions.push(next + 1);
  return positions;
}

/** A test of whole pointers against one pattern. */
export function patternMatcher(pattern: string): (pointer: string) => boolean {
  const root = compilePatterns([pattern]);
  return (pointer) => {
    let place = root;
    for (const token of parsePointer(pointer)) place = place.next(token);
    return place.matches.length > 0;
  };
}
