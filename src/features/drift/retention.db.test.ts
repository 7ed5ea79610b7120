import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Database, openDatabase } from '../../db/database.ts';
import { connectOwner } from '../../db/owner-connection.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { sweepWorkspace } from '../executions/retention-service.ts';
import { setBaseline } from './baseline-service.ts';
import { compareRuns } from './compare-service.ts';
import { executionsOf, findingsOf, generate, shown } from './test-drift.ts';
import { TestHistory } from './test-history.ts';

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

/** Everything that the scope has seen so far happened this long ago. */
async function age(history: TestHistory, days: number): Promise<void> {
  await history.inWorkspace(async (tx) => {
    for (const [table, column] of [
      ['sync_runs', 'finished_at'],
      ['executions', 'finished_at'],
      ['findings', 'resolved_at'],
    ]) {
      await tx.client.query(
        `update driftplane.${table} set ${column} = ${column} - make_interval(days => $2) where scope_id = $1`,
        [history.scopeId, days],
      );
    }
  });
}

async function countVersions(history: TestHistory): Promise<{ closed: number; live: number }> {
  const { rows } = await history.inWorkspace((tx) =>
    tx.client.query(
      `select count(*) filter (where to_seq is not null) as closed, count(*) filter (where to_seq is null) as live
       from driftplane.item_versions where scope_id = $1`,
      [history.scopeId],
    ),
  );
  return rows[0];
}

/** In batches of two, so that every kind takes several. */
const sweep = (history: TestHistory) => sweepWorkspace(database, history.workspaceId, undefined, 2);

const items = (x: number) => Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((id) => [id, { x }]));

test('versions that ended before the retention are swept, with the executions of that time', async () => {
  const history = await TestHistory.open(database);
  for (const x of [1, 2, 1]) await history.run(items(x));
  for (const runSeq of [2, 3]) await generate(history, runSeq);
  await age(history, 500);
  await history.run(items(3));
  const last = await generate(history, 4);

  await sweep(history);

  // What the last run closed ended today.
  expect(await countVersions(history)).toEqual({ closed: 5, live: 5 });
  expect(await executionsOf(history)).toEqual([last]);
});

test('an execution that is kept longer than its versions says that they are gone', async () => {
  const history = await TestHistory.open(database);
  await history.inWorkspace((tx) =>
    tx.client.query('update driftplane.workspaces set execution_retention_days = 1000'),
  );
  for (const x of [1, 2, 1]) await history.run(items(x));
  for (const runSeq of [2, 3]) await generate(history, runSeq);
  await age(history, 500);
  await history.run(items(1));
  await generate(history, 4);

  await sweep(history);

  expect((await executionsOf(history)).map(({ notReplayableBecause }) => notReplayableBecause)).toEqual([
    'retention',
    'retention',
    null,
  ]);
});

test('versions that an unresolved finding looks back to are kept', async () => {
  const history = await TestHistory.open(database);
  for (const x of [1, 2, 3]) await history.run(items(x));
  for (const runSeq of [2, 3]) await generate(history, runSeq);
  await history.inWorkspace((tx) =>
    tx.client.query(
      `update driftplane.findings set state = 'acknowledged' where scope_id = $1 and external_id = 'a'
         and state = 'new'`,
      [history.scopeId],
    ),
  );
  await age(history, 500);

  await sweep(history);

  expect(await countVersions(history)).toEqual({ closed: 5, live: 5 });
});

test('versions behind a pinned run are kept', async () => {
  const history = await TestHistory.open(database);
  for (const x of [1, 1, 2]) await history.run(items(x), { requestsDrift: false });
  const runId = history.runs[1]?.runId as string;
  await history.inWorkspace((tx) => setBaseline(tx, history.scopeId, { mode: 'pinned', runId }));
  await age(history, 500);

  await sweep(history);

  expect(await countVersions(history)).toEqual({ closed: 5, live: 5 });
});

test('nothing is swept that the retention still covers', async () => {
  const history = await TestHistory.open(database);
  for (const x of [1, 2, 1]) await history.run(items(x));
  for (const runSeq of [2, 3]) await generate(history, runSeq);
  await age(history, 300);

  await sweep(history);

  expect(await countVersions(history)).toEqual({ closed: 10, live: 5 });
  expect(await executionsOf(history)).toHaveLength(2);
  expect(await findingsOf(history)).toHaveLength(5);
});

test('resolved findings go with their events, unresolved ones stay, and so does the audit trail', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 }, b: { x: 1 } });
  await history.run({ a: { x: 2 }, b: { x: 2 } });
  await history.run({ a: { x: 1 }, b: { x: 2 } });
  for (const runSeq of [2, 3]) await generate(history, runSeq);
  await age(history, 500);
  const count = async (table: string): Promise<number> =>
    (await history.inWorkspace((tx) => tx.client.query(`select count(*) as count from driftplane.${table}`)))
      .rows[0].count;
  const audited = await count('audit_events');

  await sweep(history);

  expect((await findingsOf(history)).map(shown)).toEqual(['b configuration changed new']);
  expect(await count('finding_events')).toBe(1);
  expect(await count('audit_events')).toBe(audited);
});

test('a finding that a run opens again while it is swept stays', async () => {
  const history = await TestHistory.open(database);
  for (const x of [1, 2, 1]) await history.run({ a: { x } });
  for (const runSeq of [2, 3]) await generate(history, runSeq);
  await age(history, 500);
  const owner = await connectOwner(testDatabase.ownerUrl);
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
    and query ~ 'delete from driftplane.findings'`;

  const sweeping = await history.inWorkspace(async (tx) => {
    await tx.client.query(
      `update driftplane.findings set state = 'new', resolution = null, resolved_at = null where scope_id = $1`,
      [history.scopeId],
    );
    const swept = sweep(history);
    await vi.waitFor(async () => expect((await owner.query(waiting)).rowCount).toBe(1), { timeout: 30_000 });
    return { swept };
  });
  await sweeping.swept;
  await owner.end();

  expect((await findingsOf(history)).map(shown)).toEqual(['a configuration changed new']);
});

test('runs are not compared over what is gone, also where the retention was raised again since', async () => {
  const history = await TestHistory.open(database);
  for (const x of [1, 2, 3, 4])
    await history.run({ a: { x }, ...(x === 1 ? { b: { x } } : {}) }, { requestsDrift: false });
  const setRetention = (days: number) =>
    history.inWorkspace((tx) =>
      tx.client.query('update driftplane.workspaces set version_retention_days = $1', [days]),
    );
  const compare = (from: number, to: number) =>
    history.asApp((tx) => {
      const [baselineRunId, currentRunId] = [from, to].map(
        (runSeq) => history.runs[runSeq - 1]?.runId as string,
      );
      return compareRuns(tx, {
        baselineRunId: baselineRunId as string,
        currentRunId: currentRunId as string,
        limit: 9,
      });
    });
  await history.inWorkspace((tx) =>
    tx.client.query(
      `update driftplane.sync_runs set finished_at = finished_at - interval '3 days'
       where scope_id = $1 and run_seq <= 3`,
      [history.scopeId],
    ),
  );
  await setRetention(1);
  await sweep(history);
  await setRetention(400);

  await expect(compare(1, 4)).rejects.toMatchObject({ code: 'not_replayable' });
  await expect(compare(4, 2)).rejects.toMatchObject({ code: 'not_replayable' });
  await expect(
    history.inWorkspace((tx) =>
      setBaseline(tx, history.scopeId, { mode: 'pinned', runId: history.runs[0]?.runId as string }),
    ),
  ).rejects.toMatchObject({ code: 'not_replayable' });
  expect((await compare(3, 4)).counts).toMatchObject({ changed: 1 });
});

test('the event stream keeps a week, and keys of repeated requests a day', async () => {
  const history = await TestHistory.open(database);
  const { rows: tokens } = await history.inWorkspace((tx) =>
    tx.client.query('select token_id from driftplane.api_tokens'),
  );
  await history.inWorkspace(async (tx) => {
    for (const [seq, days] of [
      [1001, 8],
      [1002, 8],
      [1003, 8],
      [1004, 6],
    ]) {
      await tx.client.query(
        `insert into driftplane.stream_events (workspace_id, seq, at, kind, payload)
         values ($1, $2, now() - make_interval(days => $3), 'test', '{}')`,
        [history.workspaceId, seq, days],
      );
      await tx.client.query(
        `insert into driftplane.idempotency_keys (workspace_id, token_id, idempotency_key, request_hash,
           response_status, response_body, created_at)
         values ($1, $2, $3, 'hash', 200, '{}', now() - make_interval(days => $4))`,
        [history.workspaceId, tokens[0].token_id, `key ${seq}`, (days as number) - 6],
      );
    }
  });

  await sweep(history);

  const left = await history.inWorkspace(async (tx) => [
    (await tx.client.query(`select seq from driftplane.stream_events where kind = 'test'`)).rows,
    (await tx.client.query('select idempotency_key from driftplane.idempotency_keys')).rows,
  ]);
  expect(left).toEqual([[{ seq: 1004 }], [{ idempotency_key: 'key 1004' }]]);
});
