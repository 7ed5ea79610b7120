import { z } from 'zod';
import type { Database } from '../../db/database.ts';
import { type Api, readInWorkspace } from '../../http/api.ts';
import { problems } from '../../http/problem-contract.ts';
import type { BoundaryRun } from './boundary-runs.ts';
import {
  type BoundaryRunResponse,
  type ItemResponse,
  type ItemVersionResponse,
  itemDiffQuery,
  itemHistoryQuery,
  itemListQuery,
  itemPageSchema,
  itemParams,
  itemShowQuery,
  itemVersionPageSchema,
  shownItemSchema,
  versionDiffSchema,
} from './item-contract.ts';
import { type ListedItem, listItems } from './item-read-model.ts';
import {
  diffItemVersions,
  type ItemVersion,
  listItemHistory,
  showItem,
  type VersionEnd,
} from './item-version-read-model.ts';

export function registerItemRoutes(api: Api, { database }: { readonly database: Database }): void {
  api.get(
    '/api/items/:workspaceId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['items'],
        summary: 'List items, in the last observed state or as of a run',
        operationId: 'listItems',
        params: z.object({ workspaceId: z.string() }),
        querystring: itemListQuery,
        response: {
          200: itemPageSchema,
          ...problems(
            'invalid_cursor',
            'scope_not_found',
            'source_not_found',
            'run_not_found',
            'state_not_kept',
            'query_too_broad',
          ),
        },
      },
    },
    async (request) => {
      const page = await readInWorkspace(database, request, (tx) => listItems(tx, request.query));
      return { items: page.items.map(toItemResponse), nextCursor: page.nextCursor };
    },
  );
  api.get(
    '/api/items/:workspaceId/:scopeId/:identityHash',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['items'],
        summary: 'Show an item: in its last state, as of a run, or in one version',
        operationId: 'showItem',
        params: itemParams,
        querystring: itemShowQuery,
        response: { 200: shownItemSchema, ...problems('item_not_found', 'run_not_found', 'state_not_kept') },
      },
    },
    async (request) => {
      const { asOfRunId, version: versionId } = request.query;
      const shown = await readInWorkspace(database, request, (tx) =>
        showItem(tx, request.params, { asOfRunId, versionId }),
      );
      return { version: toVersionResponse(shown.version), facts: shown.facts };
    },
  );
  registerVersionRoutes(api, database);
}

function registerVersionRoutes(api: Api, database: Database): void {
  api.get(
    '/api/items/:workspaceId/:scopeId/:identityHash/history',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['items'],
        summary: 'List the versions of an item, the last one first',
        operationId: 'listItemHistory',
        params: itemParams,
        querystring: itemHistoryQuery,
        response: { 200: itemVersionPageSchema, ...problems('item_not_found', 'invalid_cursor') },
      },
    },
    async (request) => {
      const page = await readInWorkspace(database, request, (tx) =>
        listItemHistory(tx, request.params, request.query),
      );
      return { items: page.items.map(toVersionResponse), nextCursor: page.nextCursor };
    },
  );
  api.get(
    '/api/items/:workspaceId/:scopeId/:identityHash/diff',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['items'],
        summary: 'Compare two versions of an item',
        operationId: 'diffItemVersions',
        params: itemParams,
        querystring: itemDiffQuery,
        response: { 200: versionDiffSchema, ...problems('item_not_found') },
      },
    },
    async (request) => {
      const diff = await readInWorkspace(database, request, (tx) =>
        diffItemVersions(tx, request.params, request.query),
      );
      return {
        ...diff,
        from: toVersionResponse(diff.from),
        to: toVersionResponse(diff.to),
        changes: [...diff.changes],
      };
    },
  );
}

function toItemResponse(item: ListedItem): ItemResponse {
  return { ...item, since: toRunResponse(item.since) };
}

function toVersionResponse(version: ItemVersion): ItemVersionResponse {
  const { opened, closed } = version;
  return {
    ...version,
    opened: toEndResponse(opened),
    closed: closed === null ? null : { ...toEndResponse(closed), isRemoval: closed.isRemoval },
  };
}

function toEndResponse({ by, run }: VersionEnd) {
  return { by, run: toRunResponse(run) };
}

function toRunResponse(run: BoundaryRun | null): BoundaryRunResponse {
  return run === null ? null : { ...run, finishedAt: run.finishedAt?.toISOString() ?? null };
}
