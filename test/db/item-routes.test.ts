import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json-value.ts';
import { digestSensitive } from '../../src/core/redact.ts';
import { loadItemTypes } from '../../src/features/inventory/item-type-files.ts';
import {
  identityHashOf,
  makeType,
  type WrittenItem,
  type WrittenRun,
  type WrittenScope,
  writeScope,
} from '../../src/features/inventory/test-item-history.ts';
import type { NewWorkspace } from '../../src/features/workspaces/workspace-service.ts';
import { createTestServer, type TestServer } from '../../src/server/test-server.ts';

let server: TestServer;
let contoso: NewWorkspace;
let scope: WrittenScope;
let runs: WrittenRun[];

beforeAll(async () => {
  server = await createTestServer();
});

afterAll(() => server.close());

function user(externalId: string, facts: JsonObject): WrittenItem {
  return { itemType: 'user', externalId, label: `User ${externalId}`, facts: { id: externalId, ...facts } };
}

const password = digestSensitive('hunter2', 'key');

beforeEach(async () => {
  contoso = await server.createWorkspace();
  const type = makeType('user', { evidence: { show: ['/**'], withhold: ['/phone'] } });
  scope = await writeScope(server.database, contoso.workspaceId, [type]);
  runs = [
    await scope.apply([user('a', { mail: 'one', phone: '+49', password }), user('b', {})]),
    await scope.apply([user('a', { mail: 'two', phone: '+49', password })]),
  ];
});

async function get(path: string, token = contoso.adminToken) {
  const answer = await server.call(token, { url: path });
  return { status: answer.statusCode, body: answer.json() };
}

const itemPath = (externalId: string): string =>
  `/api/items/${contoso.workspaceId}/${scope.scopeId}/${identityHashOf({ itemType: 'user', externalId })}`;

test('items are listed, now and as of a run', async () => {
  const now = await get(`/api/items/${contoso.workspaceId}?scopeId=${scope.scopeId}`);
  const before = await get(`/api/items/${contoso.workspaceId}?asOfRunId=${runs[0]?.runId}&limit=1`);
  const next = await get(
    `/api/items/${contoso.workspaceId}?asOfRunId=${runs[0]?.runId}&cursor=${before.body.nextCursor}`,
  );

  expect(now.body.items).toMatchObject([
    { externalId: 'a', label: 'User a', itemType: 'user', since: { runId: runs[1]?.runId, runSeq: 2 } },
  ]);
  expect([before, next].map(({ body }) => body.items[0].externalId)).toEqual(['a', 'b']);
  expect(next.body.nextCursor).toBeNull();
});

test('an item, its history and a diff are shown without what may not be seen', async () => {
  const shown = await get(itemPath('a'));
  const history = await get(`${itemPath('a')}/history`);
  const [to, from] = history.body.items.map(({ versionId }: { versionId: number }) => versionId);
  const compared = await get(`${itemPath('a')}/diff?from=${from}&to=${to}`);

  expect(shown.body.facts).toEqual({ id: 'a', mail: 'two', phone: '[withheld]', password: '[redacted]' });
  expect(shown.body.version).toEqual(history.body.items[0]);
  expect(compared.body).toMatchObject({
    hasSameRules: true,
    changeCount: 1,
    changes: [{ path: '/mail', op: 'replace', before: 'one', after: 'two' }],
  });
});

test.each([
  ['?limit=0', 400, 'invalid_request'],
  ['?label=%00', 400, 'invalid_request'],
  ['?cursor=x', 400, 'invalid_cursor'],
  ['?scopeId=x', 404, 'scope_not_found'],
  ['/x/y', 404, 'item_not_found'],
  ['/x/y/history', 404, 'item_not_found'],
  ['/x/y/diff?from=1&to=2', 404, 'item_not_found'],
  ['/x/y/diff?from=1', 400, 'invalid_request'],
  ['/x/y/diff?from=1&to=99999999999999999999', 400, 'invalid_request'],
])('items%s is answered with %d %s', async (path, status, code) => {
  expect(await get(`/api/items/${contoso.workspaceId}${path}`)).toMatchObject({ status, body: { code } });
});

test('a token of another workspace finds no item, scope or run', async () => {
  const fabrikam = await server.createWorkspace('Fabrikam');
  const paths = ['', '/history', '/diff?from=1&to=2'].map((more) => itemPath('a') + more);

  const foreign = await Promise.all(paths.map((path) => get(path, fabrikam.adminToken)));
  const asOwn = await Promise.all(
    paths.map((path) => get(path.replace(contoso.workspaceId, fabrikam.workspaceId), fabrikam.adminToken)),
  );

  expect(foreign.map(({ body }) => body.code)).toEqual(Array(3).fill('workspace_not_found'));
  expect(asOwn.map(({ body }) => body.code)).toEqual(Array(3).fill('item_not_found'));
});

test('the item types in force are listed and shown with their rules', async () => {
  const list = await get('/api/types');
  const names = list.body.items.map(({ itemType }: { itemType: string }) => itemType);
  const shown = await get(`/api/types/${names[0]}`);
  const unknown = await get(`/api/types/${names[0]}x`);
  const anonymous = await server.call(null, { url: '/api/types' });

  const { types } = loadItemTypes(null);
  expect(names).toEqual(types.map(({ name }) => name));
  expect(list.body.items[0]).toMatchObject({
    matchCount: types[0]?.definition.match.length,
    rulesDigest: types[0]?.rulesDigest,
  });
  expect(shown.body.definition).toEqual(types[0]?.definition);
  expect(unknown).toMatchObject({ status: 404, body: { code: 'item_type_not_found' } });
  expect(unknown.body.detail).toContain(names[0]);
  expect(anonymous.statusCode).toBe(401);
});
