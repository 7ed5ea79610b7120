import { elementPlace } from './array-form.ts';
import { contentHash } from './content-hash.ts';
import type { DriftType } from './drift-type.ts';
import type { ItemType, PlaceRules } from './item-type.ts';
import { emptyJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import type { PathState } from './path-pattern.ts';
import { isSensitiveDigest } from './redact.ts';

/**
 * Digest of what a subject's value is: of its item's facts, the part whose changes have its drift type; of
 * `presence` all of them. Null where there is no item, or nothing of the kind in it. Before a plan's noise
 * controls, as the fingerprint.
 */
export function subjectValueHash(
  facts: JsonObject | null,
  type: ItemType,
  driftType: DriftType,
): string | null {
  if (facts === null) return null;
  if (driftType === 'presence') return contentHash(facts);
  const slice = sliceObject(facts, type.root, { type, driftType });
  return Object.keys(slice).length === 0 ? null : contentHash(slice);
}

interface SliceWalk {
  readonly type: ItemType;
  readonly driftType: DriftType;
}

function sliceObject(object: JsonObject, place: PathState, walk: SliceWalk): JsonObject {
  const slice = emptyJsonObject();
  for (const name of Object.keys(object)) {
    const kept = sliceValue(object[name] as JsonValue, place.next(name), true, walk);
    if (kept !== undefined) slice[name] = kept;
  }
  return slice;
}

/** What of a value is of the drift type; undefined where nothing is. */
function sliceValue(
  value: JsonValue,
  place: PathState,
  isMember: boolean,
  walk: SliceWalk,
): JsonValue | undefined {
  const rules = walk.type.rulesAt(place);
  const isOwn = rules.driftType === walk.driftType;
  if (typeof value !== 'object' || value === null || isSensitiveDigest(value))
    return isOwn ? value : undefined;
  if (Array.isArray(value)) {
    const slice = value.flatMap((element) => {
      const kept = sliceValue(element, elementPlace(element, place, rules), false, walk);
      return kept === undefined ? [] : [kept];
    });
    const isKept = isOwn && (value.length === 0 || !isToldByElements(rules, isMember, walk));
    return slice.length > 0 || isKept ? slice : undefined;
  }
  const slice = sliceObject(value, place, walk);
  return isOwn || Object.keys(slice).length > 0 ? slice : undefined;
}

/** Whether the coming and going of the array is a change of its elements alone, as `diffProperties` has it. */
function isToldByElements(rules: PlaceRules, isMember: boolean, { type }: SliceWalk): boolean {
  const hasNoOrder = rules.keys !== null || rules.isUnordered;
  return isMember && hasNoOrder && type.definition.absent.includes('empty_array');
}
