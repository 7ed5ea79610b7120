import type { DriftType, Severity } from '../../core/drift-type.ts';
import type { FindingState } from '../../core/finding-lifecycle.ts';
import type { ChangeKind } from '../../core/fingerprint.ts';
import type { SqlParams } from '../../db/sql-params.ts';
import { searchable } from './finding-store.ts';

/** Which findings are meant. Several values of one field: any of them; several fields: all of them. */
export interface FindingFilter {
  readonly states?: readonly FindingState[] | undefined;
  readonly severities?: readonly Severity[] | undefined;
  readonly driftTypes?: readonly DriftType[] | undefined;
  readonly changes?: readonly ChangeKind[] | undefined;
  readonly itemTypes?: readonly string[] | undefined;
  readonly scopeIds?: readonly string[] | undefined;
  readonly sourceIds?: readonly string[] | undefined;
  readonly signatures?: readonly string[] | undefined;
  readonly fingerprint?: string | undefined;
  readonly externalId?: string | undefined;
  readonly isFlapping?: boolean | undefined;
  /** Somewhere in the label, whatever the case. */
  readonly text?: string | undefined;
  /** First seen from here … */
  readonly openedFrom?: Date | undefined;
  /** … up to, not including, here. */
  readonly openedBefore?: Date | undefined;
}

/** Fields of which a filter can name several values, with their column and its type. */
export const valueFields = {
  states: { column: 'state', type: 'text' },
  severities: { column: 'severity', type: 'text' },
  driftTypes: { column: 'drift_type', type: 'text' },
  changes: { column: 'change', type: 'text' },
  itemTypes: { column: 'item_type', type: 'text' },
  scopeIds: { column: 'scope_id', type: 'uuid' },
  sourceIds: { column: 'source_id', type: 'uuid' },
  signatures: { column: 'change_signature', type: 'text' },
} as const satisfies Partial<Record<keyof FindingFilter, { column: string; type: string }>>;

export type ValueField = keyof typeof valueFields;

/** The filter as a condition on `f`. */
export function filterCondition(filter: FindingFilter, params: SqlParams): string {
  const conditions = [...valueConditions(filter, params), ...otherConditions(filter, params)];
  return conditions.length === 0 ? 'true' : conditions.join(' and ');
}

function valueConditions(filter: FindingFilter, params: SqlParams): string[] {
  return (Object.keys(valueFields) as ValueField[]).flatMap((field) => {
    const values = filter[field];
    if (values === undefined) return [];
    const { column, type } = valueFields[field];
    const [only] = values;
    return values.length === 1
      ? [`f.${column} = ${params.add(only)}::${type}`]
      : [`f.${column} = any(${params.add(values)}::${type}[])`];
  });
}

function otherConditions(filter: FindingFilter, params: SqlParams): string[] {
  const conditions = timeConditions(filter, params);
  const { fingerprint, externalId, isFlapping, text } = filter;
  if (fingerprint !== undefined) conditions.push(`f.fingerprint = ${params.add(fingerprint)}`);
  if (externalId !== undefined) {
    const id = params.add(externalId);
    conditions.push(`f.external_id_hash = hashtextextended(${id}, 0) and f.external_id = ${id}`);
  }
  if (isFlapping !== undefined) conditions.push(isFlapping ? 'f.is_flapping' : 'not f.is_flapping');
  if (text !== undefined) {
    const pattern = searchable(text).replace(/[\\%_]/g, '\\$&');
    conditions.push(`f.label_search like ${params.add(`%${pattern}%`)}`);
  }
  return conditions;
}

/** The part of the condition that every index of the list answers. */
export function timeConditions(filter: FindingFilter, params: SqlParams): string[] {
  const { openedFrom, openedBefore } = filter;
  return [
    ...(openedFrom === undefined ? [] : [`f.first_seen_at >= ${params.add(openedFrom)}`]),
    ...(openedBefore === undefined ? [] : [`f.first_seen_at < ${params.add(openedBefore)}`]),
  ];
}
