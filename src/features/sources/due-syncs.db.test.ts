import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { DriftplaneError } from '../../core/errors.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import { createWorkspace } from '../workspaces/workspace-service.ts';
import { startDueSyncs } from './due-syncs.ts';
import { getSource } from './source-read-model.ts';
import { archiveSource, changeSource } from './source-service.ts';
import { makeSource } from './test-sources.ts';

const MINUTE_MS = 60_000;

let testDatabase: TestDatabase;
let database: Database;
let workspaceId: string;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
});

afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

beforeEach(async () => {
  ({ workspaceId } = await createWorkspace(testDatabase.ownerUrl, { name: 'Contoso' }));
});

/** A transaction at a time of the test's own. */
function at<T>(
  now: Date | null,
  work: (tx: WorkspaceTransaction) => Promise<T>,
  id = workspaceId,
): Promise<T> {
  return withWorkspace(database.app, { workspaceId: id, actor: systemActor }, (tx) =>
    work(now === null ? tx : { ...tx, now }),
  );
}

/** Synced every full hour from 2026-01-01 00:30 on. */
async function hourly(name: string, id = workspaceId): Promise<string> {
  const wanted = { kind: 'files', name, config: { path: '/' }, schedule: { cron: '0 * * * *' } };
  const source = await at(new Date('2026-01-01T00:30:00Z'), (tx) => makeSource(tx, wanted, ['/']), id);
  return source.sourceId;
}

async function startedAt(instant: string): Promise<string[]> {
  const started: string[] = [];
  await at(new Date(instant), (tx) => startDueSyncs(tx, async (_, source) => started.push(source.sourceId)));
  return started;
}

async function nextOf(sourceId: string): Promise<string | undefined> {
  return (await at(null, (tx) => getSource(tx, sourceId))).nextSyncAt?.toISOString();
}

test('a sync is started when its time has come, once', async () => {
  const sourceId = await hourly('A');

  const early = await startedAt('2026-01-01T00:59:59.999Z');
  const due = await startedAt('2026-01-01T01:00:00.000Z');
  const again = await startedAt('2026-01-01T01:00:00.000Z');

  expect([early, due, again]).toEqual([[], [sourceId], []]);
  expect(await nextOf(sourceId)).toBe('2026-01-01T02:00:00.000Z');
});

test('of the times that were missed one is made up', async () => {
  const sourceId = await hourly('A');

  const late = await startedAt('2026-01-04T10:20:00Z');
  const again = await startedAt('2026-01-04T10:21:00Z');

  expect([late, again]).toEqual([[sourceId], []]);
  expect(await nextOf(sourceId)).toBe('2026-01-04T11:00:00.000Z');
});

test('a clock that goes backwards starts nothing twice', async () => {
  const sourceId = await hourly('A');
  await startedAt('2026-01-01T05:00:00Z');

  const back: string[] = [];
  for (let minute = 0; minute <= 360; minute += 15) {
    const instant = new Date(Date.parse('2026-01-01T00:00:00Z') + minute * MINUTE_MS).toISOString();
    back.push(...(await startedAt(instant)).map(() => instant));
  }

  expect(back).toEqual(['2026-01-01T06:00:00.000Z']);
  expect(await nextOf(sourceId)).toBe('2026-01-01T07:00:00.000Z');
});

test('a sync that is due stays due when something else of its source is changed', async () => {
  const sourceId = await hourly('A');

  const change = {
    revision: 1,
    change: { name: 'B', schedule: { cron: '0 * * * *', timeZone: 'UTC' } },
    fileRoots: [],
  };
  await at(new Date('2026-01-01T03:00:00Z'), (tx) => changeSource(tx, sourceId, change));

  expect(await nextOf(sourceId)).toBe('2026-01-01T01:00:00.000Z');
});

test('two that look at once start it once', async () => {
  const sourceId = await hourly('A');

  const started = await Promise.all(Array.from({ length: 6 }, () => startedAt('2026-01-01T01:00:00Z')));

  expect(started.flat()).toEqual([sourceId]);
});

test('when the start fails for good, nothing of it is left and the others are started', async () => {
  const refused = await hourly('A');
  const other = await hourly('B');

  const due = await at(new Date('2026-01-01T01:00:00Z'), (tx) =>
    startDueSyncs(tx, async (inner, source) => {
      inner.audit({
        action: 'run.start',
        target: { kind: 'test', id: source.sourceId },
        detail: {},
      });
      await inner.client.query(
        'update driftplane.sources set name = name || $3 where workspace_id = $1 and source_id = $2',
        [inner.workspaceId, source.sourceId, ' started'],
      );
      if (source.sourceId === refused) throw new DriftplaneError('run_in_progress', 'another run');
    }),
  );

  expect(new Map(due.map(({ sourceId, refusedBecause }) => [sourceId, refusedBecause]))).toEqual(
    new Map([
      [refused, 'run_in_progress'],
      [other, null],
    ]),
  );
  const names = await at(null, (tx) => Promise.all([refused, other].map((id) => getSource(tx, id))));
  expect(names.map(({ name }) => name)).toEqual(['A', 'B started']);
  const { rows } = await at(null, (tx) =>
    tx.client.query(
      "select target_id from driftplane.audit_events where workspace_id = $1 and target_kind = 'test'",
      [workspaceId],
    ),
  );
  expect(rows).toEqual([{ target_id: other }]);
  expect([await nextOf(refused), await nextOf(other)]).toEqual(Array(2).fill('2026-01-01T02:00:00.000Z'));
});

test('when the start fails unexpectedly, all is as before and it is started later', async () => {
  const sourceId = await hourly('A');

  const broken = at(new Date('2026-01-01T01:00:00Z'), (tx) =>
    startDueSyncs(tx, () => Promise.reject(new Error('the connection broke'))),
  );

  await expect(broken).rejects.toThrow('the connection broke');
  expect(await startedAt('2026-01-01T01:05:00Z')).toEqual([sourceId]);
});

test('an archived source, and one of another workspace, are not started', async () => {
  const archived = await hourly('A');
  await at(null, (tx) => archiveSource(tx, archived));
  const fabrikam = await createWorkspace(testDatabase.ownerUrl, { name: 'Fabrikam' });
  await hourly('B', fabrikam.workspaceId);

  const started = await startedAt('2026-01-01T01:00:00Z');

  expect(started).toEqual([]);
});
