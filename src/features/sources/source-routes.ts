import { z } from 'zod';
import type { Database } from '../../db/database.ts';
import { type Api, inWorkspace, readInWorkspace } from '../../http/api.ts';
import { pageQuery } from '../../http/page.ts';
import { problems } from '../../http/problem-contract.ts';
import { readIfMatch, setRevision } from '../../http/revision.ts';
import type { Scope, Source } from './source.ts';
import {
  newSourceSchema,
  type ScopeResponse,
  type SourceResponse,
  scopePageSchema,
  sourceChangeSchema,
  sourceListQuery,
  sourcePageSchema,
  sourceResponseSchema,
} from './source-contract.ts';
import { getSource, listScopesOfSource, listSources } from './source-read-model.ts';
import { archiveSource, changeSource, createSource } from './source-service.ts';

const inWorkspaceParams = z.object({ workspaceId: z.string() });
const sourceParams = z.object({ workspaceId: z.string(), sourceId: z.string() });

/** `fileRoots`: the folders of the server's disk that are open to sources. */
export function registerSourceRoutes(
  api: Api,
  { database, fileRoots }: { readonly database: Database; readonly fileRoots: readonly string[] },
): void {
  registerReads(api, database);
  registerWrites(api, database, fileRoots);
}

function registerReads(api: Api, database: Database): void {
  api.get(
    '/api/sources/:workspaceId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['sources'],
        summary: 'List the sources',
        operationId: 'listSources',
        params: inWorkspaceParams,
        querystring: sourceListQuery,
        response: { 200: sourcePageSchema, ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { includeArchived, ...query } = request.query;
      const page = await readInWorkspace(database, request, (tx) =>
        listSources(tx, { ...query, includesArchived: includeArchived }),
      );
      return { items: page.items.map(toSourceResponse), nextCursor: page.nextCursor };
    },
  );
  api.get(
    '/api/sources/:workspaceId/:sourceId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['sources'],
        summary: 'Show a source',
        operationId: 'showSource',
        params: sourceParams,
        response: { 200: sourceResponseSchema, ...problems('source_not_found') },
      },
    },
    async (request, reply) => {
      const source = await readInWorkspace(database, request, (tx) => getSource(tx, request.params.sourceId));
      setRevision(reply, source.revision);
      return toSourceResponse(source);
    },
  );
  api.get(
    '/api/sources/:workspaceId/:sourceId/scopes',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['sources'],
        summary: 'List the scopes of a source, one for each selection that it has had',
        operationId: 'listScopesOfSource',
        params: sourceParams,
        querystring: z.object(pageQuery),
        response: { 200: scopePageSchema, ...problems('source_not_found', 'invalid_cursor') },
      },
    },
    async (request) => {
      const page = await readInWorkspace(database, request, (tx) =>
        listScopesOfSource(tx, request.params.sourceId, request.query),
      );
      return { items: page.items.map(toScopeResponse), nextCursor: page.nextCursor };
    },
  );
}

function registerWrites(api: Api, database: Database, fileRoots: readonly string[]): void {
  api.post(
    '/api/sources/:workspaceId',
    {
      config: { access: 'admin', isIdempotent: true },
      schema: {
        tags: ['sources'],
        summary: 'Configure a new source',
        operationId: 'createSource',
        params: inWorkspaceParams,
        body: newSourceSchema,
        response: {
          201: sourceResponseSchema,
          ...problems('name_taken', 'path_not_allowed', 'path_not_found'),
        },
      },
    },
    async (request, reply) => {
      const source = await inWorkspace(database, request, (tx) => createSource(tx, request.body, fileRoots));
      setRevision(reply, source.revision);
      return reply.code(201).send(toSourceResponse(source));
    },
  );
  api.patch(
    '/api/sources/:workspaceId/:sourceId',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['sources'],
        summary: 'Change a source; what is not named stays',
        operationId: 'changeSource',
        params: sourceParams,
        body: sourceChangeSchema,
        response: {
          200: sourceResponseSchema,
          ...problems(
            'source_not_found',
            'path_not_found',
            'name_taken',
            'invalid_transition',
            'revision_mismatch',
            'path_not_allowed',
            'precondition_required',
          ),
        },
      },
    },
    async (request, reply) => {
      const revision = readIfMatch(request);
      const source = await inWorkspace(database, request, (tx) =>
        changeSource(tx, request.params.sourceId, { revision, change: request.body, fileRoots }),
      );
      setRevision(reply, source.revision);
      return toSourceResponse(source);
    },
  );
  api.delete(
    '/api/sources/:workspaceId/:sourceId',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['sources'],
        summary: 'Archive a source: no more syncs; its scopes stay readable',
        operationId: 'archiveSource',
        params: sourceParams,
        response: { 200: sourceResponseSchema, ...problems('source_not_found') },
      },
    },
    async (request, reply) => {
      const source = await inWorkspace(database, request, (tx) => archiveSource(tx, request.params.sourceId));
      setRevision(reply, source.revision);
      return toSourceResponse(source);
    },
  );
}

function toSourceResponse(source: Source): SourceResponse {
  const { config, selection, nextSyncAt, createdAt, updatedAt, archivedAt, ...same } = source;
  return {
    ...same,
    kind: config.kind,
    config: config.kind === 'files' ? { path: config.path } : {},
    selection: { itemTypes: selection.itemTypes === null ? null : [...selection.itemTypes] },
    nextSyncAt: nextSyncAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
    archivedAt: archivedAt?.toISOString() ?? null,
  };
}

function toScopeResponse({ scope, isCurrent }: { scope: Scope; isCurrent: boolean }): ScopeResponse {
  const { selection, createdAt, ...same } = scope;
  return {
    ...same,
    selection: { itemTypes: selection.itemTypes === null ? null : [...selection.itemTypes] },
    isCurrent,
    createdAt: createdAt.toISOString(),
  };
}
