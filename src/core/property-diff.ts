import { type AlignedPair, alignKeyed, alignOrdered, alignUnordered } from './array-alignment.ts';
import { arrayForm, elementPlace } from './array-form.ts';
import { canonicalJson } from './canonical-json.ts';
import { compareText } from './compare-text.ts';
import type { ItemType, PlaceRules } from './item-type.ts';
import { escapePointerToken } from './json-pointer.ts';
import { isJsonObject, type JsonObject, type JsonValue, ownMember } from './json-value.ts';
import type { PathState } from './path-pattern.ts';
import { hideDigests, isSensitiveDigest } from './redact.ts';

/** One difference between two states of an item, in facts. */
export interface PropertyChange {
  /** JSON Pointer. An element of a keyed array is named by its key, of another array by its index. */
  readonly path: string;
  /** The same for people: keys that may not be shown are `[withheld]`, digests of secrets `[redacted]`. */
  readonly shownPath: string;
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
  diffObjects(before, after, { path: '', shownPath: '', place: type.root, isMember: false }, walk);
  return changes.sort((a, b) => compareText(a.path, b.path) || compareText(a.op, b.op));
}

interface Walk {
  readonly type: ItemType;
  readonly changes: PropertyChange[];
  /** Then an array that comes or goes is one whose elements come or go. */
  readonly isEmptyArrayAbsent: boolean;
}

/** Where two values are compared. */
interface Spot {
  readonly path: string;
  readonly shownPath: string;
  readonly place: PathState;
  /** A member of an object, not an element of an array. */
  readonly isMember: boolean;
}

function diffObjects(before: JsonObject, after: JsonObject, spot: Spot, walk: Walk): void {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const name of names) {
    const member: Spot = {
      path: `${spot.path}/${escapePointerToken(name)}`,
      shownPath: `${spot.shownPath}/${escapePointerToken(hideDigests(name))}`,
      place: spot.place.next(name),
      isMember: true,
    };
    diffValues(ownMember(before, name), ownMember(after, name), member, walk);
  }
}

function diffValues(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  spot: Spot,
  walk: Walk,
): void {
  if (before === after) return;
  const rules = walk.type.rulesAt(spot.place);
  const hasNoOrder = rules.keys !== null || rules.isUnordered;
  const isNoneEmpty = spot.isMember && hasNoOrder && walk.isEmptyArrayAbsent;
  const beforeArray = asArray(before, after, isNoneEmpty);
  const afterArray = asArray(after, before, isNoneEmpty);
  if (beforeArray !== null && afterArray !== null) {
    diffArrays(beforeArray, afterArray, spot, rules, walk);
    return;
  }
  if (isPlainObject(before) && isPlainObject(after)) {
    diffObjects(before, after, spot, walk);
    return;
  }
  if (before !== undefined && after !== undefined && canonicalJson(before) === canonicalJson(after)) return;
  const op = before === undefined ? 'add' : after === undefined ? 'remove' : 'replace';
  const { path, shownPath, place } = spot;
  walk.changes.push({ path, shownPath, op, before, after, place });
}

/** A digest of a secret is one value, not an object to look into. */
function isPlainObject(value: JsonValue | undefined): value is JsonObject {
  return isJsonObject(value) && !isSensitiveDigest(value);
}

function asArray(
  value: JsonValue | undefined,
  other: JsonValue | undefined,
  isNoneEmpty: boolean,
): readonly JsonValue[] | null {
  if (Array.isArray(value)) return value;
  return isNoneEmpty && value === undefined && Array.isArray(other) ? [] : null;
}

function diffArrays(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
  spot: Spot,
  rules: PlaceRules,
  walk: Walk,
): void {
  const beforeForm = arrayForm(before, rules);
  const afterForm = arrayForm(after, rules);
  const diffPair = ({ before: one, after: other }: AlignedPair, key: string | null): void => {
    const oneValue = one === null ? undefined : before[one];
    const otherValue = other === null ? undefined : after[other];
    const place = elementPlace((otherValue ?? oneValue) as JsonValue, spot.place, rules);
    const token = key ?? String(one ?? other ?? 0);
    const isShown = key === null || isKeyShown(place, rules, walk.type);
    const element: Spot = {
      path: `${spot.path}/${escapePointerToken(token)}`,
      shownPath: `${spot.shownPath}/${isShown ? escapePointerToken(token) : '[withheld]'}`,
      place,
      isMember: false,
    };
    diffValues(oneValue, otherValue, element, walk);
  };
  if ('keys' in beforeForm && 'keys' in afterForm) {
    for (const { key, pair } of alignKeyed(beforeForm.keys, afterForm.keys)) diffPair(pair, key);
    if (beforeForm.kind === 'named') diffOrder(beforeForm.keys, afterForm.keys, spot, walk);
    return;
  }
  const align = rules.isUnordered || rules.keys !== null ? alignUnordered : alignOrdered;
  for (const pair of align(before, after)) diffPair(pair, null);
}

/** Elements that are on both sides and stand in another order are one change: of the list of their names. */
function diffOrder(
  before: readonly string[],
  after: readonly string[],
  { path, shownPath, place }: Spot,
  walk: Walk,
): void {
  const [beforeSet, afterSet] = [new Set(before), new Set(after)];
  const one = before.filter((key) => afterSet.has(key));
  const other = after.filter((key) => beforeSet.has(key));
  if (one.every((key, index) => key === other[index])) return;
  walk.changes.push({ path, shownPath, op: 'replace', before: one, after: other, place });
}

/** Whether the key of an element may be shown: it is a value, of the element or within it. */
function isKeyShown(element: PathState, rules: PlaceRules, type: ItemType): boolean {
  const keys = rules.keys ?? (rules.isUnordered ? null : rules.names);
  if (keys === null) return type.rulesAt(element).isShown;
  return keys.every((tokens) => {
    let place = element;
    for (const token of tokens) place = place.next(token);
    return type.rulesAt(place).isShown;
  });
}
