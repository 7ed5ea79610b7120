import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enqueueJob } from '../db/job-queue.ts';
import { connectOwner } from '../db/owner-connection.ts';
import { systemActor, withWorkspace } from '../db/workspace-transaction.ts';
import { createTestServer, type TestServer } from './test-server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await createTestServer();
});

afterAll(() => server.close());

describe('the OpenAPI document', () => {
  test('is valid OpenAPI 3.1', async () => {
    const document = (await server.api.inject('/api/openapi.json')).json();

    const result = await new Validator().validate(document);

    expect(result).toMatchObject({ valid: true });
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  test('names the problems that a route may end with', async () => {
    const document = (await server.api.inject('/api/openapi.json')).json();

    const { responses } = document.paths['/api/tokens/{workspaceId}/{tokenId}/revoke'].post;
    expect(Object.keys(responses)).toEqual(
      expect.arrayContaining(['200', '400', '401', '403', '404', '429', '500']),
    );
    expect(responses['404'].description).toContain('token_not_found');
  });

  test('is shown on a page that loads nothing from elsewhere', async () => {
    const page = await server.api.inject('/api/docs');
    const links = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '');
    const assets = await Promise.all(links.map((link) => server.api.inject(link)));

    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.headers['content-security-policy']).not.toContain('http');
    expect(links.length).toBeGreaterThan(3);
    expect(links.filter((link) => !link.startsWith('/'))).toEqual([]);
    expect(assets.map(({ statusCode }) => statusCode)).toEqual(links.map(() => 200));
  });
});

describe('health', () => {
  test('is told without a token', async () => {
    const answer = await server.api.inject('/healthz');

    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ok' }]);
  });

  test('says that the server is ready where the database has the schema of this version', async () => {
    const answer = await server.api.inject('/readyz');

    expect(answer.json()).toEqual({ status: 'ok', checks: { database: 'ok', migrations: 'ok' } });
  });

  test('says that it is not where a migration is missing', async () => {
    const behind = await createTestServer();
    const owner = await connectOwner(behind.ownerUrl);
    await owner.query('delete from driftplane.migrations where name like $1', ['0001%']);
    await owner.end();

    const answer = await behind.api.inject('/readyz');

    expect(answer.statusCode).toBe(503);
    expect(answer.json().checks.migrations).toMatch(/^\d+ of \d+ applied$/);
    await behind.close();
  });

  test('says that it is not where the database is gone', async () => {
    const alone = await createTestServer();
    const owner = await connectOwner(alone.ownerUrl.replace(/\/[^/?]+(\?|$)/, '/postgres$1'));
    await owner.query(`drop database ${new URL(alone.ownerUrl).pathname.slice(1)} with (force)`);
    await owner.end();

    const [ready, request] = [
      await alone.api.inject('/readyz'),
      await alone.call(`dp_${'0'.repeat(32)}_${'A'.repeat(43)}`, { url: '/api/workspaces' }),
    ];

    expect(ready.statusCode).toBe(503);
    expect(ready.json().checks.database).toContain('does not answer');
    expect(request.statusCode).toBeGreaterThanOrEqual(500);
    await alone.close();
  });
});

describe('the metrics', () => {
  test('count requests by the template of their route', async () => {
    const { adminToken, workspaceId } = await server.createWorkspace();
    await server.call(adminToken, { url: `/api/workspaces/${workspaceId}` });

    const { body } = await server.api.inject('/metrics');

    expect(body).toContain(
      'driftplane_http_request_seconds_count{method="GET",route="/api/workspaces/:workspaceId",status="200"} 1',
    );
    expect(body).not.toContain(workspaceId);
  });

  test('show the jobs that wait, and for how long', async () => {
    const { workspaceId } = await server.createWorkspace();
    await withWorkspace(server.database.app, { workspaceId, actor: systemActor }, (transaction) =>
      enqueueJob(transaction, { kind: 'retention.sweep', payload: {}, jobKey: 'test', queueName: 'test' }),
    );

    const { body } = await server.api.inject('/metrics');

    expect(body).toContain('driftplane_queue_jobs{kind="retention.sweep"} 1');
    expect(body).toMatch(/driftplane_queue_lag_seconds\{kind="retention.sweep"\} \d/);
    expect(body).toContain('driftplane_database_connections{pool="app",state="waiting"} 0');
  });

  test('are for this machine only, and not through a proxy on it', async () => {
    const answers = await Promise.all([
      server.api.inject({ url: '/metrics', remoteAddress: '127.0.0.1' }),
      server.api.inject({ url: '/metrics', remoteAddress: '10.0.0.9' }),
      server.api.inject({ url: '/metrics', headers: { 'x-forwarded-for': '127.0.0.1' } }),
    ]);

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 403, 403]);
  });

  test('are for whoever has the metrics token, where there is one', async () => {
    const guarded = await createTestServer({ metricsToken: 'scraper-token-0123456789' });
    const call = (authorization?: string) =>
      guarded.api.inject({
        url: '/metrics',
        remoteAddress: '10.0.0.9',
        headers: authorization === undefined ? {} : { authorization },
      });

    const answers = await Promise.all([
      call('Bearer scraper-token-0123456789'),
      call('Bearer scraper-token-0123456780'),
      call(),
    ]);

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 401, 401]);
    await guarded.close();
  });
});

describe('the limits', () => {
  test('of requests are per token', async () => {
    const limited = await createTestServer({ requestsPerMinute: { perToken: 3, perAddress: 1000 } });
    const [first, second] = [await limited.createWorkspace(), await limited.createWorkspace()];
    const call = (token: string) => limited.call(token, { url: '/api/workspaces' });

    const answers = [];
    for (let count = 0; count < 4; count++) answers.push(await call(first.adminToken));
    const other = await call(second.adminToken);

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 429]);
    expect(answers[3]?.json().code).toBe('rate_limited');
    expect(Number(answers[3]?.headers['retry-after'])).toBeGreaterThan(0);
    expect(other.statusCode).toBe(200);
    await limited.close();
  });

  test('of requests are per address for those who guess tokens', async () => {
    const limited = await createTestServer({ requestsPerMinute: { perToken: 1000, perAddress: 3 } });
    const call = (remoteAddress: string) => limited.api.inject({ url: '/api/workspaces', remoteAddress });

    const answers = [];
    for (let count = 0; count < 4; count++) answers.push(await call('10.0.0.1'));
    const other = await call('10.0.0.2');

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401, 429]);
    expect(other.statusCode).toBe(401);
    await limited.close();
  });

  test.each([
    ['a proxy in front', 1],
    ['the address of a proxy', ['10.0.0.0/8']],
  ])('are of the client as %s saw it, whatever it says of itself', async (_what, trustedProxies) => {
    const limited = await createTestServer({
      requestsPerMinute: { perToken: 1000, perAddress: 3 },
      trustedProxies,
    });
    const call = (forwardedFor: string) =>
      limited.api.inject({
        url: '/api/workspaces',
        remoteAddress: '10.0.0.1',
        headers: { 'x-forwarded-for': forwardedFor },
      });

    const answers = [];
    for (let count = 0; count < 4; count++) answers.push(await call(`198.51.100.${count}, 203.0.113.7`));
    const other = await call('198.51.100.0, 203.0.113.8');

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401, 429]);
    expect(other.statusCode).toBe(401);
    await limited.close();
  });

  test('believe nobody who is not a proxy', async () => {
    const limited = await createTestServer({
      requestsPerMinute: { perToken: 1000, perAddress: 3 },
      trustedProxies: ['10.0.0.0/8'],
    });

    const answers = [];
    for (let count = 0; count < 4; count++) {
      const headers = { 'x-forwarded-for': `198.51.100.${count}` };
      answers.push(
        await limited.api.inject({ url: '/api/workspaces', remoteAddress: '203.0.113.7', headers }),
      );
    }

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401, 429]);
    await limited.close();
  });

  test('of time end a request that is not answered', async () => {
    const slow = await createTestServer({
      requestTimeoutSeconds: 1,
      registerRoutes: (api) => {
        api.get('/api/test/slow', { config: { access: 'public' } }, () => new Promise(() => {}));
      },
    });

    const answer = await slow.api.inject('/api/test/slow');

    expect([answer.statusCode, answer.json().code]).toEqual([408, 'request_timeout']);
    await slow.close();
  });
});
