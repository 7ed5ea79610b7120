import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Database, openDatabase } from './database.ts';
import { connectOwner } from './owner-connection.ts';
import { announceProcess, isHolderAlive, releaseDeadProcesses } from './process-presence.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
});

afterAll(async () => {
  await database?.close();
  await testDatabase?.drop();
});

/** Asks as a request would, which sees no queue. */
async function isAlive(holderKey: number): Promise<boolean> {
  const client = await database.app.connect();
  try {
    return await isHolderAlive(client, holderKey);
  } finally {
    client.release();
  }
}

async function asOwner<Row>(statement: string, values: unknown[] = []): Promise<Row[]> {
  const client = await connectOwner(testDatabase.ownerUrl);
  try {
    return (await client.query(statement, values)).rows as Row[];
  } finally {
    await client.end();
  }
}

test('a process is alive for others from its announcement until it stops', async () => {
  const presence = await announceProcess(database, 'test');

  const before = await isAlive(presence.holderKey);
  await presence.stop();
  const after = await isAlive(presence.holderKey);

  expect([before, after]).toEqual([true, false]);
  expect(await asOwner('select from driftplane.processes')).toEqual([]);
});

test('a key that nobody holds is dead, and one process does not stand for another', async () => {
  const [one, other] = [await announceProcess(database, 'one'), await announceProcess(database, 'other')];
  await one.stop();

  const alive = await Promise.all([isAlive(one.holderKey), isAlive(other.holderKey), isAlive(12)]);

  expect(alive).toEqual([false, true, false]);
  await other.stop();
});

test('a process whose connection breaks comes back under the same key with its workers', async () => {
  const problems: Error[] = [];
  const presence = await announceProcess(database, 'test', (problem) => problems.push(problem));
  await presence.addWorker('worker-1');

  // Another process has found it gone before it is back.
  await asOwner(`with gone as (delete from driftplane.processes)
    select pg_terminate_backend(l.pid) from pg_locks l
    where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())`);
  await vi.waitFor(
    async () => expect(await asOwner('select from driftplane.processes')).toHaveLength(1),
    60_000,
  );

  expect(await isAlive(presence.holderKey)).toBe(true);
  expect(problems).not.toEqual([]);
  expect(await asOwner('select worker_ids from driftplane.processes')).toEqual([
    { worker_ids: ['worker-1'] },
  ]);
  await presence.stop();
});

test('a process does not take itself for gone while its connection is', async () => {
  await asOwner(
    `insert into driftplane.processes (holder_key, worker_ids, description, started_at)
     values (78, array['own'], 'own', now()), (79, array['dead'], 'dead', now())`,
  );

  const count = await releaseDeadProcesses(database.jobs, 78);

  expect(count).toBe(1);
  expect(await asOwner('select description from driftplane.processes')).toEqual([{ description: 'own' }]);
  await asOwner('delete from driftplane.processes');
});

test('the jobs of a process that is gone are given back, and those of the living are not', async () => {
  const living = await announceProcess(database, 'living');
  await living.addWorker('living');
  await asOwner(
    `insert into driftplane.processes (holder_key, worker_ids, description, started_at)
     values (77, array['dead'], 'dead', now())`,
  );
  await asOwner(`select graphile_worker.add_job('x', queue_name => worker, job_key => worker)
    from unnest(array['dead', 'living']) as w(worker)`);
  await asOwner('update graphile_worker._private_jobs set locked_by = key, locked_at = now()');
  await asOwner('update graphile_worker._private_job_queues set locked_by = queue_name, locked_at = now()');

  const count = await releaseDeadProcesses(database.jobs);

  expect(count).toBe(1);
  expect(await asOwner('select key, locked_by from graphile_worker._private_jobs order by key')).toEqual([
    { key: 'dead', locked_by: null },
    { key: 'living', locked_by: 'living' },
  ]);
  expect(
    await asOwner(
      'select queue_name, locked_by from graphile_worker._private_job_queues order by queue_name',
    ),
  ).toEqual([
    { queue_name: 'dead', locked_by: null },
    { queue_name: 'living', locked_by: 'living' },
  ]);
  expect(await asOwner('select description from driftplane.processes')).toEqual([{ description: 'living' }]);
  await living.stop();
});
