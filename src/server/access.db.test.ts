import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withWorkspace } from '../db/workspace-transaction.ts';
import {
  createAdminToken,
  ensureFirstWorkspace,
  listWorkspaces,
} from '../features/workspaces/workspace-service.ts';
import { createTestServer, type TestServer } from './test-server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await createTestServer();
});

afterAll(() => server.close());

async function tokenOf(
  workspace: { workspaceId: string; adminToken: string },
  role: string,
  expiresAt?: string,
) {
  const answer = await server.call(workspace.adminToken, {
    method: 'POST',
    url: `/api/tokens/${workspace.workspaceId}`,
    payload: { name: `for a ${role}`, role, ...(expiresAt === undefined ? {} : { expiresAt }) },
  });
  return answer.json() as { token: string; tokenId: string };
}

/** Every value of every table of the database, as one text. */
async function everythingStored(workspaceId: string): Promise<string> {
  const actor = { kind: 'system', id: null, label: 'test' } as const;
  return withWorkspace(server.database.app, { workspaceId, actor, isReadOnly: true }, async ({ client }) => {
    const parts: string[] = [];
    for (const table of ['api_tokens', 'audit_events', 'idempotency_keys', 'stream_events', 'workspaces']) {
      const { rows } = await client.query(`select to_jsonb(t)::text as text from driftplane.${table} t`);
      parts.push(...rows.map((row: { text: string }) => row.text));
    }
    return parts.join('\n');
  });
}

describe('a token', () => {
  test('is answered once and stored nowhere', async () => {
    const workspace = await server.createWorkspace();

    const { token } = await tokenOf(workspace, 'viewer');
    const list = await server.call(workspace.adminToken, { url: `/api/tokens/${workspace.workspaceId}` });

    expect(token).toMatch(new RegExp(`^dp_${workspace.workspaceId.replaceAll('-', '')}_[A-Za-z0-9_-]{43}$`));
    expect(list.body).not.toContain(token);
    const stored = await everythingStored(workspace.workspaceId);
    expect(stored).toContain('for a viewer');
    expect(stored).not.toContain(token.slice(-43));
    expect(stored).not.toContain(workspace.adminToken.slice(-43));
  });

  test('is refused from the moment it is revoked', async () => {
    const workspace = await server.createWorkspace();
    const { token, tokenId } = await tokenOf(workspace, 'viewer');
    const before = await server.call(token, { url: '/api/workspaces' });

    const revoked = await server.call(workspace.adminToken, {
      method: 'POST',
      url: `/api/tokens/${workspace.workspaceId}/${tokenId}/revoke`,
    });
    const after = await server.call(token, { url: '/api/workspaces' });

    expect(before.statusCode).toBe(200);
    expect(revoked.json().revokedAt).not.toBeNull();
    expect(after.statusCode).toBe(401);
    expect(after.headers['www-authenticate']).toContain('Bearer');
  });

  test('is refused once it has expired', async () => {
    const workspace = await server.createWorkspace();
    const { token, tokenId } = await tokenOf(workspace, 'viewer', '2999-01-01T00:00:00.000Z');
    const before = await server.call(token, { url: '/api/workspaces' });

    await withWorkspace(
      server.database.app,
      { workspaceId: workspace.workspaceId, actor: { kind: 'system', id: null, label: 'test' } },
      ({ client }) =>
        client.query(
          `update driftplane.api_tokens set expires_at = now() - interval '1 second' where token_id = $1`,
          [tokenId],
        ),
    );
    const after = await server.call(token, { url: '/api/workspaces' });

    expect(before.statusCode).toBe(200);
    expect(after.statusCode).toBe(401);
  });

  test('can not be created with an expiry in the past', async () => {
    const workspace = await server.createWorkspace();

    const answer = await server.call(workspace.adminToken, {
      method: 'POST',
      url: `/api/tokens/${workspace.workspaceId}`,
      payload: { name: 'late', role: 'viewer', expiresAt: '2020-01-01T00:00:00Z' },
    });

    expect(answer.json()).toMatchObject({ code: 'invalid_request', details: [{ pointer: '/expiresAt' }] });
  });

  test('has the time of its last use, written beside the request', async () => {
    const workspace = await server.createWorkspace();
    const { token, tokenId } = await tokenOf(workspace, 'viewer');

    await server.call(token, { url: '/api/workspaces' });

    await expect
      .poll(async () => {
        const list = await server.call(workspace.adminToken, { url: `/api/tokens/${workspace.workspaceId}` });
        return list.json().items.find((each: { tokenId: string }) => each.tokenId === tokenId).lastUsedAt;
      })
      .not.toBeNull();
  });

  test.each([
    ['no scheme', (token: string) => token],
    ['another scheme', (token: string) => `Basic ${token}`],
    [
      'a changed character',
      (token: string) => `Bearer ${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`,
    ],
    ['an id of nothing', (token: string) => `Bearer ${token.replace(/^dp_.{32}/, `dp_${'0'.repeat(32)}`)}`],
    ['SQL', () => `Bearer dp_' or 1=1 --`],
    ['nothing', () => ''],
  ])('with %s is none', async (_what, header) => {
    const workspace = await server.createWorkspace();

    const answer = await server.api.inject({
      url: '/api/workspaces',
      headers: { authorization: header(workspace.adminToken) },
    });

    expect(answer.statusCode).toBe(401);
  });
});

describe('the writes of a token', () => {
  test('are in the audit trail with before and after, chained', async () => {
    const workspace = await server.createWorkspace('Before');
    const patch = await server.call(workspace.adminToken, {
      method: 'PATCH',
      url: `/api/workspaces/${workspace.workspaceId}`,
      headers: { 'if-match': '"1"' },
      payload: { name: 'After' },
    });

    const { items } = (
      await server.call(workspace.adminToken, { url: `/api/audit/${workspace.workspaceId}` })
    ).json();

    expect(patch.statusCode).toBe(200);
    expect(items.map((event: { action: string }) => event.action)).toEqual([
      'workspace.change',
      'token.create',
      'workspace.create',
    ]);
    expect(items[0]).toMatchObject({
      actor: { kind: 'token', label: 'bootstrap' },
      target: { kind: 'workspace', id: workspace.workspaceId },
      detail: { before: { name: 'Before' }, after: { name: 'After' } },
      previousHash: items[1].hash,
    });
    expect(items[2].actor.kind).toBe('cli');
  });
});

describe('pages of tokens', () => {
  test('are the whole list, each token once', async () => {
    const workspace = await server.createWorkspace();
    for (let count = 0; count < 7; count++) await tokenOf(workspace, 'viewer');
    const url = `/api/tokens/${workspace.workspaceId}`;
    const whole = (await server.call(workspace.adminToken, { url })).json().items;

    const paged: unknown[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = { limit: '3', ...(cursor === null ? {} : { cursor }) };
      const page = (await server.call(workspace.adminToken, { url, query })).json();
      paged.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);

    expect(whole).toHaveLength(8);
    expect(paged).toEqual(whole);
  });
});

describe('a route', () => {
  test('under /api that does not say who may call it keeps the server from starting', async () => {
    const starting = createTestServer({
      registerRoutes: (api) => {
        api.get('/api/forgotten', async () => 'open');
      },
    });

    await expect(starting).rejects.toThrow('names no config.access');
  });
});

describe('the first workspace', () => {
  test('is created once, however many servers start at once', async () => {
    const fresh = await createTestServer();

    const created = await Promise.all([1, 2, 3, 4].map(() => ensureFirstWorkspace(fresh.ownerUrl)));
    const again = await ensureFirstWorkspace(fresh.ownerUrl);
    const listed = await listWorkspaces(fresh.ownerUrl);

    expect(created.filter((each) => each !== null)).toHaveLength(1);
    expect(again).toBeNull();
    expect(listed.map(({ name }) => name)).toEqual(['default']);
    await fresh.close();
  });

  test('gets another admin token from who runs the server', async () => {
    const workspace = await server.createWorkspace();

    const { adminToken } = await createAdminToken(server.ownerUrl, {
      workspaceId: workspace.workspaceId,
      name: 'recovery',
    });
    const answer = await server.call(adminToken, { url: `/api/tokens/${workspace.workspaceId}` });

    expect(answer.statusCode).toBe(200);
  });
});
