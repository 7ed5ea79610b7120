import type { FastifyRequest } from 'fastify';
import type { WorkspaceTransaction } from '../db/workspace-transaction.ts';

/** A creating request with an Idempotency-Key. */
export interface IdempotencyClaim {
  readonly key: string;
  /** SHA-256 of method, address and body. */
  readonly requestHash: string;
  /** Whether the transaction that does what is asked has the key in it. */
  isClaimed: boolean;
}

/** The same request has been done, or is being done: the transaction is rolled back and its answer is repeated. */
export class RepeatedRequest extends Error {
  constructor() {
    super('a request with this Idempotency-Key was done already');
    this.name = 'RepeatedRequest';
  }
}

/**
 * Takes the key in the transaction that does what the request asks for: a second request with it waits here until
 * the first has committed. `inWorkspace` does this by itself; a route that is `isIdempotent` and opens its
 * transaction in another way calls it as the first thing in it. Throws RepeatedRequest.
 */
export async function claimIdempotencyKey(
  { client, workspaceId, now }: WorkspaceTransaction,
  request: FastifyRequest,
): Promise<void> {
  const claim = request.idempotency;
  if (claim === null || claim.isClaimed) return;
  const { rowCount } = await client.query(
    `insert into driftplane.idempotency_keys
       (workspace_id, token_id, idempotency_key, request_hash, response_status, response_body, created_at)
     values ($1, $2, $3, $4, $5, '', $6)
     on conflict do nothing`,
    [workspaceId, request.access.tokenId, claim.key, claim.requestHash, UNANSWERED, now],
  );
  if (rowCount === 0) throw new RepeatedRequest();
  claim.isClaimed = true;
}

/** The status of a key whose request was done and whose answer is not there (yet). */
export const UNANSWERED = 0;
