import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { DriftplaneError } from '../../core/errors.ts';
import type { Database } from '../../db/database.ts';
import { isUuid } from '../../db/workspace-transaction.ts';
import { type Api, inWorkspace, readInWorkspace, requireRole } from '../../http/api.ts';
import { cutPage, decodeCursor, encodeCursor } from '../../http/page.ts';
import { problems } from '../../http/problem-contract.ts';
import { readIfMatch, setRevision } from '../../http/revision.ts';
import { type AppliedPlan, applyPlan } from './plan-apply.ts';
import {
  type AppliedPlanResponse,
  appliedPlanSchema,
  applyPlanBody,
  changeOf,
  createPlanBody,
  newDocumentOf,
  planListQuery,
  planPageSchema,
  planSchema,
  restoreBody,
  updatePlanBody,
} from './plan-contract.ts';
import { planResponseOf } from './plan-response.ts';
import {
  createDriftPlan,
  deleteDriftPlan,
  getDriftPlan,
  listDriftPlans,
  restoreDriftPlan,
  updateDriftPlan,
} from './plan-service.ts';

const CURSOR = 'plans';

export const workspaceParams = z.object({ workspaceId: z.string() });
export const planParams = z.object({ workspaceId: z.string(), planId: z.string() });

/** Of a change that may be about whatever there is. */
const optionalRevision = z.looseObject({
  'if-match': z.string().optional().meta({
    description: 'The ETag that was read; where it is sent, a plan that is at another is left alone',
  }),
});

const writeProblems = ['invalid_plan', 'plan_exists', 'scope_taken', 'approval_required'] as const;

/** Plans as a whole: create, read, change, apply, archive, restore. */
export function registerPlanRoutes(api: Api, { database }: { readonly database: Database }): void {
  registerReads(api, database);
  registerWrites(api, database);
  registerStatusChanges(api, database);
}

/** Of a body that may name the workspace: it is the token's own, or there is none. */
export function requireOwnWorkspace(request: FastifyRequest, workspaceId: string | undefined): void {
  if (workspaceId === undefined || workspaceId === request.access.workspaceId) return;
  throw new DriftplaneError('workspace_not_found', 'there is no such workspace');
}

/** The revision that the client has read, where it says so; a write that does not is about whatever there is. */
function readOptionalIfMatch(request: FastifyRequest): number | null {
  return request.headers['if-match'] === undefined ? null : readIfMatch(request);
}

function registerReads(api: Api, database: Database): void {
  api.get(
    '/api/plans/:workspaceId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['plans'],
        summary: 'List the plans, in the order in which they were made',
        operationId: 'listPlans',
        params: workspaceParams,
        querystring: planListQuery,
        response: { 200: planPageSchema, ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { cursor, limit, status, ...rest } = request.query;
      const after = cursor === undefined ? null : readCursor(cursor);
      const filter = {
        status: status === undefined ? (['draft', 'active'] as const) : [status],
        ...rest,
      };
      const found = await readInWorkspace(database, request, (tx) =>
        listDriftPlans(tx, filter, { after, limit: limit + 1 }),
      );
      const page = cutPage(found, limit, (last) =>
        encodeCursor(CURSOR, [last.createdAt.getTime(), last.planId]),
      );
      return { ...page, items: page.items.map(planResponseOf) };
    },
  );
  api.get(
    '/api/plans/:workspaceId/:planId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['plans'],
        summary: 'Show a plan, with its revision as ETag',
        operationId: 'showPlan',
        params: planParams,
        response: { 200: planSchema, ...problems('plan_not_found') },
      },
    },
    async (request, reply) => {
      const plan = await readInWorkspace(database, request, (tx) => getDriftPlan(tx, request.params.planId));
      setRevision(reply, plan.revision);
      return planResponseOf(plan);
    },
  );
}

function registerWrites(api: Api, database: Database): void {
  api.post(
    '/api/plans',
    {
      config: { access: 'admin', isIdempotent: true },
      schema: {
        tags: ['plans'],
        summary: 'Create a plan, from a template where one is named',
        operationId: 'createPlan',
        body: createPlanBody,
        response: { 201: planSchema, ...problems(...writeProblems) },
      },
    },
    async (request, reply) => {
      const { workspaceId, templateId, parentId, changeNote } = request.body;
      requireOwnWorkspace(request, workspaceId);
      const plan = await inWorkspace(database, request, (tx) =>
        createDriftPlan(tx, {
          document: newDocumentOf(request.body),
          templateId,
          parentId: parentId ?? undefined,
          changeNote,
        }),
      );
      setRevision(reply, plan.revision);
      return reply.code(201).send(planResponseOf(plan));
    },
  );
  api.put(
    '/api/plans/:workspaceId/:planId',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['plans'],
        summary: 'Make a plan what the body says; a change of content makes a version. Needs If-Match',
        description:
          'What the body does not say of the description, the status and the parent stays as it is; of all else the default counts. A plan as it was read may be sent back: what only the server sets may be in it, unchanged.',
        operationId: 'updatePlan',
        params: planParams,
        body: updatePlanBody,
        response: {
          200: planSchema,
          ...problems(
            'plan_not_found',
            'invalid_transition',
            'revision_mismatch',
            'precondition_required',
            ...writeProblems,
          ),
        },
      },
    },
    async (request, reply) => {
      const revision = readIfMatch(request);
      const { parentId, changeNote } = request.body;
      const plan = await inWorkspace(database, request, (tx) =>
        updateDriftPlan(tx, request.params.planId, {
          ...changeOf(request.body),
          revision,
          parentId,
          changeNote,
        }),
      );
      setRevision(reply, plan.revision);
      return planResponseOf(plan);
    },
  );
  api.post(
    '/api/plans/:workspaceId/apply',
    {
      // Whoever reviews a change of a file wants to see what it would do, and needs no right to do it.
      config: { access: 'viewer', isIdempotent: true },
      schema: {
        tags: ['plans'],
        summary:
          'Make the plan of a file so; again it changes nothing, and with dryRun it only says what would be',
        description: 'Only an `admin` may apply; whoever has the role named below may do a dry run.',
        operationId: 'applyPlan',
        params: workspaceParams,
        body: applyPlanBody,
        headers: optionalRevision,
        response: {
          200: appliedPlanSchema,
          ...problems(
            'plan_not_found',
            'plan_ambiguous',
            'invalid_transition',
            'revision_mismatch',
            ...writeProblems,
          ),
        },
      },
    },
    async (request) => {
      const revision = readOptionalIfMatch(request);
      const { document, planId = null, templateId = null, changeNote = '', dryRun: isDryRun } = request.body;
      if (!isDryRun) requireRole(request.access.role, 'admin');
      // Nothing stays of a dry run: neither does its key. Who may only read writes nothing.
      else request.idempotency = null;
      return appliedResponseOf(
        await inWorkspace(database, request, (tx) =>
          applyPlan(tx, { document, planId, templateId, revision, changeNote, isDryRun }),
        ),
      );
    },
  );
}

function appliedResponseOf({ plan, changes, ...rest }: AppliedPlan): AppliedPlanResponse {
  return { ...rest, plan: plan === null ? null : planResponseOf(plan), changes: [...changes] };
}

function registerStatusChanges(api: Api, database: Database): void {
  api.delete(
    '/api/plans/:workspaceId/:planId',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['plans'],
        summary: 'Archive a plan: it is in force no more, and can be restored',
        operationId: 'archivePlan',
        params: planParams,
        headers: optionalRevision,
        response: { 200: planSchema, ...problems('plan_not_found', 'revision_mismatch') },
      },
    },
    async (request, reply) => {
      const revision = readOptionalIfMatch(request);
      const { planId } = request.params;
      const plan = await inWorkspace(database, request, (tx) => deleteDriftPlan(tx, { planId, revision }));
      setRevision(reply, plan.revision);
      return planResponseOf(plan);
    },
  );
  api.post(
    '/api/plans/:workspaceId/:planId/restore',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['plans'],
        summary: 'Make an archived plan what it was: in force, with the approvals that it needs, or a draft',
        operationId: 'restorePlan',
        params: planParams,
        body: restoreBody,
        headers: optionalRevision,
        response: {
          200: planSchema,
          ...problems(
            'plan_not_found',
            'invalid_transition',
            'revision_mismatch',
            'approval_required',
            'scope_taken',
          ),
        },
      },
    },
    async (request, reply) => {
      const revision = readOptionalIfMatch(request);
      const { planId } = request.params;
      const asDraft = request.body?.asDraft === true;
      const plan = await inWorkspace(database, request, (tx) =>
        restoreDriftPlan(tx, { planId, revision, asDraft }),
      );
      setRevision(reply, plan.revision);
      return planResponseOf(plan);
    },
  );
}

function readCursor(cursor: string): { createdAt: Date; planId: string } {
  const [at, planId] = decodeCursor(CURSOR, cursor, 2);
  const createdAt = new Date(typeof at === 'number' ? at : Number.NaN);
  if (Number.isNaN(createdAt.getTime()) || typeof planId !== 'string' || !isUuid(planId)) {
    throw new DriftplaneError('invalid_cursor', 'the cursor does not belong to this listing');
  }
  return { createdAt, planId };
}
