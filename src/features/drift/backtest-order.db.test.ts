// A run that was compared with two baselines: its executions count in the order in which they were done.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { setBaseline } from './baseline-service.ts';
import { generateDrift } from './drift-service.ts';
import { documentOf, openHistory, tryPlan } from './test-backtest.ts';
import { executionsOf, findingsOf } from './test-drift.ts';

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

test('whatever their ids are', async () => {
  // Ids are random: of so many histories some have them in the other order.
  for (let attempt = 0; attempt < 8; attempt++) {
    const history = await openHistory(
      database,
      ['A', 'B', 'C'].map((x) => ({ item: { x } })),
    );
    const [first] = history.runs;
    await history.asApp((tx) =>
      setBaseline(tx, history.scopeId, { mode: 'pinned', runId: first?.runId as string }),
    );
    for (const { executionId, status } of await executionsOf(history)) {
      if (status !== 'queued') continue;
      await generateDrift(database, { workspaceId: history.workspaceId, executionId });
    }

    const { summary } = await tryPlan(history, documentOf({}));

    const stored = await findingsOf(history);
    expect(summary).toMatchObject({ pairs: 3, findingsBefore: stored.length, nothingNewBefore: 0 });
  }
});
