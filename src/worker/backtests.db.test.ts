import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Database, openDatabase } from '../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { documentOf, openHistory } from '../features/drift/test-backtest.ts';
import type { Backtest } from '../features/executions/backtest.ts';
import { getBacktest, requestBacktest } from '../features/executions/backtest-service.ts';
import { startDriftWorker } from './test-drift-worker.ts';

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

test('a worker tries plans, those of a workspace one after the other, and the stream tells of it', async () => {
  const history = await openHistory(
    database,
    Array.from({ length: 12 }, (_, run) => ({ a: { x: run } })),
  );
  const request = () =>
    history.asApp((tx) => requestBacktest(tx, { plan: documentOf({}), scopeIds: null, days: 30 }));
  const asked = [await request(), await request()];
  const worker = await startDriftWorker(database);

  const done: Backtest[] = [];
  for (const { backtestId } of asked) {
    await vi.waitFor(
      async () => {
        const backtest = await history.asApp((tx) => getBacktest(tx, backtestId));
        expect(backtest.status).toBe('succeeded');
        done.push(backtest);
      },
      { timeout: 60_000, interval: 100 },
    );
  }
  await worker.stop();

  const [one, other] = done as [Backtest, Backtest];
  expect(one.resultDigest).toBe(other.resultDigest);
  expect(one.summary).toMatchObject({ pairs: 11, unchanged: 11 });
  const [first, second] = [one, other].sort((a, b) => Number(a.startedAt) - Number(b.startedAt)) as [
    Backtest,
    Backtest,
  ];
  expect(Number(second.startedAt)).toBeGreaterThanOrEqual(Number(first.finishedAt));
  const { rows } = await history.asApp(({ client }) =>
    client.query(
      `select payload::jsonb ->> 'status' as status from driftplane.stream_events
       where kind = 'backtest.changed' and payload::jsonb ->> 'backtestId' = $1 order by seq`,
      [one.backtestId],
    ),
  );
  expect(rows.map(({ status }) => status)).toEqual(['queued', 'running', 'succeeded']);
});
