import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../db/database.ts';
import { connectOwner } from '../../db/owner-connection.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { lockFindingsOfSubjects } from './finding-store.ts';
import { seedFindings, subjectOf, TestScope } from './test-findings.ts';

const FINDINGS = 50_000;
const SUBJECTS = 2_000;

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
  const owner = await connectOwner(testDatabase.ownerUrl);
  await owner.query('alter table driftplane.findings set (autovacuum_enabled = false)');
  await owner.end();
});

afterAll(async () => {
  await database?.close();
  await testDatabase?.drop();
});

test('subjects are looked up one by one in a table that the planner has not counted yet', async () => {
  const scope = await TestScope.open(database);
  await seedFindings(scope, FINDINGS);
  const subjectKeys = Array.from({ length: SUBJECTS }, (_, index) => subjectOf(`unknown ${index}`));

  const { found, visited } = await scope.inWorkspace(async (tx) => {
    const locked = await lockFindingsOfSubjects(tx, { subjectKeys, fingerprints: subjectKeys, runSeq: 1 });
    const { rows } = await tx.client.query<{ visited: number }>(
      `select seq_tup_read + coalesce(idx_tup_fetch, 0) as visited
       from pg_stat_xact_user_tables where relname = 'findings'`,
    );
    return { found: locked.length, visited: rows[0]?.visited };
  });

  expect(found).toBe(0);
  expect(visited).toBe(0);
});

test('the findings of a subject come in the order in which they were opened', async () => {
  const scope = await TestScope.open(database);
  for (const value of ['A', 'B', 'C']) await scope.see({ a: value, b: value });
  const subjectKeys = ['b', 'a'].map(subjectOf);

  const locked = await scope.inWorkspace((tx) =>
    lockFindingsOfSubjects(tx, { subjectKeys, fingerprints: [], runSeq: 1 }),
  );

  const inOrder = subjectKeys
    .toSorted()
    .flatMap((subjectKey) => [2, 3, 4].map((openedRunSeq) => ({ subjectKey, openedRunSeq })));
  expect(locked).toMatchObject(inOrder);
  expect(locked).toHaveLength(inOrder.length);
});
