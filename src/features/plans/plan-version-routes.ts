import { z } from 'zod';
import { plansAreIdentical } from '../../core/plan-hash.ts';
import type { Database } from '../../db/database.ts';
import { type Api, inWorkspace, readInWorkspace } from '../../http/api.ts';
import { pageQuery } from '../../http/page.ts';
import { problems } from '../../http/problem-contract.ts';
import { readIfMatch, setRevision } from '../../http/revision.ts';
import {
  planComparisonSchema,
  planSchema,
  planVersionPageSchema,
  planVersionSchema,
  publishBody,
  reviewBody,
  reviewPageSchema,
  reviewStandingSchema,
  rollbackBody,
} from './plan-contract.ts';
import { publishPlanVersion, rollbackPlan } from './plan-publication.ts';
import { comparePlanVersions, getPlanVersion, listPlanReviews, listPlanVersions } from './plan-read-model.ts';
import { planResponseOf, versionResponseOf } from './plan-response.ts';
import { reviewPlanVersion } from './plan-review-service.ts';
import { planParams } from './plan-routes.ts';

const versionNumber = z.coerce
  .number('the number of a version is needed here')
  .int()
  .min(1)
  .max(2 ** 31 - 1);

/** The versions of a plan: history, comparison, reviews, publishing, rollback. */
export function registerPlanVersionRoutes(api: Api, { database }: { readonly database: Database }): void {
  registerHistory(api, database);
  registerReviews(api, database);
  registerPublication(api, database);
}

function registerHistory(api: Api, database: Database): void {
  api.get(
    '/api/plans/:workspaceId/:planId/versions',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['plans'],
        summary: 'List the versions of a plan, newest first',
        operationId: 'listPlanVersions',
        params: planParams,
        querystring: z.object(pageQuery),
        response: { 200: planVersionPageSchema, ...problems('plan_not_found', 'invalid_cursor') },
      },
    },
    async (request) => {
      const page = await readInWorkspace(database, request, (tx) =>
        listPlanVersions(tx, request.params.planId, request.query),
      );
      return { items: page.items.map(versionResponseOf), nextCursor: page.nextCursor };
    },
  );
  api.get(
    '/api/plans/:workspaceId/:planId/versions/:version',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['plans'],
        summary: 'Show a version of a plan',
        operationId: 'showPlanVersion',
        params: planParams.extend({ version: versionNumber }),
        response: { 200: planVersionSchema, ...problems('plan_not_found', 'plan_version_not_found') },
      },
    },
    async (request) => {
      const { planId, version } = request.params;
      return versionResponseOf(
        await readInWorkspace(database, request, (tx) => getPlanVersion(tx, planId, version)),
      );
    },
  );
  api.get(
    '/api/plans/:workspaceId/:planId/compare',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['plans'],
        summary: 'Compare two versions of a plan, property by property and as YAML',
        operationId: 'comparePlanVersions',
        params: planParams,
        querystring: z.object({ from: versionNumber, to: versionNumber }),
        response: { 200: planComparisonSchema, ...problems('plan_not_found', 'plan_version_not_found') },
      },
    },
    async (request) => {
      const { from, to, changes, unifiedDiff } = await readInWorkspace(database, request, (tx) =>
        comparePlanVersions(tx, request.params.planId, request.query),
      );
      return {
        from: versionResponseOf(from),
        to: versionResponseOf(to),
        isSame: plansAreIdentical(from.content, to.content),
        changes: [...changes],
        unifiedDiff,
      };
    },
  );
}

function registerReviews(api: Api, database: Database): void {
  api.get(
    '/api/plans/:workspaceId/:planId/reviews',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['plans'],
        summary: 'What happened to the versions of a plan on their way into force, newest first',
        operationId: 'listPlanReviews',
        params: planParams,
        querystring: z.object({ ...pageQuery, version: versionNumber.optional() }),
        response: { 200: reviewPageSchema, ...problems('plan_not_found', 'invalid_cursor') },
      },
    },
    async (request) => {
      const { version = null, ...page } = request.query;
      const found = await readInWorkspace(database, request, (tx) =>
        listPlanReviews(tx, request.params.planId, { ...page, version }),
      );
      return {
        items: found.items.map((entry) => ({ ...entry, at: entry.at.toISOString() })),
        nextCursor: found.nextCursor,
      };
    },
  );
  api.post(
    '/api/plans/:workspaceId/:planId/reviews',
    {
      config: { access: 'operator' },
      schema: {
        tags: ['plans'],
        summary: 'Submit a version for review, approve, reject or withdraw it',
        operationId: 'reviewPlan',
        params: planParams,
        body: reviewBody,
        response: {
          200: reviewStandingSchema,
          ...problems(
            'plan_not_found',
            'plan_version_not_found',
            'own_plan_version',
            'invalid_transition',
            'revision_mismatch',
          ),
        },
      },
    },
    async (request) => {
      const { planId } = request.params;
      const { versionHash = null, ...decision } = request.body;
      const { version, ...standing } = await inWorkspace(database, request, (tx) =>
        reviewPlanVersion(tx, { planId, versionHash, ...decision }),
      );
      return { version: versionResponseOf(version), ...standing };
    },
  );
}

const publicationProblems = [
  'plan_not_found',
  'plan_version_not_found',
  'plan_exists',
  'scope_taken',
  'approval_required',
  'invalid_transition',
  'revision_mismatch',
  'precondition_required',
] as const;

function registerPublication(api: Api, database: Database): void {
  api.post(
    '/api/plans/:workspaceId/:planId/publish',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['plans'],
        summary: 'Put a version in force; needs If-Match and the approvals that the workspace wants',
        operationId: 'publishPlan',
        params: planParams,
        body: publishBody,
        response: { 200: planSchema, ...problems(...publicationProblems) },
      },
    },
    async (request, reply) => {
      const revision = readIfMatch(request);
      const { planId } = request.params;
      const version = request.body?.version ?? null;
      const plan = await inWorkspace(database, request, (tx) =>
        publishPlanVersion(tx, { planId, revision, version }),
      );
      setRevision(reply, plan.revision);
      return planResponseOf(plan);
    },
  );
  api.post(
    '/api/plans/:workspaceId/:planId/rollback',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['plans'],
        summary: 'Go back to the content of an earlier version, as a new one; needs If-Match',
        operationId: 'rollbackPlan',
        params: planParams,
        body: rollbackBody,
        response: { 200: planSchema, ...problems(...publicationProblems) },
      },
    },
    async (request, reply) => {
      const revision = readIfMatch(request);
      const { planId } = request.params;
      const plan = await inWorkspace(database, request, (tx) =>
        rollbackPlan(tx, { planId, revision, ...request.body }),
      );
      setRevision(reply, plan.revision);
      return planResponseOf(plan);
    },
  );
}
