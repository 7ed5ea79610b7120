import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createTokenText } from '../features/workspaces/token-text.ts';
import { type ApiClient, openApiClient } from './api-client.ts';

const WORKSPACE = '0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b';
const token = createTokenText(WORKSPACE);

let server: Server | null = null;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

async function clientOf(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<ApiClient> {
  const listening = createServer(handler);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  return openApiClient({ DRIFTPLANE_URL: `http://127.0.0.1:${port}`, DRIFTPLANE_TOKEN: token });
}

async function collect(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('the client', () => {
  test('takes the workspace from the token, and encodes what it is given', async () => {
    const seen: (string | undefined)[] = [];
    const client = await clientOf((request, response) => {
      seen.push(request.method, request.url, request.headers.authorization);
      response.end('{"ok":true}');
    });

    const answer = await client.call({
      resource: 'items',
      path: ['a/b', 'history'],
      query: { label: 'ä&', type: ['x', 'y'], none: undefined },
    });

    expect(answer).toEqual({ ok: true });
    expect(seen).toEqual([
      'GET',
      `/api/items/${WORKSPACE}/a%2Fb/history?label=%C3%A4%26&type=x&type=y`,
      `Bearer ${token}`,
    ]);
  });

  test('reads every page, and no more than is wanted', async () => {
    const urls: string[] = [];
    const client = await clientOf((request, response) => {
      urls.push(request.url ?? '');
      const isFirst = !(request.url ?? '').includes('cursor=');
      response.end(JSON.stringify({ items: isFirst ? [1, 2] : [3], nextCursor: isFirst ? 'next' : null }));
    });

    const all = await collect(client.listAll({ resource: 'runs' }));
    const some = await collect(client.listAll({ resource: 'runs' }, 2));

    expect(all).toEqual([1, 2, 3]);
    expect(some).toEqual([1, 2]);
    expect(urls.at(-1)).toContain('limit=2');
  });

  test('turns a problem document into the error of its code', async () => {
    const client = await clientOf((_request, response) => {
      response.statusCode = 409;
      response.end(
        JSON.stringify({
          code: 'invalid_transition',
          detail: 'it is resolved',
          status: 409,
          requestId: 'r',
          allowed: ['reopen'],
          details: [{ pointer: '/state', detail: 'resolved' }],
        }),
      );
    });

    const call = client.call({ resource: 'findings', method: 'POST' });

    await expect(call).rejects.toMatchObject({
      code: 'invalid_transition',
      message: 'it is resolved',
      extensions: { allowed: ['reopen'] },
      details: [{ pointer: '/state', line: null, detail: 'resolved' }],
    });
  });

  test('says so where the answer comes from something else', async () => {
    const client = await clientOf((_request, response) => {
      response.statusCode = 502;
      response.end('<html>Bad Gateway</html>');
    });

    await expect(client.call({ resource: 'runs' })).rejects.toMatchObject({ code: 'server_unreachable' });
  });

  test('does not hand the token to where a redirection leads', async () => {
    let callCount = 0;
    const client = await clientOf((_request, response) => {
      callCount++;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });

    await expect(client.call({ resource: 'runs' })).rejects.toMatchObject({ code: 'server_unreachable' });
    expect(callCount).toBe(1);
  });

  test('sends a creating request again with the same key when the connection breaks', async () => {
    const keys: unknown[] = [];
    const client = await clientOf((request, response) => {
      keys.push(request.headers['idempotency-key']);
      if (keys.length < 3) request.socket.destroy();
      else response.end('{"done":true}');
    });

    const answer = await client.callOnce({ resource: 'sources', method: 'POST', body: {} });

    expect(answer).toEqual({ done: true });
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  test('carries the revision from an answer to the change', async () => {
    const seen: unknown[] = [];
    const client = await clientOf((request, response) => {
      seen.push(request.headers['if-match']);
      response.setHeader('ETag', '"7"').end('{}');
    });

    const { revision } = await client.read({ resource: 'workspaces' });
    await client.call({ resource: 'workspaces', method: 'PATCH', body: {}, ifMatch: revision ?? 0 });

    expect(revision).toBe(7);
    expect(seen).toEqual([undefined, '"7"']);
  });

  test('says where it found nobody', async () => {
    const client = await clientOf(() => {});
    await new Promise((resolve) => server?.close(resolve));

    await expect(client.call({ resource: 'runs' })).rejects.toThrow(
      /^http:\/\/127\.0\.0\.1:\d+ does not answer: ECONNREFUSED$/,
    );
  });

  test.each([
    ['no token', {}],
    ['a token that is none', { DRIFTPLANE_TOKEN: 'hunter2' }],
    ['an address that is none', { DRIFTPLANE_TOKEN: token, DRIFTPLANE_URL: 'mailto:hunter2@host' }],
  ])('refuses %s, without quoting it', (_what, env) => {
    const open = (): unknown => openApiClient(env);

    expect(open).toThrow(expect.objectContaining({ code: 'invalid_arguments' }));
    expect(open).not.toThrow(/hunter2/);
  });
});
