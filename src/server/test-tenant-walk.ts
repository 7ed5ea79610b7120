// Calls operations as who may not, and expects that nothing comes of it.
import { randomBytes, randomUUID } from 'node:crypto';
import type { InjectOptions } from 'fastify';
import type pg from 'pg';
import { expect } from 'vitest';
import { listOperations, type Operation, type Schema, sampleOf } from './test-openapi.ts';
import type { TestServer } from './test-server.ts';
import { insertOneOfEach, type WorkspaceIds } from './test-workspace-rows.ts';

const OWN_MARKER = 'OWN-MARKER';
const FOREIGN_MARKER = 'FOREIGN-MARKER';

/** Parameters that are no ids of a workspace. */
const plainParameters: Readonly<Record<string, string>> = {
  partNo: '1',
  itemType: 'json',
  version: '1',
  templateId: 'microservice',
};

/** Bodies that are not JSON, by operation. */
const rawBodies: Readonly<Record<string, { readonly type: string; readonly payload: string }>> = {
  putPart: { type: 'application/x-ndjson', payload: '{"id":"1"}\n' },
};

interface Tenant {
  readonly ids: WorkspaceIds;
  readonly tokens: Readonly<Record<'viewer' | 'operator' | 'admin', string>>;
}

/** Two workspaces with one of each thing, and the operations that are tried on them. */
export interface TenantWalk {
  readonly server: TestServer;
  readonly owner: pg.Client;
  readonly own: Tenant;
  readonly foreign: Tenant;
  readonly operations: readonly Operation[];
  readonly components: Record<string, Schema>;
}

/** A walk over every operation of the OpenAPI document: a route that is new is tried without being named here. */
export async function prepareTenantWalk(server: TestServer, owner: pg.Client): Promise<TenantWalk> {
  const document = server.api.swagger() as { components?: { schemas?: Record<string, Schema> } };
  return {
    server,
    owner,
    own: await createTenant(server, OWN_MARKER),
    foreign: await createTenant(server, FOREIGN_MARKER),
    operations: listOperations(document),
    components: document.components?.schemas ?? {},
  };
}

async function createTenant(server: TestServer, marker: string): Promise<Tenant> {
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
function unknownIds({ foreign }: TenantWalk): WorkspaceIds {
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
  { components }: TenantWalk,
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
async function readState({ owner }: TenantWalk): Promise<Record<string, string>> {
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

/** Without a token: 401, and no word of the workspace. */
export async function refusesStrangers(walk: TenantWalk): Promise<void> {
  const { server, foreign, operations } = walk;
  const before = await readState(walk);
  for (const operation of operations) {
    const answer = await server.call(null, requestOf(walk, operation, foreign.ids));

    expect(answer.statusCode, `${operation.operationId}: ${answer.body}`).toBe(401);
    expect(answer.json().code).toBe('unauthenticated');
    expect(answer.body).not.toContain(FOREIGN_MARKER);
  }
  expect(await readState(walk)).toEqual(before);
}

/** Another workspace, named by its id, is as one that does not exist. */
export async function hidesForeignWorkspaces(walk: TenantWalk): Promise<void> {
  const { server, own, foreign, operations } = walk;
  const unknown = unknownIds(walk);
  const before = await readState(walk);
  for (const operation of operations.filter(({ path }) => path.includes('{workspaceId}'))) {
    for (const token of Object.values(own.tokens)) {
      const answer = await server.call(token, requestOf(walk, operation, foreign.ids));
      const asUnknown = await server.call(token, requestOf(walk, operation, unknown));

      expect(answer.statusCode, `${operation.operationId}: ${answer.body}`).toBe(404);
      expect(answer.json().code).toBe('workspace_not_found');
      expect(answer.body).not.toContain(FOREIGN_MARKER);
      expect(comparable(answer.body)).toBe(comparable(asUnknown.body));
    }
  }
  expect(await readState(walk)).toEqual(before);
}

/** Without a workspace in its address the answer is of the token's own one. */
export async function answersFromOwnWorkspace(walk: TenantWalk): Promise<void> {
  const { server, own, foreign, operations } = walk;
  for (const operation of operations.filter(({ path }) => !path.includes('{workspaceId}'))) {
    const answer = await server.call(own.tokens.admin, requestOf(walk, operation, foreign.ids));

    expect(answer.body, operation.operationId).not.toContain(FOREIGN_MARKER);
    expect(answer.body, operation.operationId).not.toContain(foreign.ids.workspaceId);
  }
}

/** A role below the one that is needed is refused. */
export async function refusesLowerRoles(walk: TenantWalk): Promise<void> {
  const { server, own, operations } = walk;
  const before = await readState(walk);
  for (const operation of operations) {
    const lower = { viewer: [], operator: ['viewer'], admin: ['viewer', 'operator'], public: [] } as const;
    for (const role of lower[operation.neededRole]) {
      const answer = await server.call(own.tokens[role], requestOf(walk, operation, own.ids));

      expect(answer.statusCode, `${operation.operationId} as ${role}: ${answer.body}`).toBe(403);
      expect(answer.json().code).toBe('forbidden');
    }
  }
  expect(await readState(walk)).toEqual(before);
}

/** Ids of another workspace in the address are as unknown ones; resolves to how many there were. */
export async function hidesForeignIdsInPaths(walk: TenantWalk): Promise<number> {
  const { server, own, foreign, operations } = walk;
  const unknown = unknownIds(walk);
  let callCount = 0;
  for (const operation of operations) {
    const names = operation.pathParameters.map(({ name }) => name).filter((name) => name in foreign.ids);
    for (const name of names.filter((each) => each !== 'workspaceId')) {
      const before = await readState(walk);
      const call = (ids: WorkspaceIds) =>
        server.call(own.tokens.admin, requestOf(walk, operation, own.ids, { [name]: ids[name] ?? '' }));
      const answer = await call(foreign.ids);
      const asUnknown = await call(unknown);

      expect(answer.statusCode, `${operation.operationId} with ${name}: ${answer.body}`).toBe(404);
      expect(answer.body).not.toContain(FOREIGN_MARKER);
      expect(comparable(answer.body)).toBe(comparable(asUnknown.body));
      expect(await readState(walk)).toEqual(before);
      callCount++;
    }
  }
  return callCount;
}

/** A text that is no id is as an unknown one. */
export async function takesAnyTextForAnUnknownId(walk: TenantWalk): Promise<void> {
  const { server, own, foreign, operations } = walk;
  for (const operation of operations) {
    const names = operation.pathParameters.map(({ name }) => name).filter((name) => name in foreign.ids);
    for (const name of names) {
      for (const text of ["'", 'x', '00000000-0000-0000-0000-00000000000G', '../..', '\u0000']) {
        const answer = await server.call(
          own.tokens.admin,
          requestOf(walk, operation, own.ids, { [name]: text }),
        );

        expect(answer.statusCode, `${operation.operationId} with ${name} ${text}: ${answer.body}`).toBe(404);
      }
    }
  }
}

/** Ids of another workspace in query and body find nothing. */
export async function hidesForeignIdsInQueryAndBody(walk: TenantWalk): Promise<void> {
  const { server, own, foreign, operations } = walk;
  const unknown = unknownIds(walk);
  for (const operation of operations.filter(({ isStream }) => !isStream)) {
    const hasIds =
      operation.queryParameters.some(({ name }) => idIn(foreign.ids, name) !== null) ||
      JSON.stringify(requestOf(walk, operation, own.ids).payload ?? null) !==
        JSON.stringify(requestOf(walk, operation, own.ids, {}, foreign.ids).payload ?? null);
    if (!hasIds) continue;
    const before = await readState(walk);
    const call = (ids: WorkspaceIds) =>
      server.call(own.tokens.admin, requestOf(walk, operation, own.ids, {}, ids));
    const answer = await call(foreign.ids);
    const after = await readState(walk);
    const asUnknown = await call(unknown);

    expect(answer.statusCode, `${operation.operationId}: ${answer.body}`).toBe(asUnknown.statusCode);
    // The plan that is changed is in its body as it was read, and is another one here.
    const expected = operation.operationId === 'updatePlan' ? [422] : [200, 400, 404];
    expect(expected, `${operation.operationId}: ${answer.body}`).toContain(answer.statusCode);
    expect(comparable(answer.body)).toBe(comparable(asUnknown.body));
    expect(answer.body, operation.operationId).not.toContain(FOREIGN_MARKER);
    expect(ofWorkspace(after, foreign)).toEqual(ofWorkspace(before, foreign));
  }
}
