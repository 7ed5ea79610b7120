import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { TestScope } from './test-findings.ts';
import { withinTime } from './time-limit.ts';

let testDatabase: TestDatabase;
let database: Database;
let scope: TestScope;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
  scope = await TestScope.open(database);
});

afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

test('a statement that takes too long ends as a query that is too broad', async () => {
  const refused = scope.inWorkspace((tx) => withinTime(tx, 1, () => tx.client.query('select pg_sleep(600)')));

  await expect(refused).rejects.toMatchObject({ code: 'query_too_broad' });
});

test('another error stays what it is', async () => {
  const refused = scope.inWorkspace((tx) => withinTime(tx, 60, () => tx.client.query('select 1 / 0')));

  await expect(refused).rejects.toThrow('division by zero');
});

test('what comes after has no such limit', async () => {
  const timeout = await scope.inWorkspace(async (tx) => {
    const show = () => tx.client.query<{ statement_timeout: string }>('show statement_timeout');
    const before = await show();
    const within = await withinTime(tx, 60, show);
    const after = await show();
    return [before, within, after].map(({ rows }) => rows[0]?.statement_timeout);
  });

  expect(timeout).toEqual(['0', '1min', '0']);
});
