import type pg from 'pg';
import type { AuditActor } from '../../core/audit-chain.ts';
import { systemActor, withWorkspace } from '../../db/workspace-transaction.ts';
import type { Access } from '../../http/api.ts';
import { findLiveToken, isTokenLive, noteTokenUse } from './token-store.ts';
import { hashToken, workspaceOfToken } from './token-text.ts';

/** A use is noted at most this often. */
const USE_NOTED_EVERY_SECONDS = 60;
/** What is asked here is a row by its key; where that takes longer, the database is of no use. */
const MAX_STATEMENT_SECONDS = 10;
/** How many tokens are remembered as noted; beyond it all are forgotten and asked of the database again. */
const MAX_REMEMBERED = 10_000;

export interface Authenticator {
  /** Who the token is; null where it is none, has expired or was revoked. */
  authenticate(tokenText: string): Promise<Access | null>;
  /** Whether it can still be used, for what lasts longer than a request. */
  isStillValid(access: Access): Promise<boolean>;
  /** Resolves when the uses in hand have been noted. */
  settle(): Promise<void>;
}

/** Recognises tokens. When they were last used is noted beside the requests, and its failure stops none. */
export function createAuthenticator(
  pool: pg.Pool,
  options: { readonly onError: (error: unknown) => void },
): Authenticator {
  const notedAt = new Map<string, number>();
  const noting = new Set<Promise<void>>();
  const transactionOf = (workspaceId: string) => ({
    workspaceId,
    actor: systemActor,
    maxStatementSeconds: MAX_STATEMENT_SECONDS,
  });

  function note({ workspaceId, tokenId }: Access): void {
    const now = performance.now();
    const last = notedAt.get(tokenId);
    if (last !== undefined && now - last < USE_NOTED_EVERY_SECONDS * 1000) return;
    if (notedAt.size >= MAX_REMEMBERED) notedAt.clear();
    notedAt.set(tokenId, now);
    const work = withWorkspace(pool, transactionOf(workspaceId), (transaction) =>
      noteTokenUse(transaction, { tokenId, seconds: USE_NOTED_EVERY_SECONDS }),
    )
      .catch(options.onError)
      .finally(() => noting.delete(work));
    noting.add(work);
  }

  return {
    async authenticate(tokenText) {
      const workspaceId = workspaceOfToken(tokenText);
      if (workspaceId === null) return null;
      const access = await withWorkspace(
        pool,
        { ...transactionOf(workspaceId), isReadOnly: true },
        async (transaction): Promise<Access | null> => {
          const row = await findLiveToken(transaction, hashToken(tokenText));
          if (row === undefined) return null;
          const actor: AuditActor = { kind: 'token', id: row.token_id, label: row.name };
          return { workspaceId, tokenId: row.token_id, role: row.role, expiresAt: row.expires_at, actor };
        },
      );
      if (access !== null) note(access);
      return access;
    },
    isStillValid: ({ workspaceId, tokenId }) =>
      withWorkspace(pool, { ...transactionOf(workspaceId), isReadOnly: true }, (transaction) =>
        isTokenLive(transaction, tokenId),
      ),
    async settle() {
      await Promise.all(noting);
    },
  };
}
