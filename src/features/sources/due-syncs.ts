import { DriftplaneError, type ErrorCode } from '../../core/errors.ts';
import type { AuditEntry, StreamEvent } from '../../db/workspace-heads.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { nextTime } from './cron-schedule.ts';
import type { Source } from './source.ts';
import { lockDueSources, setNextSync } from './source-store.ts';

/** Most syncs that one transaction starts. */
const MAX_STARTS = 100;

/** What became of a sync whose time had come. */
export interface DueSync {
  readonly sourceId: string;
  /** Null: it was started. Otherwise why not, e.g. `run_in_progress`. It waits for the next time then. */
  readonly refusedBecause: ErrorCode | null;
}

/**
 * Starts the syncs whose time has come, and sets when each comes next: after now, so that of the times that were
 * missed only one is made up. A time that was set is never set back, whatever the clock does. What `startSync`
 * did before it threw a DriftplaneError is undone, and the others go on; any other error ends it all.
 */
export async function startDueSyncs(
  tx: WorkspaceTransaction,
  startSync: (tx: WorkspaceTransaction, source: Source) => Promise<unknown>,
): Promise<DueSync[]> {
  const started: DueSync[] = [];
  for (const source of await lockDueSources(tx, MAX_STARTS)) {
    const { sourceId, schedule } = source;
    const nextSyncAt = schedule === null ? null : nextTime(schedule, tx.now);
    await setNextSync(tx, { sourceId, nextSyncAt });
    if (schedule === null) continue;
    const refusedBecause = await attempt(tx, (attempted) => startSync(attempted, { ...source, nextSyncAt }));
    started.push({ sourceId, refusedBecause });
  }
  return started;
}

/** Runs `work` so that nothing of it is left when it throws a DriftplaneError, whose code is returned. */
async function attempt(
  tx: WorkspaceTransaction,
  work: (tx: WorkspaceTransaction) => Promise<unknown>,
): Promise<ErrorCode | null> {
  const audited: AuditEntry[] = [];
  const emitted: StreamEvent[] = [];
  await tx.client.query('savepoint due_sync');
  try {
    await work({ ...tx, audit: (entry) => audited.push(entry), emit: (event) => emitted.push(event) });
  } catch (error) {
    if (!(error instanceof DriftplaneError)) throw error;
    await tx.client.query('rollback to savepoint due_sync');
    return error.code;
  }
  await tx.client.query('release savepoint due_sync');
  for (const entry of audited) tx.audit(entry);
  for (const event of emitted) tx.emit(event);
  return null;
}
