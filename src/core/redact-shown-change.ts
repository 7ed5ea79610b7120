import { canonicalJson } from './canonical-json.ts';
import { REDACTED } from './evidence.ts';
import type { ShownChange } from './generate.ts';
import { compileItemType, type ItemType } from './item-type.ts';
import { escapePointerToken, parsePointer } from './json-pointer.ts';
import { emptyJsonObject, isJsonObject, type JsonValue } from './json-value.ts';
import type { PathState } from './path-pattern.ts';

/**
 * The definition in force with only what it calls sensitive and some former one did not; null where there is nothing
 * of the kind. What they all call sensitive was redacted when it was shown.
 */
export function newlySensitiveType(inForce: ItemType, former: readonly ItemType[]): ItemType | null {
  const { definition } = inForce;
  const textOf = (pattern: (typeof definition.sensitive)[number]): string =>
    canonicalJson(pattern as JsonValue);
  const known = former.map((type) => new Set(type.definition.sensitive.map(textOf)));
  const sensitive = definition.sensitive.filter((pattern) =>
    known.some((texts) => !texts.has(textOf(pattern))),
  );
  return sensitive.length === 0 ? null : compileItemType({ ...definition, sensitive });
}

/**
 * A change as evidence shows it, without what `type` calls sensitive. Evidence does not tell members from elements,
 * nor what stood beside a value, so whatever may be sensitive counts as such. The same object where nothing is.
 */
export function redactShownChange(change: ShownChange, type: ItemType): ShownChange {
  let places: readonly PathState[] = [type.root];
  let isRedacted = false;
  const tokens = parsePointer(change.path).map((token) => {
    const isKey = isKeySensitive(places, type);
    places = below(places, token);
    isRedacted ||= isAnySensitive(places, type);
    return isKey ? REDACTED : token;
  });
  // The order of named elements is told as the list of their names.
  const hide = isRedacted || isKeySensitive(places, type);
  const redact = (value: JsonValue): JsonValue =>
    value === null ? null : hide ? REDACTED : redactValue(value, places, type);
  const path = tokens.map((token) => `/${escapePointerToken(token)}`).join('');
  const redacted: ShownChange = {
    path,
    op: change.op,
    before: redact(change.before),
    after: redact(change.after),
  };
  return canonicalJson({ ...redacted }) === canonicalJson({ ...change }) ? change : redacted;
}

/** Whether the label of an item may be a value that `type` calls sensitive. */
export function isLabelSensitive(type: ItemType): boolean {
  return type.label.some((tokens) => {
    let place = type.root;
    return tokens.some((token) => {
      place = place.next(token);
      return type.rulesAt(place).sensitive !== null;
    });
  });
}

function redactValue(value: JsonValue, places: readonly PathState[], type: ItemType): JsonValue {
  if (isAnySensitive(places, type)) return value === null ? null : REDACTED;
  if (Array.isArray(value)) {
    return value.map((element, index) => redactValue(element, below(places, String(index)), type));
  }
  if (!isJsonObject(value)) return value;
  const redacted = emptyJsonObject();
  for (const name of Object.keys(value)) {
    redacted[name] = redactValue(value[name] as JsonValue, below(places, name), type);
  }
  return redacted;
}

/** Where a token may lead: to a member, to an element with this key, or to one whose key is not told. */
function below(places: readonly PathState[], token: string): PathState[] {
  return [
    ...new Set(places.flatMap((place) => [place.next(token), place.element(token), place.element(null)])),
  ];
}

function isAnySensitive(places: readonly PathState[], type: ItemType): boolean {
  return places.some((place) => type.rulesAt(place).sensitive !== null);
}

/** Whether elements of an array here are named by something that is sensitive. */
function isKeySensitive(places: readonly PathState[], type: ItemType): boolean {
  return places.some((place) => {
    const { keys, names } = type.rulesAt(place);
    return [...(keys ?? []), ...(names ?? [])].some((tokens) => {
      let within = place.element(null);
      return tokens.some((token) => {
        within = within.next(token);
        return type.rulesAt(within).sensitive !== null;
      });
    });
  });
}
