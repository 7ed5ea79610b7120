// What the queue's library does not see to itself when the database goes away.
import { EventEmitter } from 'node:events';
import type { WorkerEvents } from 'graphile-worker';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, guardPool, openDatabase } from '../db/database.ts';
import { connectOwner } from '../db/owner-connection.ts';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { releaseForgottenJobs, watchJobsInHand } from './jobs-in-hand.ts';
import { QueuePool } from './queue-pool.ts';

let testDatabase: TestDatabase;
let database: Database;
let owner: pg.Client;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
  owner = await connectOwner(testDatabase.ownerUrl);
});

afterAll(async () => {
  await owner?.end();
  await database?.close();
  await testDatabase?.drop();
});

interface TestQueue {
  readonly pool: QueuePool;
  readonly problems: unknown[];
  readonly stopping: AbortController;
  /** Statements that break before one works. */
  breakNext(count: number): void;
}

function openQueue(): TestQueue {
  const stopping = new AbortController();
  const problems: unknown[] = [];
  const pool = new QueuePool(
    { connectionString: database.urls.jobs, max: 2 },
    { stopping: stopping.signal, onProblem: (problem) => problems.push(problem) },
  );
  guardPool(pool, () => {});
  let toBreak = 0;
  pool.on('acquire', (client) => {
    const { processID } = client as unknown as { processID: number };
    if (toBreak-- > 0) void owner.query('select pg_terminate_backend($1)', [processID]);
  });
  return {
    pool,
    problems,
    stopping,
    breakNext(count) {
      toBreak = count;
    },
  };
}

const slowly = (name: string): pg.QueryConfig => ({ name, text: 'select pg_sleep(0.3), 42 as answer' });

test('how a job ended is written down again until it works, though the connection breaks', async () => {
  const { pool, problems, breakNext } = openQueue();
  breakNext(2);

  const client = await pool.connect();
  const { rows } = await client.query(slowly('complete_job/graphile_worker'));
  client.release();
  await pool.end();

  expect(rows).toMatchObject([{ answer: 42 }]);
  expect(problems).toHaveLength(2);
});

test('any other statement fails with its connection, which is not lent again', async () => {
  const { pool, breakNext } = openQueue();
  breakNext(1);

  const client = await pool.connect();
  const asked = client.query(slowly('get_job/graphile_worker'));
  await expect(asked).rejects.toMatchObject({ code: '57P01' });
  client.release();
  const next = await pool.query('select 1 as one');
  await pool.end();

  expect(next.rows).toEqual([{ one: 1 }]);
});

test('a worker that stops does not wait for a database that is gone', async () => {
  const { pool, problems, stopping, breakNext } = openQueue();
  breakNext(1);
  stopping.abort();

  const client = await pool.connect();
  const answer = await client.query(slowly('fail_job_q/graphile_worker'));
  client.release();
  await pool.end();

  expect(answer).toBeNull();
  expect(problems).toHaveLength(1);
});

test('jobs that were handed out to nobody are given back, those in hand and those just taken are not', async () => {
  const events = new EventEmitter() as WorkerEvents;
  const inHand = watchJobsInHand(events);
  const [held = '', done = '', lost = '', fresh = ''] = await lockJobs(['held', 'done', 'lost', 'fresh']);
  await owner.query('update graphile_worker._private_jobs set locked_at = now() where id = $1', [fresh]);
  for (const id of [held, done]) events.emit('job:start', { job: { id } } as never);
  events.emit('job:complete', { job: { id: done } } as never);

  const count = await releaseForgottenJobs(database.jobs, { poolId: 'pool-1', inHand });

  const { rows } = await owner.query(
    'select id from graphile_worker._private_jobs where locked_by is null order by id',
  );
  const queues = await owner.query(
    'select queue_name from graphile_worker._private_job_queues where locked_by is null order by queue_name',
  );
  expect(count).toBe(2);
  expect(rows.map(({ id }) => String(id))).toEqual([done, lost]);
  expect(queues.rows.map((row) => row.queue_name)).toEqual(['queue done', 'queue lost']);
});

/** Jobs in queues of their own that a pool took a minute ago. */
async function lockJobs(names: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const name of names) {
    const { rows } = await owner.query("select (graphile_worker.add_job('test', queue_name => $1)).id", [
      `queue ${name}`,
    ]);
    ids.push(String(rows[0].id));
  }
  await owner.query(
    `update graphile_worker._private_jobs set locked_by = 'pool-1', locked_at = now() - interval '1 minute'`,
  );
  await owner.query(
    `update graphile_worker._private_job_queues set locked_by = 'pool-1', locked_at = now() - interval '1 minute'`,
  );
  return ids;
}
