import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { DriftplaneError } from '../core/errors.ts';
import type { Authenticator } from '../features/workspaces/authentication.ts';
import { type Api, requireRole } from '../http/api.ts';

/** Under this everything names who may call it; the documentation is for all. */
const API_PREFIX = '/api/';
const DOCS_PREFIX = '/api/docs';

/** Throws where a route under /api does not say who may call it: it would be open to all. */
export function requireAccessOnRoutes(api: Api): void {
  api.addHook('onRoute', (route) => {
    if (!route.url.startsWith(API_PREFIX) || route.url.startsWith(DOCS_PREFIX)) return;
    if (route.config?.access === undefined) {
      throw new Error(`the route ${String(route.method)} ${route.url} names no config.access`);
    }
    // A misspelt filter must not answer with everything.
    const { schema } = route;
    if (schema?.querystring instanceof z.ZodObject) schema.querystring = schema.querystring.strict();
  });
}

/**
 * Recognises the token of a request and checks that it may call the route. To another workspace's token the
 * workspace is not there (404), whatever else is wrong with the request.
 */
export async function checkAccess(request: FastifyRequest, authenticator: Authenticator): Promise<void> {
  const needed = request.routeOptions.config.access;
  if (needed === undefined || needed === 'public') return;
  const access = await authenticator.authenticate(bearerToken(request));
  if (access === null) {
    throw new DriftplaneError('unauthenticated', 'the token is not valid, has expired or was revoked');
  }
  const { workspaceId } = request.params as { workspaceId?: string };
  if (workspaceId !== undefined && workspaceId !== access.workspaceId) {
    throw new DriftplaneError('workspace_not_found', 'there is no such workspace');
  }
  requireRole(access.role, needed);
  request.access = access;
}

function bearerToken(request: FastifyRequest): string {
  const header = request.headers.authorization;
  const token = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
  if (token === undefined) {
    throw new DriftplaneError('unauthenticated', 'the request has no Authorization: Bearer with a token');
  }
  return token;
}
