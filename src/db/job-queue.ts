import type { JsonObject } from '../core/json-value.ts';
import type { WorkspaceTransaction } from './workspace-transaction.ts';

/** What each kind of job is told: ids only, so that a job sees the state of when it runs. */
export interface JobPayloads {
  'inventory.sync': { readonly runId: string };
  'inventory.redact_history': { readonly scopeId: string; readonly itemType: string };
  'drift.generate': { readonly executionId: string };
  'retention.sweep': Record<never, never>;
  'plans.backtest': { readonly backtestId: string };
}

export type JobKind = keyof JobPayloads;

/** How often a job is tried, with a growing pause in between, before it counts as failed. */
export const MAX_JOB_ATTEMPTS = 8;

/**
 * Puts a job into the queue when the transaction commits. A waiting job of the same key is replaced; jobs of
 * one queue run one after the other.
 */
export async function enqueueJob<Kind extends JobKind>(
  transaction: WorkspaceTransaction,
  job: {
    readonly kind: Kind;
    readonly payload: JobPayloads[Kind];
    readonly jobKey: string;
    readonly queueName: string;
    readonly runAt?: Date;
    readonly maxAttempts?: number;
  },
): Promise<void> {
  const { workspaceId, client } = transaction;
  const payload: JsonObject = { ...(job.payload as JsonObject), workspaceId };
  await client.query('select driftplane.enqueue_job($1, $2::json, $3, $4, $5, $6)', [
    job.kind,
    JSON.stringify(payload),
    job.jobKey,
    job.queueName,
    job.runAt ?? null,
    job.maxAttempts ?? MAX_JOB_ATTEMPTS,
  ]);
}
