import type { ItemChange } from '../../core/candidate.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { compareText } from '../../core/compare-text.ts';
import type { ItemType } from '../../core/item-type.ts';
import { parsePointer } from '../../core/json-pointer.ts';
import type { JsonObject, JsonValue } from '../../core/json-value.ts';
import { diffProperties, type PropertyChange } from '../../core/property-diff.ts';
import type { DriftedItem, ItemState } from '../inventory/interval-read-model.ts';

/** The rules by which a version was made, by their digest. */
export type RulesOf = (rulesDigest: string) => ItemType;

/** What became of an item between two runs. */
export interface ItemDrift {
  readonly change: ItemChange;
  /** The states at both ends; null where it is absent. */
  readonly before: ItemState | null;
  readonly after: ItemState | null;
}

/**
 * What a drifted item's states at both ends come to; null where nothing is left, as when what changed before the
 * rules did changed back after it. Each part of the way is compared under the rules of its time. What is told of the
 * change is told of `shown`: the same item with fewer values in the clear. Its values are those of `item`.
 */
export function itemDrift(item: DriftedItem, rulesOf: RulesOf, shown: DriftedItem = item): ItemDrift | null {
  const before = item.steps[0]?.before ?? null;
  const after = item.steps.at(-1)?.after ?? null;
  const state = after ?? before;
  if (state === null) return null;
  const isChanged = before !== null && after !== null;
  const properties = isChanged ? changedProperties(shown, rulesOf) : [];
  if (isChanged && properties.length === 0) return null;
  return {
    change: {
      change: before === null ? 'added' : after === null ? 'removed' : 'changed',
      type: rulesOf(state.rulesDigest),
      externalId: item.externalId,
      label: (shown.steps.at(-1)?.after ?? shown.steps[0]?.before ?? state).label,
      path: '',
      beforeHash: before?.contentHash ?? null,
      afterHash: after?.contentHash ?? null,
      properties,
    },
    before,
    after,
  };
}

/** The same drift told the other way round. */
export function turnAround(item: DriftedItem): DriftedItem {
  const steps = item.steps.map(({ before, after }) => ({ before: after, after: before })).reverse();
  return { ...item, steps };
}

/** Facts that were parsed, for as long as somebody holds their state. */
const parsed = new WeakMap<ItemState, JsonObject>();

/** The facts of a state, as JSON; not to be changed. */
export function factsOf(state: ItemState): JsonObject {
  let facts = parsed.get(state);
  if (facts === undefined) {
    facts = JSON.parse(state.facts) as JsonObject;
    parsed.set(state, facts);
  }
  return facts;
}

/** Of an item that is there at both ends. */
function changedProperties(item: DriftedItem, rulesOf: RulesOf): readonly PropertyChange[] {
  const before = item.steps[0]?.before as ItemState;
  const after = item.steps.at(-1)?.after as ItemState;
  const isWhole = item.steps.every((step) => step.before !== null && step.after !== null);
  // An item that was gone for a while is only compared with what it was.
  const steps = isWhole ? item.steps : [{ before, after }];
  const parts = steps.map((step) => {
    const [one, other] = [step.before as ItemState, step.after as ItemState];
    const changes = diffProperties(factsOf(one), factsOf(other), rulesOf(other.rulesDigest));
    return other.rulesDigest === after.rulesDigest
      ? changes
      : placeUnder(changes, rulesOf(after.rulesDigest));
  });
  return parts.length === 1 ? (parts[0] ?? []) : parts.reduce(joinChanges);
}

/** Changes that were found under earlier rules, at the places where the later ones see them. */
function placeUnder(changes: readonly PropertyChange[], type: ItemType): PropertyChange[] {
  return changes.map((change) => {
    const place = parsePointer(change.path).reduce((at, token) => at.next(token), type.root);
    return { ...change, place };
  });
}

/** One change after another: where each touches a path once, from the first's value to the second's. */
function joinChanges(first: readonly PropertyChange[], second: readonly PropertyChange[]): PropertyChange[] {
  const [one, other] = [first, second].map((changes) => Map.groupBy(changes, ({ path }) => path)) as [
    Map<string, PropertyChange[]>,
    Map<string, PropertyChange[]>,
  ];
  const paths = [...new Set([...one.keys(), ...other.keys()])];
  return paths
    .flatMap((path) => joinAtPath(one.get(path) ?? [], other.get(path) ?? []))
    .sort((a, b) => compareText(a.path, b.path) || compareText(a.op, b.op));
}

function joinAtPath(
  first: readonly PropertyChange[],
  second: readonly PropertyChange[],
): readonly PropertyChange[] {
  const [earlier, later] = [first[0], second[0]];
  // Elements that came and went share a path without being the same: they are all told.
  if (earlier === undefined || later === undefined || first.length + second.length > 2) {
    return [...first, ...second];
  }
  const { before } = earlier;
  const { after } = later;
  if (isSame(before, after)) return [];
  return [
    { ...later, before, op: before === undefined ? 'add' : after === undefined ? 'remove' : 'replace' },
  ];
}

function isSame(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return canonicalJson(one) === canonicalJson(other);
}
