import { randomUUID } from 'node:crypto';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestScope } from '../features/findings/test-findings.ts';
import type { NewWorkspace } from '../features/workspaces/workspace-service.ts';
import { createTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let contoso: NewWorkspace;
let scope: TestScope;
let findingId: string;

beforeAll(async () => {
  server = await createTestServer();
});

afterAll(() => server.close());

beforeEach(async () => {
  contoso = await server.createWorkspace();
  scope = await TestScope.open(server.database, contoso.workspaceId);
  await scope.see({ one: 'B', two: 'B' });
  findingId = (await scope.findings()).find(({ label }) => label === 'Policy one')?.finding_id ?? '';
});

function ask(path: string, query: InjectOptions['query'] = {}) {
  return server.call(contoso.adminToken, { url: `/api/findings/${contoso.workspaceId}${path}`, query });
}

function post(path: string, payload?: object, headers: Record<string, string> = {}) {
  return server.call(contoso.adminToken, {
    method: 'POST',
    url: `/api/findings/${contoso.workspaceId}${path}`,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
}

describe('reading', () => {
  test('a list takes one value of a field or several', async () => {
    const one = await ask('', {
      state: 'new',
      severity: ['sev3', 'sev4'],
      flapping: 'false',
      sort: 'severity',
    });
    const none = await ask('', { flapping: 'true' });

    expect(one.json().items).toHaveLength(2);
    expect(one.json().items[0]).not.toHaveProperty('evidence');
    expect(none.json()).toEqual({ items: [], nextCursor: null });
  });

  test.each([
    ['an unknown state', { state: 'lost' }, '/state/0'],
    ['an unknown order', { sort: 'label' }, '/sort'],
    ['a scope that is no id', { scopeId: 'here' }, '/scopeId/0'],
    ['a text that can not be stored', { text: 'a\u0000b' }, '/text'],
    ['a time that is none', { openedFrom: 'yesterday' }, '/openedFrom'],
    ['a limit beyond the greatest', { limit: '201' }, '/limit'],
  ])('%s is refused, naming the place', async (_name, query, pointer) => {
    const answer = await ask('', query);

    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'invalid_request' });
    expect(
      answer
        .json()
        .details.map((one: { pointer: string }) => one.pointer)
        .join(),
    ).toContain(pointer);
  });

  test('a cursor of another order is refused', async () => {
    const { nextCursor } = (await ask('', { limit: '1' })).json();

    const answer = await ask('', { limit: '1', sort: 'severity', cursor: nextCursor });

    expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid_cursor']);
  });

  test('facets count what the same filter lists', async () => {
    const answer = await ask('/facets', { state: 'open' });

    expect(answer.json()).toMatchObject({
      total: 2,
      facets: {
        state: { values: [{ value: 'new', count: 2 }], omittedValues: 0 },
        scopeId: { values: [{ value: scope.scopeId, count: 2 }] },
      },
    });
  });

  test('a finding comes with its evidence, its revision and its history', async () => {
    const finding = await ask(`/${findingId}`);
    const events = await ask(`/${findingId}/events`);

    expect(finding.headers.etag).toBe('"1"');
    expect(finding.json()).toMatchObject({
      evidence: { changes: [{ path: '/a', after: 'B' }] },
      acceptance: null,
      linkedTo: null,
      linkedFrom: [],
    });
    expect(finding.json()).not.toHaveProperty('currentHash');
    expect(events.json().items).toMatchObject([{ eventNo: 1, kind: 'open', toState: 'new' }]);
  });

  test.each(['not-an-id', randomUUID(), "'; select 1"])('there is no finding %s', async (id) => {
    const answers = [await ask(`/${encodeURIComponent(id)}`), await ask(`/${encodeURIComponent(id)}/events`)];

    expect(answers.map((answer) => [answer.statusCode, answer.json().code])).toEqual([
      [404, 'finding_not_found'],
      [404, 'finding_not_found'],
    ]);
  });
});

describe('deciding', () => {
  test('changes the finding and answers with its new revision', async () => {
    const answer = await post(`/${findingId}/accept`, { comment: 'planned' }, { 'if-match': '"1"' });

    expect(answer.statusCode).toBe(200);
    expect(answer.headers.etag).toBe('"2"');
    expect(answer.json()).toMatchObject({
      state: 'accepted',
      acceptance: { comment: 'planned', expiresAt: null },
    });
  });

  test('needs no body where there is nothing to say', async () => {
    const answer = await post(`/${findingId}/acknowledge`, undefined, { 'if-match': '"1"' });

    expect([answer.statusCode, answer.json().state]).toEqual([200, 'acknowledged']);
  });

  test('needs the revision that was read', async () => {
    const without = await post(`/${findingId}/acknowledge`, {});
    const stale = await post(`/${findingId}/acknowledge`, {}, { 'if-match': '"2"' });

    expect([without.statusCode, without.json().code]).toEqual([428, 'precondition_required']);
    expect([stale.statusCode, stale.json().code]).toEqual([412, 'revision_mismatch']);
  });

  test('that the state does not allow is a conflict that names what it allows', async () => {
    const answer = await post(`/${findingId}/reopen`, {}, { 'if-match': '"1"' });

    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({
      code: 'invalid_transition',
      state: 'new',
      allowed: ['acknowledge', 'accept', 'dismiss', 'snooze'],
    });
  });

  test.each([
    ['dismiss', {}, '/reason'],
    ['dismiss', { reason: 'because' }, '/reason'],
    ['snooze', {}, '/until'],
    ['snooze', { until: '2001-01-01T00:00:00Z' }, '/until'],
    ['accept', { expiresAt: '2001-01-01T00:00:00Z' }, '/expiresAt'],
    ['acknowledge', { comment: 'x'.repeat(2_001) }, '/comment'],
    ['acknowledge', { comment: '\u0000' }, '/comment'],
  ])('to %s with %o is not valid', async (event, payload, pointer) => {
    const answer = await post(`/${findingId}/${event}`, payload, { 'if-match': '"1"' });

    expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid_request']);
    expect(
      answer
        .json()
        .details.map((one: { pointer: string }) => one.pointer)
        .join(),
    ).toContain(pointer);
  });
});

describe('deciding about many', () => {
  test('by a filter says what became of them', async () => {
    const dry = await post('/bulk', {
      action: 'dismiss',
      reason: 'wont_fix',
      filter: { state: ['new'] },
      dryRun: true,
    });
    const done = await post('/bulk', {
      action: 'dismiss',
      reason: 'wont_fix',
      filter: { state: ['new'] },
      expectedCount: dry.json().matched,
    });

    expect(dry.json()).toMatchObject({ isDryRun: true, matched: 2, changed: 2 });
    expect(done.json()).toMatchObject({ isDryRun: false, matched: 2, changed: 2, refused: [] });
    expect((await scope.findings()).map(({ state }) => state)).toEqual(['dismissed', 'dismissed']);
  });

  test('by another number than expected is a conflict', async () => {
    const answer = await post('/bulk', { action: 'acknowledge', filter: {}, expectedCount: 3 });

    expect([answer.statusCode, answer.json()]).toMatchObject([409, { code: 'count_mismatch', matched: 2 }]);
  });

  test.each([
    ['neither ids nor a filter', { action: 'acknowledge' }],
    ['both', { action: 'acknowledge', findingIds: [randomUUID()], filter: {} }],
    ['a filter that there is not', { action: 'acknowledge', filter: { status: 'new' } }],
    ['an unknown action', { action: 'forget', filter: {} }],
    ['an id that is none', { action: 'acknowledge', findingIds: ['x'] }],
  ])('with %s is not valid', async (_name, payload) => {
    const answer = await post('/bulk', payload);

    expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid_request']);
  });
});
