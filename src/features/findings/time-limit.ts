import { DriftplaneError } from '../../core/errors.ts';
import { pgErrorCode, pgErrorCodes } from '../../db/pg-errors.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';

/**
 * Runs statements of which none may take longer; afterwards the transaction has no such limit again. Throws
 * `query_too_broad` when one does, after which the transaction is over.
 */
export async function withinTime<T>(
  tx: WorkspaceTransaction,
  maxSeconds: number,
  ask: () => Promise<T>,
): Promise<T> {
  await tx.client.query(`set local statement_timeout = '${maxSeconds}s'`);
  try {
    const answer = await ask();
    await tx.client.query('set local statement_timeout = default');
    return answer;
  } catch (error) {
    if (pgErrorCode(error) !== pgErrorCodes.queryCanceled) throw error;
    throw new DriftplaneError(
      'query_too_broad',
      `the findings of this filter could not be gone through in ${maxSeconds} seconds`,
      { cause: error },
    );
  }
}
