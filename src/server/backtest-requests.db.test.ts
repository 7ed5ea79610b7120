import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runBacktestJob } from '../features/drift/backtest-runner.ts';
import { generate } from '../features/drift/test-drift.ts';
import { TestHistory } from '../features/drift/test-history.ts';
import type { BacktestChangeResponse, BacktestResponse } from '../features/executions/backtest-contract.ts';
import type { NewWorkspace } from '../features/workspaces/workspace-service.ts';
import { createTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let workspace: NewWorkspace;
let history: TestHistory;
let planId: string;

beforeAll(async () => {
  server = await createTestServer();
  workspace = await server.createWorkspace();
  history = await TestHistory.open(server.database, workspace.workspaceId);
  for (const x of [1, 2, 3]) await history.run({ a: { x }, b: { secure: x === 2 }, c: { x } });
  for (const runSeq of [2, 3]) await generate(history, runSeq);
  const created = await call('POST', 'plans', {
    name: 'draft',
    scopeType: 'workspace',
    thresholds: { notify: 0.8 },
  });
  planId = created.body.planId;
});

afterAll(() => server?.close());

async function call(
  method: 'GET' | 'POST',
  path: string,
  payload?: object,
  more: { readonly token?: string; readonly headers?: Record<string, string> } = {},
) {
  const { token = workspace.adminToken, headers = {} } = more;
  const response = await server.call(token, {
    method,
    url: `/api/${path.replace(':workspace', workspace.workspaceId)}`,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: response.statusCode, body: response.json() };
}

const create = (payload: object, headers?: Record<string, string>) =>
  call('POST', 'plans/:workspace/backtests', payload, headers === undefined ? {} : { headers });

async function run({ backtestId }: BacktestResponse): Promise<void> {
  await runBacktestJob(server.database, {
    workspaceId: workspace.workspaceId,
    backtestId,
    signal: new AbortController().signal,
    isLastAttempt: true,
  });
}

test('of one workspace no more than twenty wait, whoever asks at the same time', async () => {
  const busy = await server.createWorkspace();
  const ask = () =>
    call('POST', `plans/${busy.workspaceId}/backtests`, { document, days: 1 }, { token: busy.adminToken });

  const answers = await Promise.all(Array.from({ length: 23 }, ask));
  const accepted = answers.filter(({ status }) => status === 201);
  const refused = answers.filter(({ status }) => status !== 201);
  const { backtestId } = accepted[0]?.body ?? {};
  const cancelled = await call(
    'POST',
    `plans/${busy.workspaceId}/backtests/${backtestId}/cancel`,
    undefined,
    { token: busy.adminToken },
  );
  const again = await ask();

  expect(accepted).toHaveLength(20);
  expect(refused.map(({ body }) => body.code)).toEqual(Array(3).fill('too_many_backtests'));
  expect(refused[0]?.body.detail).toBe('20 backtests of this workspace wait or run already');
  expect([cancelled.status, again.status]).toEqual([200, 201]);
});

async function listPages<T>(path: string): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | null = null; ; ) {
    const at: string = cursor === null ? '' : `&cursor=${cursor}`;
    const { status, body } = await call('GET', `plans/:workspace/backtests${path}&limit=2${at}`);
    expect(status).toBe(200);
    items.push(...body.items);
    cursor = body.nextCursor;
    if (cursor === null) return items;
  }
}

const document = {
  name: 'tried',
  scopeType: 'workspace',
  thresholds: { notify: 0.8 },
  noiseControls: { ignorePatterns: ['c'] },
  impactRules: { multipliers: [{ name: 'less', factor: 0.5, when: 'paths.exists(p, p == "/secure")' }] },
};

test('a backtest is asked for once, done in a job, shown, and its changes are listed by effect', async () => {
  const created = await create(
    { document, scopeIds: [history.scopeId], days: 7 },
    { 'idempotency-key': 'one' },
  );
  const again = await create(
    { document, scopeIds: [history.scopeId], days: 7 },
    { 'idempotency-key': 'one' },
  );
  await run(created.body);
  const path = `plans/:workspace/backtests/${created.body.backtestId}`;
  const shown = await call('GET', path);
  const changes = await listPages<BacktestChangeResponse>(`/${created.body.backtestId}/changes?`);
  const rerouted = await listPages<BacktestChangeResponse>(
    `/${created.body.backtestId}/changes?effect=changes_route`,
  );

  expect(created).toMatchObject({
    status: 201,
    body: {
      status: 'queued',
      planId: null,
      planVersion: null,
      planName: 'tried',
      scopeIds: [history.scopeId],
      days: 7,
      progress: null,
      summary: null,
      resultDigest: null,
      isCancelRequested: false,
    },
  });
  expect(created.body).not.toHaveProperty('content');
  expect(again.body).toEqual(created.body);
  expect(shown).toMatchObject({
    status: 200,
    body: {
      status: 'succeeded',
      progress: { donePairs: 2, totalPairs: 2, candidates: 6 },
      summary: { pairs: 2, disappears: 2, changesSeverity: 1, changesRoute: 3, changes: 5, changesKept: 5 },
    },
  });
  expect(changes.map(({ ordinal, externalId, effects }) => [ordinal, externalId, effects.join()])).toEqual([
    [1, 'a', 'changes_route'],
    [2, 'b', 'changes_severity,changes_route'],
    [3, 'c', 'disappears'],
    [4, 'a', 'changes_route'],
    [5, 'c', 'disappears'],
  ]);
  expect(changes[2]).toMatchObject({
    after: null,
    before: { severity: 'sev3', route: 'notify', score: 0.5 },
    absence: 'held_back',
    reasons: [{ code: 'noiseControls.ignorePatterns', rule: '/noiseControls/ignorePatterns/0' }],
  });
  expect(rerouted.map(({ ordinal }) => ordinal)).toEqual([1, 2, 4]);
});

test('backtests are listed newest first, of one plan where it is named', async () => {
  const ofPlan = [];
  for (let count = 0; count < 3; count++) ofPlan.unshift((await create({ planId })).body.backtestId);
  await create({ document: { ...document, name: 'another' } });

  const all = await listPages<BacktestResponse>('?');
  const listed = await listPages<BacktestResponse>(`?planId=${planId}`);
  const ofNone = await listPages(`?planId=${randomUUID()}`);
  const ofNonsense = await listPages('?planId=nonsense');

  expect(all[0]).toMatchObject({ planId: null, planName: 'another' });
  expect(all.map(({ requestedAt }) => requestedAt)).toEqual(
    all
      .map(({ requestedAt }) => requestedAt)
      .sort()
      .reverse(),
  );
  expect(listed.map(({ backtestId }) => backtestId)).toEqual(ofPlan);
  expect(listed[0]).toMatchObject({ planId, planVersion: 1, planName: 'draft', days: 30 });
  expect([...ofNone, ...ofNonsense]).toEqual([]);
});

test('one that waits is cancelled, one that is over is not', async () => {
  const { body: waiting } = await create({ planId, version: 1 });
  const { body: done } = await create({ planId });
  await run(done);

  const cancelled = await call('POST', `plans/:workspace/backtests/${waiting.backtestId}/cancel`);
  const again = await call('POST', `plans/:workspace/backtests/${waiting.backtestId}/cancel`);
  const late = await call('POST', `plans/:workspace/backtests/${done.backtestId}/cancel`);

  expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled', isCancelRequested: true } });
  expect(again).toEqual(cancelled);
  expect(late).toMatchObject({ status: 409, body: { code: 'invalid_transition', state: 'succeeded' } });
});

test('what is wrong with a request is said with its place', async () => {
  const both = await create({ planId, document });
  const neither = await create({ days: 1 });
  const versionOfDocument = await create({ document, version: 1 });
  const tooLong = await create({ planId, days: 366 });
  const noScopes = await create({ planId, scopeIds: [] });
  const invalid = await create({ document: { name: '', scopeType: 'repo', thresholds: { notify: 'loud' } } });
  const unknownPlan = await create({ planId: randomUUID() });
  const unknownVersion = await create({ planId, version: 7 });
  const unknownScope = await create({ planId, scopeIds: [randomUUID()] });
  const wrongCursor = await call('GET', 'plans/:workspace/backtests?cursor=nonsense');
  const unknown = await call('GET', `plans/:workspace/backtests/${randomUUID()}/changes`);

  const pointersOf = ({ body }: typeof both) =>
    body.details.map(({ pointer }: { pointer: string }) => pointer);
  for (const refused of [both, neither, versionOfDocument, tooLong, noScopes]) {
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  }
  expect([both, neither, versionOfDocument, tooLong, noScopes].map(pointersOf)).toEqual([
    ['/document'],
    ['/planId'],
    ['/version'],
    ['/days'],
    ['/scopeIds'],
  ]);
  expect(invalid.body.code).toBe('invalid_plan');
  expect(pointersOf(invalid).sort()).toEqual(['/name', '/scopeRef', '/thresholds/notify']);
  expect(unknownPlan).toMatchObject({ status: 404, body: { code: 'plan_not_found' } });
  expect(unknownVersion).toMatchObject({ status: 404, body: { code: 'plan_version_not_found' } });
  expect(unknownScope).toMatchObject({ status: 404, body: { code: 'scope_not_found' } });
  expect(wrongCursor).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
  expect(unknown).toMatchObject({ status: 404, body: { code: 'backtest_not_found' } });
});
