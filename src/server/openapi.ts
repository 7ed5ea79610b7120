import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ErrorCode } from '../core/errors.ts';
import type { Api, Role } from '../http/api.ts';
import { problems } from '../http/problem-contract.ts';

/** What any authenticated route may end with. */
const commonCodes: readonly ErrorCode[] = [
  'invalid_request',
  'unauthenticated',
  'forbidden',
  'workspace_not_found',
  'request_timeout',
  'body_too_large',
  'unsupported_media_type',
  'rate_limited',
  'internal_error',
  'overloaded',
];

/** The docs page needs its own scripts and styles, and nothing from elsewhere. */
const DOCS_CSP =
  "default-src 'none'; connect-src 'self'; font-src 'self'; img-src 'self' data:; script-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The OpenAPI document at /api/openapi.json, written from the routes' schemas, and the page at /api/docs. */
export async function documentApi(api: Api, version: string): Promise<void> {
  api.addHook('onRoute', (route) => {
    const { schema, config } = route;
    if (schema === undefined || schema.hide === true || config?.access === undefined) return;
    describeRoute(schema as RouteSchema, config.access, config.isIdempotent === true);
  });
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.1',
      info: {
        title: 'Driftplane',
        version,
        description:
          'Every error is a problem document (RFC 9457) with a stable `code`; docs/errors.md explains each.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'A token of the workspace: dp_…' },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  await api.register(swaggerUi, {
    routePrefix: '/api/docs',
    staticCSP: DOCS_CSP,
    // The bar over the page names the library and asks for another address.
    theme: {
      title: 'Driftplane API',
      css: [{ filename: 'theme.css', content: '.swagger-ui .topbar { display: none }' }],
    },
    uiConfig: { docExpansion: 'list', deepLinking: true, filter: true, displayRequestDuration: true },
  });
  api.get('/api/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () =>
    api.swagger(),
  );
}

interface RouteSchema {
  description?: string;
  security?: readonly Record<string, readonly string[]>[];
  headers?: z.ZodObject;
  response?: Record<string, unknown>;
}

/** Adds what a route has by its configuration alone. */
function describeRoute(schema: RouteSchema, access: Role | 'public', isIdempotent: boolean): void {
  if (access !== 'public') {
    schema.security = [{ token: [] }];
    schema.description = [schema.description, `Needs the role \`${access}\`.`].filter(Boolean).join('\n\n');
  }
  const own = schema.response ?? {};
  const headers = {
    ...(isIdempotent ? { 'idempotency-key': idempotencyKey } : {}),
    ...(describes(own, 'precondition_required') ? { 'if-match': readRevision } : {}),
  };
  if (Object.keys(headers).length > 0) schema.headers = (schema.headers ?? z.looseObject({})).extend(headers);
  const codes = isIdempotent ? [...commonCodes, ...idempotencyCodes] : commonCodes;
  schema.response = { ...problems(...codes.filter((code) => !describes(own, code))), ...own };
}

const idempotencyKey = z
  .string()
  .optional()
  .meta({ description: 'Sent again with the same key, it is done once and answered the same' });

/** Optional as far as the schema goes: what is missing is said by `readIfMatch`. */
const readRevision = z
  .string()
  .optional()
  .meta({ description: 'The ETag that was read, such as "3". It is needed' });

const idempotencyCodes: readonly ErrorCode[] = ['idempotency_conflict', 'answer_pending'];

/** Whether the route itself describes the status of this code. */
function describes(response: Record<string, unknown>, code: ErrorCode): boolean {
  return Object.keys(problems(code)).some((status) => Object.hasOwn(response, status));
}
