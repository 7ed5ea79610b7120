// Every operation of the OpenAPI document, called by who may not: a route that is new is tested without being named here.
import { randomBytes, randomUUID } from 'node:crypto';
import type { InjectOptions } from 'fastify';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listOperations, type Operation, type Schema, sampleOf } from './test-openapi.ts';
import { createTestServer, type TestServer } from './test-server.ts';
import { insertOneOfEach, type WorkspaceIds } from './test-workspace-rows.ts';

const OWN_MARKER = 'OWN-MARKER';
const FOREIGN_MARKER = 'FOREIGN-MARKER';

/** Parameters that are no ids of a workspace. */
const plainParameters: Readonly<Record<string, string>> = { partNo: '1', itemType: 'json' };

/** Bodies that are not JSON, by operation. */
const rawBodies: Readonly<Record<string, { readonly type: string; readonly payload: string }>> = {
  putPart: { type: 'application/x-ndjson', payload: '{"id":"1"}\n' },
};

/** Sent with POST, and write nothing: they compute an answer from what is stored. */
const computations = ['compareRuns', 'replayExecution'];

interface Tenant {
  readonly ids: WorkspaceIds;
  readonly tokens: Readonly<Record<'viewer' | 'operator' | 'admin', string>>;
}

let server: TestServer;
let owner: pg.Client;
let own: Tenant;
let foreign: Tenant;
let operations: Operation[];
let components: Record<string, Schema>;

beforeAll(async () => {
  server = await createTestServer();
  owner = new pg.Client({ connectionString: server.ownerUrl });
  await owner.connect();
  own = await createTenant(OWN_MARKER);
  foreign = await createTenant(FOREIGN_MARKER);
  const document = server.api.swagger() as { components?: { schemas?: Record<string, Schema> } };
  operations = listOperations(document);
  components = document.components?.schemas ?? {};
});

afterAll(async () => {
  await owner.end();
  await server.close();
});

async function createTenant(marker: string): Promise<Tenant> {
  const { workspaceId, adminToken } = await server.createWorkspace(marker);
  const ids = await insertOneOfEach(server.ownerUrl, { workspaceId, marker });
  const createToken = async (role: string): Promise<string> => {
    const answer = await server.call(adminToken, {
      method: 'POST',
      url: `/api/tokens/${workspaceId}`,
      payload: { name: `${marker} ${role}`, role },
    });
    return answer.json().token;
  };
  const tokens = {
    viewer: await createToken('viewer'),
    operator: await createToken('operator'),
    admin: adminToken,
  };
  return { ids, tokens };
}

/** Ids of nothing, in the form of those that there are. */
function unknownIds(): WorkspaceIds {
  return Object.fromEntries(
    Object.keys(foreign.ids).map((name) => [
      name,
      name === 'identityHash' ? randomBytes(32).toString('hex') : randomUUID(),
    ]),
  );
}

/** The id that a member or parameter of this name (`sourceId`, `findingIds`) takes; null for what is no id. */
function idIn(ids: WorkspaceIds, name: string): string | null {
  return ids[name] ?? ids[name.replace(/s$/, '')] ?? null;
}

/** A request that is right in form, with these ids wherever one goes; `pathIds` go before them in the path. */
function requestOf(
  operation: Operation,
  ids: WorkspaceIds,
  pathIds: WorkspaceIds = {},
  queryIds: WorkspaceIds | null = null,
): InjectOptions {
  const url = operation.pathParameters.reduce((path, { name }) => {
    const value = pathIds[name] ?? idIn(ids, name) ?? plainParameters[name];
    if (value === undefined) {
      throw new Error(
        `${operation.operationId}: the test has no value for {${name}}; add one to insertOneOfEach or plainParameters`,
      );
    }
    return path.replace(`{${name}}`, encodeURIComponent(value));
  }, operation.path);
  const query = Object.fromEntries(
    operation.queryParameters
      .filter(({ name, isRequired }) => isRequired || (queryIds !== null && idIn(queryIds, name) !== null))
      .map(({ name, schema }) => [
        name,
        String(sampleOf(schema, components, (of) => idIn(queryIds ?? ids, of), name)),
      ]),
  );
  const raw = rawBodies[operation.operationId];
  const isWrite = operation.method !== 'GET';
  return {
    method: operation.method,
    url,
    query,
    headers: {
      ...(isWrite ? { 'if-match': '"1"' } : {}),
      ...(raw === undefined ? {} : { 'content-type': raw.type }),
    },
    ...(raw === undefined ? {} : { payload: raw.payload }),
    ...(operation.bodySchema === null
      ? {}
      : {
          payload: sampleOf(operation.bodySchema, components, (name) =>
            idIn(queryIds ?? ids, name),
          ) as object,
        }),
  };
}

/** An answer without what differs from one request to the next. */
function comparable(body: string): string {
  return body
    .replaceAll(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g, '<uuid>')
    .replaceAll(/[0-9a-f]{64}/g, '<hash>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<instant>');
}

/** How many rows each table has of each workspace, and a digest of them without what every request touches. */
async function readState(): Promise<Record<string, string>> {
  const { rows: tables } = await owner.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c
     join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id'
     where c.relkind = 'r' and c.relnamespace in ('driftplane'::regnamespace, 'driftplane_staging'::regnamespace)`,
  );
  const state: Record<string, string> = {};
  for (const { name } of tables) {
    const { rows } = await owner.query<{ workspace_id: string; count: string; digest: string }>(
      `select workspace_id, count(*) as count,
         md5(string_agg((to_jsonb(t) - 'last_used_at')::text, ',' order by to_jsonb(t)::text)) as digest
       from ${name} t group by workspace_id`,
    );
    for (const row of rows) state[`${name} of ${row.workspace_id}`] = `${row.count} ${row.digest}`;
  }
  return state;
}

function ofWorkspace(state: Record<string, string>, { ids }: Tenant): Record<string, string> {
  return Object.fromEntries(Object.entries(state).filter(([name]) => name.endsWith(ids.workspaceId ?? '')));
}

describe('every operation of the OpenAPI document', () => {
  test('there are some, each with an id and a role', () => {
    expect(operations.length).toBeGreaterThan(20);
    expect(operations.filter(({ operationId }) => operationId === '')).toEqual([]);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    expect(operations.filter(({ neededRole }) => neededRole === undefined)).toEqual([]);
    expect(operations.filter(({ neededRole }) => neededRole === 'public')).toEqual([]);
  });

  test('is refused without a token', async () => {
    const before = await readState();
    for (const operation of operations) {
      const answer = await server.call(null, requestOf(operation, foreign.ids));

      expect(answer.statusCode, `${operation.operationId}: ${answer.body}`).toBe(401);
      expect(answer.json().code).toBe('unauthenticated');
      expect(answer.body).not.toContain(FOREIGN_MARKER);
    }
    expect(await readState()).toEqual(before);
  });

  test("does not know another token's workspace: as if it did not exist", async () => {
    const unknown = unknownIds();
    const before = await readState();
    for (const operation of operations.filter(({ path }) => path.includes('{workspaceId}'))) {
      for (const token of Object.values(own.tokens)) {
        const answer = await server.call(token, requestOf(operation, foreign.ids));
        const asUnknown = await server.call(token, requestOf(operation, unknown));

        expect(answer.statusCode, `${operation.operationId}: ${answer.body}`).toBe(404);
        expect(answer.json().code).toBe('workspace_not_found');
        expect(answer.body).not.toContain(FOREIGN_MARKER);
        expect(comparable(answer.body)).toBe(comparable(asUnknown.body));
      }
    }
    expect(await readState()).toEqual(before);
  });

  test('without a workspace in its address answers from its own one only', async () => {
    for (const operation of operations.filter(({ path }) => !path.includes('{workspaceId}'))) {
      const answer = await server.call(own.tokens.admin, requestOf(operation, foreign.ids));

      expect(answer.body, operation.operationId).not.toContain(FOREIGN_MARKER);
      expect(answer.body, operation.operationId).not.toContain(foreign.ids.workspaceId);
    }
  });

  test('is refused to a role below the one that it needs', async () => {
    const before = await readState();
    for (const operation of operations) {
      const lower = { viewer: [], operator: ['viewer'], admin: ['viewer', 'operator'], public: [] } as const;
      for (const role of lower[operation.neededRole]) {
        const answer = await server.call(own.tokens[role], requestOf(operation, own.ids));

        expect(answer.statusCode, `${operation.operationId} as ${role}: ${answer.body}`).toBe(403);
        expect(answer.json().code).toBe('forbidden');
      }
    }
    expect(await readState()).toEqual(before);
  });

  test('that writes needs more than the role viewer', () => {
    const open = operations.filter(
      ({ method, neededRole, operationId }) =>
        method !== 'GET' && neededRole === 'viewer' && !computations.includes(operationId),
    );

    expect(open.map(({ operationId }) => operationId)).toEqual([]);
  });

  test("does not know another workspace's id in any place of its address", async () => {
    const unknown = unknownIds();
    let callCount = 0;
    for (const operation of operations) {
      const names = operation.pathParameters.map(({ name }) => name).filter((name) => name in foreign.ids);
      for (const name of names.filter((each) => each !== 'workspaceId')) {
        const before = await readState();
        const call = (ids: WorkspaceIds) =>
          server.call(own.tokens.admin, requestOf(operation, own.ids, { [name]: ids[name] ?? '' }));
        const answer = await call(foreign.ids);
        const asUnknown = await call(unknown);

        expect(answer.statusCode, `${operation.operationId} with ${name}: ${answer.body}`).toBe(404);
        expect(answer.body).not.toContain(FOREIGN_MARKER);
        expect(comparable(answer.body)).toBe(comparable(asUnknown.body));
        expect(await readState()).toEqual(before);
        callCount++;
      }
    }
    expect(callCount).toBeGreaterThan(15);
  });

  test('takes a text that is no id at all for an unknown one', async () => {
    for (const operation of operations) {
      const names = operation.pathParameters.map(({ name }) => name).filter((name) => name in foreign.ids);
      for (const name of names) {
        for (const text of ["'", 'x', '00000000-0000-0000-0000-00000000000G', '../..', '\u0000']) {
          const answer = await server.call(own.tokens.admin, requestOf(operation, own.ids, { [name]: text }));

          expect(answer.statusCode, `${operation.operationId} with ${name} ${text}: ${answer.body}`).toBe(
            404,
          );
        }
      }
    }
  });

  test("finds nothing by another workspace's ids in its query and body", async () => {
    const unknown = unknownIds();
    for (const operation of operations.filter(({ isStream }) => !isStream)) {
      const hasIds =
        operation.queryParameters.some(({ name }) => idIn(foreign.ids, name) !== null) ||
        JSON.stringify(requestOf(operation, own.ids).payload ?? null) !==
          JSON.stringify(requestOf(operation, own.ids, {}, foreign.ids).payload ?? null);
      if (!hasIds) continue;
      const before = await readState();
      const call = (ids: WorkspaceIds) =>
        server.call(own.tokens.admin, requestOf(operation, own.ids, {}, ids));
      const answer = await call(foreign.ids);
      const after = await readState();
      const asUnknown = await call(unknown);

      expect(answer.statusCode, `${operation.operationId}: ${answer.body}`).toBe(asUnknown.statusCode);
      expect([200, 400, 404], `${operation.operationId}: ${answer.body}`).toContain(answer.statusCode);
      expect(comparable(answer.body)).toBe(comparable(asUnknown.body));
      expect(answer.body, operation.operationId).not.toContain(FOREIGN_MARKER);
      expect(ofWorkspace(after, foreign)).toEqual(ofWorkspace(before, foreign));
    }
  });
});
