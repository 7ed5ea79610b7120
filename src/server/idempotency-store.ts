import type { WorkspaceTransaction } from '../db/workspace-transaction.ts';

export interface IdempotencyRow {
  readonly request_hash: string;
  readonly response_status: number;
  readonly response_body: string;
}

export async function findIdempotencyKey(
  { client, workspaceId }: WorkspaceTransaction,
  { tokenId, key }: { readonly tokenId: string; readonly key: string },
): Promise<IdempotencyRow | undefined> {
  const { rows } = await client.query<IdempotencyRow>(
    `select request_hash, response_status, response_body from driftplane.idempotency_keys
     where workspace_id = $1 and token_id = $2 and idempotency_key = $3`,
    [workspaceId, tokenId, key],
  );
  return rows[0];
}

export async function updateIdempotencyAnswer(
  { client, workspaceId }: WorkspaceTransaction,
  answer: {
    readonly tokenId: string;
    readonly key: string;
    readonly status: number;
    readonly body: string;
  },
): Promise<void> {
  await client.query(
    `update driftplane.idempotency_keys set response_status = $4, response_body = $5
     where workspace_id = $1 and token_id = $2 and idempotency_key = $3`,
    [workspaceId, answer.tokenId, answer.key, answer.status, answer.body],
  );
}
