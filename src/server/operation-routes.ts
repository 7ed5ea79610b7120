import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { DriftplaneError } from '../core/errors.ts';
import { sha256Hex } from '../core/sha256.ts';
import type { Api } from '../http/api.ts';
import type { MetricsRegistry } from './metrics.ts';
import type { Readiness } from './readiness.ts';

/** /healthz, /readyz and /metrics: for who runs the server, without a workspace. */
export function registerOperationRoutes(
  api: Api,
  options: {
    readonly metrics: MetricsRegistry;
    readonly metricsToken: string | null;
    readonly readiness: Readiness;
  },
): void {
  const { metrics, metricsToken, readiness } = options;

  api.get('/healthz', { schema: { hide: true } }, async () => ({ status: 'ok' }));

  api.get('/readyz', { schema: { hide: true } }, async (_request, reply) => {
    const checks = await readiness.check();
    const isReady = Object.values(checks).every((check) => check === 'ok');
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ok' : 'not ready', checks });
  });

  api.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    requireScraper(request, metricsToken);
    return reply.type(metrics.contentType).send(await metrics.render());
  });
}

/** Without a token only this machine may read the metrics, and nobody through a proxy on it. */
function requireScraper(request: FastifyRequest, metricsToken: string | null): void {
  if (metricsToken === null) {
    const { 'x-forwarded-for': forwardedFor, forwarded } = request.headers;
    const address = request.socket.remoteAddress ?? '';
    const isLoopback = /^(?:::ffff:)?127\.|^::1$/.test(address);
    if (isLoopback && forwardedFor === undefined && forwarded === undefined) return;
    throw new DriftplaneError(
      'forbidden',
      'without DRIFTPLANE_METRICS_TOKEN only this machine may read the metrics',
    );
  }
  const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  // Digests have one length, which the comparison needs, and give none away.
  const isRight = timingSafeEqual(Buffer.from(sha256Hex(given)), Buffer.from(sha256Hex(metricsToken)));
  if (!isRight)
    throw new DriftplaneError('unauthenticated', 'the metrics need DRIFTPLANE_METRICS_TOKEN as Bearer');
}
