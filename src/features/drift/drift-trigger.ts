import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { requestExecution } from '../executions/execution-service.ts';

/** An applied run, as far as its drift job needs it. */
export interface AppliedRun {
  readonly runId: string;
  readonly scopeId: string;
  readonly sourceId: string;
  /** Its ordinal among the applied runs of the scope. */
  readonly runSeq: number;
}

/**
 * Has the drift of a run generated, in the transaction that applies it: against the scope's pinned run, or the
 * run before. The first run of a scope has nothing to be compared with.
 */
export async function requestDrift(tx: WorkspaceTransaction, run: AppliedRun): Promise<void> {
  const { rows } = await tx.client.query<{ pinned_run_id: string | null; previous_run_id: string | null }>(
    `select s.pinned_run_id,
       (select r.run_id from driftplane.sync_runs r
        where r.workspace_id = $1 and r.scope_id = $2 and r.run_seq < $3
        order by r.run_seq desc limit 1) as previous_run_id
     from driftplane.scopes s
     where s.workspace_id = $1 and s.scope_id = $2`,
    [tx.workspaceId, run.scopeId, run.runSeq],
  );
  const pinned = rows[0]?.pinned_run_id ?? null;
  const baselineRunId = pinned ?? rows[0]?.previous_run_id ?? null;
  if (baselineRunId === null || baselineRunId === run.runId) return;
  await requestExecution(tx, {
    scopeId: run.scopeId,
    sourceId: run.sourceId,
    baselineMode: pinned === null ? 'rolling' : 'pinned',
    baselineRunId,
    currentRunId: run.runId,
  });
}
