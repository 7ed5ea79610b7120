import { alignKeyed, alignOrdered, alignUnordered } from './array-alignment.ts';
import { arrayForm, elementPlace } from './array-form.ts';
import { canonicalJson } from './canonical-json.ts';
import { compareText } from './compare-text.ts';
import type { ItemType, PlaceRules } from './item-type.ts';
import { escapePointerToken } from './json-pointer.ts';
import { isJsonObject, type JsonObject, type JsonValue, ownMember } from './json-value.ts';
import type { PathState } from './path-pattern.ts';
import { isSensitiveDigest } from './redact.ts';

/** One difference between two states of an item, in facts. */
export interface PropertyChange {
  /** JSON Pointer. An element of a keyed array is named by its key, of another array by its index. */
  readonly path: string;
  readonly op: 'add' | 'remove' | 'replace';
  /** The facts on each side; undefined where there is none. */
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
  /** Where the values lie, for the rules on them and below them. */
  readonly place: PathState;
}

/**
 * What changed between the facts of two states of one item, under the rules of its type, sorted by path.
 * Empty exactly when the canonical forms of both are equal.
 */
export function diffProperties(before: JsonObject, after: JsonObject, type: ItemType): PropertyChange[] {
  const changes: PropertyChange[] = [];
  const walk: Walk = { type, changes, isEmptyArrayAbsent: type.definition.absent.includes('empty_array') };
  diffObjects(before, after, '', type.root, walk);
  return changes.sort((a, b) => compareText(a.path, b.path) || compareText(a.op, b.op));
}

interface Walk {
  readonly type: ItemType;
  readonly changes: PropertyChange[];
  /** Then an array that comes or goes is one whose elements come or go. */
  readonly isEmptyArrayAbsent: boolean;
}

function diffObjects(
  before: JsonObject,
  after: JsonObject,
  path: string,
  place: PathState,
  walk: Walk,
): void {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const name of names) {
    diffValues(
      ownMember(before, name),
      ownMember(after, name),
      `${path}/${escapePointerToken(name)}`,
      place.next(name),
      walk,
    );
  }
}

function diffValues(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path: string,
  place: PathState,
  walk: Walk,
): void {
  if (before === after) return;
  const rules = walk.type.rulesAt(place);
  const beforeArray = asArray(before, after, rules, walk);
  const afterArray = asArray(after, before, rules, walk);
  if (beforeArray !== null && afterArray !== null) {
    diffArrays(beforeArray, afterArray, path, place, rules, walk);
    return;
  }
  if (isPlainObject(before) && isPlainObject(after)) {
    diffObjects(before, after, path, place, walk);
    return;
  }
  if (before !== undefined && after !== undefined && canonicalJson(before) === canonicalJson(after)) return;
  const op = before === undefined ? 'add' : after === undefined ? 'remove' : 'replace';
  walk.changes.push({ path, op, before, after, place });
}

/** A digest of a secret is one value, not an object to look into. */
function isPlainObject(value: JsonValue | undefined): value is JsonObject {
  return isJsonObject(value) && !isSensitiveDigest(value);
}

function asArray(
  value: JsonValue | undefined,
  other: JsonValue | undefined,
  rules: PlaceRules,
  walk: Walk,
): readonly JsonValue[] | null {
  if (Array.isArray(value)) return value;
  const hasNoOrder = rules.keys !== null || rules.isUnordered;
  return value === undefined && Array.isArray(other) && hasNoOrder && walk.isEmptyArrayAbsent ? [] : null;
}

function diffArrays(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
  path: string,
  place: PathState,
  rules: PlaceRules,
  walk: Walk,
): void {
  const beforeForm = arrayForm(before, rules);
  const afterForm = arrayForm(after, rules);
  const diffPair = (beforeIndex: number | null, afterIndex: number | null, token: string): void => {
    const one = beforeIndex === null ? undefined : before[beforeIndex];
    const other = afterIndex === null ? undefined : after[afterIndex];
    const elementAt = elementPlace((other ?? one) as JsonValue, place, rules);
    diffValues(one, other, `${path}/${escapePointerToken(token)}`, elementAt, walk);
  };
  if (beforeForm.kind === 'keyed' && afterForm.kind === 'keyed') {
    for (const { key, pair } of alignKeyed(beforeForm.keys, afterForm.keys))
      diffPair(pair.before, pair.after, key);
    return;
  }
  const align = rules.isUnordered ? alignUnordered : alignOrdered;
  for (const pair of align(before, after)) {
    diffPair(pair.before, pair.after, String(pair.before ?? pair.after ?? 0));
  }
}
