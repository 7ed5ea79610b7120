import type { Database } from '../db/database.ts';
import { pgErrorCode, pgErrorCodes } from '../db/pg-errors.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../db/workspace-transaction.ts';
import { describeFailure, stackOf } from '../features/executions/job-failure.ts';
import type { WorkerLog } from './worker-log.ts';

/** Something that is done in every workspace, again and again. */
export interface WorkspaceTick {
  readonly name: string;
  /** A bounded part of it. Where there is more to do it is called again soon. */
  run(workspaceId: string): Promise<'done' | 'more'>;
}

/** Longest wait of a tick for what others hold: a run of one workspace keeps its findings locked until it is done. */
const LOCK_SECONDS = 1;

/** A tick whose every part is one transaction. What others hold is left to the next round. */
export function transactionTick(
  database: Database,
  name: string,
  work: (tx: WorkspaceTransaction) => Promise<'done' | 'more'>,
): WorkspaceTick {
  return {
    name,
    run: (workspaceId) =>
      withWorkspace(database.app, { workspaceId, actor: systemActor }, async (tx) => {
        await tx.client.query(`set local lock_timeout = '${LOCK_SECONDS}s'`);
        return work(tx);
      }),
  };
}

/** Most parts of one tick in one workspace; what is left waits for the next round. */
const MAX_ROUNDS = 100;

/** Goes through all workspaces. One that fails does not keep the others waiting. */
export async function runTicks(
  database: Database,
  ticks: readonly WorkspaceTick[],
  options: { readonly log: WorkerLog; readonly signal: AbortSignal },
): Promise<void> {
  for (const workspaceId of await listWorkspaceIds(database)) {
    for (const tick of ticks) {
      if (options.signal.aborted) return;
      try {
        await runTick(tick, workspaceId, options.signal);
      } catch (error) {
        if (pgErrorCode(error) === pgErrorCodes.lockNotAvailable) {
          options.log.info(
            { tick: tick.name, workspaceId },
            'tick left to the next round: others are at work',
          );
          continue;
        }
        const { code, message } = describeFailure(error);
        options.log.error(
          { tick: tick.name, workspaceId, code, stack: stackOf(error) },
          `tick failed: ${message}`,
        );
      }
    }
  }
}

async function runTick(tick: WorkspaceTick, workspaceId: string, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS && !signal.aborted; round++) {
    if ((await tick.run(workspaceId)) === 'done') return;
  }
}

async function listWorkspaceIds(database: Database): Promise<string[]> {
  const { rows } = await database.jobs.query<{ id: string }>(
    'select id from driftplane.workspace_ids order by id',
  );
  return rows.map(({ id }) => id);
}
