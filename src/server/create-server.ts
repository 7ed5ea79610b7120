// The assembly: what every request passes through, in its order. Features bring their routes, see routes.ts.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import { type FastifyBaseLogger, type FastifyRequest, fastify, LogController } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { DriftplaneError } from '../core/errors.ts';
import { describeIssues } from '../core/validation.ts';
import type { Database } from '../db/database.ts';
import { createAuthenticator } from '../features/workspaces/authentication.ts';
import type { Access, Api } from '../http/api.ts';
import { PROBLEM_MEDIA_TYPE, problemOf } from '../http/problem-contract.ts';
import { checkAccess, requireAccessOnRoutes } from './access-control.ts';
import { sendError } from './error-response.ts';
import { registerEventStreamRoutes } from './event-stream-routes.ts';
import { answerRepetition, handleIdempotencyKeys } from './idempotent-requests.ts';
import { readJsonBodies } from './json-body.ts';
import type { MetricsRegistry } from './metrics.ts';
import { documentApi } from './openapi.ts';
import { registerOperationRoutes } from './operation-routes.ts';
import { createRateLimiter, type RateLimits } from './rate-limits.ts';
import type { Readiness } from './readiness.ts';
import { createStreamListener } from './stream-listener.ts';
import { type TrustedProxies, trustProxies } from './trusted-proxies.ts';
import { limitWorkspaces } from './workspace-turns.ts';

export interface ServerOptions {
  readonly database: Database;
  readonly log: FastifyBaseLogger;
  readonly metrics: MetricsRegistry;
  readonly readiness: Readiness;
  readonly version: string;
  /** Registers the routes of the features. */
  readonly registerRoutes: (api: Api) => void;
  readonly bodyLimitBytes: number;
  readonly requestTimeoutSeconds: number;
  readonly requestsPerMinute: RateLimits;
  readonly maxEventLoopDelayMs: number;
  /** Null: the metrics are for this machine only. */
  readonly metricsToken: string | null;
  readonly trustedProxies: TrustedProxies;
  /** How often an event stream shows that it lives, and looks whether its token does. */
  readonly heartbeatSeconds?: number;
  /** How long the reader of an event stream may take nothing. */
  readonly drainSeconds?: number;
}

const HEARTBEAT_SECONDS = 15;
const DRAIN_SECONDS = 30;
/** A client that sends nothing of its body for so long is given up, also where bodies may take long. */
const BODY_PAUSE_SECONDS = 60;
const SANE_REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** A server that is ready to listen. Closing it ends its streams and waits for the requests in hand. */
export async function createServer(options: ServerOptions): Promise<Api> {
  const { database, log, metrics } = options;
  const api: Api = fastify({
    loggerInstance: log,
    // Bodies and headers are never logged; what is logged of a request is in `observeRequests`.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    bodyLimit: options.bodyLimitBytes,
    trustProxy: trustProxies(options.trustedProxies),
    // Bodies that may take long have a limit on their pauses instead.
    requestTimeout: 0,
    routerOptions: { maxParamLength: 500 },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply),
  }).withTypeProvider<ZodTypeProvider>();
  api.setValidatorCompiler<z.ZodType>(
    ({ schema, httpPart }) =>
      (data) =>
        validate(schema, data, httpPart),
  );
  api.setSerializerCompiler(serializerCompiler);
  readJsonBodies(api);
  api.decorateRequest('access', null as unknown as Access);
  limitWorkspaces(api, database);

  requireAccessOnRoutes(api);
  limitTimes(api, options.requestTimeoutSeconds);
  endConnectionsOnClose(api);
  observeRequests(api, metrics);
  const listener = createStreamListener(database.urls.app, {
    onError: (error) => log.warn({ err: error }, 'the connection that listens for events broke'),
  });
  const authenticator = createAuthenticator(database.access, {
    onError: (error) => log.warn({ err: error }, 'the use of a token could not be noted'),
  });
  api.addHook('onClose', async () => {
    await Promise.all([listener.stop(), authenticator.settle()]);
  });

  await api.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    // Whether there is TLS in front is not ours to know.
    strictTransportSecurity: false,
  });
  await api.register(underPressure, {
    maxEventLoopDelay: options.maxEventLoopDelayMs,
    pressureHandler: (request) => {
      if (!request.url.startsWith('/api/')) return;
      throw new DriftplaneError('overloaded', 'the server is behind with its work');
    },
  });
  await api.register(rateLimit, { global: false });
  const limiter = createRateLimiter(api, options.requestsPerMinute);
  api.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-Id', request.id);
    if (request.url.startsWith('/api/')) reply.header('Cache-Control', 'no-store');
    await limiter.countAddress(request, reply);
    await checkAccess(request, authenticator);
    if (request.access !== null) await limiter.countToken(request, reply);
  });
  handleIdempotencyKeys(api, database);

  api.setErrorHandler(async (error, request, reply) => {
    try {
      if (await answerRepetition(error, { database, request, reply })) return reply;
      return sendError(error, request, reply);
    } catch (second) {
      return sendError(second, request, reply);
    }
  });
  api.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0];
    return sendError(
      new DriftplaneError('route_not_found', `there is no ${request.method} ${path}`),
      request,
      reply,
    );
  });

  await documentApi(api, options.version);
  registerOperationRoutes(api, options);
  registerEventStreamRoutes(api, {
    database,
    listener,
    authenticator,
    heartbeatSeconds: options.heartbeatSeconds ?? HEARTBEAT_SECONDS,
    drainSeconds: options.drainSeconds ?? DRAIN_SECONDS,
  });
  options.registerRoutes(api);
  await api.ready();
  return api;
}

function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : randomUUID();
}

const partNames: Readonly<Record<string, string>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'headers',
};

function validate(schema: z.ZodType, data: unknown, httpPart: string | undefined) {
  const parsed = schema.safeParse(data);
  if (parsed.success) return { value: parsed.data };
  const part = partNames[httpPart ?? 'body'] ?? 'request';
  const error = new DriftplaneError('invalid_request', `the ${part} of the request is not valid`, {
    details: describeIssues(parsed.error),
    extensions: { in: part },
  });
  return { error };
}

/** Every request ends in time, but those that may take long; of them only the pauses are limited. */
function limitTimes(api: Api, requestTimeoutSeconds: number): void {
  api.addHook('onRoute', (route) => {
    if (route.config?.isLongRunning !== true) route.handlerTimeout ??= requestTimeoutSeconds * 1000;
  });
  api.server.on('request', (raw: IncomingMessage) => {
    const hasBody =
      raw.headers['transfer-encoding'] !== undefined || Number(raw.headers['content-length']) > 0;
    if (!hasBody) return;
    raw.setTimeout(BODY_PAUSE_SECONDS * 1000, () => {
      // Where what came is not taken yet, it is us who pause.
      if (raw.readableLength > 0 || raw.isPaused()) raw.setTimeout(BODY_PAUSE_SECONDS * 1000);
      else raw.destroy(new Error('the client stopped sending'));
    });
    raw.once('end', () => raw.setTimeout(0));
  });
}

/**
 * When the server stops, connections without a request end at once, those that never brought one too (browsers
 * open some in advance, and Node waits for them), and the others after their answer.
 */
function endConnectionsOnClose(api: Api): void {
  const idle = new Set<Socket>();
  let isClosing = false;
  api.server.on('connection', (socket: Socket) => {
    if (isClosing) socket.destroy();
    else idle.add(socket);
    socket.once('close', () => idle.delete(socket));
  });
  api.server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    idle.delete(socket);
    response.once('close', () => {
      if (isClosing) socket.end();
      else if (!socket.destroyed) idle.add(socket);
    });
  });
  api.addHook('preClose', async () => {
    isClosing = true;
    for (const socket of idle) socket.destroy();
  });
}

/** One line and one observation per request: by route template, since addresses hold ids. */
function observeRequests(api: Api, metrics: MetricsRegistry): void {
  api.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    const { method } = request;
    const seconds = reply.elapsedTime / 1000;
    metrics.requestEnded({ method, route, status: reply.statusCode, seconds });
    request.log.info(
      {
        method,
        route,
        status: reply.statusCode,
        milliseconds: Math.round(reply.elapsedTime),
        ...whoAsked(request),
      },
      'request',
    );
  });
}

function whoAsked({ access }: FastifyRequest): object {
  if (access === null) return {};
  return { workspaceId: access.workspaceId, tokenId: access.tokenId };
}

/** What is no HTTP request never becomes one that a handler could answer. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new DriftplaneError('request_timeout', 'the request did not arrive in time')
      : new DriftplaneError('invalid_request', 'this is not a valid HTTP request');
  const answer = problemOf(problem, randomUUID());
  const body = JSON.stringify(answer);
  socket.end(
    `HTTP/1.1 ${answer.status} ${answer.title}\r\nContent-Type: ${PROBLEM_MEDIA_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
