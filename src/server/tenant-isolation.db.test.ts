// Every operation of the OpenAPI document, called by who may not: a route that is new is tested without being named here.
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

/** Sent with POST, and write nothing: they compute an answer from what is stored. */
const computations = ['compareRuns', 'replayExecution', 'resolvePlan', 'resolvePlans'];

/** Looks at its body to know whether it writes; plan-requests.db.test.ts has who may. */
const dryRunsForViewers = ['applyPlan'];

/** For everybody: they say nothing of any workspace. */
const publicOperations = ['showPlanSchema'];

let server: TestServer;
let owner: pg.Client;
let walk: TenantWalk;

beforeAll(async () => {
  server = await createTestServer();
  owner = new pg.Client({ connectionString: server.ownerUrl });
  await owner.connect();
  walk = await prepareTenantWalk(server, owner);
});

afterAll(async () => {
  await owner.end();
  await server.close();
});

describe('every operation of the OpenAPI document', () => {
  test('there are some, each with an id and a role', () => {
    const { operations } = walk;

    expect(operations.length).toBeGreaterThan(20);
    expect(operations.filter(({ operationId }) => operationId === '')).toEqual([]);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    expect(operations.filter(({ neededRole }) => neededRole === undefined)).toEqual([]);
    const open = operations.filter(({ neededRole }) => neededRole === 'public');
    expect(open.map(({ operationId }) => operationId)).toEqual(publicOperations);
  });

  test('is refused without a token', () => {
    const operations = walk.operations.filter(({ operationId }) => !publicOperations.includes(operationId));
    return refusesStrangers({ ...walk, operations });
  });

  test("does not know another token's workspace: as if it did not exist", () => hidesForeignWorkspaces(walk));

  test('without a workspace in its address answers from its own one only', () =>
    answersFromOwnWorkspace(walk));

  test('is refused to a role below the one that it needs', () => refusesLowerRoles(walk));

  test('that writes needs more than the role viewer', () => {
    const known = [...computations, ...dryRunsForViewers];
    const open = walk.operations.filter(
      ({ method, neededRole, operationId }) =>
        method !== 'GET' && neededRole === 'viewer' && !known.includes(operationId),
    );

    expect(open.map(({ operationId }) => operationId)).toEqual([]);
  });

  test("does not know another workspace's id in any place of its address", async () => {
    expect(await hidesForeignIdsInPaths(walk)).toBeGreaterThan(15);
  });

  test('takes a text that is no id at all for an unknown one', () => takesAnyTextForAnUnknownId(walk));

  test("finds nothing by another workspace's ids in its query and body", () =>
    hidesForeignIdsInQueryAndBody(walk));
});
