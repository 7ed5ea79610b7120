import type pg from 'pg';
import type { AuditActor } from '../core/audit-chain.ts';
import { DriftplaneError } from '../core/errors.ts';
import { type AuditEntry, appendPending, type StreamEvent } from './workspace-heads.ts';

/** One transaction that sees the rows of one workspace only. */
export interface WorkspaceTransaction {
  /** Its connection: statements, COPY, cursors. */
  readonly client: pg.PoolClient;
  readonly workspaceId: string;
  readonly actor: AuditActor;
  /** The database's time at the beginning of the transaction, in milliseconds. */
  readonly now: Date;
  /** Null: a statement takes as long as it takes. */
  readonly maxStatementSeconds: number | null;
  /** Adds to the audit trail when the transaction commits. */
  audit(entry: AuditEntry): void;
  /** Tells the readers of the event stream when the transaction has committed. */
  emit(event: StreamEvent): void;
}

export interface TransactionOptions {
  readonly workspaceId: string;
  readonly actor: AuditActor;
  /** A snapshot of one moment, in which nothing can be written. */
  readonly isReadOnly?: boolean;
  /** A statement that takes longer is ended by the database; null (without it): none is. */
  readonly maxStatementSeconds?: number | null;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text is a UUID in the form that we write it. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/**
 * Runs `work` in a transaction under the row-level security of one workspace: it commits when `work` resolves
 * and is rolled back when it throws. Throws `workspace_not_found` for a text that is no workspace id.
 */
export async function withWorkspace<T>(
  pool: pg.Pool,
  options: TransactionOptions,
  work: (transaction: WorkspaceTransaction) => Promise<T>,
): Promise<T> {
  const { workspaceId, actor, isReadOnly = false, maxStatementSeconds = null } = options;
  if (!isUuid(workspaceId)) throw new DriftplaneError('workspace_not_found', 'there is no such workspace');
  const client = await pool.connect();
  let isBroken = false;
  try {
    // The id is a validated UUID; SET LOCAL takes no parameters, and set_config() does not reach the workers of Citus.
    const begin = isReadOnly ? 'begin isolation level repeatable read read only' : 'begin';
    const limit = maxStatementSeconds === null ? '' : `${limitStatements(maxStatementSeconds)};`;
    const results = (await client.query(
      `${begin}; set local app.workspace_id = '${workspaceId}'; ${limit} select date_trunc('milliseconds', now()) as now`,
    )) as unknown as pg.QueryResult<{ now: Date }>[];
    const now = results.at(-1)?.rows[0]?.now as Date;
    const pending: { audit: AuditEntry[]; events: StreamEvent[] } = { audit: [], events: [] };
    const transaction: WorkspaceTransaction = {
      client,
      workspaceId,
      actor,
      now,
      maxStatementSeconds,
      audit: (entry) => void pending.audit.push(entry),
      emit: (event) => void pending.events.push(event),
    };
    const result = await work(transaction);
    await appendPending(transaction, pending);
    await client.query('commit');
    return result;
  } catch (error) {
    isBroken = await client.query('rollback').then(
      () => false,
      () => true,
    );
    throw error;
  } finally {
    client.release(isBroken);
  }
}

/** The statement after which none of a transaction may take longer; null: they may. */
export function limitStatements(seconds: number | null): string {
  return seconds === null
    ? 'set local statement_timeout = default'
    : `set local statement_timeout = ${Math.ceil(seconds * 1000)}`;
}

/** The actor of what nobody asked for: jobs, sweeps, schedules. */
export const systemActor: AuditActor = { kind: 'system', id: null, label: 'driftplane' };
