import type { FastifyReply, FastifyRequest } from 'fastify';
import { DriftplaneError } from '../core/errors.ts';

/**
 * The revision that the client has read, from `If-Match: "3"`. Throws `precondition_required` without the header
 * and `invalid_request` for one that is no revision of ours.
 */
export function readIfMatch(request: FastifyRequest): number {
  const header = request.headers['if-match'];
  if (header === undefined) {
    throw new DriftplaneError(
      'precondition_required',
      'this change needs If-Match with the ETag that you read',
    );
  }
  // A proxy that compresses answers makes their ETags weak; a revision is the same all the same.
  const revision = /^(?:W\/)?"([1-9]\d{0,8})"$/.exec(header.trim())?.[1];
  if (revision === undefined) {
    throw new DriftplaneError('invalid_request', 'If-Match is not an ETag of ours, such as "3"');
  }
  return Number(revision);
}

/** Names the revision that is answered, for a later `If-Match`. */
export function setRevision(reply: FastifyReply, revision: number): void {
  reply.header('ETag', `"${revision}"`);
}

/** Throws `revision_mismatch` unless the client has read the revision that is in force. */
export function requireRevision(wanted: number, found: number): void {
  if (wanted === found) return;
  throw new DriftplaneError('revision_mismatch', `it is at revision ${found}, not ${wanted}`);
}
