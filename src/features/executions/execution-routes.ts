import { z } from 'zod';
import { DriftplaneError } from '../../core/errors.ts';
import type { Database } from '../../db/database.ts';
import { isUuid } from '../../db/workspace-transaction.ts';
import { type Api, inWorkspace, readInWorkspace } from '../../http/api.ts';
import { cutPage, decodeCursor, encodeCursor } from '../../http/page.ts';
import { problems } from '../../http/problem-contract.ts';
import type { Execution } from './execution.ts';
import {
  type ExecutionResponse,
  executionListQuery,
  executionPageSchema,
  executionResponseSchema,
  heldCandidatePageSchema,
  heldCandidateQuery,
} from './execution-contract.ts';
import { getExecution, listExecutions, retryExecution } from './execution-service.ts';
import { listHeldCandidates } from './held-candidates.ts';

const CURSOR = 'executions';

const executionParams = z.object({ workspaceId: z.string(), executionId: z.string() });

export function registerExecutionRoutes(api: Api, { database }: { readonly database: Database }): void {
  api.get(
    '/api/executions/:workspaceId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['executions'],
        summary: 'List the executions, newest first',
        operationId: 'listExecutions',
        params: z.object({ workspaceId: z.string() }),
        querystring: executionListQuery,
        response: { 200: executionPageSchema, ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { cursor, limit, ...filter } = request.query;
      const after = cursor === undefined ? null : readCursor(cursor);
      const found = await readInWorkspace(database, request, (tx) =>
        listExecutions(tx, filter, { after, limit: limit + 1 }),
      );
      const page = cutPage(found, limit, (last) =>
        encodeCursor(CURSOR, [last.queuedAt.getTime(), last.executionId]),
      );
      return { ...page, items: page.items.map(toExecutionResponse) };
    },
  );
  api.get(
    '/api/executions/:workspaceId/:executionId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['executions'],
        summary: 'Show an execution',
        operationId: 'showExecution',
        params: executionParams,
        response: { 200: executionResponseSchema, ...problems('execution_not_found') },
      },
    },
    async (request) =>
      toExecutionResponse(
        await readInWorkspace(database, request, (tx) => getExecution(tx, request.params.executionId)),
      ),
  );
  api.get(
    '/api/executions/:workspaceId/:executionId/held',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['executions'],
        summary: 'List the drift that the plan of an execution held back, with every reason',
        operationId: 'listHeldCandidates',
        params: executionParams,
        querystring: heldCandidateQuery,
        response: { 200: heldCandidatePageSchema, ...problems('execution_not_found', 'invalid_cursor') },
      },
    },
    async (request) => {
      const page = await readInWorkspace(database, request, (tx) =>
        listHeldCandidates(tx, request.params.executionId, request.query),
      );
      return {
        ...page,
        items: page.items.map((held) => ({ ...held, reasons: [...held.reasons], paths: [...held.paths] })),
      };
    },
  );
  api.post(
    '/api/executions/:workspaceId/:executionId/retry',
    {
      config: { access: 'operator' },
      schema: {
        tags: ['executions'],
        summary: 'Have a failed execution tried again',
        operationId: 'retryExecution',
        params: executionParams,
        response: { 200: executionResponseSchema, ...problems('execution_not_found', 'invalid_transition') },
      },
    },
    async (request) =>
      toExecutionResponse(
        await inWorkspace(database, request, (tx) => retryExecution(tx, request.params.executionId)),
      ),
  );
}

function readCursor(cursor: string): { queuedAt: Date; executionId: string } {
  const [at, executionId] = decodeCursor(CURSOR, cursor, 2);
  const queuedAt = new Date(typeof at === 'number' ? at : Number.NaN);
  if (Number.isNaN(queuedAt.getTime()) || typeof executionId !== 'string' || !isUuid(executionId)) {
    throw new DriftplaneError('invalid_cursor', 'the cursor does not belong to this listing');
  }
  return { queuedAt, executionId };
}

function toExecutionResponse(execution: Execution): ExecutionResponse {
  const {
    coverage,
    counts,
    unproven,
    observation,
    heldBack,
    routing,
    queuedAt,
    startedAt,
    finishedAt,
    ...rest
  } = execution;
  return {
    ...rest,
    coverage: [...coverage],
    counts: { ...counts },
    observation: observation === null ? null : { ...observation },
    heldBack: {
      ...heldBack,
      rules: [...heldBack.rules],
      conditionProblems: [...heldBack.conditionProblems],
    },
    routing:
      routing === null
        ? null
        : { ...routing, routes: { ...routing.routes }, demoted: { ...routing.demoted } },
    unproven: {
      additions: { count: unproven.additions.count, items: [...unproven.additions.items] },
      removals: { count: unproven.removals.count, items: [...unproven.removals.items] },
    },
    queuedAt: queuedAt.toISOString(),
    startedAt: startedAt?.toISOString() ?? null,
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}
