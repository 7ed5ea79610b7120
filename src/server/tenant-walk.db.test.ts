// Routes that let a workspace see or change another one, planted to show that the walk of tenant-isolation.db.test.ts finds them.
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DriftplaneError } from '../core/errors.ts';
import { isUuid, systemActor, withWorkspace } from '../db/workspace-transaction.ts';
import { type Api, inWorkspace, readInWorkspace } from '../http/api.ts';
import { createTestServer, type TestServer } from './test-server.ts';
import {
  answersFromOwnWorkspace,
  hidesForeignIdsInPaths,
  hidesForeignIdsInQueryAndBody,
  hidesForeignWorkspaces,
  prepareTenantWalk,
  refusesLowerRoles,
  refusesStrangers,
  type TenantWalk,
  takesAnyTextForAnUnknownId,
} from './test-tenant-walk.ts';

const checks = {
  refusesStrangers,
  hidesForeignWorkspaces,
  answersFromOwnWorkspace,
  refusesLowerRoles,
  hidesForeignIdsInPaths,
  takesAnyTextForAnUnknownId,
  hidesForeignIdsInQueryAndBody,
};

let server: TestServer;
let owner: pg.Client;
let walk: TenantWalk;

beforeAll(async () => {
  server = await createTestServer({ registerMore: plantRoutes });
  owner = new pg.Client({ connectionString: server.ownerUrl });
  await owner.connect();
  const { own, foreign, ...rest } = await prepareTenantWalk(server, owner);
  // The workspace by a name that the server's own check does not know.
  const named = ({ ids, tokens }: typeof own) => ({
    ids: { ...ids, tenantId: ids.workspaceId ?? '' },
    tokens,
  });
  walk = { ...rest, own: named(own), foreign: named(foreign) };
});

afterAll(async () => {
  await owner.end();
  await server.close();
});

const text = z.string();
const findSource = 'select name from driftplane.sources where source_id::text = $1';
const listNames = 'select name from driftplane.sources';

function readNamesOf(workspaceId: string): Promise<unknown[]> {
  const who = { workspaceId, actor: systemActor, isReadOnly: true };
  return withWorkspace(server.database.app, who, async ({ client }) => (await client.query(listNames)).rows);
}

function firstOf(rows: readonly unknown[]): unknown {
  if (rows[0] === undefined) throw new DriftplaneError('source_not_found', 'there is no such source');
  return rows[0];
}

function plantRoutes(api: Api): void {
  const config = { access: 'viewer' } as const;
  const inPath = z.object({ workspaceId: text, sourceId: text });
  api.get(
    '/api/planted/:workspaceId/honest/:sourceId',
    { config, schema: { operationId: 'honest', params: inPath } },
    (request) =>
      readInWorkspace(server.database, request, async ({ client }) => {
        const { sourceId } = request.params;
        return firstOf(isUuid(sourceId) ? (await client.query(findSource, [sourceId])).rows : []);
      }),
  );
  api.get(
    '/api/planted/:workspaceId/past-security/:sourceId',
    { config, schema: { operationId: 'pastSecurity', params: inPath } },
    async (request) => firstOf((await owner.query(findSource, [request.params.sourceId])).rows),
  );
  api.get(
    '/api/planted-path/:tenantId',
    { config, schema: { operationId: 'workspaceOfPath', params: z.object({ tenantId: text }) } },
    (request) => readNamesOf(request.params.tenantId),
  );
  api.get(
    '/api/planted-query',
    {
      config,
      schema: { operationId: 'workspaceOfQuery', querystring: z.object({ workspaceId: text.optional() }) },
    },
    (request) => readNamesOf(request.query.workspaceId ?? request.access.workspaceId),
  );
  api.post(
    '/api/planted/:workspaceId/body',
    {
      config,
      schema: {
        operationId: 'workspaceOfBody',
        params: z.object({ workspaceId: text }),
        body: z.object({ tenantId: text }),
      },
    },
    (request) => readNamesOf(request.body.tenantId),
  );
  api.get(
    '/api/planted-public/:workspaceId',
    {
      config: { access: 'public' },
      schema: { operationId: 'open', params: z.object({ workspaceId: text }) },
    },
    (request) => readNamesOf(request.params.workspaceId),
  );
  api.post(
    '/api/planted/:workspaceId/silent-write/:sourceId',
    { config, schema: { operationId: 'silentWrite', params: inPath } },
    async (request) => {
      await owner.query(`update driftplane.sources set name = name || '!' where source_id::text = $1`, [
        request.params.sourceId,
      ]);
      return inWorkspace(server.database, request, async () => firstOf([]));
    },
  );
  api.get(
    '/api/planted/:workspaceId/oracle/:sourceId',
    { config, schema: { operationId: 'oracle', params: inPath } },
    async (request) => {
      const { rows } = await owner.query(findSource, [request.params.sourceId]);
      throw new DriftplaneError(
        'source_not_found',
        rows.length === 0 ? 'there is none' : 'it is not of your workspace',
      );
    },
  );
}

/** The walk over one of the planted operations. */
function over(operationId: string): TenantWalk {
  const operations = walk.operations.filter((each) => each.operationId === operationId);
  if (operations.length !== 1) throw new Error(`there is no planted ${operationId}`);
  return { ...walk, operations };
}

describe('the walk over the operations', () => {
  test.each(Object.entries(checks))('%s where a route keeps to its workspace', async (_name, check) => {
    await check(over('honest'));
  });

  test.each([
    ['pastSecurity', 'hidesForeignIdsInPaths', 'to be 404'],
    ['workspaceOfPath', 'hidesForeignIdsInPaths', 'to be 404'],
    ['workspaceOfPath', 'answersFromOwnWorkspace', 'FOREIGN-MARKER'],
    ['workspaceOfQuery', 'hidesForeignIdsInQueryAndBody', 'to be'],
    ['workspaceOfBody', 'hidesForeignIdsInQueryAndBody', 'to be'],
    ['open', 'refusesStrangers', 'to be 401'],
    ['open', 'hidesForeignWorkspaces', 'to be 404'],
    ['silentWrite', 'hidesForeignIdsInPaths', 'to deeply equal'],
    ['oracle', 'hidesForeignIdsInPaths', 'to be'],
  ] as const)('finds the leak of %s: %s', async (operationId, name, complaint) => {
    await expect(checks[name](over(operationId))).rejects.toThrow(complaint);
  });

  test('refuses an address whose parameter it can not fill', async () => {
    const { tenantId, ...ids } = walk.own.ids;
    const unnamed = { ...over('workspaceOfPath'), foreign: { ...walk.foreign, ids } };

    await expect(answersFromOwnWorkspace(unnamed)).rejects.toThrow('no value for {tenantId}');
    expect(tenantId).toBe(ids.workspaceId);
  });
});
