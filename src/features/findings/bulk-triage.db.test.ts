import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { type BulkTarget, type BulkTriage, triageFindings } from './bulk-triage.ts';
import type { FindingFilter } from './finding-filter.ts';
import { lockFindings } from './finding-store.ts';
import { TestScope, testActor } from './test-findings.ts';

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

const acknowledge = { event: 'acknowledge', comment: null } as const;

function triage(scope: TestScope, bulk: Partial<BulkTriage> & Pick<BulkTriage, 'target'>) {
  const who = { workspaceId: scope.workspaceId, actor: testActor };
  return triageFindings(database.app, who, {
    decision: acknowledge,
    isDryRun: false,
    expectedCount: null,
    ...bulk,
  });
}

function byFilter(filter: FindingFilter): BulkTarget {
  return { kind: 'filter', filter, asked: { state: [...(filter.states ?? [])] } };
}

async function scopeWith(count: number): Promise<TestScope> {
  const scope = await TestScope.open(database);
  await scope.see(Object.fromEntries(Array.from({ length: count }, (_, index) => [`item-${index}`, 'B'])));
  return scope;
}

async function audits(scope: TestScope): Promise<{ detail: string }[]> {
  const { rows } = await scope.inWorkspace(({ client, workspaceId }) =>
    client.query<{ detail: string }>(
      `select detail from driftplane.audit_events where workspace_id = $1 and action = 'finding.acknowledge' order by seq`,
      [workspaceId],
    ),
  );
  return rows;
}

test('a dry run says how many would take it and how many could not, and changes nothing', async () => {
  const scope = await TestScope.open(database);
  await scope.findingOfEachState();
  const before = await scope.findings();

  const result = await triage(scope, { target: byFilter({}), isDryRun: true });

  expect(result).toEqual({
    isDryRun: true,
    matched: 6,
    changed: 4,
    refused: [
      { state: 'acknowledged', count: 1 },
      { state: 'resolved', count: 1 },
    ],
    changedMeanwhile: 0,
    notFound: 0,
  });
  expect(await scope.findings()).toEqual(before);
  expect(await audits(scope)).toEqual([]);
});

test('a bulk does what its dry run said', async () => {
  const scope = await TestScope.open(database);
  await scope.findingOfEachState();
  const said = await triage(scope, { target: byFilter({}), isDryRun: true });

  const done = await triage(scope, { target: byFilter({}) });

  expect(done).toEqual({ ...said, isDryRun: false });
  const states = (await scope.findings()).map(({ state }) => state).sort();
  expect(states).toEqual([...Array(5).fill('acknowledged'), 'resolved']);
});

test('many findings are changed in batches, each with one audit event and every finding with its own', async () => {
  const scope = await scopeWith(1_200);

  const result = await triage(scope, { target: byFilter({ states: ['new'] }) });

  expect(result).toMatchObject({ matched: 1_200, changed: 1_200, refused: [] });
  const details = (await audits(scope)).map(({ detail }) => JSON.parse(detail));
  expect(details).toMatchObject(
    [500, 500, 200].map((count) => ({
      after: { state: 'acknowledged' },
      count,
      filter: { state: ['new'] },
    })),
  );
  expect(new Set(details.flatMap(({ before }) => before.new)).size).toBe(1_200);
  const { rows } = await scope.inWorkspace(({ client, workspaceId }) =>
    client.query(
      `select count(*) as count from driftplane.finding_events where workspace_id = $1 and kind = 'acknowledge'`,
      [workspaceId],
    ),
  );
  expect(rows).toEqual([{ count: 1_200 }]);
});

test('ids of no finding and of another workspace are counted and left alone', async () => {
  const [scope, other] = [await scopeWith(2), await scopeWith(1)];
  const [first] = await scope.findings();
  const [foreign] = await other.findings();
  const ids = [first?.finding_id ?? '', first?.finding_id ?? '', foreign?.finding_id ?? '', randomUUID()];

  const result = await triage(scope, { target: { kind: 'ids', ids } });

  expect(result).toMatchObject({ matched: 1, changed: 1, notFound: 2 });
  expect((await other.findings()).map(({ state }) => state)).toEqual(['new']);
  expect(JSON.parse((await audits(scope))[0]?.detail ?? '')).toEqual({
    before: { new: [first?.finding_id] },
    after: { state: 'acknowledged' },
    count: 1,
  });
});

test('another number than expected changes nothing', async () => {
  const scope = await scopeWith(3);

  const refused = triage(scope, { target: byFilter({}), expectedCount: 2 });

  await expect(refused).rejects.toMatchObject({ code: 'count_mismatch', extensions: { matched: 3 } });
  expect((await scope.findings()).every(({ state }) => state === 'new')).toBe(true);
});

test('a time in the past is refused before anything is done', async () => {
  const scope = await scopeWith(1);

  const refused = triage(scope, {
    target: byFilter({}),
    decision: { event: 'snooze', until: new Date(0), comment: null },
  });

  await expect(refused).rejects.toMatchObject({ code: 'invalid_request' });
});

test('accepting many gives each finding an acceptance of its own value', async () => {
  const scope = await scopeWith(3);

  await triage(scope, {
    target: byFilter({ states: ['new'] }),
    decision: { event: 'accept', expiresAt: null, comment: 'planned' },
  });

  const { rows } = await scope.inWorkspace(({ client, workspaceId }) =>
    client.query(
      `select count(distinct finding_id) as findings, count(distinct subject_key) as subjects, min(value_hash) as value
       from driftplane.acceptances where workspace_id = $1 and ended_at is null`,
      [workspaceId],
    ),
  );
  expect(rows).toEqual([{ findings: 3, subjects: 3, value: 'B' }]);
});

test('what somebody else dealt with since it was found is left alone and counted', async () => {
  const scope = await scopeWith(2);
  const [first] = await scope.findings();
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let hold = () => {};
  const held = new Promise<void>((resolve) => {
    hold = resolve;
  });
  const somebody = scope.inWorkspace(async (tx) => {
    // The bulk finds its findings, and then waits here for its turn.
    await lockFindings(tx, 'exclusive');
    hold();
    await released;
    await tx.client.query(
      `update driftplane.findings set state = 'acknowledged', revision = 2 where workspace_id = $1 and finding_id = $2`,
      [tx.workspaceId, first?.finding_id],
    );
  });
  await held;

  const bulk = triage(scope, {
    target: byFilter({ states: ['new'] }),
    decision: { event: 'dismiss', reason: 'wont_fix', comment: null },
  });
  await untilSomebodyWaits(scope);
  release();
  await somebody;

  expect(await bulk).toMatchObject({ matched: 2, changed: 1, changedMeanwhile: 1 });
  expect((await scope.findings()).map(({ state }) => state).sort()).toEqual(['acknowledged', 'dismissed']);
});

async function untilSomebodyWaits(scope: TestScope): Promise<void> {
  for (;;) {
    const { rows } = await scope.inWorkspace(({ client }) =>
      client.query<{ isWaiting: boolean }>(
        `select exists (select from pg_locks where locktype = 'advisory' and not granted
           and database = (select oid from pg_database where datname = current_database())) as "isWaiting"`,
      ),
    );
    if (rows[0]?.isWaiting === true) return;
  }
}

test('a run and several bulks at once neither lock each other up nor lose an event', async () => {
  const scope = await scopeWith(3_000);
  const target = byFilter({ states: ['new', 'acknowledged'] });

  await Promise.all([
    scope.see(Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`item-${index}`, null]))),
    triage(scope, { target }),
    triage(scope, { target, decision: { event: 'dismiss', reason: 'wont_fix', comment: null } }),
    triage(scope, { target, decision: { event: 'reopen', comment: null } }),
  ]);

  const { rows } = await scope.inWorkspace(({ client, workspaceId }) =>
    client.query(
      `select count(*) as lost from driftplane.findings f
       where f.workspace_id = $1 and f.revision <> (
         select count(*) from driftplane.finding_events e
         where e.workspace_id = $1 and e.finding_id = f.finding_id)`,
      [workspaceId],
    ),
  );
  expect(rows).toEqual([{ lost: 0 }]);
  expect((await scope.findings()).every(({ is_undone: isUndone }) => isUndone)).toBe(true);
});
