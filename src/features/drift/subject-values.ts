import type { DriftType } from '../../core/drift-type.ts';
import type { JsonValue } from '../../core/json-value.ts';
import type { ProvenValue } from '../../core/known-finding.ts';
import { subjectValueHash } from '../../core/subject-value.ts';
import type { ItemState } from '../inventory/interval-read-model.ts';
import type { RulesByDigest } from '../inventory/rules-read-model.ts';
import type { DriftPart } from './drift-part.ts';
import { factsOf } from './item-change.ts';

export type ValueOf = (driftType: DriftType) => string | null;

/** Values that were hashed, for as long as somebody holds their state. */
const hashed = new WeakMap<ItemState, Map<DriftType, string | null>>();

/** The values of an item's subjects in one state. */
export function valuesOf(state: ItemState | null, rules: RulesByDigest): ValueOf {
  if (state === null) return () => null;
  const known = hashed.get(state) ?? new Map<DriftType, string | null>([['presence', state.contentHash]]);
  hashed.set(state, known);
  return (driftType) => {
    let hash = known.get(driftType);
    if (hash === undefined) {
      hash = subjectValueHash(factsOf(state), rules.get(state.rulesDigest), driftType);
      known.set(driftType, hash);
    }
    return hash;
  };
}

const gone = { kind: 'gone' } as const;

/** The value of one of an item's subjects in a state that is known. */
export function subjectValueIn(state: ItemState | null, driftType: DriftType, hashOf: ValueOf): ProvenValue {
  return state === null && driftType !== 'presence' ? gone : { kind: 'known', hash: hashOf(driftType) };
}

/**
 * The drift types whose values may differ between the two ends: of an item that changed in nothing but single
 * values those of these values and its presence; else all that items under its rules can have.
 */
export function driftTypesOf(
  {
    item,
    drift: { change, before, after },
  }: Pick<Extract<DriftPart, { kind: 'unproven' }>, 'item' | 'drift'>,
  rules: RulesByDigest,
): Set<DriftType> {
  const { properties, type } = change;
  const isPlain = properties.every(
    (property) => isPlainValue(property.before) && isPlainValue(property.after),
  );
  const types = [before, after].flatMap((state) => (state === null ? [] : [rules.get(state.rulesDigest)]));
  const named =
    item.steps.length === 1 && properties.length > 0 && isPlain
      ? properties.map(({ place }) => type.rulesAt(place).driftType)
      : [
          'configuration' as const,
          ...types.flatMap(({ definition }) => definition.driftTypes.map(({ driftType }) => driftType)),
        ];
  return new Set<DriftType>(['presence', ...named]);
}

/** A digest of a secret is an object too; where one changes all drift types are looked at, which is only slower. */
function isPlainValue(value: JsonValue | undefined): boolean {
  return typeof value !== 'object' || value === null;
}
