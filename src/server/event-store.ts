import type { WorkspaceTransaction } from '../db/workspace-transaction.ts';

export interface StreamEventRow {
  readonly seq: number;
  readonly kind: string;
  /** JSON. */
  readonly payload: string;
}

/** Those after `afterSeq`, oldest first. */
export async function listStreamEvents(
  { client, workspaceId }: WorkspaceTransaction,
  range: { readonly afterSeq: number; readonly limit: number },
): Promise<StreamEventRow[]> {
  const { rows } = await client.query<StreamEventRow>(
    `select seq, kind, payload from driftplane.stream_events
     where workspace_id = $1 and seq > $2
     order by seq
     limit $3`,
    [workspaceId, range.afterSeq, range.limit],
  );
  return rows;
}

/** The last event that there was, and the oldest that is kept (null where none is). */
export async function readStreamBounds({
  client,
  workspaceId,
}: WorkspaceTransaction): Promise<{ readonly headSeq: number; readonly oldestSeq: number | null }> {
  const { rows } = await client.query<{ head_seq: number; oldest_seq: number | null }>(
    `select event_seq as head_seq,
       (select min(seq) from driftplane.stream_events where workspace_id = $1) as oldest_seq
     from driftplane.workspace_heads where workspace_id = $1`,
    [workspaceId],
  );
  return { headSeq: rows[0]?.head_seq ?? 0, oldestSeq: rows[0]?.oldest_seq ?? null };
}
