import { randomUUID } from 'node:crypto';
import { DriftplaneError } from '../../core/errors.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { Role } from '../../http/api.ts';
import { findToken, insertToken, listTokensOfOneLine, revokeTokenRow, type TokenRow } from './token-store.ts';
import { createTokenText, hashToken } from './token-text.ts';

/** Creates a token. Its text is in the result and nowhere else. */
export async function createToken(
  transaction: WorkspaceTransaction,
  token: { readonly name: string; readonly role: Role; readonly expiresAt: Date | null },
): Promise<{ readonly row: TokenRow; readonly tokenText: string }> {
  const { name, role, expiresAt } = token;
  if (expiresAt !== null && expiresAt <= transaction.now) {
    throw new DriftplaneError('invalid_request', 'the token would have expired already', {
      details: [{ pointer: '/expiresAt', line: null, detail: 'lies in the past' }],
    });
  }
  const tokenText = createTokenText(transaction.workspaceId);
  const row = await insertToken(transaction, {
    tokenId: randomUUID(),
    name,
    role,
    tokenHash: hashToken(tokenText),
    expiresAt,
  });
  transaction.audit({
    action: 'token.create',
    target: { kind: 'token', id: row.token_id },
    detail: { name, role, expiresAt: expiresAt?.toISOString() ?? null },
  });
  return { row, tokenText };
}

/**
 * Those of some tokens that may be in the same hands as another one: it was created with them, or they with it,
 * directly or by way of others. Tokens that the command line of the server made were created with none.
 */
export function listTokensInSameHands(
  transaction: WorkspaceTransaction,
  tokenId: string,
  otherIds: readonly string[],
): Promise<string[]> {
  return listTokensOfOneLine(transaction, tokenId, otherIds);
}

/** Ends a token for good; one that is ended already stays as it is. Throws `token_not_found`. */
export async function revokeToken(transaction: WorkspaceTransaction, tokenId: string): Promise<TokenRow> {
  const before = isUuid(tokenId) ? await findToken(transaction, tokenId, { isLocked: true }) : undefined;
  if (before === undefined) throw new DriftplaneError('token_not_found', 'there is no such token');
  if (before.revoked_at !== null) return before;
  const after = await revokeTokenRow(transaction, tokenId);
  transaction.audit({
    action: 'token.revoke',
    target: { kind: 'token', id: tokenId },
    detail: { name: before.name, role: before.role },
  });
  return after;
}
