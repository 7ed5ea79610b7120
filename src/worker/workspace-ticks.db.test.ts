import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import { wakeFindings } from '../features/findings/finding-sweep.ts';
import { renewValues } from '../features/findings/renew-values.ts';
import { TestScope } from '../features/findings/test-findings.ts';
import { listeningLog } from './test-drift-worker.ts';
import { runTicks, transactionTick } from './workspace-ticks.ts';

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

/** A scope of a workspace of its own with a snoozed finding whose time has come. */
async function scopeToWake(): Promise<TestScope> {
  const scope = await TestScope.open(database);
  await scope.see({ a: 'A' });
  await scope.inWorkspace(({ client, workspaceId }) =>
    client.query(
      `update driftplane.findings set state = 'snoozed', snoozed_until = now() - interval '1 minute'
       where workspace_id = $1`,
      [workspaceId],
    ),
  );
  return scope;
}

test('a tick does not wait for the run of one workspace, and does it in the next round', async () => {
  const scopes = [await scopeToWake(), await scopeToWake()];
  const [busy] = scopes as [TestScope, TestScope];
  const statesNow = async () =>
    (await Promise.all(scopes.map((one) => one.findings()))).flat().map(({ state }) => state);
  const wake = transactionTick(database, 'wake', async (tx) => {
    await wakeFindings(tx);
    return 'done';
  });
  const log = listeningLog();
  const round = () => runTicks(database, [wake], { log, signal: new AbortController().signal });

  const whileBusy = await busy.inWorkspace(async (tx) => {
    await renewValues(tx, busy.scopeId, [{ subjectKey: 'of no finding', from: 'A', to: 'B' }]);
    await round();
    return statesNow();
  });
  await round();

  expect(whileBusy).toEqual(['snoozed', 'new']);
  expect(await statesNow()).toEqual(['new', 'new']);
  expect(log.lines).toMatchObject([expect.stringMatching(/^info tick left to the next round/)]);
});
