import { z } from 'zod';
import { DriftplaneError } from '../../core/errors.ts';
import {
  getAllTemplates,
  getTemplateById,
  getTemplatesByCategory,
  planTemplateCategories,
} from '../../core/plan-templates.ts';
import type { Database } from '../../db/database.ts';
import { type Api, readInWorkspace } from '../../http/api.ts';
import { problems } from '../../http/problem-contract.ts';
import type { PlanResolutionResult } from './plan.ts';
import {
  planJsonSchema,
  type ResolutionResponse,
  resolutionSchema,
  resolutionsSchema,
  resolvePlanBody,
  resolvePlansBody,
  templateSchema,
  templatesSchema,
} from './plan-contract.ts';
import { resolvePlanFor, resolvePlansFor } from './plan-resolver.ts';
import { requireOwnWorkspace, workspaceParams } from './plan-routes.ts';

/** What plans are made of, and which one is for what. */
export function registerPlanLookupRoutes(api: Api, { database }: { readonly database: Database }): void {
  registerTemplates(api);
  registerResolution(api, database);
}

function registerTemplates(api: Api): void {
  api.get(
    '/api/plans/templates',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['plans'],
        summary: 'List the plan templates',
        operationId: 'listPlanTemplates',
        querystring: z.object({ category: z.enum(planTemplateCategories).optional() }),
        response: { 200: templatesSchema },
      },
    },
    async ({ query: { category } }) => ({
      items: [...(category === undefined ? getAllTemplates() : getTemplatesByCategory(category))],
    }),
  );
  api.get(
    '/api/plans/templates/:templateId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['plans'],
        summary: 'Show a plan template',
        operationId: 'showPlanTemplate',
        params: z.object({ templateId: z.string() }),
        response: { 200: templateSchema, ...problems('plan_template_not_found') },
      },
    },
    async ({ params: { templateId } }) => {
      const template = getTemplateById(templateId);
      if (template === undefined) {
        throw new DriftplaneError('plan_template_not_found', 'there is no such plan template');
      }
      return template;
    },
  );
  api.get(
    '/api/plans/schema.json',
    {
      config: { access: 'public' },
      schema: {
        tags: ['plans'],
        summary: 'The JSON Schema of plan files, for editors that complete them',
        operationId: 'showPlanSchema',
        response: { 200: z.looseObject({}).meta({ description: 'JSON Schema 2020-12' }) },
      },
    },
    async () => planJsonSchema,
  );
}

function registerResolution(api: Api, database: Database): void {
  api.post(
    '/api/plans/resolve',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['plans'],
        summary: 'Which plan is for a service, repository and document class, and why',
        operationId: 'resolvePlan',
        body: resolvePlanBody,
        response: { 200: resolutionSchema },
      },
    },
    async (request) => {
      const { workspaceId, ...subject } = request.body;
      requireOwnWorkspace(request, workspaceId);
      return resolutionOf(await readInWorkspace(database, request, (tx) => resolvePlanFor(tx, subject)));
    },
  );
  api.post(
    '/api/plans/:workspaceId/resolve',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['plans'],
        summary: 'The same for many subjects at once, in their order',
        operationId: 'resolvePlans',
        params: workspaceParams,
        body: resolvePlansBody,
        response: { 200: resolutionsSchema },
      },
    },
    async (request) => {
      const found = await readInWorkspace(database, request, (tx) =>
        resolvePlansFor(tx, request.body.subjects),
      );
      return { resolutions: found.map(resolutionOf) };
    },
  );
}

function resolutionOf(resolution: PlanResolutionResult): ResolutionResponse {
  return { ...resolution, trace: [...resolution.trace] };
}
