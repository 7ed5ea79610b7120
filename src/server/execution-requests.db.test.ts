import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemActor, withWorkspace } from '../db/workspace-transaction.ts';
import { generate } from '../features/drift/test-drift.ts';
import { TestHistory } from '../features/drift/test-history.ts';
import type { ExecutionResponse } from '../features/executions/execution-contract.ts';
import { createToken } from '../features/workspaces/token-service.ts';
import type { NewWorkspace } from '../features/workspaces/workspace-service.ts';
import { createTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let workspace: NewWorkspace;
let history: TestHistory;

beforeAll(async () => {
  server = await createTestServer();
  workspace = await server.createWorkspace();
  history = await TestHistory.open(server.database, workspace.workspaceId);
  for (const x of [1, 2, 3, 4]) await history.run({ a: { x } });
  await generate(history, 2);
});

afterAll(() => server?.close());

const runIdOf = (runSeq: number): string => history.runs[runSeq - 1]?.runId as string;

async function call(method: 'GET' | 'POST' | 'PUT', path: string, payload?: object) {
  const response = await server.call(workspace.adminToken, {
    method,
    url: `/api/${path.replace(':workspace', workspace.workspaceId)}`,
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: response.statusCode, body: response.json() };
}

async function listPages(query: string): Promise<ExecutionResponse[]> {
  const items: ExecutionResponse[] = [];
  for (let cursor: string | null = null; ; ) {
    const at: string = cursor === null ? '' : `&cursor=${cursor}`;
    const { body } = await call('GET', `executions/:workspace?limit=2${query}${at}`);
    items.push(...body.items);
    cursor = body.nextCursor;
    if (cursor === null) return items;
  }
}

test('executions are listed page by page, by what they are and belong to', async () => {
  const all = await listPages('');
  const queued = await listPages('&status=queued');
  const ofRun = await listPages(`&currentRunId=${runIdOf(2)}`);
  const ofScope = await listPages(`&scopeId=${history.scopeId}&status=succeeded`);
  const ofNone = await listPages(`&sourceId=${randomUUID()}`);
  const ofNonsense = await listPages('&scopeId=nonsense');

  expect(all.map(({ currentRunId }) => currentRunId)).toEqual([4, 3, 2].map(runIdOf));
  expect(queued.map(({ currentRunId }) => currentRunId)).toEqual([4, 3].map(runIdOf));
  expect(ofRun).toMatchObject([{ status: 'succeeded', counts: { findings: 1 }, hasPlan: false }]);
  expect(ofScope).toEqual(ofRun);
  expect([...ofNone, ...ofNonsense]).toEqual([]);
});

test('an execution is shown, computed again and found the same', async () => {
  const [execution] = await listPages(`&currentRunId=${runIdOf(2)}`);

  const shown = await call('GET', `executions/:workspace/${execution?.executionId}`);
  const replay = await call('POST', `executions/:workspace/${execution?.executionId}/replay`);

  expect(shown).toEqual({ status: 200, body: execution });
  expect(replay).toMatchObject({ status: 200, body: { isSame: true, digest: execution?.findingsDigest } });
});

test('what can not be done is refused with its code', async () => {
  const [waiting] = await listPages('&status=queued');
  const retry = await call('POST', `executions/:workspace/${waiting?.executionId}/retry`);
  const replay = await call('POST', `executions/:workspace/${waiting?.executionId}/replay`);
  const unknown = await call('GET', `executions/:workspace/${randomUUID()}`);
  const malformed = await call('POST', 'executions/:workspace/nonsense/replay');
  const cursor = await call('GET', 'executions/:workspace?cursor=nonsense');
  const runs = { baselineRunId: runIdOf(1), currentRunId: randomUUID() };
  const compared = await call('POST', 'executions/:workspace', runs);
  const scope = await call('PUT', `scopes/:workspace/${randomUUID()}/baseline`, { mode: 'rolling' });
  const mode = await call('PUT', `scopes/:workspace/${history.scopeId}/baseline`, { mode: 'pinned' });

  expect([retry, replay, unknown, malformed, cursor, compared, scope, mode]).toMatchObject([
    { status: 409, body: { code: 'invalid_transition' } },
    { status: 409, body: { code: 'not_replayable' } },
    { status: 404, body: { code: 'execution_not_found' } },
    { status: 404, body: { code: 'execution_not_found' } },
    { status: 400, body: { code: 'invalid_cursor' } },
    { status: 404, body: { code: 'run_not_found' } },
    { status: 404, body: { code: 'scope_not_found' } },
    { status: 400, body: { code: 'invalid_request' } },
  ]);
});

test('a failed execution is queued again, and that is in the audit trail', async () => {
  const [waiting] = await listPages(`&currentRunId=${runIdOf(4)}`);
  await history.inWorkspace((tx) =>
    tx.client.query(
      `update driftplane.executions set status = 'failed', error_code = 'internal_error', error_message = 'x'
       where execution_id = $1`,
      [waiting?.executionId],
    ),
  );

  const retried = await call('POST', `executions/:workspace/${waiting?.executionId}/retry`);

  expect(retried).toMatchObject({ status: 200, body: { status: 'queued', error: null, attempts: 0 } });
  const { rows } = await history.inWorkspace((tx) =>
    tx.client.query(
      `select actor_kind, target_id from driftplane.audit_events where action = 'execution.retry'`,
    ),
  );
  expect(rows).toEqual([{ actor_kind: 'token', target_id: waiting?.executionId }]);
});

test('any two runs are compared on demand, with as many findings as are asked for', async () => {
  const runs = { baselineRunId: runIdOf(4), currentRunId: runIdOf(1) };

  const whole = await call('POST', 'executions/:workspace', runs);
  const none = await call('POST', 'executions/:workspace?limit=0', runs);

  expect(whole).toMatchObject({
    status: 200,
    body: {
      counts: { changed: 1, findings: 1 },
      isTruncated: false,
      findings: [{ externalId: 'a', changes: [{ path: '/x', op: 'replace', before: 4, after: 1 }] }],
    },
  });
  expect(none.body).toMatchObject({ findings: [], isTruncated: true, counts: { findings: 1 } });
});

test('a baseline is pinned by an operator and shown with its scope', async () => {
  const body = { mode: 'pinned', runId: runIdOf(2) };
  const url = `/api/scopes/${workspace.workspaceId}/${history.scopeId}/baseline`;
  const viewer = await withWorkspace(
    server.database.app,
    { workspaceId: workspace.workspaceId, actor: systemActor },
    (tx) => createToken(tx, { name: 'viewer', role: 'viewer', expiresAt: null }),
  );

  const refused = await server.call(viewer.tokenText, { method: 'PUT', url, payload: body });
  const pinned = await call('PUT', `scopes/:workspace/${history.scopeId}/baseline`, body);
  const listed = await call('GET', 'scopes/:workspace');

  expect(refused.statusCode).toBe(403);
  expect(pinned).toMatchObject({ status: 200, body: { baseline: body, itemCount: 1, runCount: 4 } });
  expect(listed.body).toEqual({ items: [pinned.body], nextCursor: null });
  expect(await listPages('')).toMatchObject([{ baselineMode: 'pinned', status: 'queued' }, {}, {}, {}]);
});
