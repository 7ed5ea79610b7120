import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NewWorkspace } from '../features/workspaces/workspace-service.ts';
import { createTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let workspace: NewWorkspace;

beforeAll(async () => {
  server = await createTestServer();
  workspace = await server.createWorkspace();
});

afterAll(() => server?.close());

async function call(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  {
    payload,
    headers = {},
    token = workspace.adminToken,
  }: { payload?: object; headers?: Record<string, string>; token?: string } = {},
) {
  const response = await server.call(token, {
    method,
    url: `/api/plans${path}`,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: response.statusCode, etag: response.headers.etag, body: response.json() };
}

function service(more: object = {}) {
  const scopeRef = `service-${randomUUID()}`;
  return { name: `plan of ${scopeRef}`, scopeType: 'service', scopeRef, ...more };
}

async function create(document: object = service()) {
  const { body } = await call('POST', '', { payload: document });
  return { planId: body.planId as string, path: `/${workspace.workspaceId}/${body.planId}` };
}

describe('PUT of a plan', () => {
  test('takes no field that it would not read', async () => {
    const document = service();
    const { path } = await create({
      ...document,
      workspaceId: workspace.workspaceId,
      templateId: 'database',
    });

    const refused = await call('PUT', path, {
      payload: { ...document, workspaceId: randomUUID(), templateId: 'microservice', changeNote: 'why' },
      headers: { 'if-match': '"1"' },
    });

    expect(refused).toMatchObject({ status: 422, body: { code: 'invalid_plan' } });
    expect(refused.body.details.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/templateId',
      '/workspaceId',
    ]);
  });
});

describe('PUT of a plan as it was read', () => {
  test('changes what is otherwise, and nothing where nothing is', async () => {
    const { path } = await create({ ...service(), description: 'kept', templateId: 'database' });
    const read = await call('GET', path);

    const same = await call('PUT', path, {
      payload: read.body,
      headers: { 'if-match': read.etag as string },
    });
    const changed = await call('PUT', path, {
      payload: { ...read.body, name: 'another' },
      headers: { 'if-match': read.etag as string },
    });

    expect(same).toMatchObject({ status: 200, etag: read.etag, body: read.body });
    expect(changed).toMatchObject({
      status: 200,
      body: { name: 'another', version: 2, description: 'kept', templateId: 'database' },
    });
  });

  test('may not say otherwise what only the server sets, and what is wrong besides is told as well', async () => {
    const { path } = await create();
    const { body, etag } = await call('GET', path);
    const odd = {
      version: 7,
      latest: { ...body.latest, state: 'published' },
      createdBy: 'me',
      driftTypes: ['x'],
    };

    const refused = await call('PUT', path, {
      payload: { ...body, ...odd },
      headers: { 'if-match': etag as string },
    });
    const stale = await call('PUT', path, {
      payload: { ...body, ...odd, driftTypes: [] },
      headers: { 'if-match': '"9"' },
    });

    expect(refused).toMatchObject({ status: 422, body: { code: 'invalid_plan' } });
    expect(refused.body.details.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/createdBy',
      '/driftTypes/0',
      '/latest',
      '/version',
    ]);
    expect(stale.status).toBe(412);
    const older = await call('PUT', path, {
      payload: { ...body, revision: body.revision + 1 },
      headers: { 'if-match': etag as string },
    });
    expect(older).toMatchObject({ status: 412, body: { code: 'revision_mismatch' } });
  });

  test.each(['version', 'planId', 'latest'])('refuses as %s a number that is none', async (name) => {
    const { path } = await create();
    const { body, etag } = await call('GET', path);
    const text = JSON.stringify({ ...body, [name]: 'HERE' }).replace(
      '"HERE"',
      name === 'latest' ? '{"version":-1e999}' : '1e400',
    );

    const refused = await server.call(workspace.adminToken, {
      method: 'PUT',
      url: `/api/plans${path}`,
      headers: { 'if-match': etag as string, 'content-type': 'application/json' },
      payload: text,
    });

    expect(refused.statusCode).toBe(422);
  });

  test('is taken while somebody reviews it, which leaves its revision as it is', async () => {
    const { path } = await create();
    const { body, etag } = await call('GET', path);
    const payload = { action: 'submit', version: 1 };
    expect((await call('POST', `${path}/reviews`, { payload })).status).toBeLessThan(300);

    const changed = await call('PUT', path, {
      payload: { ...body, description: 'new' },
      headers: { 'if-match': etag as string },
    });

    expect(changed).toMatchObject({
      status: 200,
      body: { description: 'new', latest: { state: 'in_review' } },
    });
  });

  test('keeps the description where it says nothing of one, and loses it where it says that there is none', async () => {
    const document = service();
    const { path } = await create({ ...document, description: 'why it is so' });
    const put = async (more: object, revision: number) =>
      (
        await call('PUT', path, {
          payload: { ...document, ...more },
          headers: { 'if-match': `"${revision}"` },
        })
      ).body;

    expect(await put({ docClass: null }, 1)).toMatchObject({ description: 'why it is so', revision: 1 });
    expect(await put({ description: '' }, 1)).toMatchObject({ description: '', revision: 2 });
  });
});

test('resolve refuses what is no repository', async () => {
  const refused = await call('POST', '/resolve', { payload: { serviceId: 'shop', repoFullName: 'bad' } });
  const asked = await call('POST', '/resolve', { payload: { serviceId: 'shop', repoFullName: null } });

  expect(refused).toMatchObject({
    status: 400,
    body: { details: [{ pointer: '/repoFullName', detail: 'a repository is written owner/name' }] },
  });
  expect(asked.status).toBe(200);
});

describe('what is wrong around a plan is told along with what is wrong with it', () => {
  const bad = { name: 'p', scopeType: 'service', driftTypes: ['configuratoin'], thresholds: { notify: 2 } };
  const pointersOf = ({ body }: { body: { details: { pointer: string }[] } }) =>
    body.details.map(({ pointer }) => pointer);

  test('on creating', async () => {
    const unknown = await call('POST', '', { payload: { ...bad, templateId: 'nope', changeNote: 5 } });
    expect(pointersOf(unknown)).toEqual([
      '/changeNote',
      '/templateId',
      '/driftTypes/0',
      '/thresholds/notify',
      '/scopeRef',
    ]);
    const payload = { ...bad, templateId: 'database', changeNote: 5, parentId: false };
    const refused = await call('POST', '', { payload });
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(pointersOf(refused)).toEqual([
      '/parentId',
      '/changeNote',
      '/driftTypes/0',
      '/thresholds/notify',
      '/scopeRef',
    ]);
  });

  test('on changing', async () => {
    const { path } = await create();
    const payload = { ...bad, changeNote: 'x'.repeat(2001) };
    const refused = await call('PUT', path, { payload, headers: { 'if-match': '"1"' } });
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(pointersOf(refused)).toEqual(['/changeNote', '/driftTypes/0', '/thresholds/notify', '/scopeRef']);
  });

  test.each([
    ['apply', { document: bad, dryRun: 'yes', planID: 'p' }, ['/dryRun', '/planID']],
    ['backtests', { document: bad, days: 0 }, ['/days']],
    ['backtests', { document: bad, version: 1 }, ['/version']],
  ])('in the document of %s', async (route, payload, around) => {
    const refused = await call('POST', `/${workspace.workspaceId}/${route}`, { payload });
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(pointersOf(refused)).toEqual([
      ...around,
      '/document/driftTypes/0',
      '/document/thresholds/notify',
      '/document/scopeRef',
    ]);
  });

  test('a plan that is not there is told once, and one that is right not at all', async () => {
    const url = `/${workspace.workspaceId}/apply`;
    const missing = await call('POST', url, { payload: { dryRun: true, planID: 'p' } });
    expect(pointersOf(missing)).toEqual(['/document', '/planID']);
    const right = await call('POST', url, { payload: { document: service(), planID: 'p' } });
    expect(pointersOf(right)).toEqual(['/planID']);
  });
});

test.each([
  ['a name that can not be stored', {}, { name: 'a\0b' }, ['/name', '/driftTypes/0']],
  ['a plan that is not there', { planId: randomUUID() }, {}, ['/driftTypes/0']],
  ['an id that is none', { planId: 'x' }, {}, ['/driftTypes/0']],
])('apply tells what is wrong with a document beside %s', async (_, around, more, pointers) => {
  const document = { ...service(more), driftTypes: ['configuratoin'] };
  const payload = { document, ...around };

  const refused = await call('POST', `/${workspace.workspaceId}/apply`, { payload });

  expect(refused).toMatchObject({ status: 422, body: { code: 'invalid_plan' } });
  expect(refused.body.details.map(({ pointer }: { pointer: string }) => pointer)).toEqual(pointers);
});

test('a member that is missing is told so', async () => {
  const { path } = await create();

  const review = await call('POST', `${path}/reviews`, { payload: {} });
  const comparison = await call('GET', `${path}/compare?from=1`);

  expect(review.body.details[0]).toMatchObject({ pointer: '/version', detail: 'it is missing' });
  expect(comparison.body.details).toMatchObject([
    { pointer: '/to', detail: 'the number of a version is needed here' },
  ]);
});

test('a body may begin with a byte order mark', async () => {
  const response = await server.call(workspace.adminToken, {
    method: 'POST',
    url: '/api/plans',
    headers: { 'content-type': 'application/json' },
    payload: `\ufeff${JSON.stringify(service())}`,
  });

  expect(response.statusCode).toBe(201);
});

describe('who may only read', () => {
  test('may try out what a file would do, and not do it', async () => {
    const reader = await server.call(workspace.adminToken, {
      method: 'POST',
      url: `/api/tokens/${workspace.workspaceId}`,
      payload: { name: 'pull requests', role: 'viewer' },
    });
    const { token } = reader.json();
    const document = service({ status: 'active' });
    // A key that was kept would be refused for the next body.
    const headers = { 'idempotency-key': randomUUID() };
    const apply = (more: object) =>
      call('POST', `/${workspace.workspaceId}/apply`, { payload: { document, ...more }, headers, token });

    const tried = await apply({ dryRun: true });
    const refused = [await apply({}), await apply({ dryRun: false })];
    const found = await call('GET', `/${workspace.workspaceId}?scopeRef=${document.scopeRef}`);

    expect(tried).toMatchObject({ status: 200, body: { action: 'created', isDryRun: true, plan: null } });
    for (const { status, body } of refused) {
      expect([status, body.code, body.neededRole]).toEqual([403, 'forbidden', 'admin']);
    }
    expect(found.body.items).toEqual([]);
  });
});

describe('If-Match', () => {
  test.each(['DELETE', 'restore', 'apply'] as const)('guards %s where it is sent', async (verb) => {
    const document = service();
    const { planId, path } = await create(document);
    if (verb === 'restore') await call('DELETE', path);
    const revision = verb === 'restore' ? 2 : 1;
    const ask = (headers: Record<string, string>) => {
      if (verb === 'DELETE') return call('DELETE', path, { headers });
      if (verb === 'restore') return call('POST', `${path}/restore`, { headers });
      const payload = { planId, document: { ...document, description: 'other' } };
      return call('POST', `/${workspace.workspaceId}/apply`, { payload, headers });
    };

    const stale = await ask({ 'if-match': `"${revision + 1}"` });
    const odd = await ask({ 'if-match': 'W/"x"' });
    const staleAndWeak = await ask({ 'if-match': `W/"${revision + 1}"` });
    // As a proxy that compresses answers makes them.
    const done = await ask({ 'if-match': `W/"${revision}"` });

    expect(staleAndWeak.status).toBe(412);
    expect(stale).toMatchObject({ status: 412, body: { code: 'revision_mismatch' } });
    expect(odd).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(done.status).toBe(200);
  });

  test('is in the OpenAPI document wherever it is read without being needed', async () => {
    const { paths } = (await server.call(null, { method: 'GET', url: '/api/openapi.json' })).json();
    const headersOf = ({ parameters }: { parameters: { in: string; name: string }[] }) =>
      parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name);

    expect(headersOf(paths['/api/plans/{workspaceId}/{planId}'].delete)).toEqual(['if-match']);
    expect(headersOf(paths['/api/plans/{workspaceId}/{planId}/restore'].post)).toEqual(['if-match']);
    expect(headersOf(paths['/api/plans/{workspaceId}/apply'].post).sort()).toEqual([
      'idempotency-key',
      'if-match',
    ]);
  });
});
