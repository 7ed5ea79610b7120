import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Database } from './database.ts';

/**
 * That a process is alive, for all others to see: it holds an advisory lock on a connection of its own, which the
 * server frees at once when the process is gone, however it went.
 */
export interface ProcessPresence {
  /** Names the process in `sync_runs.holder_key`. */
  readonly holderKey: number;
  /** Whoever finds this process gone gives back the jobs of its workers. Resolves when it is written down. */
  addWorker(workerId: string): Promise<void>;
  stop(): Promise<void>;
}

/** Keys begin beyond all numbers that locks with a fixed key use; below 2^48, the limit of `randomInt`'s range. */
const LEAST_KEY = 2 ** 40;
const KEY_RANGE = 2 ** 48 - 1;
/** How often the connection is asked whether it still stands. */
const PING_MS = 10_000;
/** Longer than that, an answer does not come any more. */
const ANSWER_TIMEOUT_MS = 10_000;
const RECONNECT_MS = 1_000;

/** Whether somebody holds the lock of a key, as pg_locks shows it; `key` is an SQL expression. */
const isHeld = (key: string): string => `exists (
  select from pg_catalog.pg_locks l
  where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
    and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
    and l.classid::bigint = (${key} >> 32) and l.objid::bigint = (${key} & 4294967295)
)`;

/**
 * Announces this process. When its connection breaks it comes back with the same key for as long as the process
 * lives; in between others may take it for gone, which is why whatever a job writes is guarded by its transaction.
 */
export async function announceProcess(
  database: Database,
  description: string,
  onProblem: (problem: Error) => void = () => {},
): Promise<ProcessPresence> {
  const holderKey = LEAST_KEY + randomInt(KEY_RANGE);
  const workerIds: string[] = [];
  const stopping = new AbortController();
  let client: pg.Client | null = null;
  let broken = new AbortController();

  const connect = async (): Promise<void> => {
    const fresh = newClient(database.urls.jobs);
    try {
      await fresh.connect();
      // A machine that vanishes without a word is noticed within half a minute.
      await fresh.query(
        'set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3',
      );
      // The lock comes first: a row without it is that of a dead process.
      await fresh.query('select pg_advisory_lock($1)', [holderKey]);
      await fresh.query(
        `insert into driftplane.processes (holder_key, worker_ids, description, started_at)
         values ($1, $2, $3, now())
         on conflict (holder_key) do update set worker_ids = excluded.worker_ids`,
        [holderKey, workerIds, description],
      );
      client = fresh;
      // At once, as others take this process for gone until it is back.
      fresh.once('end', () => {
        if (client !== fresh || stopping.signal.aborted) return;
        client = null;
        onProblem(new Error('Connection terminated'));
        broken.abort();
      });
    } catch (error) {
      await fresh.end().catch(() => {});
      throw error;
    }
  };

  const keepAlive = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const signal = AbortSignal.any([stopping.signal, broken.signal]);
      await delay(client === null ? RECONNECT_MS : PING_MS, null, { signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      broken = new AbortController();
      const current: pg.Client | null = client;
      try {
        if (current === null) await connect();
        else await current.query('select 1');
      } catch (error) {
        onProblem(error as Error);
        client = null;
        await current?.end().catch(() => {});
      }
    }
  };

  await connect();
  const kept = keepAlive();
  return {
    holderKey,
    async addWorker(workerId) {
      if (!workerIds.includes(workerId)) workerIds.push(workerId);
      await database.jobs.query('update driftplane.processes set worker_ids = $2 where holder_key = $1', [
        holderKey,
        workerIds,
      ]);
    },
    async stop() {
      stopping.abort();
      await kept;
      // Whatever its workers did not give back themselves.
      await client?.query(releaseWhere('p.holder_key = $1'), [holderKey]).catch(() => {});
      await client?.end().catch(() => {});
    },
  };
}

function newClient(connectionString: string): pg.Client {
  const client = new pg.Client({
    connectionString,
    application_name: 'driftplane presence',
    keepAlive: true,
    connectionTimeoutMillis: ANSWER_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
  });
  // The next question finds out; without a listener it would end the process.
  client.on('error', () => {});
  return client;
}

/** Whether the process with this key lives. */
export async function isHolderAlive(
  client: Pick<pg.ClientBase, 'query'>,
  holderKey: number,
): Promise<boolean> {
  const { rows } = await client.query<{ alive: boolean }>(`select ${isHeld('$1::bigint')} as alive`, [
    holderKey,
  ]);
  return rows[0]?.alive === true;
}

/**
 * Forgets the processes that are gone and gives back the jobs that they had in hand, in one statement, so that no
 * job is left behind. Returns how many processes that were. For the jobs' connection. `ownKey`: of this process,
 * which lives, whatever has become of its connection.
 */
export async function releaseDeadProcesses(jobs: pg.Pool, ownKey: number | null = null): Promise<number> {
  const { rows } = await jobs.query<{ count: number }>(
    releaseWhere(`p.holder_key is distinct from $1::bigint and not ${isHeld('p.holder_key')}`),
    [ownKey],
  );
  return rows[0]?.count ?? 0;
}

/** The statement that forgets some processes and gives back the jobs of their workers. */
function releaseWhere(condition: string): string {
  return `
    with gone as (
      delete from driftplane.processes p where ${condition} returning p.worker_ids
    ),
    released as (
      select graphile_worker.force_unlock_workers(
        coalesce((select array_agg(w.id) from gone g, unnest(g.worker_ids) as w(id)), '{}')
      )
    )
    select (select count(*)::int from gone) as count from released`;
}
