// Idempotency-Key: a creating request that is repeated with the same key is answered as it was the first time. The key is
// stored in the transaction that does the work, the answer right after it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { canonicalJson } from '../core/canonical-json.ts';
import { DriftplaneError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-value.ts';
import { sha256Hex } from '../core/sha256.ts';
import type { Database } from '../db/database.ts';
import { withWorkspace } from '../db/workspace-transaction.ts';
import { type Api, readInWorkspace } from '../http/api.ts';
import { claimIdempotencyKey, RepeatedRequest, UNANSWERED } from '../http/idempotency.ts';
import { findIdempotencyKey, type IdempotencyRow, updateIdempotencyAnswer } from './idempotency-store.ts';

const KEY = /^[\x21-\x7e]{1,200}$/;
/** How long a repetition waits for the first one's answer to be stored. */
const ANSWER_ATTEMPTS = 40;
const ANSWER_PAUSE_MS = 50;

/** Adds the hooks that recognise a repetition and keep the answers. */
export function handleIdempotencyKeys(api: Api, database: Database): void {
  api.decorateRequest('idempotency', null);

  api.addHook('preHandler', async (request, reply) => {
    const { isIdempotent } = request.routeOptions.config;
    const key = request.headers['idempotency-key'];
    if (isIdempotent !== true || key === undefined) return;
    if (typeof key !== 'string' || !KEY.test(key)) {
      throw new DriftplaneError('invalid_request', 'Idempotency-Key is 1 to 200 printable ASCII characters');
    }
    request.idempotency = { key, requestHash: hashRequest(request), isClaimed: false };
    const row = await findRow(database, request);
    if (row === undefined) return;
    await answerAgain(database, request, reply, row);
    return reply;
  });

  api.addHook('onSend', async (request, reply, payload) => {
    const claim = request.idempotency;
    if (claim === null || claim === undefined || reply.hasHeader('Idempotent-Replayed')) return payload;
    if (reply.statusCode >= 400 || typeof payload !== 'string') return payload;
    const { workspaceId, tokenId, actor } = request.access;
    await withWorkspace(database.app, { workspaceId, actor }, async (transaction) => {
      await claimIdempotencyKey(transaction, request);
      const body = withoutSecrets(payload, request.routeOptions.config.secretMembers ?? []);
      await updateIdempotencyAnswer(transaction, { tokenId, key: claim.key, status: reply.statusCode, body });
    }).catch((error: unknown) => {
      // It has been done; only a repetition will not be told what came of it.
      request.log.error({ err: error }, 'the answer could not be kept for a repetition');
    });
    return payload;
  });
}

/**
 * Whether `error` says that the request was done before; then it has been answered as it was then. The reply itself is
 * never what a promise resolves to: it is a thenable, and what awaits it gets nothing.
 */
export async function answerRepetition(
  error: unknown,
  { database, request, reply }: { database: Database; request: FastifyRequest; reply: FastifyReply },
): Promise<boolean> {
  if (!(error instanceof RepeatedRequest)) return false;
  const row = await findRow(database, request);
  // The first one was rolled back after all, which is rare: to try again is right.
  if (row === undefined) throw new DriftplaneError('answer_pending', 'the first request was not done');
  await answerAgain(database, request, reply, row);
  return true;
}

async function answerAgain(
  database: Database,
  request: FastifyRequest,
  reply: FastifyReply,
  found: IdempotencyRow,
): Promise<void> {
  if (found.request_hash !== request.idempotency?.requestHash) {
    throw new DriftplaneError(
      'idempotency_conflict',
      'the Idempotency-Key was used with another address or body',
    );
  }
  let row: IdempotencyRow | undefined = found;
  for (let attempt = 1; row?.response_status === UNANSWERED && attempt < ANSWER_ATTEMPTS; attempt++) {
    await sleep(ANSWER_PAUSE_MS);
    row = await findRow(database, request);
  }
  if (row === undefined || row.response_status === UNANSWERED) {
    throw new DriftplaneError('answer_pending', 'the request was done, and its answer was not kept');
  }
  reply
    .code(row.response_status)
    .header('Idempotent-Replayed', 'true')
    .type('application/json; charset=utf-8')
    .serializer((text: unknown) => text as string)
    .send(row.response_body);
}

function findRow(database: Database, request: FastifyRequest): Promise<IdempotencyRow | undefined> {
  const key = request.idempotency?.key ?? '';
  return readInWorkspace(database, request, (transaction) =>
    findIdempotencyKey(transaction, { tokenId: request.access.tokenId, key }),
  );
}

function hashRequest(request: FastifyRequest): string {
  const body = (request.body ?? null) as JsonValue;
  return sha256Hex(canonicalJson([request.method, request.url, body]));
}

function withoutSecrets(payload: string, members: readonly string[]): string {
  if (members.length === 0) return payload;
  return JSON.stringify({
    ...JSON.parse(payload),
    ...Object.fromEntries(members.map((name) => [name, null])),
  });
}
