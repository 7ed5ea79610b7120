import { severities } from '../../core/drift-type.ts';
import { findingStates } from '../../core/finding-lifecycle.ts';
import { type FindingFilter, type ValueField, valueFields } from './finding-filter.ts';

/** `-` is newest first; `severity` is the worst first, of the same the newest. */
export const findingSorts = ['-firstSeen', 'firstSeen', '-lastSeen', 'severity'] as const;

export type FindingSort = (typeof findingSorts)[number];

/** One index scan: a value of each field that the index begins with. */
type Branch = Readonly<Partial<Record<ValueField, string>>>;

/** Index scans that together have all findings of a filter, each in the order of the list. */
export interface Branches {
  readonly fields: readonly ValueField[];
  readonly branches: readonly Branch[];
}

/** More scans than this cost more than they save. */
const MAX_BRANCHES = 200;

/** Each has an index on itself, state and severity, then the time. */
const leadingFields = ['scopeIds', 'sourceIds', 'itemTypes', 'driftTypes', 'changes', 'signatures'] as const;

/** What can't be answered by the order of an index. */
const residualFields = ['text', 'fingerprint', 'externalId', 'isFlapping'] as const;

const every: Readonly<Partial<Record<ValueField, readonly string[]>>> = {
  states: findingStates,
  severities,
};

/**
 * The white list: state and severity, with at most one of scope, source, item type, drift type, change and
 * signature, and the time when it was opened; in the order of that time or of severity, each by an index of
 * its own (0003_index_findings.sql). In the order of last sight: state alone. A field that the filter leaves
 * open is visited value by value. Null for everything else.
 */
export function branchesOf(filter: FindingFilter, sort: FindingSort): Branches | null {
  if (residualFields.some((field) => filter[field] !== undefined)) return null;
  const leading = leadingFields.filter((field) => filter[field] !== undefined);
  if (leading.length > 1) return null;
  const hasTime = filter.openedFrom !== undefined || filter.openedBefore !== undefined;
  if (sort === '-lastSeen') {
    const isPlain = leading.length === 0 && filter.severities === undefined && !hasTime;
    return isPlain ? product(filter, ['states']) : null;
  }
  return product(filter, fieldsFor(filter, leading, sort));
}

function fieldsFor(
  filter: FindingFilter,
  leading: readonly ValueField[],
  sort: FindingSort,
): readonly ValueField[] {
  if (leading.length > 0 || filter.severities !== undefined || sort === 'severity') {
    return [...leading, 'states', 'severities'];
  }
  return filter.states === undefined ? [] : ['states'];
}

function product(filter: FindingFilter, fields: readonly ValueField[]): Branches | null {
  let branches: Branch[] = [{}];
  for (const field of fields) {
    const values = filter[field] ?? every[field] ?? [];
    branches = [...new Set(values)].flatMap((value) =>
      branches.map((branch) => ({ ...branch, [field]: value })),
    );
    if (branches.length > MAX_BRANCHES) return null;
  }
  return { fields, branches };
}

/** The condition that ties a scan of `f` to its branch `v`. */
export function branchConditions(fields: readonly ValueField[]): string[] {
  return fields.map((field) => `f.${valueFields[field].column} = v.${valueFields[field].column}`);
}
