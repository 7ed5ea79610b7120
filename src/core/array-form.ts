import { canonicalJson } from './canonical-json.ts';
import { compareText } from './compare-text.ts';
import type { PlaceRules } from './item-type.ts';
import { type JsonValue, ownMember } from './json-value.ts';
import type { PathState } from './path-pattern.ts';
import { isSensitiveDigest } from './redact.ts';

/** Longest key that names an element in a path; longer ones would make paths nobody can read. */
const MAX_KEY_LENGTH = 300;

/** How the elements of one array are told apart. */
export type ArrayForm =
  | { readonly kind: 'keyed'; readonly keys: readonly string[] }
  | { readonly kind: 'named'; readonly keys: readonly string[] }
  | { readonly kind: 'unordered' }
  | { readonly kind: 'ordered' };

/**
 * The form of an array at a place with `rules`: keyed where every element has a key and no two share one,
 * otherwise unordered where the rules say that it has keys or no order (a set of scalars is keyed by itself),
 * otherwise ordered,
 * which is named where every element has a name of its own.
 */
export function arrayForm(values: readonly JsonValue[], rules: PlaceRules): ArrayForm {
  if (rules.keys !== null) {
    const keys = elementKeys(values, rules.keys);
    if (keys !== null) return { kind: 'keyed', keys };
  }
  if (rules.isUnordered || rules.keys !== null) {
    const keys = scalarKeys(values);
    return keys === null ? { kind: 'unordered' } : { kind: 'keyed', keys };
  }
  const names = rules.names === null ? null : elementKeys(values, rules.names);
  return names === null ? { kind: 'ordered' } : { kind: 'named', keys: names };
}

/** The key of each element, or null where one has none or two have the same. */
export function elementKeys(
  values: readonly JsonValue[],
  pointers: readonly (readonly string[])[],
): string[] | null {
  const seen = new Set<string>();
  const keys: string[] = [];
  for (const value of values) {
    const key = elementKey(value, pointers);
    if (key === null || seen.has(key)) return null;
    seen.add(key);
    keys.push(key);
  }
  return keys;
}

/** The place of one element of the array at `place`: its key's where it has one, else that of any element. */
export function elementPlace(value: JsonValue, place: PathState, rules: PlaceRules): PathState {
  return place.element(rules.keys === null ? null : elementKey(value, rules.keys));
}

/** The key of one element: the first of `pointers` at which it has a text, number or boolean. */
function elementKey(value: JsonValue, pointers: readonly (readonly string[])[]): string | null {
  for (const tokens of pointers) {
    let at: JsonValue | undefined = value;
    for (const token of tokens) at = ownMember(at, token);
    const key = scalarKey(at);
    if (key !== null) return key;
  }
  return null;
}

function scalarKey(value: JsonValue | undefined): string | null {
  if (value === undefined || value === null || value === '' || typeof value === 'object') return null;
  const key = String(value);
  return key.length <= MAX_KEY_LENGTH ? key : null;
}

/** In a set of texts, numbers and booleans each element is its own key. */
function scalarKeys(values: readonly JsonValue[]): string[] | null {
  const seen = new Set<string>();
  const keys: string[] = [];
  for (const value of values) {
    const key = isSensitiveDigest(value) ? null : scalarKey(value);
    if (key === null || seen.has(key)) return null;
    seen.add(key);
    keys.push(key);
  }
  return keys;
}

/** The elements in the order of their canonical form, each once: what an unordered array means. */
export function asSet(values: readonly JsonValue[]): JsonValue[] {
  const byText = new Map(values.map((value) => [canonicalJson(value), value]));
  return [...byText].sort(([a], [b]) => compareText(a, b)).map(([, value]) => value);
}
