import { DriftplaneError } from '../../core/errors.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';

/** The run that a boundary of a scope belongs to. */
export interface BoundaryRun {
  readonly runId: string;
  /** Its ordinal among the applied runs of the scope. */
  readonly runSeq: number;
  /** When it was applied. */
  readonly finishedAt: Date | null;
}

/** The runs of boundaries by their sequence numbers; a boundary whose run is no longer kept has none. */
export async function findBoundaryRuns(
  tx: WorkspaceTransaction,
  scopeId: string,
  seqs: readonly number[],
): Promise<Map<number, BoundaryRun>> {
  const { rows } = await tx.client.query<{
    boundary: number;
    run_id: string;
    run_seq: number;
    finished_at: Date | null;
  }>(
    // The last run that begins at or before the boundary, if it reaches up to it.
    `select b.boundary, r.run_id, r.run_seq, r.finished_at
     from unnest($3::bigint[]) as b(boundary)
     cross join lateral (
       select run_id, run_seq, end_seq, finished_at from driftplane.sync_runs
       where workspace_id = $1 and scope_id = $2 and seq <= b.boundary
       order by seq desc
       limit 1
     ) as r
     where r.end_seq >= b.boundary`,
    [tx.workspaceId, scopeId, [...new Set(seqs)]],
  );
  return new Map(
    rows.map((row) => [
      row.boundary,
      { runId: row.run_id, runSeq: row.run_seq, finishedAt: row.finished_at },
    ]),
  );
}

/**
 * The scope of an applied run and the boundary that its state is read at. Throws `run_not_found`, and
 * `invalid_request` for a run that was not applied (there is no state as of it), and `state_not_kept` for one that
 * retention has reached.
 */
export async function getStateOfRun(
  tx: WorkspaceTransaction,
  runId: string,
): Promise<{ readonly scopeId: string; readonly sourceId: string; readonly seq: number }> {
  const { rows } = isUuid(runId)
    ? await tx.client.query<{
        scope_id: string;
        source_id: string;
        status: string;
        end_seq: number | null;
        kept_since_seq: number;
      }>(
        `select r.scope_id, r.source_id, r.status, r.end_seq, s.kept_since_seq
         from driftplane.sync_runs r
         join driftplane.scopes s on s.workspace_id = r.workspace_id and s.scope_id = r.scope_id
         where r.workspace_id = $1 and r.run_id = $2`,
        [tx.workspaceId, runId],
      )
    : { rows: [] };
  const [run] = rows;
  if (run === undefined) throw new DriftplaneError('run_not_found', 'there is no such run');
  if (run.end_seq === null) {
    const detail = `the run was not applied (it is ${run.status}), so there is no state as of it`;
    throw new DriftplaneError('invalid_request', detail, {
      details: [{ pointer: '/asOfRunId', line: null, detail }],
    });
  }
  if (run.end_seq < run.kept_since_seq) {
    throw new DriftplaneError(
      'state_not_kept',
      'versions of that time have been deleted by the retention of the workspace, so the state is not whole any more',
    );
  }
  return { scopeId: run.scope_id, sourceId: run.source_id, seq: run.end_seq };
}
