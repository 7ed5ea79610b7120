import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from './database.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';
import { withinTime } from './time-limit.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from './workspace-transaction.ts';

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
});

afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

function transact<T>(
  work: (tx: WorkspaceTransaction) => Promise<T>,
  maxStatementSeconds: number | null = null,
): Promise<T> {
  const workspaceId = randomUUID();
  return withWorkspace(database.app, { workspaceId, actor: systemActor, maxStatementSeconds }, work);
}

async function readLimit({ client }: WorkspaceTransaction): Promise<string | undefined> {
  const { rows } = await client.query<{ statement_timeout: string }>('show statement_timeout');
  return rows[0]?.statement_timeout;
}

test('a statement that takes too long ends as a query that is too broad', async () => {
  const refused = transact((tx) => withinTime(tx, 1, () => tx.client.query('select pg_sleep(30)')));

  await expect(refused).rejects.toMatchObject({ code: 'query_too_broad' });
});

test('many statements together may not take longer either', async () => {
  const refused = transact((tx) =>
    withinTime(tx, 1, async (requireTime) => {
      for (let count = 0; count < 1000; count++) {
        requireTime();
        await tx.client.query('select pg_sleep(0.6)');
      }
    }),
  );

  await expect(refused).rejects.toMatchObject({ code: 'query_too_broad' });
});

test('another error stays what it is', async () => {
  const refused = transact((tx) => withinTime(tx, 60, () => tx.client.query('select 1 / 0')));

  await expect(refused).rejects.toThrow('division by zero');
});

test.each([
  ['without one', null, ['0', '1min', '0']],
  ['that is longer', 300, ['5min', '1min', '5min']],
  ['that is shorter', 30, ['30s', '30s', '30s']],
])('what comes before and after has the limit of the transaction, %s', async (_what, limit, expected) => {
  const limits = await transact(
    async (tx) => [await readLimit(tx), await withinTime(tx, 60, () => readLimit(tx)), await readLimit(tx)],
    limit,
  );

  expect(limits).toEqual(expected);
});

test('the limit of a transaction ends with it', async () => {
  await transact(readLimit, 30);

  const afterwards = await transact(readLimit);

  expect(afterwards).toBe('0');
});
