import '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DriftplaneError } from '../core/errors.ts';
import type { Api } from '../http/api.ts';

export interface RateLimits {
  /** Requests a minute from one address, whoever they are from. */
  readonly perAddress: number;
  /** Requests a minute of one token. */
  readonly perToken: number;
}

export interface RateLimiter {
  /** Throws `rate_limited`. Before authentication, so that guessing tokens is limited too. */
  countAddress(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Throws `rate_limited`. */
  countToken(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

const WINDOW_MS = 60_000;

/** Counts requests by address and by token, in this process. The plugin must be registered. */
export function createRateLimiter(api: Api, limits: RateLimits): RateLimiter {
  const byAddress = api.createRateLimit({
    max: limits.perAddress,
    timeWindow: WINDOW_MS,
    keyGenerator: (request) => `address ${request.ip}`,
  });
  const byToken = api.createRateLimit({
    max: limits.perToken,
    timeWindow: WINDOW_MS,
    keyGenerator: (request) => `token ${request.access.tokenId}`,
  });
  const count =
    (limit: typeof byAddress, whose: string) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      const result = await limit(request);
      if (result.isAllowed || !result.isExceeded) return;
      reply.header('Retry-After', result.ttlInSeconds);
      throw new DriftplaneError('rate_limited', `more than ${result.max} requests a minute ${whose}`);
    };
  return {
    countAddress: count(byAddress, 'from this address'),
    countToken: count(byToken, 'with this token'),
  };
}
