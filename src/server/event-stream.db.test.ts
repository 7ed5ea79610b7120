import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectOwner } from '../db/owner-connection.ts';
import { systemActor, withWorkspace } from '../db/workspace-transaction.ts';
import type { NewWorkspace } from '../features/workspaces/workspace-service.ts';
import { createTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let url: string;

beforeAll(async () => {
  server = await createTestServer({ heartbeatSeconds: 0.2, drainSeconds: 0.5 });
  url = await server.api.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(() => server.close());

interface Received {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string | undefined;
}

interface Stream {
  readonly status: number;
  /** Resolves with the next `count` events; comments are skipped. */
  take(count: number): Promise<Received[]>;
  /** Resolves when the server has ended it. */
  ended(): Promise<void>;
  close(): void;
}

async function openStream(
  { workspaceId, adminToken }: NewWorkspace,
  options: { lastEventId?: string; token?: string; query?: string } = {},
): Promise<Stream> {
  const closing = new AbortController();
  const response = await fetch(`${url}/api/events/${workspaceId}${options.query ?? ''}`, {
    headers: {
      authorization: `Bearer ${options.token ?? adminToken}`,
      ...(options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId }),
    },
    signal: closing.signal,
  });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  const blocks: Received[] = [];
  const readMore = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    if (done) return false;
    text += decoder.decode(value, { stream: true });
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1];
      if (field('data') !== undefined)
        blocks.push({ id: field('id'), event: field('event'), data: field('data') });
    }
    return true;
  };
  return {
    status: response.status,
    async take(count) {
      while (blocks.length < count && (await readMore()));
      return blocks.splice(0, count);
    },
    async ended() {
      while (await readMore());
    },
    close: () => closing.abort(),
  };
}

/** Emits events in one transaction. */
function emit(workspaceId: string, ...runIds: string[]): Promise<void> {
  return withWorkspace(server.database.app, { workspaceId, actor: systemActor }, async (transaction) => {
    for (const runId of runIds) transaction.emit({ kind: 'run.changed', payload: { runId } });
  });
}

describe('the event stream', () => {
  test('sends what is committed after it was opened, in order, of its workspace only', async () => {
    const [mine, other] = [await server.createWorkspace(), await server.createWorkspace()];
    await emit(mine.workspaceId, 'before');
    const stream = await openStream(mine);

    await emit(other.workspaceId, 'of another');
    await emit(mine.workspaceId, 'a', 'b');
    await emit(mine.workspaceId, 'c');
    const events = await stream.take(3);
    stream.close();

    expect(events).toEqual([
      { id: '2', event: 'run.changed', data: '{"runId":"a"}' },
      { id: '3', event: 'run.changed', data: '{"runId":"b"}' },
      { id: '4', event: 'run.changed', data: '{"runId":"c"}' },
    ]);
  });

  test('resumes after the event that the client has seen', async () => {
    const workspace = await server.createWorkspace();
    await emit(workspace.workspaceId, 'a', 'b', 'c');

    const byHeader = await openStream(workspace, { lastEventId: '1' });
    const byQuery = await openStream(workspace, { query: '?lastEventId=2' });
    const seen = [await byHeader.take(2), await byQuery.take(1)];
    byHeader.close();
    byQuery.close();

    expect(seen.map((events) => events.map(({ id }) => id))).toEqual([['2', '3'], ['3']]);
  });

  test.each([
    ['older than what is kept', '1'],
    ['of the future', '99'],
  ])('says that it starts anew where the event asked for is %s', async (_what, lastEventId) => {
    const workspace = await server.createWorkspace();
    await emit(workspace.workspaceId, 'a', 'b', 'c', 'd');
    await withWorkspace(
      server.database.app,
      { workspaceId: workspace.workspaceId, actor: systemActor },
      ({ client }) => client.query('delete from driftplane.stream_events where seq <= 3'),
    );

    const stream = await openStream(workspace, { lastEventId });
    const [reset] = await stream.take(1);
    await emit(workspace.workspaceId, 'e');
    const [next] = await stream.take(1);
    stream.close();

    expect(reset).toEqual({ id: '4', event: 'reset', data: '{"headSeq":4}' });
    expect(next?.id).toBe('5');
  });

  test('goes on, with nothing missed, after the listening connection was cut', async () => {
    const workspace = await server.createWorkspace();
    const stream = await openStream(workspace);
    await emit(workspace.workspaceId, 'before');
    const [before] = await stream.take(1);

    const owner = await connectOwner(server.ownerUrl);
    const { rows } = await owner.query(
      `select count(pg_terminate_backend(pid)) as count from pg_stat_activity
       where application_name = 'driftplane events' and datname = current_database()`,
    );
    await owner.end();
    await emit(workspace.workspaceId, 'after');
    const [after] = await stream.take(1);
    stream.close();

    expect(Number(rows[0].count)).toBe(1);
    expect([before?.data, after?.data]).toEqual(['{"runId":"before"}', '{"runId":"after"}']);
  });

  test('ends when its token is revoked', async () => {
    const workspace = await server.createWorkspace();
    const created = (
      await server.call(workspace.adminToken, {
        method: 'POST',
        url: `/api/tokens/${workspace.workspaceId}`,
        payload: { name: 'reader', role: 'viewer' },
      })
    ).json();
    const stream = await openStream(workspace, { token: created.token });

    await server.call(workspace.adminToken, {
      method: 'POST',
      url: `/api/tokens/${workspace.workspaceId}/${created.tokenId}/revoke`,
    });

    await expect(stream.ended()).resolves.toBeUndefined();
  });

  test('is refused for an id that can not be', async () => {
    const workspace = await server.createWorkspace();

    const stream = await openStream(workspace, { lastEventId: 'x' });

    expect(stream.status).toBe(400);
    stream.close();
  });

  test('of one token can not be opened without end', async () => {
    const workspace = await server.createWorkspace();

    const streams = await Promise.all(Array.from({ length: 21 }, () => openStream(workspace)));
    for (const stream of streams) stream.close();

    expect(streams.filter(({ status }) => status === 429)).toHaveLength(1);
  });

  test('drops a reader that takes nothing, and keeps little for it', async () => {
    const { workspaceId, adminToken } = await server.createWorkspace();
    const { port } = server.api.server.address() as AddressInfo;
    const reader = connect(port, '127.0.0.1');
    const closed = new Promise<void>((resolve) => reader.once('close', () => resolve()));
    reader.on('error', () => {});
    reader.write(
      `GET /api/events/${workspaceId} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminToken}\r\n\r\n`,
    );
    await once(reader, 'data');
    reader.pause();

    // More than the buffers of both sockets hold.
    const payload = 'x'.repeat(100_000);
    for (let count = 0; count < 4; count++)
      await emit(workspaceId, ...Array.from({ length: 100 }, () => payload));
    await expect
      .poll(() => server.logLines.some((line) => line.includes('takes nothing')), { timeout: 30_000 })
      .toBe(true);
    reader.resume();

    await expect(closed).resolves.toBeUndefined();
  });

  test('ends when the server stops', async () => {
    const stopping = await createTestServer();
    const address = await stopping.api.listen({ host: '127.0.0.1', port: 0 });
    const { workspaceId, adminToken } = await stopping.createWorkspace();
    const response = await fetch(`${address}/api/events/${workspaceId}`, {
      headers: { authorization: `Bearer ${adminToken}` },
    });

    const [text] = await Promise.all([response.text(), stopping.close()]);

    expect(text).toContain(': connected');
  });
});
