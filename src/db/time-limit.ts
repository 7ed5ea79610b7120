import { DriftplaneError } from '../core/errors.ts';
import { pgErrorCode, pgErrorCodes } from './pg-errors.ts';
import { limitStatements, type WorkspaceTransaction } from './workspace-transaction.ts';

/**
 * Runs statements of which none may take longer, and within whatever limit the transaction has, which holds again
 * afterwards. `requireTime` is for work of many statements: it throws where all of them together took longer.
 * Throws `query_too_broad`, after which the transaction is over.
 */
export async function withinTime<T>(
  tx: WorkspaceTransaction,
  maxSeconds: number,
  ask: (requireTime: () => void) => Promise<T>,
): Promise<T> {
  const seconds = Math.min(maxSeconds, tx.maxStatementSeconds ?? maxSeconds);
  const endsAt = performance.now() + seconds * 1000;
  const requireTime = (): void => {
    if (performance.now() > endsAt) throw tooBroad(seconds);
  };
  await tx.client.query(limitStatements(seconds));
  try {
    const answer = await ask(requireTime);
    await tx.client.query(limitStatements(tx.maxStatementSeconds));
    return answer;
  } catch (error) {
    if (pgErrorCode(error) !== pgErrorCodes.queryCanceled) throw error;
    throw tooBroad(seconds, error);
  }
}

function tooBroad(seconds: number, cause?: unknown): DriftplaneError {
  return new DriftplaneError(
    'query_too_broad',
    `what is asked for could not be gone through in ${seconds} seconds`,
    { cause },
  );
}
