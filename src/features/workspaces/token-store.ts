import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { Role } from '../../http/api.ts';

export interface TokenRow {
  readonly token_id: string;
  readonly name: string;
  readonly role: Role;
  readonly created_at: Date;
  readonly created_by: string;
  readonly expires_at: Date | null;
  readonly last_used_at: Date | null;
  readonly revoked_at: Date | null;
}

const columns = 'token_id, name, role, created_at, created_by, expires_at, last_used_at, revoked_at';

export async function insertToken(
  { client, workspaceId, now, actor }: WorkspaceTransaction,
  token: {
    readonly tokenId: string;
    readonly name: string;
    readonly role: Role;
    readonly tokenHash: Buffer;
    readonly expiresAt: Date | null;
  },
): Promise<TokenRow> {
  const { rows } = await client.query<TokenRow>(
    `insert into driftplane.api_tokens (workspace_id, token_id, name, role, token_hash, created_at, created_by,
       created_by_id, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     returning ${columns}`,
    [
      workspaceId,
      token.tokenId,
      token.name,
      token.role,
      token.tokenHash,
      now,
      actor.label,
      actor.kind === 'token' ? actor.id : null,
      token.expiresAt,
    ],
  );
  return rows[0] as TokenRow;
}

/** A token that can be used at this moment. */
export async function findLiveToken(
  { client, workspaceId }: WorkspaceTransaction,
  tokenHash: Buffer,
): Promise<TokenRow | undefined> {
  const { rows } = await client.query<TokenRow>(
    `select ${columns} from driftplane.api_tokens
     where workspace_id = $1 and token_hash = $2 and revoked_at is null and (expires_at is null or expires_at > now())`,
    [workspaceId, tokenHash],
  );
  return rows[0];
}

export async function isTokenLive(
  { client, workspaceId }: WorkspaceTransaction,
  tokenId: string,
): Promise<boolean> {
  const { rows } = await client.query(
    `select from driftplane.api_tokens
     where workspace_id = $1 and token_id = $2 and revoked_at is null and (expires_at is null or expires_at > now())`,
    [workspaceId, tokenId],
  );
  return rows.length > 0;
}

/** Newest first. */
export async function listTokens(
  { client, workspaceId }: WorkspaceTransaction,
  page: { readonly after: readonly [createdAt: string, tokenId: string] | null; readonly limit: number },
): Promise<TokenRow[]> {
  const { rows } = await client.query<TokenRow>(
    `select ${columns} from driftplane.api_tokens
     where workspace_id = $1 and ($2::timestamptz is null or (created_at, token_id) < ($2, $3::uuid))
     order by created_at desc, token_id desc
     limit $4`,
    [workspaceId, page.after?.[0] ?? null, page.after?.[1] ?? null, page.limit],
  );
  return rows;
}

export async function findToken(
  { client, workspaceId }: WorkspaceTransaction,
  tokenId: string,
  { isLocked = false } = {},
): Promise<TokenRow | undefined> {
  const { rows } = await client.query<TokenRow>(
    `select ${columns} from driftplane.api_tokens
     where workspace_id = $1 and token_id = $2 ${isLocked ? 'for update' : ''}`,
    [workspaceId, tokenId],
  );
  return rows[0];
}

export async function revokeTokenRow(
  { client, workspaceId, now }: WorkspaceTransaction,
  tokenId: string,
): Promise<TokenRow> {
  const { rows } = await client.query<TokenRow>(
    `update driftplane.api_tokens set revoked_at = $3 where workspace_id = $1 and token_id = $2 returning ${columns}`,
    [workspaceId, tokenId, now],
  );
  return rows[0] as TokenRow;
}

/** Those of `otherIds` that a token was created with, or that were created with it, directly or by way of others. */
export async function listTokensOfOneLine(
  { client, workspaceId }: WorkspaceTransaction,
  tokenId: string,
  otherIds: readonly string[],
): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `with recursive line(first_id, id, created_by_id) as (
       select token_id, token_id, created_by_id from driftplane.api_tokens
       where workspace_id = $1 and (token_id = $2 or token_id = any($3::uuid[]))
       union
       select line.first_id, t.token_id, t.created_by_id
       from line join driftplane.api_tokens t on t.workspace_id = $1 and t.token_id = line.created_by_id
     )
     select id from line where first_id = $2 and id = any($3::uuid[])
     union
     select first_id from line where id = $2 and first_id = any($3::uuid[])`,
    [workspaceId, tokenId, otherIds],
  );
  return rows.map(({ id }) => id);
}

/** Writes nothing where it was noted less than `seconds` ago. */
export async function noteTokenUse(
  { client, workspaceId, now }: WorkspaceTransaction,
  { tokenId, seconds }: { readonly tokenId: string; readonly seconds: number },
): Promise<void> {
  await client.query(
    `update driftplane.api_tokens set last_used_at = $3
     where workspace_id = $1 and token_id = $2
       and (last_used_at is null or last_used_at < $3::timestamptz - make_interval(secs => $4))`,
    [workspaceId, tokenId, now, seconds],
  );
}
