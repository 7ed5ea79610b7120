import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ENGINE_VERSION } from '../../core/engine-version.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { generateDrift } from './drift-service.ts';
import { replayExecution } from './replay-service.ts';
import { executionOf, executionsOf, findingsOf, generate, shown } from './test-drift.ts';
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

test('the drift of a pair becomes findings, one per subject, and the execution says what it came to', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1, assignments: ['g1'] }, b: { secure: true }, c: { x: 1 } });
  await history.run({ a: { x: 2, assignments: ['g2'] }, b: { secure: false }, d: { x: 1 } });

  const execution = await generate(history, 2);

  expect((await findingsOf(history)).map(shown)).toEqual([
    'a assignment changed new',
    'a configuration changed new',
    'b configuration changed new',
    'c presence removed new',
    'd presence added new',
  ]);
  expect((await findingsOf(history)).map(({ severity }) => severity)).toEqual([
    'sev3',
    'sev3',
    'sev1',
    'sev3',
    'sev3',
  ]);
  expect(execution).toMatchObject({
    status: 'succeeded',
    hasPlan: false,
    resolution: { step: 5, trace: [] },
    engineVersion: ENGINE_VERSION,
    attempts: 1,
    error: null,
    progress: null,
    counts: { added: 1, removed: 1, changed: 2, ambiguous: 0, findings: 5, opened: 5, seenAgain: 0 },
  });
  expect(execution.inputsDigest).toMatch(/^[0-9a-f]{64}$/);
});

test('an execution that is delivered again leaves one result', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 } });
  await history.run({ a: { x: 2 } });
  const once = await generate(history, 2);

  const twice = await generate(history, 2);

  expect(twice).toEqual(once);
  expect(await findingsOf(history)).toMatchObject([{ external_id: 'a', occurrence_count: 1 }]);
});

test('an execution has ended when its work is done, not when its transaction began', async () => {
  const history = await TestHistory.open(database);
  for (const x of [1, 2]) await history.run({ a: { x } });
  const key = `reconcile:${history.workspaceId}:${history.scopeId}`;
  let generated: Promise<unknown> = Promise.resolve();

  // Its work can not be done before this transaction is over.
  const releasedAt = await history.asApp(async ({ client }) => {
    await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [key]);
    generated = generate(history, 2);
    generated.catch(() => {});
    await vi.waitUntil(async () => {
      const { rowCount } = await client.query(
        "select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())",
      );
      return rowCount === 1;
    });
    const { rows } = await client.query<{ at: Date }>('select clock_timestamp() as at, pg_sleep(0.05)');
    return rows[0]?.at as Date;
  });
  await generated;

  const { startedAt, finishedAt } = await executionOf(history, 2);
  expect(finishedAt?.getTime()).toBeGreaterThan(releasedAt.getTime());
  expect(startedAt?.getTime()).toBeLessThanOrEqual(releasedAt.getTime());
});

test('two workers on the same pair leave one result', async () => {
  const history = await TestHistory.open(database);
  const items = (x: number) => Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`i${n}`, { x }]));
  await history.run(items(1));
  await history.run(items(2));
  const { executionId } = await executionOf(history, 2);
  const job = { workspaceId: history.workspaceId, executionId };

  await Promise.all([generateDrift(database, job), generateDrift(database, job)]);

  const findings = await findingsOf(history);
  expect(findings).toHaveLength(50);
  expect(findings.every((finding) => finding.occurrence_count === 1)).toBe(true);
  expect(await executionOf(history, 2)).toMatchObject({ status: 'succeeded', counts: { opened: 50 } });
});

test('pairs reconcile in the order of their runs, whatever the order in which their jobs arrive', async () => {
  const inOrder = await TestHistory.open(database);
  const turned = await TestHistory.open(database);
  for (const history of [inOrder, turned]) {
    for (const x of [1, 2, 3, 1, 2]) await history.run({ a: { x }, b: { y: x === 3 ? 1 : 0 } });
  }

  for (const runSeq of [2, 3, 4, 5]) await generate(inOrder, runSeq);
  for (const runSeq of [5, 3, 2, 4]) await generate(turned, runSeq);

  expect((await findingsOf(turned)).map(shown)).toEqual((await findingsOf(inOrder)).map(shown));
  const settled = await executionsOf(turned);
  expect(settled.map(({ status }) => status)).toEqual(Array(4).fill('succeeded'));
  expect(settled.map(({ counts }) => counts)).toEqual(
    (await executionsOf(inOrder)).map(({ counts }) => counts),
  );
});

test('a value that is back where it was resolves its finding, and the way back is none', async () => {
  const history = await TestHistory.open(database);
  for (const x of [1, 2, 1]) await history.run({ a: { x } });
  await generate(history, 2);

  const back = await generate(history, 3);

  expect((await findingsOf(history)).map(shown)).toEqual(['a configuration changed resolved reverted']);
  expect(back.counts).toMatchObject({ changed: 1, findings: 1, opened: 0, reverted: 1, recorded: 1 });
});

test('an item that appears before its type was ever enumerated completely is no finding', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 } }, { isComplete: false });
  await history.run({ a: { x: 1 }, b: { x: 1 } });
  await history.run({ a: { x: 1 }, b: { x: 1 }, c: { x: 1 } });

  const partial = await generate(history, 2);
  const complete = await generate(history, 3);

  expect(partial.unproven.additions).toEqual({
    count: 1,
    items: [{ itemType: 'test.policy', externalId: 'b', label: 'b' }],
  });
  expect(partial.counts).toMatchObject({ added: 0, findings: 0 });
  expect(partial.coverage).toEqual([
    { itemType: '*', status: 'partial', reason: 'baseline: it had not been enumerated completely yet' },
  ]);
  expect(complete.unproven.additions.count).toBe(0);
  expect((await findingsOf(history)).map(shown)).toEqual(['c presence added new']);
});

test('an incomplete run resolves nothing that it did not see', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 }, b: { x: 1 } });
  await history.run({ a: { x: 2 }, b: { x: 2 } });
  await history.run({ a: { x: 1 } }, { isComplete: false });
  await generate(history, 2);

  await generate(history, 3);

  expect((await findingsOf(history)).map(shown)).toEqual([
    'a configuration changed resolved reverted',
    'b configuration changed new',
  ]);
});

test('an item of which a run says two things is left out on either side', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 }, b: { x: 1 } });
  await history.run({ a: { x: 2 }, b: { x: 2 } }, { ambiguous: ['a'] });

  const execution = await generate(history, 2);

  expect(execution.counts).toMatchObject({ ambiguous: 1, changed: 1 });
  expect((await findingsOf(history)).map(shown)).toEqual(['b configuration changed new']);
});

test('new rules make no finding, and values go on being known under them', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1, noise: 1 }, b: { x: 1, noise: 1 } });
  await history.run({ a: { x: 2, noise: 1 }, b: { x: 1, noise: 1 } });
  await history.run({ a: { x: 2, noise: 1 }, b: { x: 1, noise: 1 } }, { rules: 'second' });
  await history.run({ a: { x: 3, noise: 2 }, b: { x: 1, noise: 2 } }, { rules: 'second' });
  await generate(history, 2);

  const renormalised = await generate(history, 3);
  const next = await generate(history, 4);

  expect(renormalised.counts).toMatchObject({ changed: 0, findings: 0, opened: 0 });
  expect(next.counts).toMatchObject({ changed: 1, findings: 1, opened: 1 });
  const { rows } = await history.inWorkspace((tx) =>
    tx.client.query(
      `select old.current_hash = new.baseline_hash as joined from driftplane.findings old
       join driftplane.findings new on new.first_run_seq = 4 and new.scope_id = old.scope_id
       where old.scope_id = $1 and old.first_run_seq = 2`,
      [history.scopeId],
    ),
  );
  expect(rows).toEqual([{ joined: true }]);
});

test('every execution can be computed again from the stored intervals, to the same digest', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 }, b: { x: 1 }, '\u{1f600}': { x: 1 }, '\uffee': { x: 1 } });
  await history.run({ a: { x: 2 }, c: { x: 1 }, '\u{1f600}': { x: 2 }, '\uffee': { x: 2 } });
  await history.run({ a: { x: 1 } });
  const executions = [await generate(history, 2), await generate(history, 3)];

  const replays = await history.inWorkspace((tx) =>
    executions.reduce<Promise<unknown[]>>(
      async (done, { executionId }) => [...(await done), await replayExecution(tx, executionId)],
      Promise.resolve([]),
    ),
  );

  expect(replays).toMatchObject([
    { isSame: true, digest: executions[0]?.findingsDigest, findings: 5 },
    { isSame: true, digest: executions[1]?.findingsDigest },
  ]);
});

test('an execution whose inputs are gone says why it can not be computed again', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 } });
  await history.run({ a: { x: 2 } });
  const { executionId } = await generate(history, 2);
  const set = (column: string, value: string) =>
    history.inWorkspace((tx) =>
      tx.client.query(`update driftplane.executions set ${column} = $2 where execution_id = $1`, [
        executionId,
        value,
      ]),
    );

  await set('engine_version', '0');
  const otherEngine = history.inWorkspace((tx) => replayExecution(tx, executionId));
  await expect(otherEngine).rejects.toMatchObject({
    code: 'not_replayable',
    message: expect.stringContaining('engine 0'),
  });

  await set('not_replayable_because', 'retention');
  const swept = history.inWorkspace((tx) => replayExecution(tx, executionId));
  await expect(swept).rejects.toMatchObject({
    code: 'not_replayable',
    message: expect.stringContaining('retention'),
  });
});

test('an interrupted generation leaves nothing behind', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 } });
  await history.run({ a: { x: 2 } });
  const { executionId } = await executionOf(history, 2);
  const stopping = new AbortController();

  const stopped = generateDrift(database, {
    workspaceId: history.workspaceId,
    executionId,
    signal: stopping.signal,
    onStart: () => stopping.abort(),
  });

  await expect(stopped).rejects.toThrow();
  expect(await findingsOf(history)).toEqual([]);
  expect(await executionOf(history, 2)).toMatchObject({ findingsDigest: null, inputsDigest: null });
});

test('a subject whose other drift type alone comes back is resolved by what the item no longer has', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 } });
  await history.run({ a: { x: 1, assignments: ['g1'] } });
  await history.run({ a: { x: 2 } });
  await generate(history, 2);

  await generate(history, 3);

  expect((await findingsOf(history)).map(shown)).toEqual([
    'a assignment changed resolved reverted',
    'a configuration changed new',
  ]);
});

test('an item that vanishes takes the findings of its parts with it, and comes back as another value', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 }, b: { x: 1 } });
  await history.run({ a: { x: 2 }, b: { x: 1 } });
  await history.run({ b: { x: 1 } });
  await history.run({ a: { x: 1 }, b: { x: 1 } });
  for (const runSeq of [2, 3]) await generate(history, runSeq);
  const gone = (await findingsOf(history)).map(shown);

  await generate(history, 4);

  expect(gone).toEqual(['a configuration changed resolved superseded', 'a presence removed new']);
  expect((await findingsOf(history)).map(shown)).toEqual([
    'a configuration changed resolved superseded',
    'a presence removed resolved superseded',
    'a presence added new',
  ]);
});
