import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorCatalogue } from '../core/errors.ts';
import type { NewWorkspace } from '../features/workspaces/workspace-service.ts';
import { encodeCursor } from '../http/page.ts';
import { createTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let contoso: NewWorkspace;

beforeAll(async () => {
  server = await createTestServer();
  contoso = await server.createWorkspace();
});

afterAll(() => server.close());

function newToken(payload: unknown, headers: Record<string, string> = {}) {
  return server.call(contoso.adminToken, {
    method: 'POST',
    url: `/api/tokens/${contoso.workspaceId}`,
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  });
}

describe('what every answer has', () => {
  test('names the request by the id that the client gave it', async () => {
    const answer = await server.call(contoso.adminToken, {
      url: '/api/workspaces',
      headers: { 'x-request-id': 'abc-1' },
    });

    expect(answer.statusCode).toBe(200);
    expect(answer.headers['x-request-id']).toBe('abc-1');
  });

  test('makes an id where the client gave none that is sane', async () => {
    const answer = await server.call(contoso.adminToken, {
      url: '/api/workspaces',
      headers: { 'x-request-id': 'a b' },
    });

    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('is not kept by caches and forbids framing', async () => {
    const answer = await server.call(contoso.adminToken, { url: '/api/workspaces' });

    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('a request that can not be answered', () => {
  test('says all that is wrong with a body, each with its place', async () => {
    const answer = await newToken({ name: '', role: 'amin', expiresAt: 'tomorrow', more: 1 });

    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    const problem = answer.json();
    expect(problem).toMatchObject({ code: 'invalid_request', status: 400, in: 'body' });
    expect(problem.details.map((each: { pointer: string }) => each.pointer).sort()).toEqual([
      '/expiresAt',
      '/more',
      '/name',
      '/role',
    ]);
  });

  test('says what is wrong with a query', async () => {
    const answer = await server.call(contoso.adminToken, {
      url: `/api/tokens/${contoso.workspaceId}?limit=9000`,
    });

    expect(answer.json()).toMatchObject({
      code: 'invalid_request',
      in: 'query',
      details: [{ pointer: '/limit' }],
    });
  });

  test.each([
    ['a body that is no JSON', () => newToken('{"name":'), 'invalid_request'],
    ['no body where one is needed', () => newToken(''), 'invalid_request'],
    ['a body with __proto__', () => newToken('{"__proto__":{"name":"x"}}'), 'invalid_request'],
    [
      'another media type',
      () => newToken('name=x', { 'content-type': 'application/x-www-form-urlencoded' }),
      'unsupported_media_type',
    ],
    [
      'a plain text',
      () => newToken('{"name":"x"}', { 'content-type': 'text/plain' }),
      'unsupported_media_type',
    ],
    [
      'lines of JSON where none are read',
      () => newToken('{"name":"x"}', { 'content-type': 'application/x-ndjson' }),
      'unsupported_media_type',
    ],
    ['a body beyond the limit', () => newToken({ name: 'x'.repeat(1024 ** 2) }), 'body_too_large'],
    ['a name with U+0000', () => newToken({ name: 'a\u0000b', role: 'viewer' }), 'invalid_request'],
    [
      'an address that is none',
      () => server.call(contoso.adminToken, { url: '/api/%zz' }),
      'invalid_request',
    ],
    ['an unknown address', () => server.call(contoso.adminToken, { url: '/api/nothing' }), 'route_not_found'],
    [
      'lines of JSON for an unknown address',
      () =>
        server.call(contoso.adminToken, {
          method: 'POST',
          url: '/api/nothing',
          headers: { 'content-type': 'application/x-ndjson' },
          payload: '{"a":1}\n',
        }),
      'route_not_found',
    ],
    [
      'an unknown method',
      () => server.call(contoso.adminToken, { method: 'DELETE', url: '/api/workspaces' }),
      'route_not_found',
    ],
    [
      'a cursor that is none',
      () => server.call(contoso.adminToken, { url: `/api/tokens/${contoso.workspaceId}?cursor=abc` }),
      'invalid_cursor',
    ],
    [
      'a cursor of another listing',
      () =>
        server.call(contoso.adminToken, {
          url: `/api/tokens/${contoso.workspaceId}?cursor=${btoa('["audit",1]').replaceAll('=', '')}`,
        }),
      'invalid_cursor',
    ],
    [
      'a year 0 in a query',
      () =>
        server.call(contoso.adminToken, {
          url: `/api/audit/${contoso.workspaceId}?from=0000-01-01T00:00:00Z`,
        }),
      'invalid_request',
    ],
    [
      'an instant with more digits than the database reads',
      () =>
        server.call(contoso.adminToken, {
          url: `/api/audit/${contoso.workspaceId}?from=2026-01-01T00:00:00.${'1'.repeat(200)}Z`,
        }),
      'invalid_request',
    ],
    [
      'a year 0 in a body',
      () => newToken({ name: 'x', role: 'viewer', expiresAt: '0000-01-01T00:00:00Z' }),
      'invalid_request',
    ],
    [
      'a year 0 in a cursor',
      () =>
        server.call(contoso.adminToken, {
          url: `/api/tokens/${contoso.workspaceId}`,
          query: { cursor: encodeCursor('tokens', ['0000-01-01T00:00:00.000Z', randomUUID()]) },
        }),
      'invalid_cursor',
    ],
    [
      'U+0000 in a query',
      () => server.call(contoso.adminToken, { url: `/api/audit/${contoso.workspaceId}?action=%00` }),
      'invalid_request',
    ],
  ] as const)('%s is a problem document', async (_what, call, code) => {
    const answer = await call();

    expect(answer.json()).toMatchObject({ code, status: errorCatalogue[code].status });
    expect(answer.statusCode).toBe(errorCatalogue[code].status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  test('a body beyond the limit is told what the limit is', async () => {
    const answer = await newToken({ name: 'x'.repeat(1024 ** 2) });

    expect(answer.json().detail).toBe('the body is larger than the 1024 KiB that this route takes');
  });

  test('HEAD of an unknown address has the status and no body', async () => {
    const answer = await server.call(contoso.adminToken, { method: 'HEAD', url: '/api/nothing' });

    expect(answer.statusCode).toBe(404);
    expect(answer.body).toBe('');
  });
});

describe('a change on a revision', () => {
  const patch = (headers: Record<string, string>) =>
    server.call(contoso.adminToken, {
      method: 'PATCH',
      url: `/api/workspaces/${contoso.workspaceId}`,
      headers,
      payload: { findingRetentionDays: 30 },
    });

  test('needs If-Match', async () => {
    const answer = await patch({});

    expect(answer.statusCode).toBe(428);
    expect(answer.json().code).toBe('precondition_required');
  });

  test('is refused where another one came before, and happens on the one in force', async () => {
    const read = await server.call(contoso.adminToken, { url: `/api/workspaces/${contoso.workspaceId}` });
    const etag = String(read.headers.etag);
    const first = await patch({ 'if-match': etag });
    const second = await patch({ 'if-match': etag });

    expect(first.statusCode).toBe(200);
    expect(first.json().findingRetentionDays).toBe(30);
    expect(first.headers.etag).not.toBe(etag);
    expect(second.statusCode).toBe(412);
    expect(second.json().code).toBe('revision_mismatch');
  });
});
