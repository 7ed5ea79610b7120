import { type Database, databaseUrls, openDatabase } from '../db/database.ts';
import { announceProcess } from '../db/process-presence.ts';
import { giveUpBacktestJob, runBacktestJob } from '../features/drift/backtest-runner.ts';
import { giveUpDriftJob, runDriftJob } from '../features/drift/drift-jobs.ts';
import { ignoredMetrics } from '../http/metrics.ts';
import type { JobHandler, JobHandlers } from './task-list.ts';
import { startWorker, type Worker } from './worker.ts';
import type { WorkerLog } from './worker-log.ts';
import type { WorkspaceTick } from './workspace-ticks.ts';

/** What the worker said, a line each. */
export function listeningLog(): WorkerLog & { readonly lines: string[] } {
  const lines: string[] = [];
  const say =
    (level: string) =>
    (fields: object, message: string): void => {
      lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
    };
  return { lines, debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}

/** A worker that does drift jobs and backtests as the product does, and nothing else. */
export async function startDriftWorker(
  database: Database,
  options: {
    readonly drift?: JobHandler<'drift.generate'>['run'];
    readonly ticks?: readonly WorkspaceTick[];
    readonly log?: WorkerLog;
    readonly finishMs?: number;
    readonly abortMs?: number;
  } = {},
): Promise<Worker> {
  const presence = await announceProcess(database, 'test worker');
  const other = { run: () => Promise.reject(new Error('not in this test')), giveUp: async () => {} };
  const handlers: JobHandlers = {
    'inventory.sync': other,
    'inventory.redact_history': other,
    'retention.sweep': other,
    'plans.backtest': {
      run: (payload, { signal, isLastAttempt }) =>
        runBacktestJob(database, { ...payload, signal, isLastAttempt }),
      giveUp: (payload) => giveUpBacktestJob(database, payload),
    },
    'drift.generate': {
      run:
        options.drift ??
        ((payload, { signal, isLastAttempt }) =>
          runDriftJob(database, { ...payload, signal, isLastAttempt })),
      giveUp: (payload) => giveUpDriftJob(database, payload),
    },
  };
  const worker = await startWorker({
    database,
    presence,
    handlers,
    ticks: options.ticks ?? [],
    log: options.log ?? listeningLog(),
    metrics: ignoredMetrics,
    ...(options.finishMs === undefined ? {} : { finishMs: options.finishMs }),
    ...(options.abortMs === undefined ? {} : { abortMs: options.abortMs }),
  });
  return {
    isRunning: () => worker.isRunning(),
    async stop() {
      await worker.stop();
      await presence.stop();
    },
  };
}

// As a program it works until it is killed: the address of the database is its argument.
const [, program, ownerUrl] = process.argv;
if (program === import.meta.filename && ownerUrl !== undefined) {
  await startDriftWorker(openDatabase(databaseUrls({ ownerUrl })));
}
