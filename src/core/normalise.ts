import { asSet, elementKeys, elementPlace } from './array-form.ts';
import { compareText } from './compare-text.ts';
import { type ItemType, isSensitive, type PlaceRules } from './item-type.ts';
import { emptyJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import type { PathState } from './path-pattern.ts';
import {
  digestSensitive,
  factName,
  isNamingMember,
  isSecretName,
  isSensitiveDigest,
  looksLikeSecret,
  secretOfPair,
} from './redact.ts';

/** What the walk carries along. */
interface Context {
  readonly type: ItemType;
  readonly digestKey: string;
  readonly dropsNull: boolean;
  readonly dropsEmptyArray: boolean;
  readonly dropsEmptyString: boolean;
}

/**
 * The facts of an item: what of `object` has meaning, in one form. Volatile members are gone, members whose
 * value means absence are gone, arrays without order are sorted (keyed ones by their key), and secrets are
 * digests under `digestKey`. Objects have no prototype. Two objects mean the same exactly when the canonical
 * forms of their facts are equal.
 */
export function normalise(object: JsonObject, type: ItemType, digestKey: string): JsonObject {
  const { absent } = type.definition;
  const context: Context = {
    type,
    digestKey,
    dropsNull: absent.includes('null'),
    dropsEmptyArray: absent.includes('empty_array'),
    dropsEmptyString: absent.includes('empty_string'),
  };
  return normaliseObject(object, type.root, context, false);
}

function normaliseObject(
  object: JsonObject,
  place: PathState,
  context: Context,
  isSecret: boolean,
): JsonObject {
  const result = emptyJsonObject();
  const secretMember = secretOfPair(object);
  for (const name of Object.keys(object)) {
    const below = place.next(name);
    const rules = context.type.rulesAt(below);
    if (rules.isVolatile) continue;
    const value = object[name] as JsonValue;
    if (isAbsent(value, context)) continue;
    const isSecretBelow = name === secretMember || isSecretName(name) || (isSecret && !isNamingMember(name));
    const facts = normaliseMember(value, below, rules, context, { holder: object, isSecret: isSecretBelow });
    if (!isAbsent(facts, context)) result[factName(name, context.digestKey, isSecret)] = facts;
  }
  return result;
}

/** A value where it stands: the object or array that holds it, and whether a name above says that it is secret. */
function normaliseMember(
  value: JsonValue,
  place: PathState,
  rules: PlaceRules,
  context: Context,
  { holder, isSecret }: { holder: JsonValue; isSecret: boolean },
): JsonValue {
  if (value === null || isSensitiveDigest(value)) return value;
  if (isSensitive(rules, holder)) return digestSensitive(value, context.digestKey);
  if (typeof value === 'object') {
    return Array.isArray(value)
      ? normaliseArray(value, place, rules, context, isSecret)
      : normaliseObject(value, place, context, isSecret);
  }
  if (typeof value === 'boolean' || value === '') return value;
  if (isSecret || (typeof value === 'string' && looksLikeSecret(value))) {
    return digestSensitive(value, context.digestKey);
  }
  return Object.is(value, -0) ? 0 : value;
}

function normaliseArray(
  values: JsonValue[],
  place: PathState,
  rules: PlaceRules,
  context: Context,
  isSecret: boolean,
): JsonValue[] {
  let elements: JsonValue[] = [];
  for (const value of values) {
    const below = elementPlace(value, place, rules);
    const belowRules = context.type.rulesAt(below);
    if (belowRules.isVolatile) continue;
    elements.push(normaliseMember(value, below, belowRules, context, { holder: values, isSecret }));
  }
  if (rules.isUnordered || rules.keys !== null) elements = asSet(elements);
  const keys = rules.keys === null ? null : elementKeys(elements, rules.keys);
  if (keys === null) return elements;
  const order = keys.map((key, index) => ({ key, index })).sort((a, b) => compareText(a.key, b.key));
  return order.map(({ index }) => elements[index] as JsonValue);
}

function isAbsent(value: JsonValue, context: Context): boolean {
  if (value === null) return context.dropsNull;
  if (value === '') return context.dropsEmptyString;
  return context.dropsEmptyArray && Array.isArray(value) && value.length === 0;
}
