import { severities } from '../../core/drift-type.ts';
import { DriftplaneError } from '../../core/errors.ts';
import { SqlParams } from '../../db/sql-params.ts';
import { withinTime } from '../../db/time-limit.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { decodeCursor, encodeCursor } from '../../http/page.ts';
import { type Branches, branchConditions, branchesOf, type FindingSort } from './finding-branches.ts';
import { type FindingFilter, filterCondition, timeConditions, valueFields } from './finding-filter.ts';
import { type FindingSummary, summaryColumns } from './finding-summary.ts';

export interface FindingPage {
  readonly items: FindingSummary[];
  readonly nextCursor: string | null;
}

/** Seconds that a combination beyond the white list may take. */
const MAX_LIST_SECONDS = 5;

/** A place in a sorted list: behind this finding. */
interface Position {
  readonly severity: string | null;
  readonly at: string;
  readonly findingId: string;
}

interface Order {
  readonly column: 'first_seen_at' | 'last_seen_at';
  readonly direction: 'asc' | 'desc';
  readonly bySeverity: boolean;
}

const orders: Record<FindingSort, Order> = {
  '-firstSeen': { column: 'first_seen_at', direction: 'desc', bySeverity: false },
  firstSeen: { column: 'first_seen_at', direction: 'asc', bySeverity: false },
  '-lastSeen': { column: 'last_seen_at', direction: 'desc', bySeverity: false },
  severity: { column: 'first_seen_at', direction: 'desc', bySeverity: true },
};

/**
 * One page of the findings of a filter. What the white list of finding-branches.ts has is answered by a few
 * index scans whatever the number of findings; everything else in bounded time, or not at all: throws
 * `query_too_broad`, and `invalid_cursor`.
 */
export async function listFindings(
  tx: WorkspaceTransaction,
  query: {
    readonly filter: FindingFilter;
    readonly sort: FindingSort;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<FindingPage> {
  const { filter, sort, limit } = query;
  const position = query.cursor === undefined ? null : readPosition(query.cursor, sort);
  const branches = branchesOf(filter, sort);
  const statement =
    branches === null
      ? freeStatement(tx.workspaceId, { filter, order: orders[sort], position, limit: limit + 1 })
      : mergedStatement(tx.workspaceId, {
          filter,
          order: orders[sort],
          position,
          limit: limit + 1,
          branches,
        });
  const ask = () => tx.client.query<FindingSummary>(statement.sql, statement.values);
  const { rows } = branches === null ? await withinTime(tx, MAX_LIST_SECONDS, ask) : await ask();
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? writePosition(last, sort) : null;
  return { items, nextCursor };
}

interface PageQuery {
  readonly filter: FindingFilter;
  readonly order: Order;
  readonly position: Position | null;
  readonly limit: number;
}

interface Statement {
  readonly sql: string;
  readonly values: unknown[];
}

/** One scan of its index per branch, each from where the page begins and no longer than the page; then merged. */
function mergedStatement(workspaceId: string, query: PageQuery & { branches: Branches }): Statement {
  const { filter, order, limit } = query;
  const { fields, branches } = query.branches;
  const params = new SqlParams([workspaceId]);
  const bounded = boundBranches(branches, query);
  const lists = [
    ...fields.map((field) => ({
      ...valueFields[field],
      values: bounded.map(({ branch }) => branch[field] as string),
    })),
    { column: 'bound_at', type: 'timestamptz', values: bounded.map(({ bound }) => bound.at) },
    { column: 'bound_id', type: 'uuid', values: bounded.map(({ bound }) => bound.findingId) },
  ];
  const placeholders = lists.map(({ type, values }) => `${params.add(values)}::${type}[]`);
  const columns = [...new Set([...(order.bySeverity ? ['severity'] : []), order.column, 'finding_id'])];
  const conditions = [
    'f.workspace_id = $1',
    ...branchConditions(fields),
    ...timeConditions(filter, params),
    `(f.${order.column}, f.finding_id) ${order.direction === 'desc' ? '<' : '>'} (v.bound_at, v.bound_id)`,
  ];
  const count = params.add(limit);
  const { column, direction } = order;
  // OFFSET 0 keeps the planner from joining in another way than by the primary key, finding by finding.
  const sql = `select found.*
    from (
      select b.* from unnest(${placeholders.join(', ')}) as v(${lists.map((list) => list.column).join(', ')})
      cross join lateral (
        select ${columns.map((name) => `f.${name}`).join(', ')} from driftplane.findings f
        where ${conditions.join(' and ')}
        order by f.${column} ${direction}, f.finding_id ${direction} limit ${count}
      ) b
      order by ${sortKeys('b', order)} limit ${count}
    ) page
    cross join lateral (
      select ${summaryColumns} from driftplane.findings f
      where f.workspace_id = $1 and f.finding_id = page.finding_id offset 0
    ) found
    order by ${sortKeys('page', order)}`;
  return { sql, values: params.values };
}

/** Where each branch begins. In the order of severity those that come before the page's are left out. */
function boundBranches(branches: Branches['branches'], { order, position }: PageQuery) {
  const start = beforeAll(order);
  if (position === null) return branches.map((branch) => ({ branch, bound: start }));
  if (!order.bySeverity) return branches.map((branch) => ({ branch, bound: position }));
  return branches
    .filter(({ severities: severity }) => (severity as string) >= (position.severity as string))
    .map((branch) => ({ branch, bound: branch.severities === position.severity ? position : start }));
}

function beforeAll({ direction }: Order): Position {
  return direction === 'desc'
    ? { severity: null, at: 'infinity', findingId: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }
    : { severity: null, at: '-infinity', findingId: '00000000-0000-0000-0000-000000000000' };
}

/** The plain query: the planner finds a way. */
function freeStatement(workspaceId: string, { filter, order, position, limit }: PageQuery): Statement {
  const params = new SqlParams([workspaceId]);
  const conditions = ['f.workspace_id = $1', filterCondition(filter, params)];
  if (position !== null) conditions.push(behind(position, order, params));
  const sql = `select ${summaryColumns} from driftplane.findings f
    where ${conditions.join(' and ')}
    order by ${sortKeys('f', order)} limit ${params.add(limit)}`;
  return { sql, values: params.values };
}

function behind(position: Position, order: Order, params: SqlParams): string {
  const comparison = order.direction === 'desc' ? '<' : '>';
  const place = `(${params.add(position.at)}::timestamptz, ${params.add(position.findingId)}::uuid)`;
  const later = `(f.${order.column}, f.finding_id) ${comparison} ${place}`;
  if (!order.bySeverity) return later;
  const severity = params.add(position.severity);
  return `(f.severity > ${severity} or (f.severity = ${severity} and ${later}))`;
}

function sortKeys(table: string, { bySeverity, column, direction }: Order): string {
  const keys = [`${table}.${column} ${direction}`, `${table}.finding_id ${direction}`];
  return (bySeverity ? [`${table}.severity`, ...keys] : keys).join(', ');
}

function writePosition(last: FindingSummary, sort: FindingSort): string {
  const at = orders[sort].column === 'last_seen_at' ? last.lastSeenAt : last.firstSeenAt;
  return encodeCursor(`findings:${sort}`, [last.severity, at.toISOString(), last.findingId]);
}

function readPosition(cursor: string, sort: FindingSort): Position {
  const [severity, at, findingId] = decodeCursor(`findings:${sort}`, cursor, 3);
  const isOurs =
    severities.some((known) => known === severity) &&
    isInstant(at) &&
    typeof findingId === 'string' &&
    isUuid(findingId);
  if (!isOurs)
    throw new DriftplaneError('invalid_cursor', 'the cursor does not name a place in this listing');
  return { severity: severity as string, at: at as string, findingId };
}

function isInstant(value: unknown): boolean {
  // PostgreSQL has no year 0, and years of more digits are none of ours.
  if (typeof value !== 'string' || !/^(?!0000)\d{4}-/.test(value)) return false;
  const time = Date.parse(value);
  return !Number.isNaN(time) && new Date(time).toISOString() === value;
}
