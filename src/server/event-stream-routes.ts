import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { DriftplaneError } from '../core/errors.ts';
import type { Database } from '../db/database.ts';
import type { Authenticator } from '../features/workspaces/authentication.ts';
import { type Api, readInWorkspace } from '../http/api.ts';
import { problems } from '../http/problem-contract.ts';
import { streamedAnswer } from '../http/streamed-answer.ts';
import { listStreamEvents, readStreamBounds } from './event-store.ts';
import type { StreamListener } from './stream-listener.ts';

export interface EventStreamOptions {
  readonly database: Database;
  readonly listener: StreamListener;
  readonly authenticator: Authenticator;
  readonly heartbeatSeconds: number;
  /** A reader that takes nothing for so long is dropped; what waits for it meanwhile is one batch at most. */
  readonly drainSeconds: number;
}

const BATCH_SIZE = 200;
const MAX_STREAMS_PER_TOKEN = 20;

/** Server-sent events of runs, executions and findings; ids and states only, resumable by Last-Event-ID. */
export function registerEventStreamRoutes(api: Api, options: EventStreamOptions): void {
  const stopping = new AbortController();
  const openByToken = new Map<string, number>();
  api.addHook('preClose', async () => stopping.abort());

  api.get(
    '/api/events/:workspaceId',
    {
      config: { access: 'viewer', isLongRunning: true },
      exposeHeadRoute: false,
      schema: {
        tags: ['events'],
        operationId: 'streamEvents',
        summary: 'Server-sent events of runs, executions and findings; resumes after Last-Event-ID',
        params: z.object({ workspaceId: z.string() }),
        querystring: z.object({
          lastEventId: z
            .string()
            .max(20)
            .optional()
            .meta({ description: 'For clients that can not send the header Last-Event-ID' }),
        }),
        response: {
          ...streamedAnswer(
            'text/event-stream',
            'Events whose id is their number; `reset` where those after the id asked for are no longer kept',
          ),
          ...problems('rate_limited'),
        },
      },
    },
    async (request, reply) => {
      const start = await findStart(options.database, request);
      const { tokenId } = request.access;
      const openCount = openByToken.get(tokenId) ?? 0;
      if (openCount >= MAX_STREAMS_PER_TOKEN) {
        throw new DriftplaneError(
          'rate_limited',
          `a token may read ${MAX_STREAMS_PER_TOKEN} streams at once`,
        );
      }
      openByToken.set(tokenId, openCount + 1);
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // Nothing follows it on this connection, and a server that stops need not wait for it to be idle.
        connection: 'close',
        'x-accel-buffering': 'no',
      });
      try {
        await sendEvents({ request, raw, start, signal: stopping.signal }, options);
      } catch (error) {
        request.log.warn({ err: error }, 'an event stream ended');
      } finally {
        raw.end();
        const left = (openByToken.get(tokenId) ?? 1) - 1;
        if (left === 0) openByToken.delete(tokenId);
        else openByToken.set(tokenId, left);
      }
    },
  );
}

interface Start {
  readonly afterSeq: number;
  /** The events after the one asked for are not all there. */
  readonly isReset: boolean;
}

async function findStart(database: Database, request: FastifyRequest): Promise<Start> {
  const { lastEventId } = request.query as { lastEventId?: string };
  const asked = request.headers['last-event-id'] ?? lastEventId;
  const { headSeq, oldestSeq } = await readInWorkspace(database, request, readStreamBounds);
  if (asked === undefined || asked === '') return { afterSeq: headSeq, isReset: false };
  if (typeof asked !== 'string' || !/^\d{1,15}$/.test(asked)) {
    throw new DriftplaneError('invalid_request', 'Last-Event-ID is the id of an event of this stream');
  }
  const afterSeq = Number(asked);
  const firstKept = oldestSeq ?? headSeq + 1;
  const isKept = afterSeq >= firstKept - 1 && afterSeq <= headSeq;
  return isKept ? { afterSeq, isReset: false } : { afterSeq: headSeq, isReset: true };
}

async function sendEvents(
  stream: { request: FastifyRequest; raw: ServerResponse; start: Start; signal: AbortSignal },
  { database, listener, authenticator, heartbeatSeconds, drainSeconds }: EventStreamOptions,
): Promise<void> {
  const { request, raw, start, signal } = stream;
  const closed = new AbortController();
  raw.once('close', () => closed.abort());
  const ended = AbortSignal.any([signal, closed.signal]);
  const alarm = createAlarm(ended);
  const unsubscribe = listener.subscribe(request.access.workspaceId, alarm.ring);
  try {
    const send = (text: string): Promise<void> => write(raw, text, { ended, drainSeconds });
    let { afterSeq } = start;
    let checkedAt = performance.now();
    await send(`retry: 3000\n: connected\n\n`);
    if (start.isReset) await send(`id: ${afterSeq}\nevent: reset\ndata: {"headSeq":${afterSeq}}\n\n`);
    while (!ended.aborted) {
      const rows = await readInWorkspace(database, request, (transaction) =>
        listStreamEvents(transaction, { afterSeq, limit: BATCH_SIZE }),
      );
      const text = rows.map(({ seq, kind, payload }) => `id: ${seq}\nevent: ${kind}\ndata: ${payload}\n\n`);
      if (rows.length > 0) await send(text.join(''));
      afterSeq = rows.at(-1)?.seq ?? afterSeq;
      const quietMs = performance.now() - checkedAt;
      if (quietMs < heartbeatSeconds * 1000) {
        if (rows.length < BATCH_SIZE) await alarm.wait(heartbeatSeconds * 1000 - quietMs);
        continue;
      }
      if (ended.aborted || !(await authenticator.isStillValid(request.access))) return;
      checkedAt = performance.now();
      await send(': heartbeat\n\n');
    }
  } finally {
    unsubscribe();
  }
}

/** Writes and waits until the reader has taken it; throws for one that does not. */
async function write(
  raw: ServerResponse,
  text: string,
  { ended, drainSeconds }: { readonly ended: AbortSignal; readonly drainSeconds: number },
): Promise<void> {
  if (ended.aborted || raw.write(text)) return;
  const signal = AbortSignal.any([ended, AbortSignal.timeout(drainSeconds * 1000)]);
  try {
    await once(raw, 'drain', { signal });
  } catch (cause) {
    if (ended.aborted) return;
    raw.destroy();
    throw new Error('the reader of an event stream takes nothing', { cause });
  }
}

interface Alarm {
  ring(): void;
  /** Resolves when it rings or has rung since the last call, after `milliseconds`, or at the end. */
  wait(milliseconds: number): Promise<void>;
}

function createAlarm(ended: AbortSignal): Alarm {
  let hasRung = false;
  let wake: (() => void) | null = null;
  ended.addEventListener('abort', () => wake?.(), { once: true });
  return {
    ring() {
      hasRung = true;
      wake?.();
    },
    async wait(milliseconds) {
      if (!hasRung && !ended.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, milliseconds);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = null;
      }
      hasRung = false;
    },
  };
}
