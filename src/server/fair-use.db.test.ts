// One workspace's requests leave the others what they need, and none outlives its answer in the database.
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { NewWorkspace } from '../features/workspaces/workspace-service.ts';
import { type Api, readInWorkspace } from '../http/api.ts';
import { createTestServer, type TestServer } from './test-server.ts';

/** While the test holds it, requests to `wait` and `compute` keep their connections. */
const LOCK = 4711;

let server: TestServer;
let owner: pg.Client;
let loud: NewWorkspace;
let quiet: NewWorkspace;

beforeAll(async () => {
  server = await createTestServer({ registerRoutes, requestTimeoutSeconds: 60 });
  owner = new pg.Client({ connectionString: server.ownerUrl });
  await owner.connect();
  loud = await server.createWorkspace('Loud');
  quiet = await server.createWorkspace('Quiet');
});

afterAll(async () => {
  await owner.end();
  await server.close();
});

function registerRoutes(api: Api): void {
  const ask = (name: string, sql: string, config: object): void => {
    api.get(
      `/api/${name}/:workspaceId`,
      { config: { access: 'viewer', ...config }, schema: { params: z.object({ workspaceId: z.string() }) } },
      async (request) =>
        (await readInWorkspace(server.database, request, ({ client }) => client.query(sql))).rows[0],
    );
  };
  const wait = `select pg_advisory_xact_lock_shared(${LOCK})::text as done`;
  ask('answer', 'select 1 as one', {});
  ask('wait', wait, {});
  ask('compute', wait, { isLongRunning: true, isExpensive: true });
}

function call(workspace: NewWorkspace, name: string) {
  return server.call(workspace.adminToken, { url: `/api/${name}/${workspace.workspaceId}` });
}

async function countWaiting(): Promise<number> {
  const { rows } = await owner.query<{ count: number }>(
    `select count(*)::int as count from pg_locks where locktype = 'advisory' and objid = ${LOCK} and not granted`,
  );
  return rows[0]?.count ?? 0;
}

/** Sends requests that get nowhere until `work` is done. */
async function beside(
  requests: { readonly workspace: NewWorkspace; readonly name: string; readonly count: number },
  work: () => Promise<void>,
): Promise<number[]> {
  await owner.query(`select pg_advisory_lock(${LOCK})`);
  const { workspace, name, count } = requests;
  const flood = Array.from({ length: count }, () => call(workspace, name));
  await work().finally(() => owner.query(`select pg_advisory_unlock(${LOCK})`));
  return (await Promise.all(flood)).map(({ statusCode }) => statusCode);
}

describe('a workspace that asks for more than there is', () => {
  test('has half of the connections, and another one is answered beside it', async () => {
    const statuses = await beside({ workspace: loud, name: 'wait', count: 40 }, async () => {
      await expect.poll(countWaiting).toBe(5);

      const answers = await Promise.all(Array.from({ length: 5 }, () => call(quiet, 'answer')));

      expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200]);
      expect(await countWaiting()).toBe(5);
    });

    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  test('has two expensive reads at once, and is answered what is cheap beside them', async () => {
    const statuses = await beside({ workspace: loud, name: 'compute', count: 8 }, async () => {
      await expect.poll(countWaiting).toBe(2);

      const cheap = await call(loud, 'answer');

      expect(cheap.statusCode).toBe(200);
      expect(await countWaiting()).toBe(2);
    });

    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});

test('a token is recognised where requests and jobs have taken all connections', async () => {
  const { app } = server.database;
  const taken = await Promise.all(Array.from({ length: app.options.max }, () => app.connect()));
  try {
    const answer = await server.call(quiet.adminToken, { url: `/api/answer/${loud.workspaceId}` });
    const ready = await server.call(null, { url: '/readyz' });

    expect(answer.json().code).toBe('workspace_not_found');
    expect(ready.statusCode).toBe(200);
  } finally {
    for (const client of taken) client.release();
  }
});

describe('a request that is not answered in time', () => {
  test('is ended in the database too', async () => {
    const hasty = await createTestServer({
      requestTimeoutSeconds: 1,
      registerRoutes: (api) => {
        api.get('/api/sleep', { config: { access: 'viewer' } }, async (request) =>
          readInWorkspace(hasty.database, request, async ({ client }) => {
            await client.query('select pg_sleep(30)');
          }),
        );
      },
    });
    try {
      const { adminToken } = await hasty.createWorkspace();

      const answer = await hasty.call(adminToken, { url: '/api/sleep' });

      expect(answer.json().code).toBe('request_timeout');
      const { app } = hasty.database;
      await expect.poll(() => app.totalCount - app.idleCount, { timeout: 10_000 }).toBe(0);
    } finally {
      await hasty.close();
    }
  });
});
