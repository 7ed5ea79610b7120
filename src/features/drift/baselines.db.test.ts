import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Database, openDatabase } from '../../db/database.ts';
import { connectOwner } from '../../db/owner-connection.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { listScopeOverviews, setBaseline } from './baseline-service.ts';
import { compareRuns } from './compare-service.ts';
import { generateDrift } from './drift-service.ts';
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

function runIdOf(history: TestHistory, runSeq: number): string {
  return history.runs[runSeq - 1]?.runId as string;
}

function pin(history: TestHistory, runSeq: number) {
  return history.inWorkspace((tx) =>
    setBaseline(tx, history.scopeId, { mode: 'pinned', runId: runIdOf(history, runSeq) }),
  );
}

async function generateAll(history: TestHistory): Promise<void> {
  for (const { executionId } of await executionsOf(history)) {
    await generateDrift(database, { workspaceId: history.workspaceId, executionId });
  }
}

test('runs are compared with a pinned run, and what is back at it is resolved', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 }, b: { x: 1 } });
  await pin(history, 1);
  await history.run({ a: { x: 2 }, b: { x: 1 } });
  await history.run({ a: { x: 2 }, b: { x: 3 } });
  await history.run({ a: { x: 1 }, b: { x: 3 } });

  await generateAll(history);

  expect((await executionsOf(history)).map(({ baselineRunId }) => baselineRunId)).toEqual(
    Array(3).fill(runIdOf(history, 1)),
  );
  const findings = await findingsOf(history);
  expect(findings.map(shown)).toEqual([
    'a configuration changed resolved reverted',
    'b configuration changed new',
  ]);
  expect(findings.map((finding) => finding.occurrence_count)).toEqual([2, 2]);
});

test('a run that is pinned is compared with the last one at once', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 } });
  await history.run({ a: { x: 1 } });
  await history.run({ a: { x: 2 } });
  await generateAll(history);

  const scope = await pin(history, 1);
  await generateAll(history);

  expect(scope.baseline).toEqual({ mode: 'pinned', runId: runIdOf(history, 1) });
  expect(
    (await executionsOf(history)).map(({ baselineMode, status }) => `${baselineMode} ${status}`).sort(),
  ).toEqual(['pinned succeeded', 'rolling succeeded', 'rolling succeeded']);
  expect((await findingsOf(history)).map(shown)).toEqual(['a configuration changed new']);
});

test('a pair that was generated before under the same plan and engine is not generated again', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 } });
  await history.run({ a: { x: 2 } });
  const first = await generate(history, 2);

  await pin(history, 1);
  const repeated = (await executionsOf(history)).find(({ executionId }) => executionId !== first.executionId);
  await generateAll(history);
  // Where the queue did not hear that it was done, it comes again.
  await generateDrift(database, {
    workspaceId: history.workspaceId,
    executionId: repeated?.executionId as string,
  });

  expect(await executionsOf(history)).toEqual([first]);
  expect((await findingsOf(history)).map((finding) => finding.occurrence_count)).toEqual([1]);
});

test('a job of an earlier run that failed is done before that of a later one', async () => {
  const history = await TestHistory.open(database);
  for (const x of [1, 2, 3]) await history.run({ a: { x } });
  await history.inWorkspace((tx) =>
    tx.client.query(
      `update driftplane.executions set status = 'failed', error_code = 'internal_error', error_message = 'x'
       where scope_id = $1 and current_run_id = $2`,
      [history.scopeId, runIdOf(history, 2)],
    ),
  );

  await generate(history, 3);

  expect((await executionsOf(history)).map(({ status, error }) => [status, error])).toEqual([
    ['succeeded', null],
    ['succeeded', null],
  ]);
  expect((await findingsOf(history)).map(shown)).toEqual([
    'a configuration changed resolved superseded',
    'a configuration changed new',
  ]);
});

test.each(['queued', 'failed'])(
  'an execution for a pin that the next run overtook while %s is over',
  async (status) => {
    const history = await TestHistory.open(database);
    for (const x of [1, 2, 3]) await history.run({ a: { x } });
    await generateAll(history);
    await pin(history, 1);
    const overtaken = (await executionsOf(history)).find(({ baselineMode }) => baselineMode === 'pinned');
    await history.inWorkspace((tx) =>
      tx.client.query('update driftplane.executions set status = $2 where execution_id = $1', [
        overtaken?.executionId,
        status,
      ]),
    );
    await history.run({ a: { x: 4 } });

    await generate(history, 4);
    const left = await executionsOf(history);
    // Its own job comes afterwards, where it has one.
    await generateDrift(database, {
      workspaceId: history.workspaceId,
      executionId: overtaken?.executionId as string,
    });

    expect(await executionsOf(history)).toEqual(left);
    expect(left.map((one) => `${one.baselineMode} ${one.status}`)).toEqual([
      'rolling succeeded',
      'rolling succeeded',
      'pinned succeeded',
    ]);
    expect((await findingsOf(history)).map(shown).at(-1)).toBe('a configuration changed new');
  },
);

test('a run that is reconciled already leaves an earlier pair that was taken up behind it', async () => {
  const history = await TestHistory.open(database);
  for (const x of [1, 2, 3]) await history.run({ a: { x } });
  await generateAll(history);
  await pin(history, 1);
  const late = (await executionsOf(history)).find(({ baselineMode }) => baselineMode === 'pinned');
  await history.inWorkspace((tx) =>
    tx.client.query('update driftplane.scopes set reconciled_run_seq = 4 where scope_id = $1', [
      history.scopeId,
    ]),
  );

  await generateDrift(database, {
    workspaceId: history.workspaceId,
    executionId: late?.executionId as string,
  });

  expect((await executionsOf(history)).map(({ baselineMode }) => baselineMode)).toEqual([
    'rolling',
    'rolling',
  ]);
});

test('a run that is pinned while another is applied is compared with that one', async () => {
  const history = await TestHistory.open(database);
  for (const x of [1, 2]) await history.run({ a: { x } });
  await generateAll(history);
  const owner = await connectOwner(testDatabase.ownerUrl);
  const countWaiting = async (): Promise<number> =>
    (
      await owner.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
    ).rowCount ?? 0;
  // The run is applied up to its commit.
  const holding = await connectOwner(testDatabase.ownerUrl);
  await holding.query(`begin; set local app.workspace_id = '${history.workspaceId}';
    select from driftplane.workspace_heads for update`);

  const applying = history.run({ a: { x: 3 } });
  await vi.waitFor(async () => expect(await countWaiting()).toBe(1), { timeout: 30_000 });
  const pinning = pin(history, 1);
  await vi.waitFor(async () => expect(await countWaiting()).toBe(2), { timeout: 30_000 });
  await holding.end();
  await applying;
  await pinning;
  await owner.end();

  expect(
    (await executionsOf(history)).map(({ baselineMode, currentRunId }) => [baselineMode, currentRunId]),
  ).toEqual(expect.arrayContaining([['pinned', runIdOf(history, 3)]]));
  await generateAll(history);
  expect((await executionsOf(history)).map(({ status }) => status)).toEqual(Array(3).fill('succeeded'));
});

test('an unpinned scope is compared with the run before again', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 } });
  await pin(history, 1);
  await history.run({ a: { x: 2 } });
  await history.inWorkspace((tx) => setBaseline(tx, history.scopeId, { mode: 'rolling' }));
  await history.run({ a: { x: 3 } });

  await generateAll(history);

  const last = await generate(history, 3);
  expect(last).toMatchObject({ baselineMode: 'rolling', baselineRunId: runIdOf(history, 2) });
  expect(
    (await history.inWorkspace((tx) => listScopeOverviews(tx, { after: null, limit: 10 }))).find(
      ({ scopeId }) => scopeId === history.scopeId,
    ),
  ).toMatchObject({
    baseline: { mode: 'rolling' },
    runCount: 3,
    itemCount: 1,
    headRun: { runId: runIdOf(history, 3), runSeq: 3 },
  });
});

test('only an applied run of the scope itself can be pinned', async () => {
  const history = await TestHistory.open(database);
  const other = await TestHistory.open(database, history.workspaceId);
  await history.run({ a: { x: 1 } });
  await other.run({ a: { x: 1 } });
  const choose = (scopeId: string, runId: string) =>
    history.inWorkspace((tx) => setBaseline(tx, scopeId, { mode: 'pinned', runId }));

  await expect(choose(history.scopeId, runIdOf(other, 1))).rejects.toMatchObject({ code: 'run_not_found' });
  await expect(choose(history.scopeId, 'no id')).rejects.toMatchObject({ code: 'run_not_found' });
  await expect(choose('no id', runIdOf(history, 1))).rejects.toMatchObject({ code: 'scope_not_found' });
});

test('any two runs of a scope can be compared in either order, and nothing is kept of it', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 }, b: { x: 1 }, c: { x: 1 } });
  await history.run({ a: { x: 5 }, b: { x: 1 }, c: { x: 1 } });
  await history.run({ a: { x: 2 }, b: { x: 1 }, d: { x: 1 } });
  const compare = (from: number, to: number, limit = 100) =>
    history.asApp((tx) =>
      compareRuns(tx, { baselineRunId: runIdOf(history, from), currentRunId: runIdOf(history, to), limit }),
    );

  const forwards = await compare(1, 3);
  const backwards = await compare(3, 1);
  const cut = await compare(1, 3, 1);
  const same = await compare(2, 2);

  const told = (comparison: typeof forwards) =>
    comparison.findings.map(({ externalId, change, changes }) => [
      `${externalId} ${change}`,
      ...changes.map(({ before, after }) => `${before} → ${after}`),
    ]);
  expect(told(forwards)).toEqual([['a changed', '1 → 2'], ['c removed'], ['d added']]);
  expect(told(backwards)).toEqual([['a changed', '2 → 1'], ['c added'], ['d removed']]);
  expect(cut).toMatchObject({ isTruncated: true, counts: { findings: 3 } });
  expect(cut.findings).toHaveLength(1);
  expect(same).toMatchObject({ findings: [], counts: { findings: 0 }, isTruncated: false });
  expect(await findingsOf(history)).toEqual([]);
});

test('told backwards, what only a later and complete look proves is no finding either', async () => {
  const history = await TestHistory.open(database);
  await history.run({ a: { x: 1 } }, { isComplete: false });
  await history.run({ a: { x: 1 }, b: { x: 1 } });
  const ids = { baselineRunId: runIdOf(history, 2), currentRunId: runIdOf(history, 1) };

  const comparison = await history.asApp((tx) => compareRuns(tx, { ...ids, limit: 100 }));

  expect(comparison.findings).toEqual([]);
  expect(comparison.unproven).toMatchObject({ additions: { count: 0 }, removals: { count: 1 } });
});
