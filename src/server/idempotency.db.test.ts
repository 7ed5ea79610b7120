import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemActor, withWorkspace } from '../db/workspace-transaction.ts';
import type { NewWorkspace } from '../features/workspaces/workspace-service.ts';
import { createTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let workspace: NewWorkspace;

beforeAll(async () => {
  server = await createTestServer();
  workspace = await server.createWorkspace();
});

afterAll(() => server.close());

function createToken(key: string, name: string, by = workspace.adminToken) {
  return server.call(by, {
    method: 'POST',
    url: `/api/tokens/${workspace.workspaceId}`,
    headers: { 'idempotency-key': key },
    payload: { name, role: 'admin' },
  });
}

function createSource(key: string, name: string) {
  return server.call(workspace.adminToken, {
    method: 'POST',
    url: `/api/sources/${workspace.workspaceId}`,
    headers: { 'idempotency-key': key },
    payload: { kind: 'push', name },
  });
}

async function countTokens(name: string): Promise<number> {
  const answer = await server.call(workspace.adminToken, {
    url: `/api/tokens/${workspace.workspaceId}?limit=200`,
  });
  return answer.json().items.filter((token: { name: string }) => token.name === name).length;
}

describe('a request with an Idempotency-Key', () => {
  test('is answered the second time as the first time, and done once', async () => {
    const first = await createSource('key-source', 'once');
    const second = await createSource('key-source', 'once');

    expect(first.statusCode).toBe(201);
    expect(second.statusCode).toBe(201);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(second.json()).toEqual(first.json());
  });

  test('does not keep a secret of the answer', async () => {
    const first = await createToken('key-secret', 'secret');
    const second = await createToken('key-secret', 'secret');

    expect(first.json().token).toMatch(/^dp_/);
    expect(second.json()).toEqual({ ...first.json(), token: null });
    expect(await countTokens('secret')).toBe(1);
  });

  test('is done once when it comes many times at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => createToken('key-parallel', 'parallel')),
    );

    expect(answers.map((answer) => answer.statusCode)).toEqual(answers.map(() => 201));
    expect(new Set(answers.map((answer) => answer.json().tokenId)).size).toBe(1);
    expect(answers.filter((answer) => answer.headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect(await countTokens('parallel')).toBe(1);
  });

  test('is logged as what it was answered, over a network and many times at once, too', async () => {
    const address = await server.api.listen({ host: '127.0.0.1', port: 0 });
    const before = server.logLines.length;
    const ask = () =>
      fetch(`${address}/api/tokens/${workspace.workspaceId}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${workspace.adminToken}`,
          'content-type': 'application/json',
          'idempotency-key': 'key-logged',
        },
        body: JSON.stringify({ name: 'logged', role: 'viewer' }),
      });

    const answers = await Promise.all(Array.from({ length: 8 }, ask));

    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    const loggedSince = () => server.logLines.slice(before).map((line) => JSON.parse(line));
    await vi.waitUntil(() => loggedSince().filter(({ msg }) => msg === 'request').length >= 8);
    expect(loggedSince().map(({ msg, status }) => [msg, status])).toEqual(
      answers.map(() => ['request', 201]),
    );
  });

  test('is refused with another body', async () => {
    await createToken('key-other', 'first body');
    const other = await createToken('key-other', 'second body');

    expect(other.statusCode).toBe(422);
    expect(other.json().code).toBe('idempotency_conflict');
    expect(await countTokens('second body')).toBe(0);
  });

  test('is a new request to another token', async () => {
    const second = (await createToken('key-mine', 'of two')).json().token;
    const answer = await createToken('key-mine', 'of two', second);

    expect(answer.statusCode).toBe(201);
    expect(answer.headers['idempotent-replayed']).toBeUndefined();
    expect(await countTokens('of two')).toBe(2);
  });

  test('may be tried again after it was refused', async () => {
    const refused = await server.call(workspace.adminToken, {
      method: 'POST',
      url: `/api/tokens/${workspace.workspaceId}`,
      headers: { 'idempotency-key': 'key-again' },
      payload: { name: 'again', role: 'admin', expiresAt: '2020-01-01T00:00:00Z' },
    });
    const mended = await createToken('key-again', 'again');

    expect(refused.statusCode).toBe(400);
    expect(mended.statusCode).toBe(201);
  });

  test('is not done again where the server died before it had kept the answer', async () => {
    const key = 'key-crashed';
    await createToken(key, 'crashed');
    const { workspaceId } = workspace;
    await withWorkspace(server.database.app, { workspaceId, actor: systemActor }, ({ client }) =>
      client.query(
        `update driftplane.idempotency_keys set response_status = 0, response_body = '' where idempotency_key = $1`,
        [key],
      ),
    );

    const answer = await createToken(key, 'crashed');

    expect([answer.statusCode, answer.json().code]).toEqual([409, 'answer_pending']);
    expect(await countTokens('crashed')).toBe(1);
  });

  test('is refused with a key that can not be', async () => {
    const answer = await createToken('a key with spaces', 'spaces');

    expect(answer.json().code).toBe('invalid_request');
    expect(await countTokens('spaces')).toBe(0);
  });
});
