import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';

export interface AuditRow {
  readonly seq: number;
  readonly at: Date;
  readonly actor_kind: 'token' | 'system' | 'cli';
  readonly actor_id: string | null;
  readonly actor_label: string;
  readonly action: string;
  readonly target_kind: string;
  readonly target_id: string | null;
  /** Canonical JSON. */
  readonly detail: string;
  readonly previous_hash: string;
  readonly hash: string;
}

export interface AuditFilter {
  readonly action?: string | undefined;
  readonly targetKind?: string | undefined;
  readonly targetId?: string | undefined;
  readonly actorKind?: AuditRow['actor_kind'] | undefined;
  readonly actorId?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const columns = `seq, at, actor_kind, actor_id, actor_label, action, target_kind, target_id, detail,
  previous_hash, hash`;

/** What each filter asks of a row, before its value. */
const conditions = {
  action: 'action =',
  targetKind: 'target_kind =',
  targetId: 'target_id =',
  actorKind: 'actor_kind =',
  actorId: 'actor_id =',
  from: 'at >=',
  to: 'at <',
} as const satisfies Record<keyof AuditFilter, string>;

/** Newest first, those before `beforeSeq`. */
export async function listAuditEvents(
  { client, workspaceId }: WorkspaceTransaction,
  filter: AuditFilter,
  page: { readonly beforeSeq: number | null; readonly limit: number },
): Promise<AuditRow[]> {
  const values: unknown[] = [workspaceId, page.limit];
  const wanted = (Object.keys(conditions) as (keyof AuditFilter)[])
    .filter((name) => filter[name] !== undefined)
    .map((name) => `and ${conditions[name]} $${values.push(filter[name])}`);
  if (page.beforeSeq !== null) wanted.push(`and seq < $${values.push(page.beforeSeq)}`);
  const { rows } = await client.query<AuditRow>(
    `select ${columns} from driftplane.audit_events
     where workspace_id = $1 ${wanted.join(' ')}
     order by seq desc
     limit $2`,
    values,
  );
  return rows;
}

/** Oldest first, those after `afterSeq` up to `toSeq`. */
export async function readAuditChain(
  { client, workspaceId }: WorkspaceTransaction,
  range: { readonly afterSeq: number; readonly toSeq: number; readonly limit: number },
): Promise<AuditRow[]> {
  const { rows } = await client.query<AuditRow>(
    `select ${columns} from driftplane.audit_events
     where workspace_id = $1 and seq > $2 and seq <= $3
     order by seq
     limit $4`,
    [workspaceId, range.afterSeq, range.toSeq, range.limit],
  );
  return rows;
}

/** Where the chain ends at this moment. */
export async function readAuditHead({
  client,
  workspaceId,
}: WorkspaceTransaction): Promise<{ readonly seq: number; readonly hash: string }> {
  const { rows } = await client.query<{ seq: number; hash: string }>(
    'select audit_seq as seq, audit_hash as hash from driftplane.workspace_heads where workspace_id = $1',
    [workspaceId],
  );
  return rows[0] as { seq: number; hash: string };
}
