import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { DriftplaneError } from '../../core/errors.ts';
import { capEvidence } from '../../core/finding-evidence.ts';
import type { Database } from '../../db/database.ts';
import { isUuid } from '../../db/workspace-transaction.ts';
import { type Api, inWorkspace, readInWorkspace } from '../../http/api.ts';
import { cutPage, decodeCursor, encodeCursor } from '../../http/page.ts';
import { problems } from '../../http/problem-contract.ts';
import { listScopeOverviews, type ScopeOverview, setBaseline } from './baseline-service.ts';
import { compareRuns, type RunComparison } from './compare-service.ts';
import {
  baselineSchema,
  type ComparisonResponse,
  comparisonBody,
  comparisonQuery,
  comparisonSchema,
  replaySchema,
  type ScopeOverviewResponse,
  scopeListQuery,
  scopeOverviewPageSchema,
  scopeOverviewSchema,
} from './drift-contract.ts';
import { replayExecution } from './replay-service.ts';

const SCOPES_CURSOR = 'scopes';
const workspaceParams = z.object({ workspaceId: z.string() });

/** What is computed of runs on demand, and the baselines that they are compared with. */
export function registerDriftRoutes(api: Api, { database }: { readonly database: Database }): void {
  registerComputations(api, database);
  registerScopes(api, database);
}

function registerComputations(api: Api, database: Database): void {
  api.post(
    '/api/executions/:workspaceId',
    {
      config: { access: 'viewer', isLongRunning: true, isExpensive: true },
      schema: {
        tags: ['executions'],
        summary: 'Compare any two applied runs of a scope, in either order; nothing is kept',
        operationId: 'compareRuns',
        params: workspaceParams,
        querystring: comparisonQuery,
        body: comparisonBody,
        response: { 200: comparisonSchema, ...problems('run_not_found', 'not_replayable') },
      },
    },
    async (request, reply) => {
      const wanted = { ...request.body, limit: request.query.limit };
      return toComparisonResponse(
        await readInWorkspace(database, request, (tx) => compareRuns(tx, wanted, signalOf(reply))),
      );
    },
  );
  api.post(
    '/api/executions/:workspaceId/:executionId/replay',
    {
      config: { access: 'viewer', isLongRunning: true, isExpensive: true },
      schema: {
        tags: ['executions'],
        summary: 'Compute an execution again from the stored versions and compare the digest',
        operationId: 'replayExecution',
        params: z.object({ workspaceId: z.string(), executionId: z.string() }),
        response: { 200: replaySchema, ...problems('execution_not_found', 'not_replayable') },
      },
    },
    (request, reply) =>
      readInWorkspace(database, request, (tx) =>
        replayExecution(tx, request.params.executionId, signalOf(reply)),
      ),
  );
}

function registerScopes(api: Api, database: Database): void {
  api.get(
    '/api/scopes/:workspaceId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['scopes'],
        summary: 'List the scopes with what they hold and what they are compared with',
        operationId: 'listScopes',
        params: workspaceParams,
        querystring: scopeListQuery,
        response: { 200: scopeOverviewPageSchema, ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const after = cursor === undefined ? null : readCursor(cursor);
      const found = await readInWorkspace(database, request, (tx) =>
        listScopeOverviews(tx, { after, limit: limit + 1 }),
      );
      const page = cutPage(found, limit, (last) => encodeCursor(SCOPES_CURSOR, [last.scopeId]));
      return { ...page, items: page.items.map(toScopeResponse) };
    },
  );
  api.put(
    '/api/scopes/:workspaceId/:scopeId/baseline',
    {
      config: { access: 'operator' },
      schema: {
        tags: ['scopes'],
        summary: 'Pin the run that the runs of a scope are compared with, or go back to the run before each',
        operationId: 'setBaseline',
        params: z.object({ workspaceId: z.string(), scopeId: z.string() }),
        body: baselineSchema,
        response: {
          200: scopeOverviewSchema,
          ...problems('scope_not_found', 'run_not_found', 'not_replayable'),
        },
      },
    },
    async (request) =>
      toScopeResponse(
        await inWorkspace(database, request, (tx) => setBaseline(tx, request.params.scopeId, request.body)),
      ),
  );
}

/** Aborted when nobody waits for the answer any more. */
function signalOf(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => controller.abort());
  return controller.signal;
}

function readCursor(cursor: string): string {
  const [scopeId] = decodeCursor(SCOPES_CURSOR, cursor, 1);
  if (typeof scopeId === 'string' && isUuid(scopeId)) return scopeId;
  throw new DriftplaneError('invalid_cursor', 'the cursor does not belong to this listing');
}

function toScopeResponse(scope: ScopeOverview): ScopeOverviewResponse {
  const { selection, headRun, ...rest } = scope;
  return {
    ...rest,
    selection: { itemTypes: selection.itemTypes === null ? null : [...selection.itemTypes] },
    headRun: headRun === null ? null : { ...headRun, finishedAt: headRun.finishedAt.toISOString() },
  };
}

function toComparisonResponse(comparison: RunComparison): ComparisonResponse {
  const { counts, coverage, unproven, findings, isTruncated, findingsDigest } = comparison;
  return {
    counts: { ...counts },
    coverage: [...coverage],
    unproven: {
      additions: { count: unproven.additions.count, items: [...unproven.additions.items] },
      removals: { count: unproven.removals.count, items: [...unproven.removals.items] },
    },
    findings: findings.map((finding) => {
      const { fingerprint, change, itemType, externalId, label, driftType, severity } = finding;
      const { changes, truncated } = capEvidence(finding.changes);
      const shown = { fingerprint, change, itemType, externalId, label, driftType, severity };
      return { ...shown, changes: [...changes], truncated };
    }),
    isTruncated,
    findingsDigest,
  };
}
