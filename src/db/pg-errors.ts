/** PostgreSQL's error codes that mean something to us (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
export const pgErrorCodes = {
  uniqueViolation: '23505',
  invalidDatetime: '22007',
  datetimeOverflow: '22008',
  foreignKeyViolation: '23503',
  checkViolation: '23514',
  serializationFailure: '40001',
  deadlockDetected: '40P01',
  lockNotAvailable: '55P03',
  undefinedTable: '42P01',
  diskFull: '53100',
  tooManyConnections: '53300',
  queryCanceled: '57014',
  adminShutdown: '57P01',
  crashShutdown: '57P02',
  cannotConnectNow: '57P03',
} as const;

/** The code of a PostgreSQL error, or of the system error of a broken connection; null for any other. */
export function pgErrorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** Whether `error` is a violation of the named constraint or unique index. */
export function violates(error: unknown, constraint: string): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === constraint;
}

/** Whether the connection or the server went away, so that the same may work again soon. */
export function isConnectionLost(error: unknown): boolean {
  const code = pgErrorCode(error);
  if (code === null)
    return (
      error instanceof Error &&
      /^Connection terminated|timeout exceeded when trying|is not queryable$/.test(error.message)
    );
  return /^(?:08|57P0)/.test(code) || ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(code);
}
