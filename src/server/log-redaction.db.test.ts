import { afterAll, beforeAll, expect, test } from 'vitest';
import { DriftplaneError } from '../core/errors.ts';
import { withWorkspace } from '../db/workspace-transaction.ts';
import { createTestServer, type TestServer } from './test-server.ts';

const SECRET = 'hunter2-very-secret';

let server: TestServer;

beforeAll(async () => {
  server = await createTestServer({
    registerRoutes: (api) => {
      const config = { access: 'public' } as const;
      // Every way in which a careless route could hand a secret to the log.
      api.post('/api/test/throw', { config }, async (request) => {
        request.log.warn(
          { headers: request.headers, authorization: request.headers.authorization },
          'careless',
        );
        request.log.warn(`the header was ${request.headers.authorization}`);
        throw new Error(`failed for ${request.headers.authorization}`, {
          cause: new Error(`because of ${request.headers.authorization} at postgres://me:${SECRET}@host/db`),
        });
      });
      api.post('/api/test/refuse', { config }, async () => {
        throw new DriftplaneError('internal_error', 'refused');
      });
      api.post('/api/test/database', { config }, async (request) => {
        const { value } = request.body as { value: string };
        const actor = { kind: 'system', id: null, label: 'test' } as const;
        const workspaceId = '00000000-0000-4000-8000-000000000000';
        await withWorkspace(server.database.app, { workspaceId, actor }, ({ client }) =>
          client.query('select $1::text::uuid', [value]),
        );
      });
    },
  });
});

afterAll(() => server.close());

test('no log line holds a token, a secret value or an Authorization header, on errors neither', async () => {
  const { adminToken } = await server.createWorkspace();
  const calls = ['/api/test/throw', '/api/test/refuse', '/api/test/database', '/api/test/nothing'].map(
    (url) =>
      server.call(adminToken, {
        method: 'POST',
        url: `${url}?token=${adminToken}&secret=${SECRET}`,
        headers: { cookie: `session=${SECRET}`, 'x-request-id': adminToken },
        payload: { value: SECRET, password: SECRET },
      }),
  );

  const answers = await Promise.all(calls);

  const log = server.logLines.join('');
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([500, 500, 500, 404]);
  expect(log).toContain('careless');
  expect(log).toContain('dp_[redacted]');
  expect(log).not.toContain(adminToken);
  expect(log).not.toContain(adminToken.slice(-20));
  expect(log).not.toContain(SECRET);
  expect(log).not.toMatch(/Bearer (?!\[redacted\])/);
});

test('an answer to a failure says nothing of its reason', async () => {
  const { adminToken } = await server.createWorkspace();

  const answer = await server.call(adminToken, {
    method: 'POST',
    url: '/api/test/database',
    payload: { value: SECRET },
  });

  expect(answer.json()).toMatchObject({ code: 'internal_error', status: 500 });
  expect(answer.body).not.toContain(SECRET);
  expect(answer.body).not.toContain('uuid:');
});
