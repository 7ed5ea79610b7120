import type { WorkerEvents } from 'graphile-worker';
import type pg from 'pg';

/** A job that was taken so long ago is in the hands of a worker, or of nobody. */
const SETTLED_SECONDS = 15;

/** The jobs that the workers of this process work on, by their ids. */
export function watchJobsInHand(events: WorkerEvents): ReadonlySet<string> {
  const inHand = new Set<string>();
  events.on('job:start', ({ job }) => void inHand.add(String(job.id)));
  events.on('job:complete', ({ job }) => void inHand.delete(String(job.id)));
  return inHand;
}

/**
 * Gives back the jobs that are locked by a pool of workers of this process, none of which works on them: the
 * connection broke while they were handed out. Returns how many. For the jobs' connection.
 */
export async function releaseForgottenJobs(
  jobs: pg.Pool,
  { poolId, inHand }: { readonly poolId: string; readonly inHand: ReadonlySet<string> },
): Promise<number> {
  const { rows } = await jobs.query<{ count: number }>(
    `with forgotten as (
       update graphile_worker._private_jobs j set locked_by = null, locked_at = null
       where j.locked_by = $1 and not j.id = any($2::bigint[])
         and j.locked_at < now() - make_interval(secs => $3)
       returning j.job_queue_id
     ),
     freed as (
       update graphile_worker._private_job_queues q set locked_by = null, locked_at = null
       from forgotten f where q.id = f.job_queue_id and q.locked_by = $1
     )
     select count(*)::int as count from forgotten`,
    [poolId, [...inHand], SETTLED_SECONDS],
  );
  return rows[0]?.count ?? 0;
}
