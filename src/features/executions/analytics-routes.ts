import { z } from 'zod';

import type { Database } from '../../db/database.ts';
import { type Api, readInWorkspace } from '../../http/api.ts';
import { problems } from '../../http/problem-contract.ts';
import {
  analyticsQuery,
  type PlanAnalyticsResponse,
  type PlanTotalsResponse,
  planAnalyticsSchema,
  type WorkspaceAnalyticsResponse,
  workspaceAnalyticsSchema,
} from './analytics-contract.ts';
import {
  analysePlan,
  analyseWorkspace,
  type Noise,
  type PlanAnalytics,
  type PlanTotals,
  type WorkspaceAnalytics,
} from './analytics-read-model.ts';
import type { AnalyticsWindow } from './analytics-window.ts';

/** What plans did to drift, and what people made of the rest. */
export function registerAnalyticsRoutes(api: Api, { database }: { readonly database: Database }): void {
  api.get(
    '/api/plans/:workspaceId/analytics',
    {
      config: { access: 'viewer', isExpensive: true },
      schema: {
        tags: ['plans'],
        summary: 'What every plan did in the last days, and what is without a plan',
        operationId: 'analysePlans',
        params: z.object({ workspaceId: z.string() }),
        querystring: analyticsQuery,
        response: { 200: workspaceAnalyticsSchema, ...problems('query_too_broad') },
      },
    },
    async (request) =>
      workspaceResponseOf(
        await readInWorkspace(database, request, (tx) => analyseWorkspace(tx, request.query.days)),
      ),
  );
  api.get(
    '/api/plans/:workspaceId/:planId/analytics',
    {
      config: { access: 'viewer', isExpensive: true },
      schema: {
        tags: ['plans'],
        summary:
          'What a plan and its versions held back and let through, what people made of it, and what is noise',
        operationId: 'analysePlan',
        params: z.object({ workspaceId: z.string(), planId: z.string() }),
        querystring: analyticsQuery,
        response: { 200: planAnalyticsSchema, ...problems('plan_not_found', 'query_too_broad') },
      },
    },
    async (request) =>
      planResponseOf(
        await readInWorkspace(database, request, (tx) =>
          analysePlan(tx, request.params.planId, request.query.days),
        ),
      ),
  );
}

function planResponseOf(analytics: PlanAnalytics): PlanAnalyticsResponse {
  const { plan, window, totals, versions, omittedVersions, trend, noise, rules, deadRules } = analytics;
  return {
    planId: plan.planId,
    name: plan.name,
    status: plan.status,
    version: plan.version,
    window: windowResponseOf(window),
    totals: totalsResponseOf(totals),
    versions: versions.map(({ version, rules: held, ...ofVersion }) => ({
      version,
      ...totalsResponseOf(ofVersion),
      rules: [...held.items],
      omittedRules: held.omitted,
    })),
    omittedVersions,
    trend: [...trend],
    noise: {
      ...noiseResponseOf(noise),
      rules: [...rules.items],
      omittedRules: rules.omitted,
      deadRules: [...deadRules.items],
      omittedDeadRules: deadRules.omitted,
    },
  };
}

function workspaceResponseOf(analytics: WorkspaceAnalytics): WorkspaceAnalyticsResponse {
  const { window, plans, withoutPlan, scopesWithoutPlan, noise } = analytics;
  return {
    window: windowResponseOf(window),
    plans: plans.items.map(({ planId, name, status, version, ...totals }) => ({
      planId,
      name,
      status,
      version,
      ...totalsResponseOf(totals),
    })),
    omittedPlans: plans.omitted,
    withoutPlan: totalsResponseOf(withoutPlan),
    scopesWithoutPlan: scopesWithoutPlan.items.map((scope) => ({
      ...scope,
      lastRunAt: scope.lastRunAt?.toISOString() ?? null,
    })),
    omittedScopes: scopesWithoutPlan.omitted,
    noise: noiseResponseOf(noise),
  };
}

function windowResponseOf({
  days,
  since,
  until,
  executionsKeptSince,
  findingsKeptSince,
}: AnalyticsWindow): PlanAnalyticsResponse['window'] {
  return {
    days,
    since: since.toISOString(),
    until: until.toISOString(),
    executionsKeptSince: executionsKeptSince?.toISOString() ?? null,
    findingsKeptSince: findingsKeptSince?.toISOString() ?? null,
  };
}

function totalsResponseOf({ heldBack, demoted, ...same }: PlanTotals): PlanTotalsResponse {
  return { ...same, heldBack: { ...heldBack, codes: [...heldBack.codes] }, demoted: [...demoted] };
}

function noiseResponseOf({
  findings,
  omittedFindings,
  cutFindings,
  paths,
  combinations,
}: Noise): WorkspaceAnalyticsResponse['noise'] {
  return {
    findings,
    omittedFindings,
    cutFindings,
    paths: paths.map(({ examples, ...path }) => ({
      ...path,
      removedShare: path.removed / findings,
      examples: [...examples],
      rule: { itemType: path.itemType, path: path.path },
    })),
    combinations: combinations.map(({ rules, ...combination }) => ({
      ...combination,
      removedShare: combination.removed / findings,
      rules: [...rules],
    })),
  };
}
