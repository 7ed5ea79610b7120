import { DriftplaneError } from '../../core/errors.ts';
import type { RunState } from '../../core/run-state.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { cutPage, decodeCursor, encodeCursor } from '../../http/page.ts';
import type { SyncRun } from './sync-run.ts';
import { findRun, listRuns } from './sync-run-store.ts';

const CURSOR = 'runs';

/** Throws `run_not_found`. */
export async function getRun(tx: WorkspaceTransaction, runId: string): Promise<SyncRun> {
  const run = isUuid(runId) ? await findRun(tx, runId) : undefined;
  if (run === undefined) throw new DriftplaneError('run_not_found', `there is no run ${runId}`);
  return run;
}

/** The runs of a workspace, newest first. Throws `invalid_cursor`. */
export async function listSyncRuns(
  tx: WorkspaceTransaction,
  query: {
    scopeId?: string | undefined;
    sourceId?: string | undefined;
    status?: RunState | undefined;
    cursor?: string | undefined;
    limit: number;
  },
): Promise<{ items: SyncRun[]; nextCursor: string | null }> {
  const { scopeId, sourceId, status, limit } = query;
  // What is no id is the id of nothing.
  if ([scopeId, sourceId].some((id) => id !== undefined && !isUuid(id)))
    return { items: [], nextCursor: null };
  const after = query.cursor === undefined ? null : readCursor(query.cursor);
  const runs = await listRuns(tx, { scopeId, sourceId, status, after, limit: limit + 1 });
  return cutPage(runs, limit, (last) => encodeCursor(CURSOR, [last.requestedAt.toISOString(), last.runId]));
}

function readCursor(cursor: string): { requestedAt: Date; runId: string } {
  const [requestedAt, runId] = decodeCursor(CURSOR, cursor, 2);
  const at = new Date(String(requestedAt));
  if (typeof runId !== 'string' || !isUuid(runId) || Number.isNaN(at.getTime())) {
    throw new DriftplaneError('invalid_cursor', 'the cursor does not belong to this listing and order');
  }
  return { requestedAt: at, runId };
}
