import type { ExecutionState } from '../../core/execution-state.ts';
import { SqlParams } from '../../db/sql-params.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { type BaselineMode, type Execution, noExecutionHolds, noUnprovenChanges } from './execution.ts';

interface ExecutionRow {
  execution_id: string;
  scope_id: string;
  source_id: string;
  baseline_mode: BaselineMode;
  baseline_run_id: string;
  current_run_id: string;
  status: ExecutionState;
  plan_id: string | null;
  plan_version: number | null;
  plan_version_hash: string | null;
  observation: string | null;
  held_back: string;
  routing: string | null;
  has_plan: boolean | null;
  resolution: string | null;
  engine_version: string | null;
  inputs_digest: string | null;
  findings_digest: string | null;
  coverage: string;
  counts: string;
  unproven: string;
  not_replayable_because: string | null;
  progress: string | null;
  attempts: number;
  max_attempts: number;
  error_code: string | null;
  error_message: string | null;
  queued_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
}

const COLUMNS = `execution_id, scope_id, source_id, baseline_mode, baseline_run_id, current_run_id, status,
  plan_id, plan_version, plan_version_hash, observation, held_back, routing, has_plan, resolution, engine_version, inputs_digest, findings_digest, coverage, counts,
  unproven, not_replayable_because, progress, attempts, max_attempts, error_code, error_message, queued_at,
  started_at, finished_at`;

function fromRow(row: ExecutionRow): Execution {
  const parse = (text: string | null) => (text === null ? null : JSON.parse(text));
  return {
    executionId: row.execution_id,
    scopeId: row.scope_id,
    sourceId: row.source_id,
    baselineMode: row.baseline_mode,
    baselineRunId: row.baseline_run_id,
    currentRunId: row.current_run_id,
    status: row.status,
    planId: row.plan_id,
    planVersion: row.plan_version,
    planVersionHash: row.plan_version_hash,
    observation: parse(row.observation),
    hasPlan: row.has_plan,
    resolution: parse(row.resolution),
    engineVersion: row.engine_version,
    inputsDigest: row.inputs_digest,
    findingsDigest: row.findings_digest,
    coverage: parse(row.coverage),
    counts: parse(row.counts),
    unproven: { ...noUnprovenChanges, ...parse(row.unproven) },
    heldBack: { ...noExecutionHolds, ...parse(row.held_back) },
    routing: parse(row.routing),
    notReplayableBecause: row.not_replayable_because,
    progress: parse(row.progress),
    attempts: row.attempts,
    maxAttempts: row.max_attempts,
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
    queuedAt: row.queued_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

/** Of the generator `drift`; undefined where there is none with this id. */
export async function findExecution(
  tx: WorkspaceTransaction,
  executionId: string,
  lock: 'no lock' | 'for update' = 'no lock',
): Promise<Execution | undefined> {
  const { rows } = await tx.client.query<ExecutionRow>(
    `select ${COLUMNS} from driftplane.executions where workspace_id = $1 and execution_id = $2
     ${lock === 'for update' ? 'for update' : ''}`,
    [tx.workspaceId, executionId],
  );
  return rows[0] === undefined ? undefined : fromRow(rows[0]);
}

/** Returns false, and changes nothing, where the same pair is waiting already. */
export async function insertExecution(
  tx: WorkspaceTransaction,
  execution: Pick<
    Execution,
    'executionId' | 'scopeId' | 'sourceId' | 'baselineMode' | 'baselineRunId' | 'currentRunId' | 'maxAttempts'
  >,
): Promise<boolean> {
  const { rowCount } = await tx.client.query(
    `insert into driftplane.executions (workspace_id, execution_id, generator, scope_id, source_id,
       baseline_mode, baseline_run_id, current_run_id, status, max_attempts, queued_at)
     values ($1, $2, 'drift', $3, $4, $5, $6, $7, 'queued', $8, $9)
     on conflict on constraint executions_result_key do nothing`,
    [
      tx.workspaceId,
      execution.executionId,
      execution.scopeId,
      execution.sourceId,
      execution.baselineMode,
      execution.baselineRunId,
      execution.currentRunId,
      execution.maxAttempts,
      tx.now,
    ],
  );
  return rowCount === 1;
}

export async function deleteExecution(tx: WorkspaceTransaction, executionId: string): Promise<void> {
  await tx.client.query('delete from driftplane.executions where workspace_id = $1 and execution_id = $2', [
    tx.workspaceId,
    executionId,
  ]);
}

/** The unfinished execution of this pair, if there is one. */
export async function findWaitingExecution(
  tx: WorkspaceTransaction,
  pair: { readonly scopeId: string; readonly baselineRunId: string; readonly currentRunId: string },
): Promise<Execution | undefined> {
  const { rows } = await tx.client.query<ExecutionRow>(
    `select ${COLUMNS} from driftplane.executions
     where workspace_id = $1 and scope_id = $2 and baseline_run_id = $3 and current_run_id = $4
       and plan_version_hash is null and engine_version is null`,
    [tx.workspaceId, pair.scopeId, pair.baselineRunId, pair.currentRunId],
  );
  return rows[0] === undefined ? undefined : fromRow(rows[0]);
}

/** The id of the finished execution of the same pair, plan and engine, if there is one. */
export async function findTwin(
  tx: WorkspaceTransaction,
  execution: Execution,
  made: { readonly planVersionHash: string; readonly engineVersion: string },
): Promise<string | undefined> {
  const { rows } = await tx.client.query<{ execution_id: string }>(
    `select execution_id from driftplane.executions
     where workspace_id = $1 and scope_id = $2 and baseline_run_id = $3 and current_run_id = $4
       and plan_version_hash = $5 and engine_version = $6 and execution_id <> $7`,
    [
      tx.workspaceId,
      execution.scopeId,
      execution.baselineRunId,
      execution.currentRunId,
      made.planVersionHash,
      made.engineVersion,
      execution.executionId,
    ],
  );
  return rows[0]?.execution_id;
}

/** The executions of a scope that are not finished well and whose current run came before this ordinal, in order. */
export async function listUnfinishedBefore(
  tx: WorkspaceTransaction,
  pair: { readonly scopeId: string; readonly runSeq: number },
): Promise<string[]> {
  const { rows } = await tx.client.query<{ execution_id: string }>(
    `select e.execution_id
     from driftplane.executions e
     join driftplane.sync_runs r on r.workspace_id = e.workspace_id and r.run_id = e.current_run_id
     where e.workspace_id = $1 and e.scope_id = $2 and e.status <> 'succeeded' and r.run_seq < $3
       and r.run_seq > (select s.reconciled_run_seq from driftplane.scopes s
                        where s.workspace_id = $1 and s.scope_id = $2)
     order by r.run_seq, e.queued_at, e.execution_id`,
    [tx.workspaceId, pair.scopeId, pair.runSeq],
  );
  return rows.map((row) => row.execution_id);
}

/** Deletes the executions of a scope that are not finished well and whose current run came before this ordinal. */
export async function deleteUnfinishedBefore(
  tx: WorkspaceTransaction,
  pair: { readonly scopeId: string; readonly runSeq: number },
): Promise<void> {
  await tx.client.query(
    `delete from driftplane.executions e using driftplane.sync_runs r
     where e.workspace_id = $1 and e.scope_id = $2 and e.status <> 'succeeded'
       and r.workspace_id = $1 and r.run_id = e.current_run_id and r.run_seq < $3`,
    [tx.workspaceId, pair.scopeId, pair.runSeq],
  );
}

/** Moves it to another state; what is not named stays. */
export async function updateExecution(
  tx: WorkspaceTransaction,
  executionId: string,
  change: {
    readonly status: ExecutionState;
    readonly attempts?: number;
    readonly startedAt?: Date;
    readonly finishedAt?: Date | null;
    readonly error?: { readonly code: string; readonly message: string } | null;
  },
): Promise<void> {
  const { status, attempts, startedAt, finishedAt, error } = change;
  await tx.client.query(
    `update driftplane.executions set status = $3, progress = null,
       attempts = coalesce($4, attempts),
       started_at = coalesce($5, started_at),
       finished_at = case when $6 then $7 else finished_at end,
       error_code = case when $8 then $9 else error_code end,
       error_message = case when $8 then $10 else error_message end
     where workspace_id = $1 and execution_id = $2`,
    [
      tx.workspaceId,
      executionId,
      status,
      attempts ?? null,
      startedAt ?? null,
      finishedAt !== undefined,
      finishedAt ?? null,
      error !== undefined,
      error?.code ?? null,
      error?.message ?? null,
    ],
  );
}

/** What a finished execution came to. */
export interface ExecutionResult
  extends Pick<
    Execution,
    | 'planId'
    | 'planVersion'
    | 'planVersionHash'
    | 'hasPlan'
    | 'resolution'
    | 'observation'
    | 'engineVersion'
    | 'inputsDigest'
    | 'findingsDigest'
    | 'heldBack'
    | 'routing'
  > {
  readonly coverage: Execution['coverage'];
  readonly counts: Execution['counts'];
  readonly unproven: Execution['unproven'];
}

/** It ends now, and not when its transaction began: all of its work lies in between. */
export async function saveResult(
  tx: WorkspaceTransaction,
  executionId: string,
  result: ExecutionResult,
): Promise<void> {
  await tx.client.query(
    `update driftplane.executions set status = 'succeeded', progress = null,
       finished_at = greatest($3, date_trunc('milliseconds', clock_timestamp())),
       plan_version_hash = $4, has_plan = $5, resolution = $6, engine_version = $7, inputs_digest = $8,
       findings_digest = $9, coverage = $10, counts = $11, unproven = $12, plan_id = $13, plan_version = $14,
       observation = $15, held_back = $16, routing = $17, error_code = null, error_message = null
     where workspace_id = $1 and execution_id = $2`,
    [
      tx.workspaceId,
      executionId,
      tx.now,
      result.planVersionHash,
      result.hasPlan,
      JSON.stringify(result.resolution),
      result.engineVersion,
      result.inputsDigest,
      result.findingsDigest,
      JSON.stringify(result.coverage),
      JSON.stringify(result.counts),
      JSON.stringify(result.unproven),
      result.planId,
      result.planVersion,
      JSON.stringify(result.observation),
      JSON.stringify(result.heldBack),
      JSON.stringify(result.routing),
    ],
  );
}

export async function saveProgress(
  tx: WorkspaceTransaction,
  executionId: string,
  progress: { readonly done: number; readonly total: number },
): Promise<void> {
  await tx.client.query(
    `update driftplane.executions set progress = $3
     where workspace_id = $1 and execution_id = $2 and status = 'running'`,
    [tx.workspaceId, executionId, JSON.stringify(progress)],
  );
}

export interface ExecutionFilter {
  readonly status?: ExecutionState | undefined;
  readonly scopeId?: string | undefined;
  readonly sourceId?: string | undefined;
  readonly currentRunId?: string | undefined;
  readonly planId?: string | undefined;
}

/** Newest first, behind the one named. */
export async function listExecutions(
  tx: WorkspaceTransaction,
  filter: ExecutionFilter,
  page: { readonly after: { queuedAt: Date; executionId: string } | null; readonly limit: number },
): Promise<Execution[]> {
  const params = new SqlParams([tx.workspaceId]);
  const conditions = ['workspace_id = $1'];
  const { status, scopeId, sourceId, currentRunId, planId } = filter;
  const { after } = page;
  if (status !== undefined) conditions.push(`status = ${params.add(status)}`);
  if (scopeId !== undefined) conditions.push(`scope_id = ${params.add(scopeId)}`);
  if (sourceId !== undefined) conditions.push(`source_id = ${params.add(sourceId)}`);
  if (currentRunId !== undefined) conditions.push(`current_run_id = ${params.add(currentRunId)}`);
  if (planId !== undefined) conditions.push(`plan_id = ${params.add(planId)}`);
  if (after !== null) {
    conditions.push(
      `(queued_at, execution_id) < (${params.add(after.queuedAt)}, ${params.add(after.executionId)})`,
    );
  }
  const { rows } = await tx.client.query<ExecutionRow>(
    `select ${COLUMNS} from driftplane.executions where ${conditions.join(' and ')}
     order by queued_at desc, execution_id desc limit ${params.add(page.limit)}`,
    params.values,
  );
  return rows.map(fromRow);
}
