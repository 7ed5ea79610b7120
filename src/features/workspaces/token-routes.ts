import { z } from 'zod';
import { DriftplaneError } from '../../core/errors.ts';
import type { Database } from '../../db/database.ts';
import { isUuid } from '../../db/workspace-transaction.ts';
import { type Api, inWorkspace, readInWorkspace } from '../../http/api.ts';
import { instantSchema } from '../../http/instant.ts';
import { decodeCursor, encodeCursor, pageQuery } from '../../http/page.ts';
import { problems } from '../../http/problem-contract.ts';
import {
  createdTokenSchema,
  newTokenSchema,
  type TokenResponse,
  tokenPageSchema,
  tokenSchema,
} from './token-contract.ts';
import { createToken, revokeToken } from './token-service.ts';
import { listTokens, type TokenRow } from './token-store.ts';

const CURSOR_KIND = 'tokens';

export function registerTokenRoutes(api: Api, { database }: { database: Database }): void {
  api.get(
    '/api/tokens/:workspaceId',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['tokens'],
        operationId: 'listTokens',
        summary: 'All tokens, newest first, revoked and expired ones too',
        params: z.object({ workspaceId: z.string() }),
        querystring: z.object(pageQuery),
        response: { 200: tokenPageSchema, ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const after = cursor === undefined ? null : readCursor(cursor);
      const rows = await readInWorkspace(database, request, (transaction) =>
        listTokens(transaction, { after, limit: limit + 1 }),
      );
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      const isLast = rows.length <= limit || last === undefined;
      return {
        items: items.map(responseOf),
        nextCursor: isLast ? null : encodeCursor(CURSOR_KIND, [last.created_at.toISOString(), last.token_id]),
      };
    },
  );

  api.post(
    '/api/tokens/:workspaceId',
    {
      config: { access: 'admin', isIdempotent: true, secretMembers: ['token'] },
      schema: {
        tags: ['tokens'],
        operationId: 'createToken',
        summary: 'Create a token; its text is in this answer and nowhere else',
        params: z.object({ workspaceId: z.string() }),
        body: newTokenSchema,
        response: { 201: createdTokenSchema },
      },
    },
    async (request, reply) => {
      const { name, role, expiresAt } = request.body;
      const { row, tokenText } = await inWorkspace(database, request, (transaction) =>
        createToken(transaction, { name, role, expiresAt: expiresAt === null ? null : new Date(expiresAt) }),
      );
      return reply.code(201).send({ ...responseOf(row), token: tokenText });
    },
  );

  api.post(
    '/api/tokens/:workspaceId/:tokenId/revoke',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['tokens'],
        operationId: 'revokeToken',
        summary: 'End a token for good',
        params: z.object({ workspaceId: z.string(), tokenId: z.string() }),
        response: { 200: tokenSchema, ...problems('token_not_found') },
      },
    },
    async (request) => {
      const row = await inWorkspace(database, request, (transaction) =>
        revokeToken(transaction, request.params.tokenId),
      );
      return responseOf(row);
    },
  );
}

function readCursor(cursor: string): [string, string] {
  const [createdAt, tokenId] = decodeCursor(CURSOR_KIND, cursor, 2);
  if (instantSchema.safeParse(createdAt).success && typeof tokenId === 'string' && isUuid(tokenId)) {
    return [createdAt as string, tokenId];
  }
  throw new DriftplaneError('invalid_cursor', 'the cursor does not belong to this listing');
}

function responseOf(row: TokenRow): TokenResponse {
  return {
    tokenId: row.token_id,
    name: row.name,
    role: row.role,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  };
}
