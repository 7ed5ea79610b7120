import type { FastifyReply, FastifyRequest } from 'fastify';
import { DriftplaneError, type ErrorCode, errorCatalogue } from '../core/errors.ts';
import { isConnectionLost, pgErrorCode, pgErrorCodes } from '../db/pg-errors.ts';
import { PROBLEM_MEDIA_TYPE, problemOf } from '../http/problem-contract.ts';

/** Seconds after which a client may try again what the server could not do now. */
const RETRY_AFTER_SECONDS = 2;

/** Errors of Fastify by its code. Others with a status below 500 are `invalid_request`. */
const fastifyErrors: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'this route does not take this Content-Type'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_request', 'the body is not as long as Content-Length says'],
  FST_ERR_HANDLER_TIMEOUT: ['request_timeout', 'the request was not answered in time'],
  FST_ERR_BAD_URL: ['invalid_request', 'the address is not valid'],
  FST_ERR_ASYNC_CONSTRAINT: ['invalid_request', 'the address is not valid'],
};

/** A text that PostgreSQL can not hold, such as one with U+0000. */
const UNSTORABLE_TEXT = ['22021', '22P05'];
/** An instant that it can not hold, such as one of the year 0. */
const UNSTORABLE_INSTANT: readonly string[] = [pgErrorCodes.invalidDatetime, pgErrorCodes.datetimeOverflow];

/**
 * The one place where what was thrown becomes what is answered. The inner text of what is not ours never leaves
 * the server.
 */
function errorToAnswer(error: unknown, bodyLimit: number): DriftplaneError {
  if (error instanceof DriftplaneError) return error;
  const code = pgErrorCode(error) ?? '';
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const detail = `the body is larger than the ${bodyLimit / 1024} KiB that this route takes`;
    return new DriftplaneError('body_too_large', detail, { cause: error });
  }
  const known = fastifyErrors[code];
  if (known !== undefined) return new DriftplaneError(known[0], known[1], { cause: error });
  const busy: readonly string[] = [
    pgErrorCodes.tooManyConnections,
    pgErrorCodes.serializationFailure,
    pgErrorCodes.deadlockDetected,
    pgErrorCodes.lockNotAvailable,
  ];
  if (isConnectionLost(error) || busy.includes(code)) {
    return new DriftplaneError('overloaded', 'the database does not answer now', { cause: error });
  }
  if (code === pgErrorCodes.diskFull) {
    return new DriftplaneError('database_full', 'the disk of the database is full', { cause: error });
  }
  if (UNSTORABLE_TEXT.includes(code)) {
    return new DriftplaneError(
      'invalid_request',
      'a text holds a character that can not be stored (U+0000)',
      {
        cause: error,
      },
    );
  }
  if (UNSTORABLE_INSTANT.includes(code)) {
    return new DriftplaneError('invalid_request', 'an instant is not one that can be stored', {
      cause: error,
    });
  }
  if (code === pgErrorCodes.queryCanceled) {
    return new DriftplaneError('request_timeout', 'a query took too long and was ended', { cause: error });
  }
  if (error instanceof Error && 'statusCode' in error) {
    const status = Number(error.statusCode);
    if (status >= 400 && status < 500) {
      return new DriftplaneError('invalid_request', 'the request is not valid', { cause: error });
    }
  }
  return new DriftplaneError('internal_error', 'the server failed; its log has the reason', { cause: error });
}

/** Answers with the problem document of an error, and logs what is our fault. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const answer = errorToAnswer(error, request.routeOptions.bodyLimit);
  const { status } = errorCatalogue[answer.code];
  if (status >= 500) request.log.error({ err: error, code: answer.code }, 'request failed');
  if (answer.code === 'unauthenticated') reply.header('WWW-Authenticate', 'Bearer realm="driftplane"');
  const isLater = status === 503 || status === 429;
  if (isLater && !reply.hasHeader('Retry-After')) reply.header('Retry-After', RETRY_AFTER_SECONDS);
  // A body that was not read to its end would be taken for the next request.
  if (['body_too_large', 'request_timeout'].includes(answer.code)) reply.header('Connection', 'close');
  // The schemas of a route's answers may not know this one; it goes out as it is.
  return reply
    .code(status)
    .type(PROBLEM_MEDIA_TYPE)
    .serializer((problem: unknown) => JSON.stringify(problem))
    .send(problemOf(answer, request.id));
}
