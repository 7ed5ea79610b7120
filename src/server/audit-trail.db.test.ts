import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withWorkspace } from '../db/workspace-transaction.ts';
import type { NewWorkspace } from '../features/workspaces/workspace-service.ts';
import { createTestServer, type TestServer } from './test-server.ts';

const EVENT_COUNT = 2500;

let server: TestServer;
let workspace: NewWorkspace;

beforeAll(async () => {
  server = await createTestServer();
  workspace = await server.createWorkspace();
  const actor = { kind: 'token', id: 'actor-1', label: 'somebody' } as const;
  const { workspaceId } = workspace;
  // More than one batch of the export, with texts that are hard on a canonical form.
  await withWorkspace(server.database.app, { workspaceId, actor }, async (transaction) => {
    for (let count = 0; count < EVENT_COUNT; count++) {
      const target = { kind: 'finding', id: count % 2 === 0 ? 'even' : 'odd' };
      transaction.audit({ action: 'finding.accept', target, detail: { count, text: `ä\u2028"${count}` } });
    }
  });
});

afterAll(() => server.close());

const list = (query: Record<string, string>) =>
  server.call(workspace.adminToken, { url: `/api/audit/${workspace.workspaceId}`, query });

describe('the audit trail', () => {
  test('is listed newest first, page by page, each event once', async () => {
    const seqs: number[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = { limit: '200', ...(cursor === null ? {} : { cursor }) };
      const page = (await list(query)).json();
      seqs.push(...page.items.map((event: { seq: number }) => event.seq));
      cursor = page.nextCursor;
    } while (cursor !== null);

    expect(seqs).toEqual(Array.from({ length: EVENT_COUNT + 2 }, (_, index) => EVENT_COUNT + 2 - index));
  });

  test.each([
    [{ targetKind: 'finding', targetId: 'odd' }, 50],
    [{ action: 'workspace.create' }, 1],
    [{ actorKind: 'cli' }, 2],
    [{ actorId: 'actor-1' }, 50],
    [{ from: '2999-01-01T00:00:00Z' }, 0],
    [{ to: '2999-01-01T00:00:00Z' }, 50],
  ])('is filtered by %j', async (query, count) => {
    const { items } = (await list(query as Record<string, string>)).json();

    expect(items).toHaveLength(count);
    if ('targetId' in query) {
      expect(items.every((event: { target: { id: string } }) => event.target.id === 'odd')).toBe(true);
    }
  });

  test('can not be changed by the role of requests', async () => {
    const actor = { kind: 'system', id: null, label: 'test' } as const;
    const attempt = (statement: string) =>
      withWorkspace(server.database.app, { workspaceId: workspace.workspaceId, actor }, ({ client }) =>
        client.query(statement),
      );

    await expect(attempt(`update driftplane.audit_events set action = 'x'`)).rejects.toThrow(
      'permission denied',
    );
    await expect(attempt('delete from driftplane.audit_events')).rejects.toThrow('permission denied');
    await expect(attempt('truncate driftplane.audit_events')).rejects.toThrow('permission denied');
  });

  test('is exported whole: a head, then every event from the first', async () => {
    const answer = await server.call(workspace.adminToken, {
      url: `/api/audit/${workspace.workspaceId}/export`,
    });

    const lines = answer.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answer.headers['content-type']).toContain('application/x-ndjson');
    expect(lines).toHaveLength(EVENT_COUNT + 3);
    expect(lines[0]).toMatchObject({
      schema: 'driftplane/audit@1',
      workspaceId: workspace.workspaceId,
      headSeq: EVENT_COUNT + 2,
      headHash: lines.at(-1).hash,
    });
    expect(lines[1]).toMatchObject({ seq: 1, action: 'workspace.create' });
  });
});
