import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Database, openDatabase } from '../db/database.ts';
import { connectOwner } from '../db/owner-connection.ts';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { TestHistory } from '../features/drift/test-history.ts';
import type { Execution } from '../features/executions/execution.ts';
import { listExecutions } from '../features/executions/execution-service.ts';
import { listeningLog, startDriftWorker } from './test-drift-worker.ts';

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

const patience = { timeout: 60_000, interval: 100 };

async function driftedHistory(): Promise<TestHistory> {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 } });
  await history.run({ a: { x: 2 } });
  return history;
}

async function executionOf(history: TestHistory): Promise<Execution> {
  const [execution] = await history.inWorkspace((tx) =>
    listExecutions(tx, { scopeId: history.scopeId }, { after: null, limit: 1 }),
  );
  if (execution === undefined) throw new Error('nothing was asked for');
  return execution;
}

async function countFindings(history: TestHistory): Promise<number> {
  const { rows } = await history.inWorkspace((tx) =>
    tx.client.query('select count(*) as count from driftplane.findings where scope_id = $1', [
      history.scopeId,
    ]),
  );
  return rows[0].count;
}

/** Jobs that wait for their next attempt are due at once. */
async function hurry(): Promise<void> {
  await owner.query('update graphile_worker._private_jobs set run_at = now() where run_at > now()');
}

/** Lets everything of a drift job happen but its last statements, until it is released. */
async function holdBackEnd(history: TestHistory): Promise<() => Promise<void>> {
  const client = await connectOwner(testDatabase.ownerUrl);
  await client.query('begin');
  await client.query(`set local app.workspace_id = '${history.workspaceId}'`);
  await client.query('select from driftplane.scopes where scope_id = $1 for no key update', [
    history.scopeId,
  ]);
  return () => client.end();
}

async function untilHeldBack(): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await owner.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
       and query like 'update driftplane.scopes%'`,
    );
    expect(rows).toHaveLength(1);
  }, patience);
}

test('a job that fails twice and then succeeds leaves one result, and no value in what is said of it', async () => {
  const history = await driftedHistory();
  await owner.query(`
    create sequence fault_count;
    create function fault() returns trigger language plpgsql security definer as $$
    begin
      if nextval('public.fault_count') <= 2 then raise exception 'no room for hunter2'; end if;
      return null;
    end $$;
    create trigger fault after insert on driftplane.findings for each statement execute function fault()`);
  const log = listeningLog();

  const worker = await startDriftWorker(database, { log });
  await vi.waitFor(async () => {
    await hurry();
    expect((await executionOf(history)).status).toBe('succeeded');
  }, patience);
  await worker.stop();

  expect(await executionOf(history)).toMatchObject({ attempts: 3, error: null, counts: { opened: 1 } });
  expect(await countFindings(history)).toBe(1);
  expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(2);
  expect(log.lines.join('\n')).not.toContain('hunter2');
  await owner.query('drop trigger fault on driftplane.findings');
});

test('a job that fails in its last attempt has failed, for good and with the reason', async () => {
  const history = await driftedHistory();
  await owner.query('update graphile_worker._private_jobs set max_attempts = 1');
  await owner.query(`
    create function refuse() returns trigger language plpgsql as $$
    begin raise exception 'no room for hunter2'; end $$;
    create trigger refuse after insert on driftplane.findings for each statement execute function refuse()`);

  const worker = await startDriftWorker(database);
  await vi.waitFor(async () => expect((await executionOf(history)).status).toBe('failed'), patience);
  await worker.stop();

  expect((await executionOf(history)).error).toEqual({
    code: 'internal_error',
    message: 'a statement or system call failed (P0001)',
  });
  expect(await countFindings(history)).toBe(0);
  await owner.query('drop trigger refuse on driftplane.findings');
});

test('a worker that is killed in the middle of a job is made good within seconds of the next start', async () => {
  const history = await driftedHistory();
  const release = await holdBackEnd(history);
  const child = spawnWorker();
  await untilHeldBack();
  const killed = await executionOf(history);

  child.kill('SIGKILL');
  await once(child, 'exit');
  await release();
  const worker = await startDriftWorker(database);
  await vi.waitFor(async () => expect((await executionOf(history)).status).toBe('succeeded'), patience);
  await worker.stop();

  expect(killed.status).toBe('running');
  expect(await executionOf(history)).toMatchObject({ attempts: 2, counts: { opened: 1 } });
  expect(await countFindings(history)).toBe(1);
  expect((await owner.query('select from driftplane.processes')).rowCount).toBe(0);
});

test('a job whose worker is killed in the last attempt is settled as failed', async () => {
  const history = await driftedHistory();
  await owner.query('update graphile_worker._private_jobs set max_attempts = 1');
  const release = await holdBackEnd(history);
  const child = spawnWorker();
  await untilHeldBack();

  child.kill('SIGKILL');
  await once(child, 'exit');
  await release();
  const worker = await startDriftWorker(database);
  await vi.waitFor(async () => expect((await executionOf(history)).status).toBe('failed'), patience);
  await worker.stop();

  expect(await countFindings(history)).toBe(0);
  const { rows } = await owner.query(
    "select from graphile_worker.jobs where task_identifier = 'drift.generate'",
  );
  expect(rows).toEqual([]);
});

test('a worker that stops lets a running job finish', async () => {
  const history = await driftedHistory();
  const release = await holdBackEnd(history);
  const worker = await startDriftWorker(database, { finishMs: 60_000 });
  await untilHeldBack();

  const stopped = worker.stop();
  await release();
  await stopped;

  expect((await executionOf(history)).status).toBe('succeeded');
  expect(worker.isRunning()).toBe(false);
});

test('a worker that stops gives back a job that does not finish in time', async () => {
  const history = await driftedHistory();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const worker = await startDriftWorker(database, {
    finishMs: 100,
    drift: async (_payload, { signal }) => {
      begin();
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      signal.throwIfAborted();
    },
  });
  await begun;

  await worker.stop();
  const next = await startDriftWorker(database);
  await vi.waitFor(async () => {
    await hurry();
    expect((await executionOf(history)).status).toBe('succeeded');
  }, patience);
  await next.stop();

  expect(await countFindings(history)).toBe(1);
});

test('a workspace that fails does not keep the others from their turn', async () => {
  const histories = [await driftedHistory(), await driftedHistory(), await driftedHistory()];
  const [first] = histories.map(({ workspaceId }) => workspaceId).sort();
  const visited = new Set<string>();
  const log = listeningLog();
  const tick = {
    name: 'visit',
    async run(workspaceId: string) {
      if (workspaceId === first) throw new Error('hunter2');
      visited.add(workspaceId);
      return 'done' as const;
    },
  };

  const worker = await startDriftWorker(database, { ticks: [tick], log });
  await vi.waitFor(() => expect(visited.size).toBeGreaterThanOrEqual(2), patience);
  await worker.stop();

  const others = histories.map(({ workspaceId }) => workspaceId).filter((id) => id !== first);
  expect([...visited]).toEqual(expect.arrayContaining(others));
  expect(log.lines.filter((line) => line.startsWith('error tick failed'))).not.toEqual([]);
  expect(log.lines.join('\n')).not.toContain('hunter2');
});

function spawnWorker(): ChildProcess {
  const program = fileURLToPath(new URL('test-drift-worker.ts', import.meta.url));
  return spawn(process.execPath, [program, testDatabase.ownerUrl], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
