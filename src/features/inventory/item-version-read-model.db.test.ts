import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../core/json-value.ts';
import { digestSensitive } from '../../core/redact.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import { createWorkspace } from '../workspaces/workspace-service.ts';
import { diffItemVersions, listItemHistory, showItem } from './item-version-read-model.ts';
import {
  identityHashOf,
  makeType,
  type WrittenItem,
  type WrittenScope,
  writeScope,
} from './test-item-history.ts';

let testDatabase: TestDatabase;
let database: Database;
let workspaceId: string;
let scope: WrittenScope;

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
  scope = await writeScope(database, workspaceId, [makeType('user')]);
});

function read<T>(work: (tx: WorkspaceTransaction) => Promise<T>, id = workspaceId): Promise<T> {
  return withWorkspace(database.app, { workspaceId: id, actor: systemActor, isReadOnly: true }, work);
}

const userA = { itemType: 'user', externalId: 'a' };
const identityHash = identityHashOf(userA);

function a(facts: JsonObject): WrittenItem {
  return { ...userA, facts: { id: 'a', ...facts } };
}

function item() {
  return { scopeId: scope.scopeId, identityHash };
}

const show = (at: Parameters<typeof showItem>[2] = {}, id = workspaceId) =>
  read((tx) => showItem(tx, item(), at), id);
const history = (limit = 100, cursor?: string) =>
  read((tx) => listItemHistory(tx, item(), { limit, cursor }));
const diff = (from: number, to: number) => read((tx) => diffItemVersions(tx, item(), { from, to }));

describe('an item', () => {
  test('is shown in its last state, as of a run, and in each version', async () => {
    const first = await scope.apply([a({ mail: 'one' })]);
    await scope.apply([a({ mail: 'two' })]);
    const { items } = await history();

    const shown = [
      await show(),
      await show({ asOfRunId: first.runId }),
      await show({ versionId: items[0]?.versionId }),
      await show({ versionId: items[1]?.versionId }),
    ];

    expect(shown.map(({ facts }) => facts.mail)).toEqual(['two', 'one', 'two', 'one']);
    expect(shown[0]?.version).toEqual(items[0]);
    expect(shown[1]?.version).toEqual(items[1]);
  });

  test('that is gone is shown as it was last, and was not there as of the run that removed it', async () => {
    await scope.apply([a({ mail: 'one' })]);
    const second = await scope.apply([]);

    const shown = await show();

    expect(shown.facts.mail).toBe('one');
    expect(shown.version.closed).toMatchObject({ isRemoval: true, run: { runId: second.runId, runSeq: 2 } });
    await expect(show({ asOfRunId: second.runId })).rejects.toMatchObject({ code: 'item_not_found' });
  });

  test('shows no secret, and withholds what its type does not allow', async () => {
    const type = makeType('user', { evidence: { show: ['/**'], withhold: ['/phone', '/deep/phone'] } });
    scope = await writeScope(database, workspaceId, [type]);
    const password = digestSensitive('hunter2', 'key');
    await scope.apply([a({ password, phone: '+49', deep: { phone: '+1', mail: 'm' }, list: [password, 1] })]);

    const { facts } = await show();

    expect(facts).toEqual({
      id: 'a',
      password: '[redacted]',
      phone: '[withheld]',
      deep: { phone: '[withheld]', mail: 'm' },
      list: ['[redacted]', 1],
    });
  });

  test('withholds in versions before what its type does not allow any more', async () => {
    await scope.apply([a({ phone: '+49' })]);
    const stricter = makeType('user', { evidence: { show: ['/**'], withhold: ['/phone'] } });
    await scope.apply([a({ phone: '+1' })], { types: [stricter] });
    const versions = (await history()).items.map(({ versionId }) => versionId);

    const shown = await Promise.all(versions.map((versionId) => show({ versionId })));
    const compared = await diff(versions.at(-1) as number, versions[0] as number);

    expect(shown.map(({ facts }) => facts.phone)).toEqual(versions.map(() => '[withheld]'));
    expect(compared.changes).toEqual([
      { path: '/phone', op: 'replace', before: '[withheld]', after: '[withheld]' },
    ]);
  });

  test('shows members with names that objects have by themselves', async () => {
    const facts = JSON.parse('{"__proto__":{"x":1},"constructor":"c"}') as JsonObject;
    await scope.apply([{ ...userA, facts }]);

    const shown = await show();

    expect(JSON.stringify(shown.facts)).toBe('{"__proto__":{"x":1},"constructor":"c"}');
  });

  test('is not there under an unknown scope, identity or version, or in another workspace', async () => {
    const run = await scope.apply([a({})]);
    const foreign = await createWorkspace(testDatabase.ownerUrl, { name: 'Fabrikam' });
    const other = await writeScope(database, workspaceId, [makeType('user')]);
    const elsewhere = await other.apply([a({ mail: 'elsewhere' })]);
    const [foreignVersion] = await read((tx) =>
      listItemHistory(tx, { scopeId: other.scopeId, identityHash }, { limit: 1 }).then(({ items }) => items),
    );

    const codes = await Promise.all(
      [
        read((tx) => showItem(tx, { scopeId: 'x', identityHash }, {})),
        read((tx) => showItem(tx, { ...item(), identityHash: identityHash.toUpperCase() }, {})),
        read((tx) => showItem(tx, { ...item(), identityHash: 'ff'.repeat(32) }, {})),
        show({ versionId: foreignVersion?.versionId }),
        show({ versionId: Number.MAX_SAFE_INTEGER }),
        show({}, foreign.workspaceId),
        show({ asOfRunId: run.runId }, foreign.workspaceId),
        show({ asOfRunId: elsewhere.runId }),
      ].map((asked) => asked.then(() => 'found').catch((error) => error.code)),
    );

    expect(codes).toEqual([...Array(6).fill('item_not_found'), 'run_not_found', 'invalid_request']);
  });
});

describe('the history', () => {
  test('has every version with the run that opened and closed it, and by what', async () => {
    const runs = [
      await scope.apply([a({ v: 1 })]),
      await scope.apply([a({ v: 1 })]),
      await scope.apply([a({ v: 2 })]),
      await scope.apply([]),
      await scope.apply([a({ v: 2 })]),
      await scope.apply([a({ v: 2 })], { types: [makeType('user', { volatile: ['/x'] })] }),
    ];

    const { items } = await history();

    const nameOf = (runId: string | undefined) => runs.findIndex((run) => run.runId === runId) + 1;
    const told = items.map(({ opened, closed }) => [
      `${opened.by} ${nameOf(opened.run?.runId)}`,
      closed === null
        ? null
        : `${closed.by} ${nameOf(closed.run?.runId)}${closed.isRemoval ? ' removed' : ''}`,
    ]);
    expect(told).toEqual([
      ['renormalised 6', null],
      ['observed 5', 'renormalised 6'],
      ['observed 3', 'observed 4 removed'],
      ['observed 1', 'observed 3'],
    ]);
  });

  test('comes in pages that hold every version once', async () => {
    for (let value = 0; value < 7; value++) await scope.apply([a({ value })]);
    const all = (await history()).items.map(({ versionId }) => versionId);

    const paged: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await history(3, cursor);
      paged.push(...page.items.map(({ versionId }) => versionId));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);

    expect(all.length).toBe(7);
    expect(paged).toEqual(all);
  });

  test('of what never was is not found', async () => {
    await expect(history()).rejects.toMatchObject({ code: 'item_not_found' });
  });
});

describe('two versions', () => {
  test('are compared as their type says', async () => {
    scope = await writeScope(database, workspaceId, [
      makeType('user', { keyed: [{ path: '/roles', key: ['/name'] }] }),
    ]);
    await scope.apply([
      a({
        mail: 'one',
        gone: true,
        roles: [
          { name: 'r1', on: 1 },
          { name: 'r2', on: 1 },
        ],
      }),
    ]);
    await scope.apply([
      a({
        mail: 'two',
        roles: [
          { name: 'r2', on: 2 },
          { name: 'r1', on: 1 },
        ],
      }),
    ]);
    const [second, first] = (await history()).items.map(({ versionId }) => versionId);

    const there = await diff(first as number, second as number);
    const back = await diff(second as number, first as number);

    expect(there).toMatchObject({ hasSameRules: true, changeCount: 3 });
    expect(there.changes).toEqual([
      { path: '/gone', op: 'remove', before: true, after: null },
      { path: '/mail', op: 'replace', before: 'one', after: 'two' },
      { path: '/roles/r2/on', op: 'replace', before: 1, after: 2 },
    ]);
    expect(back.changes.map(({ op, before, after }) => [op, before, after])).toEqual([
      ['add', null, true],
      ['replace', 'two', 'one'],
      ['replace', 2, 1],
    ]);
  });

  test('of different rules say so', async () => {
    await scope.apply([a({ v: 1 })]);
    await scope.apply([a({ v: 2 })], { types: [makeType('user', { volatile: ['/x'] })] });
    const versions = (await history()).items.map(({ versionId }) => versionId);

    const compared = await diff(versions.at(-1) as number, versions[0] as number);

    expect(compared.hasSameRules).toBe(false);
    expect(compared.changes.map(({ path }) => path)).toEqual(['/v']);
  });

  test('that are the same one do not differ', async () => {
    await scope.apply([a({ v: 1 })]);
    const [version] = (await history()).items;

    const compared = await diff(version?.versionId as number, version?.versionId as number);

    expect(compared).toMatchObject({ changeCount: 0, changes: [], hasSameRules: true });
  });

  test('show a changed secret only as that, also where it lost its mark', async () => {
    const secret = (text: string) => digestSensitive(text, 'key');
    await scope.apply([a({ password: secret('one'), token: secret('t') })]);
    await scope.apply([a({ password: secret('two'), token: 'in clear' })]);
    const [second, first] = (await history()).items.map(({ versionId }) => versionId);

    const { changes } = await diff(first as number, second as number);

    expect(changes).toEqual([
      { path: '/password', op: 'replace', before: '[redacted]', after: '[redacted]' },
      { path: '/token', op: 'replace', before: '[redacted]', after: '[redacted]' },
    ]);
  });

  test('with very many changes list the first and say how many there are', async () => {
    const many = (value: number): JsonObject =>
      Object.fromEntries(Array.from({ length: 1_200 }, (_, index) => [`m${index}`, value]));
    await scope.apply([a(many(1))]);
    await scope.apply([a(many(2))]);
    const [second, first] = (await history()).items.map(({ versionId }) => versionId);

    const { changes, changeCount } = await diff(first as number, second as number);

    expect([changes.length, changeCount]).toEqual([1_000, 1_200]);
  });
});
