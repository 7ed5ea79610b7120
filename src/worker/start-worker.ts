import { announceProcess } from '../db/process-presence.ts';
import { giveUpBacktestJob, runBacktestJob } from '../features/drift/backtest-runner.ts';
import { giveUpDriftJob, runDriftJob } from '../features/drift/drift-jobs.ts';
import { redactHistory } from '../features/drift/redact-history-job.ts';
import { describeFailure } from '../features/executions/job-failure.ts';
import { sweepWorkspace } from '../features/executions/retention-service.ts';
import { expireAcceptances, wakeFindings } from '../features/findings/finding-sweep.ts';
import { giveUpSync, settleLostRuns } from '../features/inventory/lost-runs.ts';
import { syncFiles } from '../features/inventory/sync-files.ts';
import { type SyncContext, startSync } from '../features/inventory/sync-run-service.ts';
import { startDueSyncs } from '../features/sources/due-syncs.ts';
import type { JobHandlers } from './task-list.ts';
import { startWorker, type Worker } from './worker.ts';
import type { WorkerLog } from './worker-log.ts';
import { transactionTick, type WorkspaceTick } from './workspace-ticks.ts';

/** Most findings that one transaction of a tick changes. */
const BATCH = 500;

/** A worker with everything that Driftplane does in jobs, in a process that others can see. */
export async function startDriftplaneWorker(options: {
  readonly context: SyncContext;
  readonly concurrency: number;
  readonly log: WorkerLog;
}): Promise<Worker> {
  const { context, concurrency, log } = options;
  const { database, metrics } = context;
  const presence = await announceProcess(database, `worker ${process.pid}`, (problem) => {
    log.warn(describeFailure(problem), 'the connection that shows this process to the others broke');
  });
  try {
    const handlers = makeHandlers(context, presence.holderKey);
    const ticks = makeTicks(context);
    const worker = await startWorker({ database, presence, handlers, ticks, log, metrics, concurrency });
    return {
      isRunning: () => worker.isRunning(),
      async stop() {
        await worker.stop();
        await presence.stop();
      },
    };
  } catch (error) {
    await presence.stop();
    throw error;
  }
}

function makeHandlers(context: SyncContext, holderKey: number): JobHandlers {
  const { database } = context;
  return {
    'inventory.sync': {
      run: ({ workspaceId, runId }, { signal }) =>
        syncFiles(context, { workspaceId, runId, holderKey, signal }),
      giveUp: (payload) => giveUpSync(context, payload),
    },
    'inventory.redact_history': {
      run: ({ workspaceId, scopeId, itemType }, { signal }) =>
        redactHistory(database, { workspaceId, scopeId, itemType, signal }),
      // It stays in the log; the next run that brings items of the type under other rules asks for it again.
      giveUp: async () => {},
    },
    'drift.generate': {
      run: ({ workspaceId, executionId }, { signal, isLastAttempt }) =>
        runDriftJob(database, { workspaceId, executionId, signal, isLastAttempt }),
      giveUp: (payload) => giveUpDriftJob(database, payload),
    },
    'plans.backtest': {
      run: ({ workspaceId, backtestId }, { signal, isLastAttempt }) =>
        runBacktestJob(database, { workspaceId, backtestId, signal, isLastAttempt }),
      giveUp: (payload) => giveUpBacktestJob(database, payload),
    },
    'retention.sweep': {
      run: ({ workspaceId }, { signal }) => sweepWorkspace(database, workspaceId, signal),
      // The next day's sweep does what this one did not.
      giveUp: async () => {},
    },
  };
}

function makeTicks(context: SyncContext): WorkspaceTick[] {
  const { database } = context;
  const whileFull = (count: number): 'done' | 'more' => (count < BATCH ? 'done' : 'more');
  return [
    {
      name: 'lost runs',
      async run(workspaceId) {
        await settleLostRuns(context, workspaceId);
        return 'done';
      },
    },
    transactionTick(database, 'due syncs', async (tx) => {
      await startDueSyncs(tx, (started, source) => startSync(started, source, 'schedule'));
      return 'done';
    }),
    transactionTick(database, 'snoozed findings', async (tx) => whileFull(await wakeFindings(tx, BATCH))),
    transactionTick(database, 'expired acceptances', async (tx) =>
      whileFull(await expireAcceptances(tx, BATCH)),
    ),
  ];
}
