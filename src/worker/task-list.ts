import type { Task, TaskList } from 'graphile-worker';
import type { Database } from '../db/database.ts';
import type { JobKind, JobPayloads } from '../db/job-queue.ts';
import { isUuid } from '../db/workspace-transaction.ts';
import { describeFailure, stackOf } from '../features/executions/job-failure.ts';
import type { Metrics } from '../http/metrics.ts';
import type { WorkerLog } from './worker-log.ts';

/** What a job is given besides its payload. */
interface JobContext {
  /** Aborted when the worker stops; the job ends soon then, with nothing half done. */
  readonly signal: AbortSignal;
  /** From 1. */
  readonly attempt: number;
  readonly isLastAttempt: boolean;
}

type Payload<Kind extends JobKind> = JobPayloads[Kind] & { readonly workspaceId: string };

/** How a kind of job is worked off. Handlers are idempotent: a job may be delivered more than once. */
export interface JobHandler<Kind extends JobKind> {
  run(payload: Payload<Kind>, context: JobContext): Promise<void>;
  /** The queue tries no more, and may never have reached the end of `run`. */
  giveUp(payload: Payload<Kind>): Promise<void>;
}

/** Every kind of job has its handler. */
export type JobHandlers = { readonly [Kind in JobKind]: JobHandler<Kind> };

/** The handlers as the queue's library wants them. What fails is logged here, in words that quote no value. */
export function makeTaskList(
  handlers: JobHandlers,
  { log, metrics }: { readonly log: WorkerLog; readonly metrics: Metrics },
): TaskList {
  return Object.fromEntries(
    (Object.keys(handlers) as JobKind[]).map((kind): [JobKind, Task] => [
      kind,
      async (given, { job, abortSignal: signal }) => {
        const startedAt = performance.now();
        const payload = checkPayload(given);
        const { attempts: attempt, max_attempts: maxAttempts } = job;
        const fields = { job: kind, workspaceId: payload.workspaceId, attempt };
        const ended = (outcome: 'succeeded' | 'failed' | 'released'): void =>
          metrics.jobEnded({ kind, outcome, seconds: (performance.now() - startedAt) / 1000 });
        try {
          // The table above pairs each kind with its own payload.
          const handler = handlers[kind] as JobHandler<JobKind>;
          await handler.run(payload as Payload<JobKind>, {
            signal,
            attempt,
            isLastAttempt: attempt >= maxAttempts,
          });
          ended('succeeded');
          log.debug(fields, 'job done');
        } catch (error) {
          if (signal.aborted) {
            ended('released');
            log.info(fields, 'job released: the worker stops');
            throw new Error('released');
          }
          ended('failed');
          const { code, message } = describeFailure(error);
          log.error({ ...fields, code, stack: stackOf(error) }, `job failed: ${message}`);
          // The queue keeps the message.
          throw new Error(`${code}: ${message}`);
        }
      },
    ]),
  );
}

interface GivenUpRow {
  id: string;
  kind: JobKind;
  payload: unknown;
}

/**
 * Settles the jobs that have no attempt left and takes them out of the queue. A job whose worker died in the last
 * attempt is one of them: nobody else would ever say that it has failed.
 */
export async function settleGivenUpJobs(
  database: Database,
  handlers: JobHandlers,
  log: WorkerLog,
): Promise<void> {
  const { rows } = await database.jobs.query<GivenUpRow>(
    `select j.id, t.identifier as kind, j.payload
     from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
     where j.attempts >= j.max_attempts and j.locked_at is null and t.identifier = any($1)
     order by j.id limit 1000`,
    [Object.keys(handlers)],
  );
  for (const { id, kind, payload } of rows) {
    try {
      const handler = handlers[kind] as JobHandler<JobKind>;
      await handler.giveUp(checkPayload(payload) as Payload<JobKind>);
      await database.jobs.query('select graphile_worker.complete_jobs(array[$1::bigint])', [id]);
    } catch (error) {
      log.error({ job: kind, code: describeFailure(error).code, stack: stackOf(error) }, 'job not settled');
    }
  }
}

/** Payloads are written by `enqueueJob` alone; what else has found its way into the queue is refused. */
function checkPayload(payload: unknown): { readonly workspaceId: string } {
  if (typeof payload === 'object' && payload !== null && 'workspaceId' in payload) {
    const { workspaceId } = payload;
    if (typeof workspaceId === 'string' && isUuid(workspaceId)) return { ...payload, workspaceId };
  }
  throw new TypeError('the job names no workspace');
}
