import { SqlParams } from '../../db/sql-params.ts';
import { withinTime } from '../../db/time-limit.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { type FindingFilter, filterCondition } from './finding-filter.ts';

/** Findings per value of a field, most first. */
interface Facet {
  readonly values: { readonly value: string; readonly count: number }[];
  /** How many more values there are. */
  readonly omittedValues: number;
}

const facetColumns = {
  state: 'state',
  severity: 'severity',
  driftType: 'drift_type',
  change: 'change',
  itemType: 'item_type',
  scopeId: 'scope_id',
  sourceId: 'source_id',
} as const;

type FacetName = keyof typeof facetColumns | 'signature';

export interface FindingFacets {
  readonly total: number;
  readonly facets: Readonly<Record<FacetName, Facet>>;
}

/** Seconds that each of the two counts may take. */
const MAX_FACETS_SECONDS = 15;
const MAX_VALUES = 100;
const MAX_SIGNATURES = 20;

/** Exact counts of the findings of a filter. Throws `query_too_broad`. */
export async function countFindingFacets(
  tx: WorkspaceTransaction,
  filter: FindingFilter,
): Promise<FindingFacets> {
  const params = new SqlParams([tx.workspaceId]);
  const where = `f.workspace_id = $1 and ${filterCondition(filter, params)}`;
  return withinTime(tx, MAX_FACETS_SECONDS, async () => {
    const { rows } = await tx.client.query<FacetRow>(facetSql(where), params.values);
    const signature = await countSignatures(tx, where, params);
    const names = Object.keys(facetColumns) as (keyof typeof facetColumns)[];
    const facets = names.map((name, index) => [name, facetOf(rows.filter((row) => row.facet === index))]);
    return {
      total: rows.find(({ facet }) => facet === names.length)?.count ?? 0,
      facets: { ...Object.fromEntries(facets), signature } as FindingFacets['facets'],
    };
  });
}

interface FacetRow {
  /** Index of the facet; behind the last: the total. */
  readonly facet: number;
  readonly value: string | null;
  readonly count: number;
}

/** All facets in one pass over the findings. */
function facetSql(where: string): string {
  const columns = Object.values(facetColumns);
  // grouping() is 0 for the column that a row counts, 1 for the others.
  const facet = columns.map((column, index) => `when grouping(f.${column}) = 0 then ${index}`).join(' ');
  const value = columns.map((column) => `when grouping(f.${column}) = 0 then f.${column}::text`).join(' ');
  return `select case ${facet} else ${columns.length} end as facet, case ${value} end as value, count(*) as count
    from driftplane.findings f where ${where}
    group by grouping sets (${columns.map((column) => `(f.${column})`).join(', ')}, ())`;
}

function facetOf(rows: readonly FacetRow[]): Facet {
  const sorted = rows
    .map(({ value, count }) => ({ value: value as string, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  return { values: sorted.slice(0, MAX_VALUES), omittedValues: Math.max(0, sorted.length - MAX_VALUES) };
}

async function countSignatures(tx: WorkspaceTransaction, where: string, params: SqlParams): Promise<Facet> {
  const { rows } = await tx.client.query<{ value: string; count: number; total: number }>(
    `select f.change_signature as value, count(*) as count, count(*) over () as total
     from driftplane.findings f where ${where}
     group by f.change_signature order by count(*) desc, f.change_signature limit ${MAX_SIGNATURES}`,
    params.values,
  );
  const total = rows[0]?.total ?? 0;
  return {
    values: rows.map(({ value, count }) => ({ value, count })),
    omittedValues: Math.max(0, total - rows.length),
  };
}
