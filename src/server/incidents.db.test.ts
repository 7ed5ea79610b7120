import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../db/workspace-transaction.ts';
import { generate } from '../features/drift/test-drift.ts';
import { TestHistory } from '../features/drift/test-history.ts';
import type { IncidentResponse } from '../features/plans/incident-contract.ts';
import { createDriftPlan } from '../features/plans/plan-service.ts';
import { createToken } from '../features/workspaces/token-service.ts';
import type { NewWorkspace } from '../features/workspaces/workspace-service.ts';
import { createTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let workspace: NewWorkspace;

beforeAll(async () => {
  server = await createTestServer();
  workspace = await server.createWorkspace();
});

afterAll(() => server?.close());

function inWorkspace<T>(
  work: (tx: WorkspaceTransaction) => Promise<T>,
  workspaceId = workspace.workspaceId,
): Promise<T> {
  return withWorkspace(server.database.app, { workspaceId, actor: systemActor }, work);
}

interface Call {
  readonly payload?: object;
  readonly of?: NewWorkspace;
  readonly headers?: Record<string, string>;
}

async function call(
  method: 'GET' | 'POST',
  path: string,
  { payload, of = workspace, headers = {} }: Call = {},
) {
  const response = await server.call(of.adminToken, {
    method,
    url: `/api/incidents/${of.workspaceId}${path}`,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: response.statusCode, body: response.json() };
}

/** Everything the trail and the stream have of an incident, oldest first. */
async function toldOf(incidentId: string) {
  return inWorkspace(async ({ client, workspaceId }) => {
    const audit = await client.query<{ action: string; detail: string }>(
      'select action, detail from driftplane.audit_events where workspace_id = $1 and target_id = $2 order by seq',
      [workspaceId, incidentId],
    );
    const stream = await client.query<{ kind: string; payload: string }>(
      `select kind, payload from driftplane.stream_events
       where workspace_id = $1 and position($2 in payload) > 0 order by seq`,
      [workspaceId, incidentId],
    );
    return {
      audit: audit.rows.map(({ action, detail }) => [action, JSON.parse(detail)]),
      stream: stream.rows.map(({ kind, payload }) => [kind, JSON.parse(payload)]),
    };
  });
}

describe('an incident', () => {
  test('is opened and closed, once each however often it is said', async () => {
    const payload = { externalId: ' INC-1 ', title: 'Cafe\u0301 is down', serviceId: 'shop' };

    const opened = await call('POST', '', { payload });
    const again = await call('POST', '', { payload: { ...payload, title: 'otherwise' } });
    const elsewhere = await call('POST', '', {
      payload: { externalId: 'INC-1', title: 'x', serviceId: 'pay' },
    });
    const path = `/${opened.body.incidentId}`;
    const shown = await call('GET', path);
    const closed = await call('POST', `${path}/close`);
    const closedAgain = await call('POST', `${path}/close`);
    const reopened = await call('POST', '', { payload });

    expect(opened).toEqual({
      status: 201,
      body: {
        incidentId: expect.any(String),
        externalId: 'INC-1',
        title: 'Café is down',
        serviceId: 'shop',
        openedAt: expect.stringMatching(/Z$/),
        closedAt: null,
        createdBy: expect.any(String),
      },
    });
    expect(again).toEqual({ status: 200, body: opened.body });
    expect(elsewhere).toMatchObject({
      status: 409,
      body: { code: 'name_taken', incidentId: opened.body.incidentId },
    });
    expect(elsewhere.body.detail).toContain('is open for the service shop');
    expect(shown).toEqual({ status: 200, body: opened.body });
    expect(closed).toEqual({ status: 200, body: { ...opened.body, closedAt: expect.stringMatching(/Z$/) } });
    expect(closedAgain).toEqual(closed);
    expect(reopened.status).toBe(409);
    expect(reopened.body).toMatchObject({ code: 'name_taken', incidentId: opened.body.incidentId });
    const { incidentId, openedAt } = opened.body;
    expect(await toldOf(incidentId)).toEqual({
      audit: [
        ['incident.open', { externalId: 'INC-1', title: 'Café is down', serviceId: 'shop', openedAt }],
        ['incident.close', { externalId: 'INC-1', closedAt: closed.body.closedAt }],
      ],
      stream: [
        ['incident.changed', { incidentId, isOpen: true }],
        ['incident.changed', { incidentId, isOpen: false }],
      ],
    });
  });

  test('that many tell at once is one', async () => {
    const payload = { externalId: 'at once', title: 'x' };

    const answers = await Promise.all(Array.from({ length: 8 }, () => call('POST', '', { payload })));

    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(7).fill(200), 201]);
    expect(new Set(answers.map(({ body }) => body.incidentId)).size).toBe(1);
  });

  test('repeated with the same Idempotency-Key is answered as the first time, also when it is over', async () => {
    const payload = { externalId: 'keyed', title: 'x' };
    const headers = { 'idempotency-key': randomUUID() };
    const first = await call('POST', '', { payload, headers });
    await call('POST', `/${first.body.incidentId}/close`);

    expect(await call('POST', '', { payload, headers })).toEqual(first);
  });

  test('may have begun before it was told, never in the future', async () => {
    const openedAt = '2026-01-02T03:04:05.678Z';
    const past = await call('POST', '', { payload: { externalId: 'past', title: 'x', openedAt } });
    const future = new Date(Date.now() + 60_000).toISOString();
    const refused = await call('POST', '', {
      payload: { externalId: 'future', title: 'x', openedAt: future },
    });

    expect(past.body).toMatchObject({ openedAt, serviceId: null });
    expect(refused).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', details: [{ pointer: '/openedAt' }] },
    });
  });

  test.each([
    ['an external id', { externalId: ' ', title: 'x' }],
    ['a short external id', { externalId: 'x'.repeat(201), title: 'x' }],
    ['a title', { externalId: 'x', title: '' }],
    ['a short title', { externalId: 'x', title: 'x'.repeat(301) }],
    ['one line of text', { externalId: 'a\nb', title: 'x' }],
    ['a text that PostgreSQL takes', { externalId: 'a\u0000b', title: 'x' }],
    ['a service', { externalId: 'x', title: 'x', serviceId: '' }],
    ['an instant', { externalId: 'x', title: 'x', openedAt: 'yesterday' }],
    ['nothing else', { externalId: 'x', title: 'x', severity: 1 }],
  ])('needs %s', async (_, payload) => {
    expect(await call('POST', '', { payload })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
  });

  test('is told and closed by operators, and seen by viewers', async () => {
    const { incidentId } = (await call('POST', '', { payload: { externalId: 'roles', title: 'x' } })).body;
    const statuses = await Promise.all(
      (['viewer', 'operator'] as const).map(async (role) => {
        const { tokenText: text } = await inWorkspace((tx) =>
          createToken(tx, { name: role, role, expiresAt: null }),
        );
        const url = `/api/incidents/${workspace.workspaceId}`;
        const payload = { externalId: `by ${role}`, title: 'x' };
        const answers = [
          await server.call(text, { method: 'GET', url }),
          await server.call(text, { method: 'POST', url, payload }),
          await server.call(text, { method: 'POST', url: `${url}/${incidentId}/close` }),
        ];
        return answers.map(({ statusCode }) => statusCode);
      }),
    );

    expect(statuses).toEqual([
      [200, 403, 403],
      [200, 201, 200],
    ]);
  });

  test('of another workspace is none, and its external id is free', async () => {
    const { body } = await call('POST', '', { payload: { externalId: 'shared', title: 'x' } });
    const of = await server.createWorkspace();

    const hidden = await call('GET', `/${body.incidentId}`, { of });
    const kept = await call('POST', `/${body.incidentId}/close`, { of });
    const own = await call('POST', '', { payload: { externalId: 'shared', title: 'x' }, of });

    expect([hidden, kept].map((answer) => [answer.status, answer.body.code])).toEqual(
      Array(2).fill([404, 'incident_not_found']),
    );
    expect(own.status).toBe(201);
    expect((await call('GET', '', { of })).body.items).toHaveLength(1);
    expect((await call('GET', '/nonsense', { of })).status).toBe(404);
  });
});

test('incidents are listed newest first, page by page, by whether they are open and by service', async () => {
  const of = await server.createWorkspace();
  const opened: IncidentResponse[] = [];
  for (const [index, serviceId] of ['a', null, 'b', 'a', 'a'].entries()) {
    // Two of them at the same instant.
    const openedAt = `2026-02-0${Math.min(index + 1, 4)}T00:00:00.000Z`;
    const payload = { externalId: `list ${index}`, title: 'x', serviceId, openedAt };
    opened.push((await call('POST', '', { payload, of })).body);
  }
  const [first, , , fourth] = opened;
  await call('POST', `/${fourth?.incidentId}/close`, { of });
  const listPages = async (query: string): Promise<string[]> => {
    const externalIds: string[] = [];
    for (let cursor: string | null = null; ; ) {
      const at: string = cursor === null ? '' : `&cursor=${cursor}`;
      const { body } = await call('GET', `?limit=2${query}${at}`, { of });
      externalIds.push(...body.items.map(({ externalId }: IncidentResponse) => externalId));
      cursor = body.nextCursor;
      if (cursor === null) return externalIds;
    }
  };

  const all = await listPages('');
  expect([...all].sort()).toEqual(opened.map(({ externalId }) => externalId).sort());
  expect(all.slice(2)).toEqual(['list 2', 'list 1', 'list 0']);
  expect(await listPages('&open=true')).toEqual(all.filter((id) => id !== fourth?.externalId));
  expect(await listPages('&open=false')).toEqual([fourth?.externalId]);
  expect(await listPages('&open=true&serviceId=a')).toEqual(['list 4', first?.externalId]);
  expect((await call('GET', '?cursor=nonsense', { of })).body.code).toBe('invalid_cursor');
});

describe('a plan that requires an incident', () => {
  /** A scope of the service with drift in each of its runs, and what became of the finding of the last. */
  async function openService(of: NewWorkspace, service: string) {
    const history = await TestHistory.open(server.database, of.workspaceId);
    await inWorkspace(
      ({ client }) =>
        client.query(
          'update driftplane.sources set service_id = $3 where workspace_id = $1 and source_id = $2',
          [of.workspaceId, history.sourceId, service],
        ),
      of.workspaceId,
    );
    let x = 0;
    await history.run({ a: { x }, b: { secure: true } });
    return async () => {
      x++;
      const { runSeq } = await history.run({ a: { x }, b: { secure: true } });
      const execution = await generate(history, runSeq);
      const { rows } = await history.inWorkspace((tx) =>
        tx.client.query<{ route: string; disposition: string }>(
          'select route, disposition from driftplane.findings where first_execution_id = $1',
          [execution.executionId],
        ),
      );
      return {
        route: rows[0]?.route,
        demotedBy: JSON.parse(rows[0]?.disposition ?? '{}').demotedBy,
        hasOpenIncident: execution.routing?.inputs?.hasOpenIncident,
      };
    };
  }

  const quiet = { route: 'recorded', demotedBy: ['eligibility.requiresIncident'], hasOpenIncident: false };
  const told = { route: 'notify', demotedBy: [], hasOpenIncident: true };

  test('tells of drift while one of the service or of the whole workspace is open, and records it otherwise', async () => {
    const of = await server.createWorkspace();
    const document = {
      name: 'only in incidents',
      scopeType: 'workspace',
      status: 'active',
      eligibility: { requiresIncident: true },
    };
    await inWorkspace((tx) => createDriftPlan(tx, { document }), of.workspaceId);
    const drift = await openService(of, 'shop');
    const open = async (externalId: string, serviceId: string | null) => {
      const payload = { externalId, title: 'x', serviceId };
      return (await call('POST', '', { payload, of })).body.incidentId as string;
    };

    expect(await drift()).toEqual(quiet);
    await open('elsewhere', 'other');
    expect(await drift()).toEqual(quiet);
    const ofService = await open('here', 'shop');
    expect(await drift()).toEqual(told);
    await call('POST', `/${ofService}/close`, { of });
    expect(await drift()).toEqual(quiet);
    const ofAll = await open('everywhere', null);
    expect(await drift()).toEqual(told);
    await call('POST', `/${ofAll}/close`, { of });
    expect(await drift()).toEqual(quiet);
  });
});
