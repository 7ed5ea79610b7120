import type { Readable } from 'node:stream';
import { z } from 'zod';
import { readPushedBody } from '../../connectors/push/pushed-records.ts';
import { DriftplaneError } from '../../core/errors.ts';
import { isUuid } from '../../db/workspace-transaction.ts';
import { type Api, inWorkspace, readInWorkspace } from '../../http/api.ts';
import { problems } from '../../http/problem-contract.ts';
import { lockLiveSource } from '../sources/source-service.ts';
import { closePush, openPush, receivePart } from './push-service.ts';
import { confirmRun } from './settle-run.ts';
import type { SyncRun } from './sync-run.ts';
import {
  closeRunSchema,
  newRunSchema,
  type RunResponse,
  type RunSummaryResponse,
  receivedPartSchema,
  runListQuery,
  runPageSchema,
  runResponseSchema,
} from './sync-run-contract.ts';
import { getRun, listSyncRuns } from './sync-run-read-model.ts';
import { cancelRun, rejectRun, type SyncContext, startSync } from './sync-run-service.ts';

const NDJSON = 'application/x-ndjson';

const inWorkspaceParams = z.object({ workspaceId: z.string() });
const runParams = z.object({ workspaceId: z.string(), runId: z.string() });
const partParams = z.object({
  workspaceId: z.string(),
  runId: z.string(),
  partNo: z.coerce.number().int().min(1).max(100_000).meta({ description: 'Numbered from 1' }),
});

/** `maxPartBytes`: the largest part that is taken, unpacked. */
export function registerSyncRunRoutes(
  api: Api,
  { context, maxPartBytes }: { readonly context: SyncContext; readonly maxPartBytes: number },
): void {
  registerReads(api, context);
  registerStart(api, context);
  registerPush(api, context, maxPartBytes);
  registerDecisions(api, context);
}

function registerReads(api: Api, { database }: SyncContext): void {
  api.get(
    '/api/runs/:workspaceId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['runs'],
        summary: 'List the sync runs, newest first',
        operationId: 'listRuns',
        params: inWorkspaceParams,
        querystring: runListQuery,
        response: { 200: runPageSchema, ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const page = await readInWorkspace(database, request, (tx) => listSyncRuns(tx, request.query));
      return { items: page.items.map(toRunSummary), nextCursor: page.nextCursor };
    },
  );
  api.get(
    '/api/runs/:workspaceId/:runId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['runs'],
        summary: 'Show a sync run with its coverage ledger and its problems',
        operationId: 'showRun',
        params: runParams,
        response: { 200: runResponseSchema, ...problems('run_not_found') },
      },
    },
    async (request) =>
      toRunResponse(await readInWorkspace(database, request, (tx) => getRun(tx, request.params.runId))),
  );
}

function registerStart(api: Api, { database }: SyncContext): void {
  api.post(
    '/api/runs/:workspaceId',
    {
      config: { access: 'operator', isIdempotent: true },
      schema: {
        tags: ['runs'],
        summary: 'Start a sync of a source of files, or open a run to push to',
        operationId: 'startRun',
        params: inWorkspaceParams,
        body: newRunSchema,
        response: { 201: runResponseSchema, ...problems('source_not_found', 'run_in_progress') },
      },
    },
    async (request, reply) => {
      const run = await inWorkspace(database, request, async (tx) => {
        const source = await lockLiveSource(tx, request.body.sourceId);
        return source.config.kind === 'push' ? openPush(tx, source) : startSync(tx, source, 'manual');
      });
      return reply.code(201).send(toRunResponse(run));
    },
  );
}

function registerPush(api: Api, context: SyncContext, maxPartBytes: number): void {
  // Parts are read as they arrive, whatever their size; nothing of a body is held back in memory.
  api.addContentTypeParser(NDJSON, (request, payload, done) => {
    // Where there is no route, that is what is told.
    if (request.is404 || request.routeOptions.config.takesStream === true) done(null, payload);
    else done(new DriftplaneError('unsupported_media_type', 'this route does not take this Content-Type'));
  });
  api.put(
    '/api/runs/:workspaceId/:runId/parts/:partNo',
    {
      config: { access: 'operator', isLongRunning: true, takesStream: true },
      bodyLimit: maxPartBytes,
      schema: {
        tags: ['runs'],
        summary: 'Send a part of a push: NDJSON, gzipped or not; repeatable, in any order',
        operationId: 'putPart',
        consumes: [NDJSON],
        params: partParams,
        response: {
          200: receivedPartSchema,
          ...problems('run_not_found', 'run_not_open', 'part_conflict', 'invalid_part', 'body_too_large'),
        },
      },
    },
    async (request) => {
      const { workspaceId, actor } = request.access;
      const { runId, partNo } = request.params;
      if (!isUuid(runId)) throw new DriftplaneError('run_not_found', `there is no run ${runId}`);
      const encoding = request.headers['content-encoding'] ?? 'identity';
      if (encoding !== 'gzip' && encoding !== 'identity') {
        throw new DriftplaneError('unsupported_media_type', `a part is gzip or plain, not ${encoding}`);
      }
      const stream = request.body as Readable | undefined;
      if (typeof stream?.pipe !== 'function') {
        throw new DriftplaneError('unsupported_media_type', `a part is sent as ${NDJSON}`);
      }
      const body = readPushedBody(stream, { isGzip: encoding === 'gzip', maxBytes: maxPartBytes });
      const part = await receivePart(context, { workspaceId, actor, runId, partNo, body });
      return { ...part, problems: [...part.problems] };
    },
  );
  api.post(
    '/api/runs/:workspaceId/:runId/close',
    {
      config: { access: 'operator', isLongRunning: true },
      schema: {
        tags: ['runs'],
        summary: 'Close a push: its parts are applied as one run',
        operationId: 'closeRun',
        params: runParams,
        body: closeRunSchema,
        response: {
          200: runResponseSchema,
          ...problems('run_not_found', 'run_not_open', 'parts_missing', 'head_moved', 'staging_lost'),
        },
      },
    },
    async (request) => {
      const { workspaceId, actor } = request.access;
      const { runId } = request.params;
      if (!isUuid(runId)) throw new DriftplaneError('run_not_found', `there is no run ${runId}`);
      return toRunResponse(await closePush(context, { workspaceId, actor, runId, ...request.body }));
    },
  );
}

function registerDecisions(api: Api, context: SyncContext): void {
  const { database } = context;
  const decide = (
    name: 'cancel' | 'reject' | 'confirm',
    summary: string,
    answers: Record<never, never>,
    work: (request: Parameters<typeof inWorkspace>[1], runId: string) => Promise<SyncRun>,
  ): void => {
    api.post(
      `/api/runs/:workspaceId/:runId/${name}`,
      {
        config: { access: 'operator', isLongRunning: name === 'confirm' },
        schema: {
          tags: ['runs'],
          summary,
          operationId: `${name}Run`,
          params: runParams,
          response: { 200: runResponseSchema, ...answers },
        },
      },
      async (request) => {
        const { runId } = request.params;
        if (!isUuid(runId)) throw new DriftplaneError('run_not_found', `there is no run ${runId}`);
        return toRunResponse(await work(request, runId));
      },
    );
  };
  decide(
    'cancel',
    'Cancel a run that waits or runs',
    problems('run_not_found', 'invalid_transition'),
    (request, runId) => inWorkspace(database, request, (tx) => cancelRun(tx, runId)),
  );
  decide(
    'reject',
    'Drop a held run: what it found gone stays in the inventory',
    problems('run_not_found', 'run_not_held'),
    (request, runId) => inWorkspace(database, request, (tx) => rejectRun(tx, runId)),
  );
  decide(
    'confirm',
    'Apply a held run: what it found gone is gone',
    problems('run_not_found', 'run_not_held', 'head_moved', 'staging_lost'),
    (request, runId) => {
      const { workspaceId, actor } = request.access;
      return confirmRun(context, { workspaceId, actor, runId });
    },
  );
}

function toRunSummary(run: SyncRun): RunSummaryResponse {
  return {
    runId: run.runId,
    scopeId: run.scopeId,
    sourceId: run.sourceId,
    status: run.status,
    trigger: run.trigger,
    requestedBy: run.requestedBy,
    runSeq: run.runSeq,
    counts: { ...run.counts },
    partCount: run.partCount,
    isCancelRequested: run.isCancelRequested,
    error: run.error,
    contentDigest: run.contentDigest,
    requestedAt: run.requestedAt.toISOString(),
    startedAt: run.startedAt?.toISOString() ?? null,
    finishedAt: run.finishedAt?.toISOString() ?? null,
    heldUntil: run.heldUntil?.toISOString() ?? null,
  };
}

function toRunResponse(run: SyncRun): RunResponse {
  return {
    ...toRunSummary(run),
    coverage: [...run.coverage],
    problems: [...run.problems],
    ambiguous: run.ambiguous.map((item) => ({ ...item, paths: [...item.paths] })),
    unprovenRemovals: [...run.unprovenRemovals],
    declaredTypes: run.declaredTypes === null ? null : [...run.declaredTypes],
    hold: run.hold === null ? null : { types: run.hold.types.map((type) => ({ ...type })) },
  };
}
