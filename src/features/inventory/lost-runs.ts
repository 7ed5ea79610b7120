import type { Database } from '../../db/database.ts';
import { isHolderAlive } from '../../db/process-presence.ts';
import { systemActor, withWorkspace } from '../../db/workspace-transaction.ts';
import { clearOrphans } from './ingest/part-store.ts';
import type { SyncRun } from './sync-run.ts';
import { endRun, isRunOver, type SyncContext, syncJobKey } from './sync-run-service.ts';
import { findRun, listRunIds, lockRun } from './sync-run-store.ts';

/** A push that has sent nothing for so long is given up. */
const SILENT_PUSH_SECONDS = 15 * 60;

/** How many runs were settled, by why. `interrupted` also where the job of a run was lost before it began. */
export interface LostRuns {
  readonly interrupted: number;
  readonly silent: number;
  readonly expired: number;
}

/**
 * Settles the runs of a workspace that nobody will: those whose process is gone fail, so do pushes that have
 * fallen silent, and held ones whose time is over are rejected. Nothing of them is visible, before or after.
 */
export async function settleLostRuns(
  context: Pick<SyncContext, 'database'>,
  workspaceId: string,
  options: { silentSeconds?: number } = {},
): Promise<LostRuns> {
  const { silentSeconds = SILENT_PUSH_SECONDS } = options;
  const { database } = context;
  const jobless = await listJoblessRuns(database, workspaceId);
  return withWorkspace(database.ingest, { workspaceId, actor: systemActor }, async (tx) => {
    const end = async (
      runId: string,
      isStill: (run: SyncRun) => boolean,
      settle: (run: SyncRun) => Promise<void>,
    ) => {
      const run = await lockRun(tx, runId);
      if (!isStill(run)) return 0;
      await settle(run);
      return 1;
    };
    let interrupted = 0;
    for (const { runId, holderKey } of await listRunIds(tx, 'running', { silentSeconds })) {
      if (holderKey !== null && (await isHolderAlive(tx.client, holderKey))) continue;
      interrupted += await end(
        runId,
        (run) => run.status === 'running' && run.holderKey === holderKey,
        (run) =>
          endRun(tx, run, 'fail', {
            code: 'run_interrupted',
            message: 'the process that did it ended before it did',
          }),
      );
    }
    for (const runId of jobless) {
      interrupted += await end(
        runId,
        (run) => run.status === 'queued',
        (run) =>
          endRun(tx, run, 'fail', {
            code: 'run_interrupted',
            message: 'its job is not in the queue any more',
          }),
      );
    }
    let silent = 0;
    for (const { runId } of await listRunIds(tx, 'silent_push', { silentSeconds })) {
      silent += await end(
        runId,
        (run) => run.status === 'running',
        (run) =>
          endRun(tx, run, 'fail', {
            code: 'push_abandoned',
            message: `nothing was sent for ${Math.round(silentSeconds / 60)} minutes, and it was not closed`,
          }),
      );
    }
    let expired = 0;
    for (const { runId } of await listRunIds(tx, 'held_too_long', { silentSeconds })) {
      expired += await end(
        runId,
        (run) => run.status === 'held',
        (run) => endRun(tx, run, 'expire'),
      );
    }
    await clearOrphans(tx);
    return { interrupted, silent, expired };
  });
}

/** Runs that wait for a job that the queue does not have: both are written in one transaction, the job is gone. */
async function listJoblessRuns(database: Database, workspaceId: string): Promise<string[]> {
  const waiting = await withWorkspace(
    database.ingest,
    { workspaceId, actor: systemActor, isReadOnly: true },
    (tx) => listRunIds(tx, 'waiting', { silentSeconds: 0 }),
  );
  if (waiting.length === 0) return [];
  const { rows } = await database.jobs.query<{ key: string }>(
    'select key from graphile_worker._private_jobs where key = any($1)',
    [waiting.map(({ runId }) => syncJobKey(workspaceId, runId))],
  );
  const keys = new Set(rows.map(({ key }) => key));
  return waiting.map(({ runId }) => runId).filter((runId) => !keys.has(syncJobKey(workspaceId, runId)));
}

/**
 * Settles the run of a sync whose job the queue has given up: whether it still waits or was begun, and whoever
 * began it, nobody will end it, and its scope would stay taken.
 */
export async function giveUpSync(
  context: Pick<SyncContext, 'database'>,
  { workspaceId, runId }: { readonly workspaceId: string; readonly runId: string },
): Promise<void> {
  await withWorkspace(context.database.ingest, { workspaceId, actor: systemActor }, async (tx) => {
    // A workspace that was removed took its runs along.
    if ((await findRun(tx, runId)) === undefined) return;
    const run = await lockRun(tx, runId);
    if (isRunOver(run) || run.status === 'held') return;
    await endRun(tx, run, 'fail', {
      code: 'run_interrupted',
      message: 'its job failed again and again; the log of the server says why',
    });
  });
}
