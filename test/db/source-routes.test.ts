import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { NewWorkspace } from '../../src/features/workspaces/workspace-service.ts';
import { createTestServer, type TestServer } from '../../src/server/test-server.ts';

let server: TestServer;
let contoso: NewWorkspace;
let folder: string;
let root: string;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'driftplane-source-routes-')));
  root = join(folder, 'open');
  mkdirSync(root);
  server = await createTestServer({ fileRoots: [root] });
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  contoso = await server.createWorkspace();
});

interface Call {
  readonly token?: string;
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

async function call({
  token = contoso.adminToken,
  method = 'GET',
  path = '',
  body,
  headers = {},
}: Call = {}) {
  const answer = await server.call(token, {
    method,
    url: `/api/sources/${contoso.workspaceId}${path}`,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  return { status: answer.statusCode, body: answer.json(), etag: answer.headers.etag };
}

const create = (body: unknown, more: Call = {}) => call({ method: 'POST', body, ...more });

async function tokenOf(role: string): Promise<string> {
  const answer = await server.call(contoso.adminToken, {
    method: 'POST',
    url: `/api/tokens/${contoso.workspaceId}`,
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify({ name: role, role }),
  });
  return answer.json().token;
}

test('a source is created, shown, listed, changed and archived', async () => {
  const created = await create({ kind: 'files', name: 'Tenant', config: { path: root } });
  const path = `/${created.body.sourceId}`;
  const shown = await call({ path });
  const listed = await call();
  const changed = await call({
    method: 'PATCH',
    path,
    body: { name: 'Other', schedule: { cron: '0 * * * *' } },
    headers: { 'if-match': shown.etag as string },
  });
  const archived = await call({ method: 'DELETE', path });
  const scopes = await call({ path: `${path}/scopes` });

  expect(created).toMatchObject({
    status: 201,
    etag: '"1"',
    body: {
      kind: 'files',
      name: 'Tenant',
      config: { path: root },
      selection: { itemTypes: null },
      binding: { serviceId: null, repoFullName: null, docClass: null },
      schedule: null,
      nextSyncAt: null,
      safeguard: { maxRemovedShare: 0.3, minRemovedItems: 20 },
      archivedAt: null,
    },
  });
  expect(shown.body).toEqual(created.body);
  expect(listed.body).toEqual({ items: [created.body], nextCursor: null });
  expect(changed).toMatchObject({ status: 200, etag: '"2"', body: { name: 'Other', revision: 2 } });
  expect(archived).toMatchObject({ status: 200, etag: '"3"', body: { nextSyncAt: null } });
  expect(archived.body.archivedAt).toMatch(/Z$/);
  expect(scopes).toMatchObject({ status: 200, body: { items: [], nextCursor: null } });
  expect((await call()).body.items).toEqual([]);
  expect((await call({ path: '?includeArchived=true&kind=files' })).body.items).toEqual([archived.body]);
  expect((await call({ path: '?includeArchived=true&kind=push' })).body.items).toEqual([]);
});

describe('what is not right is refused', () => {
  test('with all that is wrong in the body, each with its place', async () => {
    const refused = await create({
      kind: 'files',
      name: 'x\u0000',
      config: { path: 'relative' },
      schedule: { cron: '61 * * * *', timeZone: 'Mars' },
      selection: { itemTypes: ['a b'] },
      colour: 'red',
    });

    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    const places = refused.body.details.map(({ pointer }: { pointer: string }) => pointer).sort();
    expect([...new Set(places)]).toEqual([
      '/colour',
      '/config/path',
      '/name',
      '/schedule/cron',
      '/schedule/timeZone',
      '/selection/itemTypes/0',
    ]);
  });

  test.each([
    ['no kind', { name: 'A' }, 400, 'invalid_request'],
    ['an unknown kind', { kind: 'ftp', name: 'A' }, 400, 'invalid_request'],
    [
      'a schedule of a push',
      { kind: 'push', name: 'A', schedule: { cron: '0 * * * *' } },
      400,
      'invalid_request',
    ],
    ['a path outside', { kind: 'files', name: 'A', config: { path: '/etc' } }, 422, 'path_not_allowed'],
  ])('%s', async (_, body, status, code) => {
    expect(await create(body)).toMatchObject({ status, body: { code } });
  });

  test('a path that is missing inside a root', async () => {
    const refused = await create({ kind: 'files', name: 'A', config: { path: join(root, 'none') } });

    expect(refused).toMatchObject({ status: 404, body: { code: 'path_not_found' } });
  });

  test('a name that is taken, a change without a revision or of an old one, one of an archived source', async () => {
    const { body } = await create({ kind: 'push', name: 'A' });
    const path = `/${body.sourceId}`;
    const patch = (name: string, headers = {}) => call({ method: 'PATCH', path, body: { name }, headers });

    const taken = await create({ kind: 'push', name: 'A' });
    const unconditional = await patch('B');
    await patch('B', { 'if-match': '"1"' });
    const old = await patch('C', { 'if-match': '"1"' });
    await call({ method: 'DELETE', path });
    const archived = await patch('D', { 'if-match': '"3"' });

    const codes = [taken, unconditional, old, archived].map((answer) => [answer.status, answer.body.code]);
    expect(codes).toEqual([
      [409, 'name_taken'],
      [428, 'precondition_required'],
      [412, 'revision_mismatch'],
      [409, 'invalid_transition'],
    ]);
    expect(archived.body.allowed).toEqual([]);
  });

  test('an id that is unknown or none, everywhere alike', async () => {
    const ids = ['00000000-0000-4000-8000-000000000000', 'x', '%00', "';--"];
    const headers = { 'if-match': '"1"' };

    const answers = await Promise.all(
      ids.flatMap((id) => [
        call({ path: `/${id}` }),
        call({ path: `/${id}/scopes` }),
        call({ method: 'PATCH', path: `/${id}`, body: { name: 'A' }, headers }),
        call({ method: 'DELETE', path: `/${id}` }),
      ]),
    );

    expect(new Set(answers.map(({ status, body }) => `${status} ${body.code}`))).toEqual(
      new Set(['404 source_not_found']),
    );
  });

  test('a cursor of another listing', async () => {
    for (let index = 0; index < 3; index++) await create({ kind: 'push', name: `S${index}` });
    const { body } = await call({ path: '?limit=2' });
    const { sourceId } = body.items[0];

    const refused = await call({ path: `/${sourceId}/scopes?cursor=${body.nextCursor}` });
    const next = await call({ path: `?limit=2&cursor=${body.nextCursor}` });

    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
    expect(next.body).toMatchObject({ items: [{ name: 'S2' }], nextCursor: null });
  });
});

test('the same Idempotency-Key makes one source', async () => {
  const more = { headers: { 'idempotency-key': 'key-1' } };

  const first = await create({ kind: 'push', name: 'A' }, more);
  const second = await create({ kind: 'push', name: 'A' }, more);
  const other = await create({ kind: 'push', name: 'B' }, more);

  expect(second).toMatchObject({ status: 201, body: first.body });
  expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_conflict' } });
  expect((await call()).body.items.length).toBe(1);
});

test('viewers and operators read sources; only admins change them', async () => {
  const { body } = await create({ kind: 'push', name: 'A' });
  const path = `/${body.sourceId}`;

  for (const role of ['viewer', 'operator']) {
    const token = await tokenOf(role);
    const reads = [call({ token }), call({ token, path }), call({ token, path: `${path}/scopes` })];
    const writes = [
      create({ kind: 'push', name: 'B' }, { token }),
      call({ token, method: 'PATCH', path, body: { name: 'B' }, headers: { 'if-match': '"1"' } }),
      call({ token, method: 'DELETE', path }),
    ];

    expect((await Promise.all(reads)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await Promise.all(writes)).map((answer) => answer.body.code)).toEqual(Array(3).fill('forbidden'));
  }
});

test('the token of another workspace finds nothing', async () => {
  const { body } = await create({ kind: 'push', name: 'A' });
  const { adminToken: token, workspaceId } = await server.createWorkspace('Fabrikam');

  const foreign = await call({ token, path: `/${body.sourceId}` });
  const own = await server.call(token, { url: `/api/sources/${workspaceId}/${body.sourceId}` });

  expect([foreign.body.code, own.json().code]).toEqual(['workspace_not_found', 'source_not_found']);
});
