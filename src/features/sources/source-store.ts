import { canonicalJson } from '../../core/canonical-json.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { Selection } from '../../core/selection.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { Source, SourceConfig } from './source.ts';

interface SourceRow {
  readonly source_id: string;
  readonly kind: 'files' | 'push';
  readonly name: string;
  readonly config: string;
  readonly selection: string;
  readonly service_id: string | null;
  readonly repo_full_name: string | null;
  readonly doc_class: string | null;
  readonly schedule: string | null;
  readonly schedule_time_zone: string;
  readonly next_sync_at: Date | null;
  readonly max_removed_share: number;
  readonly min_removed_items: number;
  readonly revision: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly archived_at: Date | null;
}

const COLUMNS = `source_id, kind, name, config, selection, service_id, repo_full_name, doc_class, schedule,
  schedule_time_zone, next_sync_at, max_removed_share, min_removed_items, revision, created_at, updated_at,
  archived_at`;

function toSource(row: SourceRow): Source {
  const config: SourceConfig =
    row.kind === 'push'
      ? { kind: 'push' }
      : { kind: 'files', path: (JSON.parse(row.config) as { path: string }).path };
  return {
    sourceId: row.source_id,
    config,
    name: row.name,
    selection: JSON.parse(row.selection) as Selection,
    binding: { serviceId: row.service_id, repoFullName: row.repo_full_name, docClass: row.doc_class },
    schedule: row.schedule === null ? null : { cron: row.schedule, timeZone: row.schedule_time_zone },
    nextSyncAt: row.next_sync_at,
    safeguard: { maxRemovedShare: row.max_removed_share, minRemovedItems: row.min_removed_items },
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    archivedAt: row.archived_at,
  };
}

/** Columns and values of what can change, in one order. */
function changing({ config, name, selection, binding, schedule, nextSyncAt, safeguard }: Source) {
  const configJson: JsonObject = config.kind === 'files' ? { path: config.path } : {};
  return {
    name,
    config: canonicalJson(configJson),
    selection: canonicalJson({ itemTypes: selection.itemTypes === null ? null : [...selection.itemTypes] }),
    service_id: binding.serviceId,
    repo_full_name: binding.repoFullName,
    doc_class: binding.docClass,
    schedule: schedule?.cron ?? null,
    schedule_time_zone: schedule?.timeZone ?? 'UTC',
    next_sync_at: nextSyncAt,
    max_removed_share: safeguard.maxRemovedShare,
    min_removed_items: safeguard.minRemovedItems,
  };
}

/** Returns it as it is stored. Violates `sources_name_key` where a live source has the name. */
export async function insertSource(tx: WorkspaceTransaction, source: Source): Promise<Source> {
  const columns = {
    workspace_id: tx.workspaceId,
    source_id: source.sourceId,
    kind: source.config.kind,
    ...changing(source),
    revision: source.revision,
    created_at: source.createdAt,
    updated_at: source.updatedAt,
  };
  const places = Object.keys(columns).map((_, index) => `$${index + 1}`);
  const { rows } = await tx.client.query<SourceRow>(
    `insert into driftplane.sources (${Object.keys(columns).join(', ')}) values (${places.join(', ')})
     returning ${COLUMNS}`,
    Object.values(columns),
  );
  return toSource(rows[0] as SourceRow);
}

/** Writes all that can change of a source that is there, and returns it as it is stored. Violates `sources_name_key` likewise. */
export async function updateSource(tx: WorkspaceTransaction, source: Source): Promise<Source> {
  const columns = {
    ...changing(source),
    revision: source.revision,
    updated_at: source.updatedAt,
    archived_at: source.archivedAt,
  };
  const settings = Object.keys(columns).map((column, index) => `${column} = $${index + 3}`);
  const { rows } = await tx.client.query<SourceRow>(
    `update driftplane.sources set ${settings.join(', ')} where workspace_id = $1 and source_id = $2
     returning ${COLUMNS}`,
    [tx.workspaceId, source.sourceId, ...Object.values(columns)],
  );
  return toSource(rows[0] as SourceRow);
}

/** `sourceId` is a UUID. With `isForUpdate` no other transaction changes it until this one ends. */
export async function findSource(
  tx: WorkspaceTransaction,
  sourceId: string,
  { isForUpdate = false }: { readonly isForUpdate?: boolean } = {},
): Promise<Source | undefined> {
  const { rows } = await tx.client.query<SourceRow>(
    `select ${COLUMNS} from driftplane.sources where workspace_id = $1 and source_id = $2
     ${isForUpdate ? 'for update' : ''}`,
    [tx.workspaceId, sourceId],
  );
  return rows[0] === undefined ? undefined : toSource(rows[0]);
}

/** In the order in which they were made. */
export async function listSourceRows(
  tx: WorkspaceTransaction,
  query: {
    readonly kind: 'files' | 'push' | null;
    readonly includesArchived: boolean;
    readonly after: { readonly createdAt: Date; readonly sourceId: string } | null;
    readonly limit: number;
  },
): Promise<Source[]> {
  const { rows } = await tx.client.query<SourceRow>(
    `select ${COLUMNS} from driftplane.sources
     where workspace_id = $1
       and ($2::text is null or kind = $2)
       and ($3 or archived_at is null)
       and ($4::timestamptz is null or (created_at, source_id) > ($4, $5::uuid))
     order by created_at, source_id
     limit $6`,
    [
      tx.workspaceId,
      query.kind,
      query.includesArchived,
      query.after?.createdAt ?? null,
      query.after?.sourceId ?? null,
      query.limit,
    ],
  );
  return rows.map(toSource);
}

/** The sources whose time has come, the longest overdue first, each locked; those that another transaction holds are left to it. */
export async function lockDueSources(tx: WorkspaceTransaction, limit: number): Promise<Source[]> {
  const { rows } = await tx.client.query<SourceRow>(
    `select ${COLUMNS} from driftplane.sources
     where workspace_id = $1 and next_sync_at <= $2 and archived_at is null
     order by next_sync_at, source_id
     limit $3
     for update skip locked`,
    [tx.workspaceId, tx.now, limit],
  );
  return rows.map(toSource);
}

export async function setNextSync(
  tx: WorkspaceTransaction,
  { sourceId, nextSyncAt }: { readonly sourceId: string; readonly nextSyncAt: Date | null },
): Promise<void> {
  await tx.client.query(
    'update driftplane.sources set next_sync_at = $3 where workspace_id = $1 and source_id = $2',
    [tx.workspaceId, sourceId, nextSyncAt],
  );
}
