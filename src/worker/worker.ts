import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Logger,
  parseCronItems,
  run,
  type TaskList,
  type WorkerEvents,
  type WorkerPool,
} from 'graphile-worker';
import { type Database, guardPool } from '../db/database.ts';
import { enqueueJob } from '../db/job-queue.ts';
import { type ProcessPresence, releaseDeadProcesses } from '../db/process-presence.ts';
import { describeFailure, stackOf } from '../features/executions/job-failure.ts';
import type { Metrics } from '../http/metrics.ts';
import { releaseForgottenJobs, watchJobsInHand } from './jobs-in-hand.ts';
import { QueuePool } from './queue-pool.ts';
import { type JobHandlers, makeTaskList, settleGivenUpJobs } from './task-list.ts';
import type { WorkerLog } from './worker-log.ts';
import { runTicks, transactionTick, type WorkspaceTick } from './workspace-ticks.ts';

export interface Worker {
  /** False once it has stopped, or ended by itself as it can not go on. */
  isRunning(): boolean;
  /** Takes no more jobs, lets the running ones finish for a while, then has them give up; never throws. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly database: Database;
  /** Of this process, announced before: its jobs are given back when it is gone. */
  readonly presence: ProcessPresence;
  readonly handlers: JobHandlers;
  readonly ticks: readonly WorkspaceTick[];
  readonly log: WorkerLog;
  readonly metrics: Metrics;
  /** Jobs that run at once. */
  readonly concurrency?: number;
  /** How long a running job may go on after `stop` before it is told to end. */
  readonly finishMs?: number;
  /** How long it may take to end then, before it is given back with its work undone. */
  readonly abortMs?: number;
}

const TICK = 'system.tick';
const DAILY = 'system.daily';
/** Every minute; and once a day, which is made up for when nobody worked then. */
const crontab = parseCronItems([
  { task: TICK, match: '* * * * *', options: { maxAttempts: 1, jobKey: TICK } },
  {
    task: DAILY,
    match: '23 3 * * *',
    options: { maxAttempts: 3, jobKey: DAILY, backfillPeriod: 24 * 60 * 60 * 1000 },
  },
]);
/** How often the workers look for processes that are gone. */
const WATCH_MS = 5_000;
const POLL_MS = 1_000;
/** Connections beside one for each job: the listener, and what looks for more. */
const SPARE_CONNECTIONS = 3;

/** Works off the queue in this process until it is stopped. Any number of processes may do so. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { database, presence, log, concurrency = 2, finishMs = 5_000, abortMs = 10_000 } = options;
  const stopping = new AbortController();
  const events = new EventEmitter() as WorkerEvents;
  let pool: WorkerPool | undefined;
  events.on('pool:create', ({ workerPool }) => {
    pool = workerPool;
  });
  await releaseDeadProcesses(database.jobs);
  // A pool of its own, as every worker holds a connection, and its end is waited for.
  const queue = new QueuePool(
    {
      connectionString: database.urls.jobs,
      max: concurrency + SPARE_CONNECTIONS,
      application_name: 'driftplane worker',
    },
    {
      stopping: stopping.signal,
      onProblem: (error) => log.warn(describeFailure(error), 'the end of a job could not be written down'),
    },
  );
  guardPool(queue, (error) => log.warn({ stack: stackOf(error) }, 'an idle connection to the queue broke'));
  const inHand = watchJobsInHand(events);
  const runner = await run({
    pgPool: queue,
    concurrency,
    pollInterval: POLL_MS,
    noHandleSignals: true,
    gracefulShutdownAbortTimeout: finishMs,
    taskList: { ...makeTaskList(options.handlers, options), ...systemTasks(options) },
    parsedCronItems: crontab,
    logger: quietLogger(log),
    events,
    preset: { plugins: [announcePlugin(presence, stopping.signal)] },
  });
  let isRunning = true;
  runner.promise
    .catch((error: unknown) => log.error({ stack: stackOf(error) }, 'the worker has failed'))
    .finally(() => {
      isRunning = false;
    });
  const watched = watch(log, stopping.signal, async () => {
    const count = await releaseDeadProcesses(database.jobs, presence.holderKey);
    if (count > 0) log.warn({ count }, 'processes are gone: their jobs were given back');
    if (pool === undefined) return;
    const forgotten = await releaseForgottenJobs(database.jobs, { poolId: pool.id, inHand });
    if (forgotten > 0) log.warn({ count: forgotten }, 'jobs that nobody had in hand were given back');
  });
  await runner.addJob(TICK, {}, { jobKey: TICK });
  return {
    isRunning: () => isRunning,
    async stop() {
      stopping.abort();
      const stopped = runner.stop().catch(() => {});
      const patience = new AbortController();
      await Promise.race([
        stopped,
        delay(finishMs + abortMs, null, { signal: patience.signal })
          .then(() => pool?.forcefulShutdown('the worker stops'))
          .catch(() => {}),
      ]);
      patience.abort();
      await watched;
      await queue.end();
    },
  };
}

function systemTasks({ database, handlers, ticks, log }: WorkerOptions): TaskList {
  return {
    [TICK]: async (_payload, { abortSignal: signal }) => {
      await settleGivenUpJobs(database, handlers, log);
      await runTicks(database, ticks, { log, signal });
    },
    [DAILY]: async (_payload, { abortSignal: signal }) => {
      await runTicks(database, [startSweep(database)], { log, signal });
      // A queue of its own for every scope: those without jobs are swept up.
      await database.jobs.query(
        `delete from graphile_worker._private_job_queues q
         where q.locked_at is null
           and not exists (select from graphile_worker._private_jobs j where j.job_queue_id = q.id)`,
      );
    },
  };
}

/** Each workspace is swept by a job of its own, one at a time. */
function startSweep(database: Database): WorkspaceTick {
  return transactionTick(database, 'start of the sweep', async (tx) => {
    await enqueueJob(tx, {
      kind: 'retention.sweep',
      payload: {},
      jobKey: `retention:${tx.workspaceId}`,
      queueName: 'retention',
    });
    return 'done';
  });
}

/** The id under which jobs are locked is written down before the first one is. */
function announcePlugin(presence: ProcessPresence, stopping: AbortSignal) {
  return {
    name: 'DriftplanePresencePlugin',
    version: '1',
    worker: {
      hooks: {
        async startWorker(_context: unknown, { worker }: { worker: { workerPool: { id: string } } }) {
          while (!stopping.aborted) {
            try {
              await presence.addWorker(worker.workerPool.id);
              return;
            } catch {
              // Without it no job is taken; the database may come back.
              await delay(POLL_MS);
            }
          }
        },
      },
    },
  };
}

/** Looks every now and then; what fails is tried again the next time. */
async function watch(log: WorkerLog, stopping: AbortSignal, look: () => Promise<void>): Promise<void> {
  while (!stopping.aborted) {
    await delay(WATCH_MS, null, { signal: stopping }).catch(() => {});
    if (stopping.aborted) return;
    await look().catch((error: unknown) =>
      log.warn(describeFailure(error), 'can not look for processes that are gone'),
    );
  }
}

/** The library's own words, without those on failed jobs: they quote messages, and ours are written already. */
function quietLogger(log: WorkerLog): Logger {
  return new Logger(() => (level, message, meta) => {
    if (meta?.failure === true || meta?.success === true) return;
    if (level === 'error' || level === 'warning') {
      log.warn({ stack: stackOf(meta?.error) }, message.split('\n', 1)[0] ?? '');
    } else log.debug({}, message.split('\n', 1)[0] ?? '');
  });
}
