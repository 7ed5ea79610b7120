import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { contentHash } from '../../core/content-hash.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { connectOwner } from '../../db/owner-connection.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import { encodeCursor } from '../../http/page.ts';
import { createWorkspace } from '../workspaces/workspace-service.ts';
import { type ItemQuery, type ListedItem, listItems } from './item-read-model.ts';
import { makeType, type WrittenItem, type WrittenScope, writeScope } from './test-item-history.ts';

let testDatabase: TestDatabase;
let database: Database;
let workspaceId: string;

const types = [makeType('user'), makeType('group'), makeType('device')];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
});

afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

beforeEach(async () => {
  workspaceId = await newWorkspace();
});

async function newWorkspace(): Promise<string> {
  return (await createWorkspace(testDatabase.ownerUrl, { name: 'Contoso' })).workspaceId;
}

function read<T>(work: (tx: WorkspaceTransaction) => Promise<T>, id = workspaceId): Promise<T> {
  return withWorkspace(database.app, { workspaceId: id, actor: systemActor, isReadOnly: true }, work);
}

function list(query: Partial<ItemQuery> = {}, id = workspaceId) {
  return read((tx) => listItems(tx, { limit: 100, ...query }), id);
}

/** All pages, one behind the other. */
async function listAll(query: Partial<ItemQuery>, limit: number, id = workspaceId): Promise<ListedItem[]> {
  const items: ListedItem[] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ ...query, limit, cursor }, id);
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}

function user(externalId: string, value: unknown = 1, label = externalId): WrittenItem {
  return { itemType: 'user', externalId, label, facts: { id: externalId, value: String(value) } };
}

const idsOf = (items: readonly ListedItem[]): string[] => items.map(({ externalId }) => externalId).sort();

describe('the list', () => {
  test('has what was observed last, each since the run in which it became so', async () => {
    const scope = await writeScope(database, workspaceId, types);
    const first = await scope.apply([user('a'), user('b'), user('c')]);
    const second = await scope.apply([user('a'), user('b', 2)]);

    const { items, nextCursor } = await list();

    expect(nextCursor).toBeNull();
    expect(items.map(({ externalId, since }) => [externalId, since?.runId, since?.runSeq])).toEqual([
      ['a', first.runId, 1],
      ['b', second.runId, 2],
    ]);
    expect(items[0]).toMatchObject({
      scopeId: scope.scopeId,
      itemType: 'user',
      contentHash: contentHash(user('a').facts),
    });
  });

  test('has the run of a boundary at which rules changed', async () => {
    const scope = await writeScope(database, workspaceId, types);
    await scope.apply([user('a')]);
    const renewed = await scope.apply([user('a')], { types: [makeType('user', { volatile: ['/x'] })] });

    const { items } = await list();

    expect(items.map(({ since }) => since?.runId)).toEqual([renewed.runId]);
  });

  test('is filtered by scope, source, type and a part of the label in any case', async () => {
    const one = await writeScope(database, workspaceId, types);
    const other = await writeScope(database, workspaceId, types);
    const sibling = await writeScope(database, workspaceId, types, { sourceId: one.sourceId });
    await one.apply([user('a', 1, 'Ärzte 100%'), user('b', 1, 'Bob'), { ...user('g'), itemType: 'group' }]);
    await other.apply([user('c', 1, 'bobby')]);
    await sibling.apply([user('d')]);

    const found = await Promise.all(
      [
        { scopeId: one.scopeId },
        { sourceId: one.sourceId },
        { itemType: 'group' },
        { label: 'BOB' },
        { label: 'ärzte' },
        { label: '0%' },
        { label: '_' },
        { label: 'bob', scopeId: one.scopeId, sourceId: one.sourceId, itemType: 'user' },
      ].map((query) => list(query).then(({ items }) => idsOf(items))),
    );

    expect(found).toEqual([
      ['a', 'b', 'g'],
      ['a', 'b', 'd', 'g'],
      ['g'],
      ['b', 'c'],
      ['a'],
      ['a'],
      [],
      ['b'],
    ]);
  });

  test('does not change on later pages when something is applied in between, as of a run', async () => {
    const scope = await writeScope(database, workspaceId, types);
    const run = await scope.apply(['a', 'b', 'c', 'd', 'e'].map((id) => user(id)));
    const before = await list({ asOfRunId: run.runId, limit: 2 });
    await scope.apply([user('a', 2), user('d', 2), user('z')]);

    const after = await list({ asOfRunId: run.runId, limit: 10, cursor: before.nextCursor as string });

    expect(idsOf([...before.items, ...after.items])).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('of another workspace is empty, and its scopes, sources and runs are not there', async () => {
    const scope = await writeScope(database, workspaceId, types);
    const { runId } = await scope.apply([user('a')]);
    const foreign = await newWorkspace();

    const codes = await Promise.all(
      [{ scopeId: scope.scopeId }, { sourceId: scope.sourceId }, { asOfRunId: runId }].map((query) =>
        list(query, foreign).then(
          () => 'found',
          (error) => error.code,
        ),
      ),
    );

    expect((await list({}, foreign)).items).toEqual([]);
    expect(codes).toEqual(['scope_not_found', 'source_not_found', 'run_not_found']);
  });
});

describe('what can not be answered', () => {
  let scope: WrittenScope;
  let runId: string;

  beforeEach(async () => {
    scope = await writeScope(database, workspaceId, types);
    ({ runId } = await scope.apply([user('a'), user('b')]));
  });

  test('is a run, scope or source that is unknown or no id at all', async () => {
    const codes = await Promise.all(
      [randomUUID(), 'x', "'; drop table"].flatMap((id) =>
        [{ asOfRunId: id }, { scopeId: id }, { sourceId: id }].map((query) =>
          list(query).catch((error) => error.code),
        ),
      ),
    );

    expect(new Set(codes)).toEqual(new Set(['run_not_found', 'scope_not_found', 'source_not_found']));
  });

  test('is the state as of a run that was not applied', async () => {
    const failedRunId = randomUUID();
    await withWorkspace(database.app, { workspaceId, actor: systemActor }, (tx) =>
      tx.client.query(
        `insert into driftplane.sync_runs (workspace_id, run_id, scope_id, source_id, status, trigger, requested_by, requested_at)
         values ($1, $2, $3, $4, 'failed', 'push', 'test', $5)`,
        [workspaceId, failedRunId, scope.scopeId, scope.sourceId, tx.now],
      ),
    );

    await expect(list({ asOfRunId: failedRunId })).rejects.toMatchObject({
      code: 'invalid_request',
      details: [{ pointer: '/asOfRunId' }],
    });
  });

  test('is the state as of a run whose versions retention has deleted, not the one after', async () => {
    const second = await scope.apply([user('a', 2)]);
    await withWorkspace(database.app, { workspaceId, actor: systemActor }, (tx) =>
      tx.client.query('update driftplane.scopes set kept_since_seq = $2 where workspace_id = $1', [
        workspaceId,
        second.seq,
      ]),
    );

    await expect(list({ asOfRunId: runId })).rejects.toMatchObject({ code: 'state_not_kept' });
    expect(idsOf((await list({ asOfRunId: second.runId })).items)).toEqual(['a']);
  });

  test('is a run, scope and source that do not belong together', async () => {
    const other = await writeScope(database, workspaceId, types);

    const asked = [
      { asOfRunId: runId, scopeId: other.scopeId },
      { asOfRunId: runId, sourceId: other.sourceId },
      { scopeId: scope.scopeId, sourceId: other.sourceId },
    ];

    for (const query of asked) {
      await expect(list(query)).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });

  test('is a cursor of another listing, another state or of nonsense', async () => {
    const ofState = (await list({ asOfRunId: runId, limit: 1 })).nextCursor as string;
    const cursors = [
      ofState,
      'x',
      encodeCursor('sources', ['a', 'b']),
      encodeCursor('items', ['no-uuid', 'user', 1]),
      encodeCursor('items', [scope.scopeId, 'user', 1.5]),
      encodeCursor('items', [scope.scopeId, 'u\0', 1]),
      encodeCursor('items', [scope.scopeId, 7, 1]),
    ];

    for (const cursor of cursors) {
      await expect(list({ cursor })).rejects.toMatchObject({ code: 'invalid_cursor' });
    }
  });
});

/** What two scopes had at each of some runs: values by item, items by type and number. */
const histories = fc.array(
  fc.record({
    scope: fc.nat(1),
    items: fc.dictionary(
      fc.constantFrom('user', 'group').chain((t) => fc.nat(5).map((n) => `${t}/${n}`)),
      fc.nat(2),
      {
        maxKeys: 8,
      },
    ),
    hasNewRules: fc.boolean(),
  }),
  { minLength: 1, maxLength: 7 },
);

function writtenItems(items: Readonly<Record<string, number>>): WrittenItem[] {
  return Object.entries(items).map(([name, value]) => {
    const [itemType = '', externalId = ''] = name.split('/');
    return { itemType, externalId, facts: { id: externalId, value } };
  });
}

/** A state as a naive observer writes it down. */
function noted(scopeId: string, items: readonly WrittenItem[]): string[] {
  return items
    .map(({ itemType, externalId, facts }) => `${scopeId} ${itemType}/${externalId} ${contentHash(facts)}`)
    .sort();
}

function listedState(items: readonly ListedItem[]): string[] {
  return items
    .map((item) => `${item.scopeId} ${item.itemType}/${item.externalId} ${item.contentHash}`)
    .sort();
}

test('for any history the list as of each run, in pages of any size, is what was observed then', async () => {
  let generation = 0;
  await fc.assert(
    fc.asyncProperty(histories, fc.integer({ min: 1, max: 5 }), async (history, pageSize) => {
      const id = await newWorkspace();
      const scopes = [await writeScope(database, id, types), await writeScope(database, id, types)];
      const states: { runId: string; state: string[] }[] = [];
      const last = new Map<number, string[]>();
      for (const { scope: at, items, hasNewRules } of history) {
        const scope = scopes[at] as WrittenScope;
        const written = writtenItems(items);
        const rules = hasNewRules
          ? { types: [makeType('user', { volatile: [`/v${generation++}`] })] }
          : undefined;
        const { runId } = await scope.apply(written, rules);
        const state = noted(scope.scopeId, written);
        states.push({ runId, state });
        last.set(at, state);
      }

      const listed = [];
      for (const { runId } of states)
        listed.push(listedState(await listAll({ asOfRunId: runId }, pageSize, id)));
      const live = await listAll({}, pageSize, id);
      const users = await listAll({ itemType: 'user' }, pageSize, id);

      expect(listed).toEqual(states.map(({ state }) => state));
      const all = [...last.values()].flat().sort();
      expect(listedState(live)).toEqual(all);
      expect(listedState(users)).toEqual(all.filter((line) => line.includes(' user/')));
    }),
    { numRuns: 25 },
  );
});

test('a label that takes too long to look for is too broad a question', async () => {
  await writeScope(database, workspaceId, types);
  const owner = await connectOwner(testDatabase.ownerUrl);
  try {
    // Stands for an inventory without end: nothing can be read of it.
    await owner.query('begin; lock table driftplane.item_versions in access exclusive mode');
    const who = { workspaceId, actor: systemActor, isReadOnly: true, maxStatementSeconds: 1 };

    const search = withWorkspace(database.app, who, (tx) => listItems(tx, { label: 'x', limit: 10 }));

    await expect(search).rejects.toMatchObject({ code: 'query_too_broad' });
  } finally {
    await owner.end();
  }
});
