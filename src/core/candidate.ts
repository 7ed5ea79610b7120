import type { DriftType } from './drift-type.ts';
import { DriftplaneError } from './errors.ts';
import type { ChangedValue, ChangeKind } from './fingerprint.ts';
import type { ItemType } from './item-type.ts';
import type { PropertyChange } from './property-diff.ts';

/** What a comparison found of one item. */
export interface ItemChange {
  readonly change: ChangeKind;
  readonly type: ItemType;
  readonly externalId: string;
  readonly label: string;
  /** Where the item stands now (or stood, if it was removed), as the user can open it. */
  readonly path: string;
  /** SHA-256 of the facts without their secrets; null on the side that has none. */
  readonly beforeHash: string | null;
  readonly afterHash: string | null;
  /** Of a changed item, from `diffProperties`; empty otherwise. */
  readonly properties: readonly PropertyChange[];
}

/** A changed value with what its item type says of it. */
export type CandidateValue = ChangedValue & {
  /** Null where it is the item itself that came or went. */
  readonly property: PropertyChange | null;
  readonly impact: number;
};

/** One subject's drift before the plan has been asked. */
export interface Candidate {
  readonly driftType: DriftType;
  /** Of a changed item its property changes; of an added or removed one the item itself, at path "". */
  readonly values: readonly CandidateValue[];
}

/** The drift of an item by drift type: each is a subject of its own. */
export function candidatesOf(change: ItemChange): Candidate[] {
  if (change.change !== 'changed') {
    const { presenceImpact } = change.type.definition;
    const impact = presenceImpact[change.change] ?? change.type.rulesAt(change.type.root).baseImpact;
    const value = {
      path: '',
      before: change.beforeHash ?? undefined,
      after: change.afterHash ?? undefined,
      property: null,
      impact,
    };
    return [{ driftType: 'presence', values: [value] }];
  }
  if (change.properties.length === 0) {
    throw new DriftplaneError(
      'internal_error',
      `${change.type.name} ${change.externalId} differs, but no property does`,
    );
  }
  const byDriftType = new Map<DriftType, CandidateValue[]>();
  for (const property of change.properties) {
    const rules = change.type.rulesAt(property.place);
    const value = { ...property, property, impact: rules.baseImpact };
    const values = byDriftType.get(rules.driftType);
    if (values === undefined) byDriftType.set(rules.driftType, [value]);
    else values.push(value);
  }
  return [...byDriftType].map(([driftType, values]) => ({ driftType, values }));
}
