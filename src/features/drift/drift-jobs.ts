import type { Database } from '../../db/database.ts';
import { systemActor, withWorkspace } from '../../db/workspace-transaction.ts';
import { failAttempt, releaseExecution } from '../executions/execution-service.ts';
import { describeFailure } from '../executions/job-failure.ts';
import { generateDrift } from './drift-service.ts';

/** One attempt of the job `drift.generate`. */
export interface DriftAttempt {
  readonly workspaceId: string;
  readonly executionId: string;
  readonly signal: AbortSignal;
  readonly isLastAttempt: boolean;
}

/**
 * Works off `drift.generate`. Whatever happens is written to the execution that it happened to: that of an earlier
 * pair, where this one had to wait for it. Throws what made it fail, so that the queue tries again.
 */
export async function runDriftJob(database: Database, attempt: DriftAttempt): Promise<void> {
  const { workspaceId, executionId, signal, isLastAttempt } = attempt;
  let workedOn = executionId;
  try {
    await generateDrift(database, {
      workspaceId,
      executionId,
      signal,
      onStart: (id) => {
        workedOn = id;
      },
    });
  } catch (error) {
    await withWorkspace(database.app, { workspaceId, actor: systemActor }, async (tx) => {
      if (signal.aborted) {
        await releaseExecution(tx, workedOn);
        return;
      }
      const failure = describeFailure(error);
      await failAttempt(tx, workedOn, { ...failure, isLast: isLastAttempt });
      if (workedOn === executionId) return;
      const { message } = failure;
      await failAttempt(tx, executionId, {
        code: failure.code,
        message: `an earlier pair of its scope comes first, and failed: ${message}`,
        isLast: isLastAttempt,
      });
    }).catch(() => {
      // The database is away: the next attempt, or the sweep of given-up jobs, puts it right.
    });
    throw error;
  }
}

/** The queue has given up on the job, as where a worker died in its last attempt. */
export async function giveUpDriftJob(
  database: Database,
  job: { readonly workspaceId: string; readonly executionId: string },
): Promise<void> {
  const { workspaceId, executionId } = job;
  await withWorkspace(database.app, { workspaceId, actor: systemActor }, (tx) =>
    failAttempt(tx, executionId, {
      code: 'internal_error',
      message: 'the worker was gone in its last attempt',
      isLast: true,
    }),
  );
}
