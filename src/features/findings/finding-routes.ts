import { z } from 'zod';
import { type TriageEvent, triageEvents } from '../../core/finding-lifecycle.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { Database } from '../../db/database.ts';
import { type Api, inWorkspace, readInWorkspace } from '../../http/api.ts';
import { ignoredMetrics, type Metrics } from '../../http/metrics.ts';
import { pageQuery } from '../../http/page.ts';
import { problems } from '../../http/problem-contract.ts';
import { readIfMatch, setRevision } from '../../http/revision.ts';
import { triageFindings } from './bulk-triage.ts';
import {
  bulkResultSchema,
  findingEventPageSchema,
  findingFacetsSchema,
  findingListQuery,
  findingPageSchema,
  findingSchema,
} from './finding-contract.ts';
import { countFindingFacets } from './finding-facets-read-model.ts';
import { filterOf, findingFilterFields } from './finding-filter-contract.ts';
import { listFindings } from './finding-list-read-model.ts';
import { getFinding, listFindingEvents } from './finding-read-model.ts';
import { eventResponseOf, findingResponseOf, summaryResponseOf } from './finding-response.ts';
import { triageFinding } from './finding-triage.ts';
import { bulkTriageSchema, decisionBodies, decisionOf } from './triage-contract.ts';

interface Dependencies {
  readonly database: Database;
  readonly metrics?: Metrics;
}

const workspaceParams = z.object({ workspaceId: z.string() });
const findingParams = z.object({ workspaceId: z.string(), findingId: z.string() });

export function registerFindingRoutes(api: Api, { database, metrics = ignoredMetrics }: Dependencies): void {
  registerReads(api, database);
  for (const event of triageEvents) registerDecision(api, { database, metrics }, event);
  registerBulk(api, { database, metrics });
}

function registerReads(api: Api, database: Database): void {
  api.get(
    '/api/findings/:workspaceId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['findings'],
        operationId: 'listFindings',
        summary: 'Findings by state, severity, place and time',
        params: workspaceParams,
        querystring: findingListQuery,
        response: { 200: findingPageSchema, ...problems('invalid_cursor', 'query_too_broad') },
      },
    },
    async (request) => {
      const { sort, cursor, limit, ...filter } = request.query;
      const page = await readInWorkspace(database, request, (tx) =>
        listFindings(tx, { filter: filterOf(filter), sort, cursor, limit }),
      );
      return { items: page.items.map(summaryResponseOf), nextCursor: page.nextCursor };
    },
  );

  api.get(
    '/api/findings/:workspaceId/facets',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['findings'],
        operationId: 'countFindings',
        summary: 'How many findings of a filter there are, by each of their fields',
        params: workspaceParams,
        querystring: z.object(findingFilterFields),
        response: { 200: findingFacetsSchema, ...problems('query_too_broad') },
      },
    },
    (request) => readInWorkspace(database, request, (tx) => countFindingFacets(tx, filterOf(request.query))),
  );

  api.get(
    '/api/findings/:workspaceId/:findingId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['findings'],
        operationId: 'getFinding',
        summary: 'A finding with its evidence, its acceptance and the findings linked to it',
        params: findingParams,
        response: { 200: findingSchema, ...problems('finding_not_found') },
      },
    },
    async (request, reply) => {
      const finding = await readInWorkspace(database, request, (tx) =>
        getFinding(tx, request.params.findingId),
      );
      setRevision(reply, finding.revision);
      return findingResponseOf(finding);
    },
  );

  api.get(
    '/api/findings/:workspaceId/:findingId/events',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['findings'],
        operationId: 'listFindingEvents',
        summary: 'What happened to a finding, the first first',
        params: findingParams,
        querystring: z.object(pageQuery),
        response: { 200: findingEventPageSchema, ...problems('finding_not_found', 'invalid_cursor') },
      },
    },
    async (request) => {
      const { findingId } = request.params;
      const page = await readInWorkspace(database, request, (tx) =>
        listFindingEvents(tx, { findingId, ...request.query }),
      );
      return { items: page.items.map(eventResponseOf), nextCursor: page.nextCursor };
    },
  );
}

const summaries: Record<TriageEvent, string> = {
  acknowledge: 'Say that somebody sees to a finding',
  accept: 'Accept the value that a finding found, for good or until a time',
  dismiss: 'Say that a finding is none',
  snooze: 'Put a finding off until a time',
  reopen: 'Take back what was decided about a finding',
};

function registerDecision(api: Api, { database, metrics }: Required<Dependencies>, event: TriageEvent): void {
  api.post(
    `/api/findings/:workspaceId/:findingId/${event}`,
    {
      config: { access: 'operator' },
      schema: {
        tags: ['findings'],
        operationId: `${event}Finding`,
        summary: `${summaries[event]}; needs If-Match`,
        params: findingParams,
        body: decisionBodies[event],
        response: {
          200: findingSchema,
          ...problems(
            'finding_not_found',
            'invalid_transition',
            'revision_mismatch',
            'precondition_required',
            'invalid_request',
          ),
        },
      },
    },
    async (request, reply) => {
      const { findingId } = request.params;
      const revision = readIfMatch(request);
      const decision = decisionOf({ ...request.body, action: event } as Parameters<typeof decisionOf>[0]);
      const finding = await inWorkspace(database, request, async (tx) => {
        await triageFinding(tx, { findingId, revision }, decision);
        return getFinding(tx, findingId);
      });
      metrics.findingsChanged({ kind: event, count: 1 });
      setRevision(reply, finding.revision);
      return findingResponseOf(finding);
    },
  );
}

function registerBulk(api: Api, { database, metrics }: Required<Dependencies>): void {
  api.post(
    '/api/findings/:workspaceId/bulk',
    {
      config: { access: 'operator', isLongRunning: true },
      schema: {
        tags: ['findings'],
        operationId: 'triageFindings',
        summary: 'One decision about many findings, by their ids or by a filter; with dryRun only how many',
        params: workspaceParams,
        body: bulkTriageSchema,
        response: {
          200: bulkResultSchema,
          ...problems('invalid_request', 'query_too_broad', 'count_mismatch', 'overloaded'),
        },
      },
    },
    async (request) => {
      const { findingIds: ids, filter = {}, dryRun, expectedCount } = request.body;
      const { workspaceId, actor } = request.access;
      const result = await triageFindings(
        database.app,
        { workspaceId, actor },
        {
          target:
            ids === undefined
              ? {
                  kind: 'filter',
                  filter: filterOf(filter),
                  asked: JSON.parse(JSON.stringify(filter)) as JsonObject,
                }
              : { kind: 'ids', ids },
          decision: decisionOf(request.body),
          isDryRun: dryRun,
          expectedCount: expectedCount ?? null,
        },
      );
      if (!dryRun) metrics.findingsChanged({ kind: request.body.action, count: result.changed });
      return { ...result, refused: [...result.refused] };
    },
  );
}
