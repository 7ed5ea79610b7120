import { z } from 'zod';
import { DriftplaneError } from '../../core/errors.ts';
import type { Database } from '../../db/database.ts';
import { isUuid } from '../../db/workspace-transaction.ts';
import { type Api, inWorkspace, readInWorkspace } from '../../http/api.ts';
import { cutPage, decodeCursor, encodeCursor } from '../../http/page.ts';
import { problems } from '../../http/problem-contract.ts';
import type { Backtest, BacktestSummary } from './backtest.ts';
import {
  type BacktestChangeResponse,
  type BacktestResponse,
  backtestChangePageSchema,
  backtestChangeQuery,
  backtestListQuery,
  backtestPageSchema,
  backtestSchema,
  createBacktestBody,
} from './backtest-contract.ts';
import {
  cancelBacktest,
  getBacktest,
  listBacktestChanges,
  listBacktests,
  requestBacktest,
} from './backtest-service.ts';

const CURSOR = 'backtests';

const workspaceParams = z.object({ workspaceId: z.string() });
const backtestParams = z.object({ workspaceId: z.string(), backtestId: z.string() });

/** Plans tried on stored pairs of runs. */
export function registerBacktestRoutes(api: Api, { database }: { readonly database: Database }): void {
  registerWrites(api, database);
  registerReads(api, database);
}

function registerWrites(api: Api, database: Database): void {
  api.post(
    '/api/plans/:workspaceId/backtests',
    {
      config: { access: 'operator', isIdempotent: true },
      schema: {
        tags: ['plans'],
        summary:
          'Try a version of a plan, or a document, on the stored pairs of runs; in a job, without findings',
        operationId: 'createBacktest',
        params: workspaceParams,
        body: createBacktestBody,
        response: {
          201: backtestSchema,
          ...problems(
            'plan_not_found',
            'plan_version_not_found',
            'scope_not_found',
            'invalid_plan',
            'too_many_backtests',
          ),
        },
      },
    },
    async (request, reply) => {
      const { planId, version = null, document, scopeIds = null, days } = request.body;
      const plan = planId === undefined ? { document } : { planId, version };
      const backtest = await inWorkspace(database, request, (tx) =>
        requestBacktest(tx, { plan, scopeIds, days }),
      );
      return reply.code(201).send(toBacktestResponse(backtest));
    },
  );
  api.post(
    '/api/plans/:workspaceId/backtests/:backtestId/cancel',
    {
      config: { access: 'operator' },
      schema: {
        tags: ['plans'],
        summary: 'Cancel a backtest; one that runs ends within a few seconds',
        operationId: 'cancelBacktest',
        params: backtestParams,
        response: { 200: backtestSchema, ...problems('backtest_not_found', 'invalid_transition') },
      },
    },
    async (request) =>
      toBacktestResponse(
        await inWorkspace(database, request, (tx) => cancelBacktest(tx, request.params.backtestId)),
      ),
  );
}

function registerReads(api: Api, database: Database): void {
  api.get(
    '/api/plans/:workspaceId/backtests',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['plans'],
        summary: 'List the backtests, newest first',
        operationId: 'listBacktests',
        params: workspaceParams,
        querystring: backtestListQuery,
        response: { 200: backtestPageSchema, ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { cursor, limit, ...filter } = request.query;
      const after = cursor === undefined ? null : readCursor(cursor);
      const found = await readInWorkspace(database, request, (tx) =>
        listBacktests(tx, filter, { after, limit: limit + 1 }),
      );
      const page = cutPage(found, limit, (last) =>
        encodeCursor(CURSOR, [last.requestedAt.getTime(), last.backtestId]),
      );
      return { ...page, items: page.items.map(toBacktestResponse) };
    },
  );
  api.get(
    '/api/plans/:workspaceId/backtests/:backtestId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['plans'],
        summary: 'Show a backtest: how far it is, or what it came to',
        operationId: 'showBacktest',
        params: backtestParams,
        response: { 200: backtestSchema, ...problems('backtest_not_found') },
      },
    },
    async (request) =>
      toBacktestResponse(
        await readInWorkspace(database, request, (tx) => getBacktest(tx, request.params.backtestId)),
      ),
  );
  api.get(
    '/api/plans/:workspaceId/backtests/:backtestId/changes',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['plans'],
        summary: 'List what a backtest found to be otherwise, by scope and run; the first ten thousand',
        operationId: 'listBacktestChanges',
        params: backtestParams,
        querystring: backtestChangeQuery,
        response: {
          200: backtestChangePageSchema,
          ...problems('backtest_not_found', 'invalid_transition', 'invalid_cursor'),
        },
      },
    },
    async (request) => {
      const page = await readInWorkspace(database, request, (tx) =>
        listBacktestChanges(tx, request.params.backtestId, request.query),
      );
      return {
        ...page,
        items: page.items.map(
          (change): BacktestChangeResponse => ({
            ...change,
            effects: [...change.effects],
            reasons: [...change.reasons],
          }),
        ),
      };
    },
  );
}

function readCursor(cursor: string): { requestedAt: Date; backtestId: string } {
  const [at, backtestId] = decodeCursor(CURSOR, cursor, 2);
  const requestedAt = new Date(typeof at === 'number' ? at : Number.NaN);
  if (Number.isNaN(requestedAt.getTime()) || typeof backtestId !== 'string' || !isUuid(backtestId)) {
    throw new DriftplaneError('invalid_cursor', 'the cursor does not belong to this listing');
  }
  return { requestedAt, backtestId };
}

function toBacktestResponse(backtest: Backtest): BacktestResponse {
  const { content: _, scopeIds, summary, since, requestedAt, startedAt, finishedAt, ...rest } = backtest;
  return {
    ...rest,
    scopeIds: [...scopeIds],
    summary: summary === null ? null : toSummaryResponse(summary),
    since: since.toISOString(),
    requestedAt: requestedAt.toISOString(),
    startedAt: startedAt?.toISOString() ?? null,
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}

function toSummaryResponse(summary: BacktestSummary): NonNullable<BacktestResponse['summary']> {
  const { skipped, heldBack, conditionProblems, ...counts } = summary;
  const { before, after } = heldBack;
  return {
    ...counts,
    skipped: [...skipped],
    heldBack: {
      before: { ...before, plans: before.plans.map((plan) => ({ ...plan, rules: [...plan.rules] })) },
      after: { ...after, rules: [...after.rules] },
    },
    conditionProblems: [...conditionProblems],
  };
}
