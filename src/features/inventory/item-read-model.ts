import { DriftplaneError } from '../../core/errors.ts';
import { isStorable } from '../../core/storable-text.ts';
import { withinTime } from '../../db/time-limit.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { decodeCursor, encodeCursor } from '../../http/page.ts';
import { getScope, getSource, listScopeIdsFrom } from '../sources/source-read-model.ts';
import { type BoundaryRun, findBoundaryRuns, getStateOfRun } from './boundary-runs.ts';

/** One item as a listing has it. */
export interface ListedItem {
  readonly scopeId: string;
  /** SHA-256 of type and external id, hex: names the item within its scope. */
  readonly identityHash: string;
  readonly itemType: string;
  readonly externalId: string;
  readonly label: string;
  readonly contentHash: string;
  readonly versionId: number;
  /** The run since which it has been so; null where that run is no longer kept. */
  readonly since: BoundaryRun | null;
}

export interface ItemQuery {
  readonly scopeId?: string | undefined;
  readonly sourceId?: string | undefined;
  readonly itemType?: string | undefined;
  /** A part of the label, in any case. */
  readonly label?: string | undefined;
  /** The state as of this run instead of the last one. */
  readonly asOfRunId?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface ItemPage {
  readonly items: readonly ListedItem[];
  readonly nextCursor: string | null;
}

/** Seconds that a label may be looked for. */
const MAX_SEARCH_SECONDS = 5;

/** Where a page ended: pages are sorted by scope, item type and version. */
interface Position {
  readonly scopeId: string;
  readonly itemType: string;
  readonly versionId: number;
}

/**
 * One page of the items of a workspace, of a source or a scope, in the last observed state or as of a run. Its
 * cost follows from the page, not from the inventory; only a label is looked for row by row, in bounded time. Throws
 * `scope_not_found`, `source_not_found`, `run_not_found`, `invalid_request` (a run without a state, or of another
 * scope or source), `invalid_cursor` and `query_too_broad`.
 */
export async function listItems(tx: WorkspaceTransaction, query: ItemQuery): Promise<ItemPage> {
  const places = await resolveQuery(tx, query);
  const found =
    query.label === undefined
      ? await readPage(tx, query, places)
      : await withinTime(tx, MAX_SEARCH_SECONDS, (requireTime) => readPage(tx, query, places, requireTime));
  const rows = found.slice(0, query.limit);
  const last = rows.at(-1);
  const hasMore = found.length > query.limit && last !== undefined;
  return {
    items: await withRuns(tx, rows),
    nextCursor: hasMore
      ? encodeCursor(cursorKind(query), [last.scope_id, last.item_type, last.version_id])
      : null,
  };
}

/** The rows of a page, and one more where there are more. */
async function readPage(
  tx: WorkspaceTransaction,
  query: ItemQuery,
  { scopeIds, seq, after }: Awaited<ReturnType<typeof resolveQuery>>,
  requireTime = () => {},
): Promise<ItemRow[]> {
  const found: ItemRow[] = [];
  for (const scopeId of scopeIds) {
    requireTime();
    const rows = await readStates(tx, {
      scopeId,
      seq,
      itemType: query.itemType ?? null,
      label: query.label ?? null,
      after: after?.scopeId === scopeId ? after : null,
      // One more than the page takes says that there is a next one.
      limit: query.limit + 1 - found.length,
    });
    found.push(...rows);
    if (found.length > query.limit) break;
  }
  return found;
}

/** A cursor belongs to one state: the next page of another one would skip and repeat items. */
function cursorKind({ asOfRunId }: ItemQuery): string {
  return asOfRunId === undefined ? 'items' : `items@${asOfRunId}`;
}

async function resolveQuery(tx: WorkspaceTransaction, query: ItemQuery) {
  const after = query.cursor === undefined ? null : readCursor(cursorKind(query), query.cursor);
  const state = query.asOfRunId === undefined ? null : await getStateOfRun(tx, query.asOfRunId);
  const source = query.sourceId === undefined ? null : await getSource(tx, query.sourceId);
  const scope = query.scopeId === undefined ? null : await getScope(tx, query.scopeId);
  requireAgreement(scope, source, state);
  const scopeId = scope?.scopeId ?? state?.scopeId;
  const scopeIds =
    scopeId === undefined
      ? await listScopeIdsFrom(tx, {
          sourceId: source?.sourceId ?? null,
          fromScopeId: after?.scopeId ?? null,
        })
      : [scopeId];
  return { scopeIds, seq: state?.seq ?? null, after };
}

function requireAgreement(
  scope: { readonly scopeId: string; readonly sourceId: string } | null,
  source: { readonly sourceId: string } | null,
  state: { readonly scopeId: string; readonly sourceId: string } | null,
): void {
  const refuse = (pointer: string, detail: string): never => {
    throw new DriftplaneError('invalid_request', detail, { details: [{ pointer, line: null, detail }] });
  };
  if (scope !== null && state !== null && scope.scopeId !== state.scopeId) {
    refuse('/asOfRunId', 'the run is of another scope');
  }
  if (source !== null && state !== null && source.sourceId !== state.sourceId) {
    refuse('/asOfRunId', 'the run is of another source');
  }
  if (source !== null && scope !== null && source.sourceId !== scope.sourceId) {
    refuse('/scopeId', 'the scope is of another source');
  }
}

function readCursor(kind: string, cursor: string): Position {
  const [scopeId, itemType, versionId] = decodeCursor(kind, cursor, 3);
  const isOurs =
    typeof scopeId === 'string' &&
    isUuid(scopeId) &&
    typeof itemType === 'string' &&
    isStorable(itemType) &&
    Number.isSafeInteger(versionId);
  if (!isOurs) throw new DriftplaneError('invalid_cursor', 'the cursor does not belong to this listing');
  return { scopeId, itemType, versionId: versionId as number };
}

interface ItemRow {
  readonly scope_id: string;
  readonly identity_hash: Buffer;
  readonly item_type: string;
  readonly external_id: string;
  readonly label: string;
  readonly content_hash: Buffer;
  readonly version_id: number;
  readonly from_seq: number;
}

interface StateQuery {
  readonly scopeId: string;
  /** The boundary; null: the last one. */
  readonly seq: number | null;
  readonly itemType: string | null;
  readonly label: string | null;
  readonly after: Position | null;
  readonly limit: number;
}

/**
 * The versions in force in one scope at a boundary, in the order of item type and version. As of an earlier
 * boundary they are the live ones that are old enough and those that were closed since; both are read in the
 * order of the page from an index of their own (item_versions_live_idx, item_versions_closed_idx) and merged.
 */
async function readStates(tx: WorkspaceTransaction, query: StateQuery): Promise<ItemRow[]> {
  const values: unknown[] = [tx.workspaceId, query.scopeId, query.limit];
  const place = (value: unknown): string => `$${values.push(value)}`;
  const conditions = ['v.workspace_id = $1', 'v.scope_id = $2'];
  if (query.itemType !== null) conditions.push(`v.item_type = ${place(query.itemType)}`);
  if (query.label !== null) conditions.push(`strpos(lower(v.label), lower(${place(query.label)})) > 0`);
  if (query.after !== null) {
    const { itemType, versionId } = query.after;
    conditions.push(`(v.item_type, v.version_id) > (${place(itemType)}, ${place(versionId)})`);
  }
  const select = (more: readonly string[]): string =>
    `(select v.scope_id, v.identity_hash, v.item_type, v.external_id, v.label, v.content_hash, v.version_id, v.from_seq
      from driftplane.item_versions v
      where ${[...conditions, ...more].join(' and ')}
      order by v.item_type, v.version_id
      limit $3)`;
  if (query.seq === null) return (await tx.client.query<ItemRow>(select(['v.to_seq is null']), values)).rows;
  const seq = place(query.seq);
  const live = select(['v.to_seq is null', `v.from_seq <= ${seq}`]);
  const closed = select(['v.to_seq is not null', `v.to_seq > ${seq}`, `v.from_seq <= ${seq}`]);
  const { rows } = await tx.client.query<ItemRow>(
    `select * from (${live} union all ${closed}) as state order by item_type, version_id limit $3`,
    values,
  );
  return rows;
}

async function withRuns(tx: WorkspaceTransaction, rows: readonly ItemRow[]): Promise<ListedItem[]> {
  const items: ListedItem[] = [];
  for (const [scopeId, ofScope] of Map.groupBy(rows, (row) => row.scope_id)) {
    const runs = await findBoundaryRuns(
      tx,
      scopeId,
      ofScope.map((row) => row.from_seq),
    );
    for (const row of ofScope) {
      items.push({
        scopeId,
        identityHash: row.identity_hash.toString('hex'),
        itemType: row.item_type,
        externalId: row.external_id,
        label: row.label,
        contentHash: row.content_hash.toString('hex'),
        versionId: row.version_id,
        since: runs.get(row.from_seq) ?? null,
      });
    }
  }
  return items;
}
