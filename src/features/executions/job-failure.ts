import { DriftplaneError, type ErrorCode } from '../../core/errors.ts';
import { isConnectionLost, pgErrorCode, pgErrorCodes } from '../../db/pg-errors.ts';

/** Why a job failed, in words that hold no value of an inventory. */
export interface JobFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What may be kept and logged of an error that ended a job: the database quotes values in its messages. */
export function describeFailure(error: unknown): JobFailure {
  if (error instanceof DriftplaneError) return { code: error.code, message: error.message };
  if (isConnectionLost(error)) {
    return { code: 'database_unreachable', message: 'the connection to the database was lost' };
  }
  const code = pgErrorCode(error);
  if (code === pgErrorCodes.diskFull) {
    return { code: 'database_full', message: 'the disk of the database is full' };
  }
  if (code !== null)
    return { code: 'internal_error', message: `a statement or system call failed (${code})` };
  return { code: 'internal_error', message: error instanceof Error ? error.name : 'unknown error' };
}

/** Where an error came from, without its message. */
export function stackOf(error: unknown): string | null {
  if (!(error instanceof Error) || error.stack === undefined) return null;
  const frames = error.stack.split('\n').filter((line) => /^\s+at /.test(line));
  return frames.length === 0 ? null : frames.map((line) => line.trim()).join('\n');
}
