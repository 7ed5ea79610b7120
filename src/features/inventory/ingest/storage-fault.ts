import { DriftplaneError } from '../../../core/errors.ts';
import { isConnectionLost, pgErrorCode, pgErrorCodes } from '../../../db/pg-errors.ts';

/** That the database has no room left, as an error of ours; null for any other error. */
export function fullDisk(error: unknown): DriftplaneError | null {
  if (pgErrorCode(error) !== pgErrorCodes.diskFull) return null;
  return new DriftplaneError('database_full', 'the disk of the database is full', { cause: error });
}

/**
 * What the database itself could not do, as an error of ours that quotes no value; null for any other error. Not for
 * what a client's connection may have thrown: it breaks with the same codes.
 */
export function storageFault(error: unknown): DriftplaneError | null {
  const full = fullDisk(error);
  if (full !== null) return full;
  if (isConnectionLost(error)) {
    return new DriftplaneError('database_unreachable', 'the connection to the database was lost', {
      cause: error,
    });
  }
  return null;
}
