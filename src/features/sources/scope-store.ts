import { randomUUID } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json.ts';
import { scopeKeyOf } from '../../core/scope-key.ts';
import type { Selection } from '../../core/selection.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { Scope } from './source.ts';

interface ScopeRow {
  readonly scope_id: string;
  readonly source_id: string;
  readonly scope_key: string;
  readonly selection: string;
  readonly head_seq: number;
  readonly run_count: number;
  readonly head_run_id: string | null;
  readonly item_count: number;
  readonly content_digest: string;
  readonly pinned_run_id: string | null;
  readonly created_at: Date;
}

const COLUMNS = `scope_id, source_id, scope_key, selection, head_seq, run_count, head_run_id, item_count,
  content_digest, pinned_run_id, created_at`;

function toScope(row: ScopeRow): Scope {
  return {
    scopeId: row.scope_id,
    sourceId: row.source_id,
    scopeKey: row.scope_key,
    selection: JSON.parse(row.selection) as Selection,
    headSeq: row.head_seq,
    runCount: row.run_count,
    headRunId: row.head_run_id,
    itemCount: row.item_count,
    contentDigest: row.content_digest,
    pinnedRunId: row.pinned_run_id,
    createdAt: row.created_at,
  };
}

/** Makes the scope where there is none; of several at once one makes it and the others wait for it. */
export async function insertScope(
  tx: WorkspaceTransaction,
  { sourceId, selection }: { readonly sourceId: string; readonly selection: Selection },
): Promise<void> {
  await tx.client.query(
    `insert into driftplane.scopes (workspace_id, scope_id, source_id, scope_key, selection, created_at)
     values ($1, $2, $3, $4, $5, $6)
     on conflict on constraint scopes_key_key do nothing`,
    [
      tx.workspaceId,
      randomUUID(),
      sourceId,
      scopeKeyOf({ sourceId, selection }),
      canonicalJson({ itemTypes: selection.itemTypes === null ? null : [...selection.itemTypes] }),
      tx.now,
    ],
  );
}

export async function findScopeByKey(tx: WorkspaceTransaction, scopeKey: string): Promise<Scope | undefined> {
  const { rows } = await tx.client.query<ScopeRow>(
    `select ${COLUMNS} from driftplane.scopes where workspace_id = $1 and scope_key = $2`,
    [tx.workspaceId, scopeKey],
  );
  return rows[0] === undefined ? undefined : toScope(rows[0]);
}

/** `scopeId` is a UUID. */
export async function findScope(tx: WorkspaceTransaction, scopeId: string): Promise<Scope | undefined> {
  const { rows } = await tx.client.query<ScopeRow>(
    `select ${COLUMNS} from driftplane.scopes where workspace_id = $1 and scope_id = $2`,
    [tx.workspaceId, scopeId],
  );
  return rows[0] === undefined ? undefined : toScope(rows[0]);
}

/** The scopes of a source, by their ids, after `afterScopeId`. */
export async function listScopes(
  tx: WorkspaceTransaction,
  query: { readonly sourceId: string; readonly afterScopeId: string | null; readonly limit: number },
): Promise<Scope[]> {
  const { rows } = await tx.client.query<ScopeRow>(
    `select ${COLUMNS} from driftplane.scopes
     where workspace_id = $1 and source_id = $2 and ($3::uuid is null or scope_id > $3)
     order by scope_id
     limit $4`,
    [tx.workspaceId, query.sourceId, query.afterScopeId, query.limit],
  );
  return rows.map(toScope);
}

export async function listScopeIds(
  tx: WorkspaceTransaction,
  query: { readonly sourceId: string | null; readonly fromScopeId: string | null },
): Promise<string[]> {
  const { rows } = await tx.client.query<{ scope_id: string }>(
    `select scope_id from driftplane.scopes
     where workspace_id = $1 and ($2::uuid is null or source_id = $2) and ($3::uuid is null or scope_id >= $3)
     order by scope_id`,
    [tx.workspaceId, query.sourceId, query.fromScopeId],
  );
  return rows.map((row) => row.scope_id);
}
