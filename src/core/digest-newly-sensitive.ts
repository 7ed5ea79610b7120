import { asSet, elementKeys, elementPlace } from './array-form.ts';
import { canonicalJson } from './canonical-json.ts';
import { compareText } from './compare-text.ts';
import { type ItemType, isSensitive } from './item-type.ts';
import { emptyJsonObject, isJsonObject, type JsonObject, type JsonValue, ownMember } from './json-value.ts';
import type { PathState } from './path-pattern.ts';
import { digestSensitive, isSensitiveDigest } from './redact.ts';

/**
 * Facts that `made` has made, as they may be kept now that `inForce` calls more of them sensitive: each such value
 * is its digest under `digestKey`, exactly as `normalise` would write it, and arrays without order are in order
 * again. All else stays as it was made. The same object where nothing is to be digested, so also when applied twice.
 *
 * What a name or a shape makes a secret is one under all rules, and was digested when the facts were made.
 */
export function digestNewlySensitive(
  facts: JsonObject,
  rules: { readonly made: ItemType; readonly inForce: ItemType },
  digestKey: string,
): JsonObject {
  const places = { made: rules.made.root, inForce: rules.inForce.root };
  return digestMembers(facts, places, { ...rules, digestKey });
}

/** Whether any value could be sensitive under `inForce` that was none under `made`: it has another pattern. */
export function callsMoreSensitive(rules: { readonly made: ItemType; readonly inForce: ItemType }): boolean {
  const known = new Set(
    rules.made.definition.sensitive.map((pattern) => canonicalJson(pattern as JsonValue)),
  );
  return rules.inForce.definition.sensitive.some(
    (pattern) => !known.has(canonicalJson(pattern as JsonValue)),
  );
}

interface Walk {
  readonly made: ItemType;
  readonly inForce: ItemType;
  readonly digestKey: string;
}

/** One place under both rules: elements have their keys by each. */
interface Places {
  readonly made: PathState;
  readonly inForce: PathState;
}

function digestMembers(object: JsonObject, places: Places, walk: Walk): JsonObject {
  const result = emptyJsonObject();
  let isChanged = false;
  for (const name of Object.keys(object)) {
    const value = object[name] as JsonValue;
    const below = { made: places.made.next(name), inForce: places.inForce.next(name) };
    const isNow = isSensitiveNow(below.inForce, object, places.made, walk);
    result[name] = isNow ? digestOf(value, walk) : digestBelow(value, below, walk);
    isChanged ||= result[name] !== value;
  }
  return isChanged ? result : object;
}

/**
 * Whether a value is sensitive under the rules in force, given what is left of the object that holds it. Where the
 * member that a condition asks for was not kept, nobody can tell any more, so it is.
 */
function isSensitiveNow(place: PathState, holder: JsonValue, holderMade: PathState, walk: Walk): boolean {
  const rules = walk.inForce.rulesAt(place);
  if (rules.sensitive === null) return false;
  if (isSensitive(rules, holder)) return true;
  return rules.sensitive.some((condition) => {
    if (condition === 'always') return true;
    const sibling = ownMember(holder, condition.sibling);
    if (sibling !== undefined) return isSensitiveDigest(sibling);
    return walk.made.rulesAt(holderMade.next(condition.sibling)).isVolatile;
  });
}

function digestOf(value: JsonValue, { digestKey }: Walk): JsonValue {
  return value === null || isSensitiveDigest(value) ? value : digestSensitive(value, digestKey);
}

function digestBelow(value: JsonValue, places: Places, walk: Walk): JsonValue {
  if (Array.isArray(value)) return digestElements(value, places, walk);
  return isJsonObject(value) && !isSensitiveDigest(value) ? digestMembers(value, places, walk) : value;
}

function digestElements(values: JsonValue[], places: Places, walk: Walk): JsonValue[] {
  const made = walk.made.rulesAt(places.made);
  const inForce = walk.inForce.rulesAt(places.inForce);
  const elements = values.map((value) => {
    const below = {
      made: elementPlace(value, places.made, made),
      inForce: elementPlace(value, places.inForce, inForce),
    };
    const isNow = isSensitiveNow(below.inForce, values, places.made, walk);
    return isNow ? digestOf(value, walk) : digestBelow(value, below, walk);
  });
  if (elements.every((element, index) => element === values[index])) return values;
  if (made.keys === null && !made.isUnordered) return elements;
  const set = asSet(elements);
  const keys = made.keys === null ? null : elementKeys(set, made.keys);
  if (keys === null) return set;
  const order = keys.map((key, index) => ({ key, index })).sort((a, b) => compareText(a.key, b.key));
  return order.map(({ index }) => set[index] as JsonValue);
}
