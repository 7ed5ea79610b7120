import { elementPlace } from './array-form.ts';
import { canonicalJson } from './canonical-json.ts';
import type { ItemType } from './item-type.ts';
import { emptyJsonObject, type JsonValue } from './json-value.ts';
import type { PathState } from './path-pattern.ts';
import { hideDigests, isSensitiveDigest } from './redact.ts';

/** Longest text that is shown whole, in UTF-16 code units. */
const MAX_TEXT_LENGTH = 2_000;
/** Most JSON that one value shows, in UTF-16 code units. */
const MAX_VALUE_LENGTH = 64 * 1024;

export const REDACTED = '[redacted]';
const WITHHELD = '[withheld]';

/**
 * What a finding shows of the facts at `place`: secrets as `[redacted]`, what the type does not allow as
 * evidence as `[withheld]`, and what is too long cut with a mark that says how long it is.
 */
export function showValue(value: JsonValue, place: PathState, type: ItemType): JsonValue {
  const shown = show(value, place, type);
  if (typeof shown !== 'object' || shown === null) return shown;
  const length = canonicalJson(shown).length;
  return length > MAX_VALUE_LENGTH ? `[too large to show: ${length} characters of JSON]` : shown;
}

function show(value: JsonValue, place: PathState, type: ItemType): JsonValue {
  if (isSensitiveDigest(value)) return REDACTED;
  const rules = type.rulesAt(place);
  if (Array.isArray(value)) {
    return value.map((element) => show(element, elementPlace(element, place, rules), type));
  }
  if (typeof value === 'object' && value !== null) {
    const shown = emptyJsonObject();
    // Sorted, so that the order in which an exporter writes members changes nothing that is shown.
    for (const name of Object.keys(value).sort()) {
      shown[hideDigests(name)] = show(value[name] as JsonValue, place.next(name), type);
    }
    return shown;
  }
  if (!rules.isShown) return WITHHELD;
  if (typeof value !== 'string' || value.length <= MAX_TEXT_LENGTH) return value;
  // Not through the middle of a character.
  return `${value.slice(0, MAX_TEXT_LENGTH).replace(/[\ud800-\udbff]$/, '')}… [cut: ${value.length} characters]`;
}
