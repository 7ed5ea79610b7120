import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';

/**
 * Marks the executions of a scope that compared versions with these intervals: these begin or end between the two
 * runs. They can't be computed again, as the values are no longer there.
 */
export async function markRedacted(
  tx: WorkspaceTransaction,
  scopeId: string,
  intervals: readonly { readonly fromSeq: number; readonly toSeq: number }[],
): Promise<void> {
  if (intervals.length === 0) return;
  const boundaries = [...new Set(intervals.flatMap(({ fromSeq, toSeq }) => [fromSeq, toSeq]))];
  await tx.client.query(
    `update driftplane.executions e set not_replayable_because = 'redaction'
     from driftplane.sync_runs b, driftplane.sync_runs c
     where e.workspace_id = $1 and e.scope_id = $2 and e.not_replayable_because is null
       and e.status = 'succeeded'
       and b.workspace_id = $1 and b.run_id = e.baseline_run_id
       and c.workspace_id = $1 and c.run_id = e.current_run_id
       and exists (
         select from unnest($3::bigint[]) as boundary(seq)
         where boundary.seq > least(b.end_seq, c.end_seq) and boundary.seq <= greatest(b.seq, c.seq)
       )`,
    [tx.workspaceId, scopeId, boundaries],
  );
}
