import { compareText } from './compare-text.ts';
import { formatPointer, parsePointer } from './json-pointer.ts';

/** So many different keys that machines make stand for any. */
const MANY_IDS = 3;
/** So many different names with the same name below them are keys, and stand for any. */
const MANY_ALIKE = 5;
/** So many different names of one place that end there are values of a set, and stand for any. */
const MANY_NAMES = 20;

/** Deeper paths have no pattern: one has at most so many segments. */
const MAX_SEGMENTS = 64;

const ANY = '*';

/** Tokens that stand for others: the key of an element that may not be shown, and a secret that was made a name. */
const STANDS_FOR_OTHERS = /^\[withheld\]$|\[redacted\]/;

/** What people do not name members: ids, numbers and places in a list. */
const MACHINE_MADE = /^(?:\d+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=.*\d)[0-9a-f]{8,})$/i;

/**
 * The pattern of each path, as findings show them: the path itself, with `*` in place of the keys of elements where many
 * different ones occur. A pattern matches every path that it is given for. Null where there is none: the path is too deep,
 * or nothing in it has a name. What comes first in a path is a member of the item and stays, and so does what people named,
 * unless many of them are alike. The same paths have the same patterns, whatever their order.
 */
export function generalisePaths(paths: Iterable<string>): Map<string, string | null> {
  const root = newPlace();
  const patterns = new Map<string, string | null>();
  for (const path of [...new Set(paths)].sort(compareText)) {
    // As a plan compares them.
    const tokens = parsePointer(path.normalize('NFC'));
    patterns.set(path, null);
    if (tokens.length <= MAX_SEGMENTS) placeAt(root, tokens).paths.push(path);
  }
  const walk = (place: Place, tokens: readonly string[]): void => {
    const isNamed = tokens.length === 0 || tokens.some((token) => token !== ANY);
    if (isNamed) for (const path of place.paths) patterns.set(path, formatPointer(tokens));
    for (const [token, below] of generaliseKeys(place, tokens.length === 0)) walk(below, [...tokens, token]);
  };
  walk(root, []);
  return patterns;
}

/** A place in the tree of all paths, and the paths that end there. */
interface Place {
  readonly below: Map<string, Place>;
  readonly paths: string[];
}

function newPlace(): Place {
  return { below: new Map(), paths: [] };
}

function placeAt(root: Place, tokens: readonly string[]): Place {
  let place = root;
  for (const token of tokens) {
    const below = place.below.get(token) ?? newPlace();
    place.below.set(token, below);
    place = below;
  }
  return place;
}

/** What is below a place, with everything that is a key joined under `*`. */
function generaliseKeys(place: Place, isRoot: boolean): Map<string, Place> {
  const keys = new Set([...place.below.keys()].filter(isUnnameable));
  if (!isRoot) {
    const open = [...place.below].filter(([token]) => !keys.has(token));
    const ids = open.filter(([token]) => MACHINE_MADE.test(token));
    const names = open.filter(([token]) => !MACHINE_MADE.test(token));
    if (ids.length >= MANY_IDS) for (const [token] of ids) keys.add(token);
    for (const token of alikeNames(names)) keys.add(token);
  }
  if (keys.size === 0) return place.below;
  const joined = newPlace();
  const generalised = new Map<string, Place>();
  for (const [token, below] of place.below) {
    if (keys.has(token) || token === ANY) join(joined, below);
    else generalised.set(token, below);
  }
  return generalised.set(ANY, joined);
}

/** Whether no pattern can have the token as it is. */
function isUnnameable(token: string): boolean {
  return (
    STANDS_FOR_OTHERS.test(token) || token.includes('**') || token.includes('\0') || !token.isWellFormed()
  );
}

function alikeNames(names: readonly (readonly [string, Place])[]): Set<string> {
  const byNext = new Map<string, string[]>();
  const ending: string[] = [];
  for (const [token, { below, paths }] of names) {
    if (paths.length > 0) ending.push(token);
    for (const next of below.keys()) {
      const known = byNext.get(next);
      if (known === undefined) byNext.set(next, [token]);
      else known.push(token);
    }
  }
  const alike = [...byNext.values()].filter((tokens) => tokens.length >= MANY_ALIKE);
  return new Set([...alike.flat(), ...(ending.length >= MANY_NAMES ? ending : [])]);
}

function join(into: Place, from: Place): void {
  for (const path of from.paths) into.paths.push(path);
  for (const [token, below] of from.below) {
    const known = into.below.get(token) ?? newPlace();
    into.below.set(token, known);
    join(known, below);
  }
}
