import { DriftplaneError, type ErrorCode } from '../../core/errors.ts';
import { nextRunState, type RunEvent, type RunState } from '../../core/run-state.ts';
import type { Selection } from '../../core/selection.ts';
import { SqlParams } from '../../db/sql-params.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { ApplyResult } from './ingest/apply-run.ts';
import type { ProblemTally } from './ingest/problem-tally.ts';
import type { RunTrigger, SyncCounts, SyncRun } from './sync-run.ts';

interface SyncRunRow {
  readonly run_id: string;
  readonly scope_id: string;
  readonly source_id: string;
  readonly status: RunState;
  readonly trigger: RunTrigger;
  readonly requested_by: string;
  readonly run_seq: number | null;
  readonly seq: number | null;
  readonly end_seq: number | null;
  readonly base_seq: number | null;
  readonly coverage: string;
  readonly counts: string;
  readonly problems: string;
  readonly ambiguous: string;
  readonly unproven_removals: string;
  readonly declared_types: string | null;
  readonly hold: string | null;
  readonly content_digest: string | null;
  readonly attempts: number;
  readonly holder_key: number | null;
  readonly part_count: number;
  readonly is_cancel_requested: boolean;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly requested_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly held_until: Date | null;
}

const RUN_COLUMNS = `run_id, scope_id, source_id, status, trigger, requested_by, run_seq, seq, end_seq, base_seq,
  coverage, counts, problems, ambiguous, unproven_removals, declared_types, hold, content_digest, attempts,
  holder_key, part_count, is_cancel_requested, error_code, error_message, requested_at, started_at, finished_at,
  held_until`;

function toSyncRun(row: SyncRunRow): SyncRun {
  const parse = <T>(text: string): T => JSON.parse(text) as T;
  return {
    runId: row.run_id,
    scopeId: row.scope_id,
    sourceId: row.source_id,
    status: row.status,
    trigger: row.trigger,
    requestedBy: row.requested_by,
    runSeq: row.run_seq,
    seq: row.seq,
    endSeq: row.end_seq,
    baseSeq: row.base_seq,
    coverage: parse(row.coverage),
    counts: parse<SyncCounts>(row.counts),
    problems: parse(row.problems),
    ambiguous: parse(row.ambiguous),
    unprovenRemovals: parse(row.unproven_removals),
    declaredTypes: row.declared_types === null ? null : parse(row.declared_types),
    hold: row.hold === null ? null : parse(row.hold),
    contentDigest: row.content_digest,
    attempts: row.attempts,
    holderKey: row.holder_key,
    partCount: row.part_count,
    isCancelRequested: row.is_cancel_requested,
    error:
      row.error_code === null
        ? null
        : { code: row.error_code as ErrorCode, message: row.error_message ?? '' },
    requestedAt: row.requested_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    heldUntil: row.held_until,
  };
}

export async function insertRun(
  tx: WorkspaceTransaction,
  run: { runId: string; scopeId: string; sourceId: string; trigger: RunTrigger; requestedBy: string },
): Promise<void> {
  await tx.client.query(
    `insert into driftplane.sync_runs
       (workspace_id, run_id, scope_id, source_id, status, trigger, requested_by, requested_at)
     values ($1, $2, $3, $4, 'queued', $5, $6, $7)`,
    [tx.workspaceId, run.runId, run.scopeId, run.sourceId, run.trigger, run.requestedBy, tx.now],
  );
}

export async function findRun(tx: WorkspaceTransaction, runId: string): Promise<SyncRun | undefined> {
  return one(tx, 'run_id = $2', [runId]);
}

/** The run, for the rest of the transaction nobody else's. Throws `run_not_found`. */
export async function lockRun(tx: WorkspaceTransaction, runId: string): Promise<SyncRun> {
  const run = await one(tx, 'run_id = $2 for no key update', [runId]);
  if (run === undefined) throw new DriftplaneError('run_not_found', `there is no run ${runId}`);
  return run;
}

/** The run that may write to the scope now, if there is one. */
export async function findActiveRun(tx: WorkspaceTransaction, scopeId: string): Promise<SyncRun | undefined> {
  return one(tx, `scope_id = $2 and status in ('queued', 'running')`, [scopeId]);
}

export async function findHeldRun(tx: WorkspaceTransaction, scopeId: string): Promise<SyncRun | undefined> {
  return one(tx, `scope_id = $2 and status = 'held' for no key update`, [scopeId]);
}

async function one(tx: WorkspaceTransaction, where: string, values: unknown[]): Promise<SyncRun | undefined> {
  const { rows } = await tx.client.query<SyncRunRow>(
    `select ${RUN_COLUMNS} from driftplane.sync_runs where workspace_id = $1 and ${where}`,
    [tx.workspaceId, ...values],
  );
  return rows[0] === undefined ? undefined : toSyncRun(rows[0]);
}

export async function listRunIds(
  tx: WorkspaceTransaction,
  which: 'running' | 'waiting' | 'held_too_long' | 'silent_push',
  options: { silentSeconds: number },
): Promise<{ runId: string; holderKey: number | null }[]> {
  const where = {
    running: `status = 'running' and holder_key is not null`,
    waiting: `status = 'queued'`,
    held_too_long: `status = 'held' and held_until <= $2`,
    silent_push: `status = 'running' and holder_key is null and active_at < $2::timestamptz - make_interval(secs => $3)`,
  }[which];
  const values = {
    running: [],
    waiting: [],
    held_too_long: [tx.now],
    silent_push: [tx.now, options.silentSeconds],
  }[which];
  const { rows } = await tx.client.query<{ run_id: string; holder_key: number | null }>(
    `select run_id, holder_key from driftplane.sync_runs where workspace_id = $1 and ${where} order by run_id`,
    [tx.workspaceId, ...values],
  );
  return rows.map((row) => ({ runId: row.run_id, holderKey: row.holder_key }));
}

/** A scope as a run sees it: where its head is, and how it was read last. */
export interface ScopeHead {
  readonly scopeId: string;
  readonly headSeq: number;
  readonly runCount: number;
  readonly headRunId: string | null;
  readonly registryDigest: string | null;
  readonly contentDigest: string;
  readonly selection: Selection;
}

/**
 * The head of a scope; `isLocked`: for the rest of the transaction nobody else's, to write to. Rows that refer to the
 * scope, such as the findings of a run before, don't stand in the way.
 */
export async function getScopeHead(
  tx: WorkspaceTransaction,
  scopeId: string,
  options: { isLocked: boolean },
): Promise<ScopeHead> {
  const { rows } = await tx.client.query<{
    head_seq: number;
    run_count: number;
    head_run_id: string | null;
    registry_digest: string | null;
    content_digest: string;
    selection: string;
  }>(
    `select head_seq, run_count, head_run_id, registry_digest, content_digest, selection
     from driftplane.scopes where workspace_id = $1 and scope_id = $2 ${options.isLocked ? 'for no key update' : ''}`,
    [tx.workspaceId, scopeId],
  );
  const [row] = rows;
  if (row === undefined) throw new DriftplaneError('scope_not_found', `there is no scope ${scopeId}`);
  return {
    scopeId,
    headSeq: row.head_seq,
    runCount: row.run_count,
    headRunId: row.head_run_id,
    registryDigest: row.registry_digest,
    contentDigest: row.content_digest,
    selection: JSON.parse(row.selection) as Selection,
  };
}

/** What a person may do with a run in this state. */
export function allowedDecisions(status: RunState): string[] {
  const decisions = ['cancel', 'confirm', 'reject'] as const;
  return decisions.filter((decision) => nextRunState(status, decision) !== null);
}

/** Moves a run on. Throws `invalid_transition` where its state does not allow the event. */
export async function advanceRun(tx: WorkspaceTransaction, run: SyncRun, event: RunEvent): Promise<RunState> {
  const status = nextRunState(run.status, event);
  if (status === null) {
    throw new DriftplaneError(
      'invalid_transition',
      `run ${run.runId} is ${run.status}: ${event} is not possible`,
      { extensions: { allowed: allowedDecisions(run.status) } },
    );
  }
  if (status !== 'succeeded' && status !== 'partial') {
    await tx.client.query(
      'update driftplane.sync_runs set status = $3 where workspace_id = $1 and run_id = $2',
      [tx.workspaceId, run.runId, status],
    );
  }
  tx.emit({
    kind: 'run.changed',
    payload: { runId: run.runId, scopeId: run.scopeId, sourceId: run.sourceId, status },
  });
  return status;
}

/** Notes who works on a run that has just started, and from which head. */
export async function recordStart(
  tx: WorkspaceTransaction,
  run: { runId: string; baseSeq: number; holderKey: number | null },
): Promise<void> {
  await tx.client.query(
    `update driftplane.sync_runs
     set base_seq = $3, holder_key = $4, started_at = $5, active_at = $5, attempts = attempts + 1
     where workspace_id = $1 and run_id = $2`,
    [tx.workspaceId, run.runId, run.baseSeq, run.holderKey, tx.now],
  );
}

export async function recordEnd(
  tx: WorkspaceTransaction,
  runId: string,
  error: { code: ErrorCode; message: string } | null,
): Promise<void> {
  await tx.client.query(
    `update driftplane.sync_runs set finished_at = $3, error_code = $4, error_message = $5, held_until = null
     where workspace_id = $1 and run_id = $2`,
    [tx.workspaceId, runId, tx.now, error?.code ?? null, error?.message ?? null],
  );
}

export async function recordOutcome(
  tx: WorkspaceTransaction,
  runId: string,
  outcome: {
    result: ApplyResult;
    counts: SyncCounts;
    problems: ProblemTally;
    registryDigest: string;
    declaredTypes: readonly string[] | null;
  },
): Promise<void> {
  const { result, counts, problems, declaredTypes } = outcome;
  await tx.client.query(
    `update driftplane.sync_runs set coverage = $3, counts = $4, problems = $5, ambiguous = $6,
       unproven_removals = $7, hold = $8, registry_digest = $9, declared_types = $10
     where workspace_id = $1 and run_id = $2`,
    [
      tx.workspaceId,
      runId,
      JSON.stringify(result.outcome.coverage),
      JSON.stringify({ ...counts, ...result.outcome.counts }),
      JSON.stringify(problems.listed),
      JSON.stringify(result.outcome.ambiguous),
      JSON.stringify(result.outcome.unprovenRemovals),
      result.kind === 'held' ? JSON.stringify({ types: result.types }) : null,
      outcome.registryDigest,
      declaredTypes === null ? null : JSON.stringify(declaredTypes),
    ],
  );
}

export async function recordHold(tx: WorkspaceTransaction, runId: string, days: number): Promise<void> {
  await tx.client.query(
    `update driftplane.sync_runs set held_until = $3::timestamptz + make_interval(days => $4), holder_key = null
     where workspace_id = $1 and run_id = $2`,
    [tx.workspaceId, runId, tx.now, days],
  );
}

/** Makes an applied run the head of its scope; its ordinal. */
export async function recordApplied(
  tx: WorkspaceTransaction,
  run: { runId: string; scopeId: string; status: RunState; runSeq: number; registryDigest: string },
  result: Extract<ApplyResult, { kind: 'applied' }>,
): Promise<void> {
  await tx.client.query(
    `update driftplane.sync_runs set status = $3, run_seq = $4, seq = $5, end_seq = $6, content_digest = $7
     where workspace_id = $1 and run_id = $2`,
    [tx.workspaceId, run.runId, run.status, run.runSeq, result.seq, result.endSeq, result.contentDigest],
  );
  await tx.client.query(
    `update driftplane.scopes set head_seq = $3, run_count = $4, head_run_id = $5, item_count = $6,
       content_digest = $7, registry_digest = $8
     where workspace_id = $1 and scope_id = $2`,
    [
      tx.workspaceId,
      run.scopeId,
      result.endSeq,
      run.runSeq,
      run.runId,
      result.itemCount,
      result.contentDigest,
      run.registryDigest,
    ],
  );
}

export async function requestCancel(tx: WorkspaceTransaction, runId: string): Promise<void> {
  await tx.client.query(
    'update driftplane.sync_runs set is_cancel_requested = true where workspace_id = $1 and run_id = $2',
    [tx.workspaceId, runId],
  );
}

/** Notes that a part begins to come, and under which registry the first one is read. */
export async function recordReading(
  tx: WorkspaceTransaction,
  run: { runId: string; registryDigest: string },
): Promise<void> {
  await tx.client.query(
    `update driftplane.sync_runs set active_at = $3, registry_digest = coalesce(registry_digest, $4)
     where workspace_id = $1 and run_id = $2`,
    [tx.workspaceId, run.runId, tx.now, run.registryDigest],
  );
}

/** Notes that a run that is pushed is not abandoned; false where it is over. */
export async function recordActivity(tx: WorkspaceTransaction, runId: string): Promise<boolean> {
  const { rowCount } = await tx.client.query(
    `update driftplane.sync_runs set active_at = $3 where workspace_id = $1 and run_id = $2 and status = 'running'`,
    [tx.workspaceId, runId, tx.now],
  );
  return rowCount === 1;
}

/** Notes that a part came, so that the run is not taken for abandoned. */
export async function recordPart(tx: WorkspaceTransaction, runId: string): Promise<void> {
  await tx.client.query(
    `update driftplane.sync_runs set part_count = part_count + 1, active_at = $3
     where workspace_id = $1 and run_id = $2`,
    [tx.workspaceId, runId, tx.now],
  );
}

/** The key of the digests that take the place of secrets and of raw bytes in this workspace. */
export async function getDigestKey(tx: WorkspaceTransaction): Promise<string> {
  const { rows } = await tx.client.query<{ digest_key: string }>(
    'select digest_key from driftplane.workspaces where workspace_id = $1',
    [tx.workspaceId],
  );
  if (rows[0] === undefined) throw new DriftplaneError('workspace_not_found', 'there is no such workspace');
  return rows[0].digest_key;
}

/** Runs, newest first, behind `after`. */
export async function listRuns(
  tx: WorkspaceTransaction,
  query: {
    scopeId: string | undefined;
    sourceId: string | undefined;
    status: RunState | undefined;
    after: { requestedAt: Date; runId: string } | null;
    limit: number;
  },
): Promise<SyncRun[]> {
  const conditions = ['workspace_id = $1'];
  const params = new SqlParams([tx.workspaceId]);
  const { scopeId, sourceId, status, after } = query;
  if (scopeId !== undefined) conditions.push(`scope_id = ${params.add(scopeId)}`);
  if (sourceId !== undefined) conditions.push(`source_id = ${params.add(sourceId)}`);
  if (status !== undefined) conditions.push(`status = ${params.add(status)}`);
  if (after !== null) {
    conditions.push(
      `(requested_at, run_id) < (${params.add(after.requestedAt)}, ${params.add(after.runId)})`,
    );
  }
  const { rows } = await tx.client.query<SyncRunRow>(
    `select ${RUN_COLUMNS} from driftplane.sync_runs where ${conditions.join(' and ')}
     order by requested_at desc, run_id desc limit ${params.add(query.limit)}`,
    params.values,
  );
  return rows.map(toSyncRun);
}
