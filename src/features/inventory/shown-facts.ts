import { showValue } from '../../core/evidence.ts';
import { type ShownChange, showChange } from '../../core/generate.ts';
import type { ItemType } from '../../core/item-type.ts';
import { emptyJsonObject, type JsonObject, type JsonValue } from '../../core/json-value.ts';
import { diffProperties } from '../../core/property-diff.ts';
import { hideDigests } from '../../core/redact.ts';

/** Most changes that a diff lists. */
const MAX_CHANGES = 1_000;

/**
 * Facts as people may see them: secrets `[redacted]`, what the type does not allow as evidence `[withheld]`, and
 * members that are too long cut with a mark.
 */
export function showFacts(facts: JsonObject, type: ItemType): JsonObject {
  const shown = emptyJsonObject();
  for (const [name, value] of Object.entries(facts)) {
    shown[hideDigests(name)] = showValue(value as JsonValue, type.root.next(name), type);
  }
  return shown;
}

export interface ShownDiff {
  /** The first of them, by path. */
  readonly changes: readonly ShownChange[];
  /** How many there are. */
  readonly changeCount: number;
}

/** What differs between two states of an item, under the rules of `type`, as people may see it. */
export function showDiff(before: JsonObject, after: JsonObject, type: ItemType): ShownDiff {
  const changes = diffProperties(before, after, type);
  return {
    changes: changes.slice(0, MAX_CHANGES).map((change) => showChange(change, type)),
    changeCount: changes.length,
  };
}
