import type { BacktestState } from '../../core/backtest-state.ts';
import type { PlanSubject } from '../../core/plan-resolution.ts';
import type { PlanContent } from '../../core/plan-schema.ts';
import { SqlParams } from '../../db/sql-params.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type {
  Backtest,
  BacktestChange,
  BacktestEffect,
  BacktestPair,
  BacktestProgress,
  BacktestSummary,
  KeptBacktestChange,
  ListedBacktestChange,
} from './backtest.ts';
import type { ReplayInputs } from './execution.ts';

interface BacktestRow {
  backtest_id: string;
  plan_id: string | null;
  plan_version: number | null;
  version_hash: string;
  content: string;
  scope_ids: string;
  days: number;
  since: Date;
  status: BacktestState;
  progress: string;
  summary: string | null;
  result_digest: string | null;
  error_code: string | null;
  error_message: string | null;
  is_cancel_requested: boolean;
  attempts: number;
  requested_at: Date;
  requested_by: string;
  started_at: Date | null;
  finished_at: Date | null;
}

const COLUMNS = `backtest_id, plan_id, plan_version, version_hash, content, scope_ids, days, since, status, progress,
  summary, result_digest, error_code, error_message, is_cancel_requested, attempts, requested_at, requested_by,
  started_at, finished_at`;

/** Where nothing has been done yet. */
const NO_PROGRESS = '{}';

function fromRow(row: BacktestRow): Backtest {
  return {
    backtestId: row.backtest_id,
    planId: row.plan_id,
    planVersion: row.plan_version,
    planVersionHash: row.version_hash,
    planName: (JSON.parse(row.content) as Partial<PlanContent>).name ?? '',
    content: row.content,
    scopeIds: JSON.parse(row.scope_ids) as string[],
    days: row.days,
    since: row.since,
    status: row.status,
    progress: row.progress === NO_PROGRESS ? null : (JSON.parse(row.progress) as BacktestProgress),
    summary: row.summary === null ? null : (JSON.parse(row.summary) as BacktestSummary),
    resultDigest: row.result_digest,
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
    isCancelRequested: row.is_cancel_requested,
    attempts: row.attempts,
    requestedAt: row.requested_at,
    requestedBy: row.requested_by,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

export async function insertBacktest(
  tx: WorkspaceTransaction,
  backtest: Pick<
    Backtest,
    | 'backtestId'
    | 'planId'
    | 'planVersion'
    | 'planVersionHash'
    | 'content'
    | 'scopeIds'
    | 'days'
    | 'since'
    | 'requestedAt'
    | 'requestedBy'
  >,
): Promise<void> {
  await tx.client.query(
    `insert into driftplane.plan_backtests (workspace_id, backtest_id, plan_id, plan_version, version_hash, content,
       scope_ids, days, since, status, requested_at, requested_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'queued', $10, $11)`,
    [
      tx.workspaceId,
      backtest.backtestId,
      backtest.planId,
      backtest.planVersion,
      backtest.planVersionHash,
      backtest.content,
      JSON.stringify(backtest.scopeIds),
      backtest.days,
      backtest.since,
      backtest.requestedAt,
      backtest.requestedBy,
    ],
  );
}

export async function findBacktest(
  tx: WorkspaceTransaction,
  backtestId: string,
  lock: 'no lock' | 'for update' = 'no lock',
): Promise<Backtest | undefined> {
  const { rows } = await tx.client.query<BacktestRow>(
    `select ${COLUMNS} from driftplane.plan_backtests where workspace_id = $1 and backtest_id = $2
     ${lock === 'for update' ? 'for update' : ''}`,
    [tx.workspaceId, backtestId],
  );
  return rows[0] === undefined ? undefined : fromRow(rows[0]);
}

/** Newest first, behind the one named. */
export async function listBacktestRows(
  tx: WorkspaceTransaction,
  filter: { readonly planId?: string | undefined },
  page: { readonly after: { requestedAt: Date; backtestId: string } | null; readonly limit: number },
): Promise<Backtest[]> {
  const params = new SqlParams([tx.workspaceId]);
  const conditions = ['workspace_id = $1'];
  if (filter.planId !== undefined) conditions.push(`plan_id = ${params.add(filter.planId)}`);
  if (page.after !== null) {
    const { requestedAt, backtestId } = page.after;
    conditions.push(`(requested_at, backtest_id) < (${params.add(requestedAt)}, ${params.add(backtestId)})`);
  }
  const { rows } = await tx.client.query<BacktestRow>(
    `select ${COLUMNS} from driftplane.plan_backtests where ${conditions.join(' and ')}
     order by requested_at desc, backtest_id desc limit ${params.add(page.limit)}`,
    params.values,
  );
  return rows.map(fromRow);
}

/** Moves it to another state, with nothing done yet; what is not named stays. */
export async function updateBacktest(
  tx: WorkspaceTransaction,
  backtestId: string,
  change: {
    readonly status: BacktestState;
    readonly isCancelRequested?: boolean;
    readonly attempts?: number;
    readonly startedAt?: Date;
    readonly finishedAt?: Date;
    readonly error?: { readonly code: string; readonly message: string } | null;
  },
): Promise<void> {
  const { status, isCancelRequested, attempts, startedAt, finishedAt, error } = change;
  await tx.client.query(
    `update driftplane.plan_backtests set status = $3, progress = $4,
       is_cancel_requested = coalesce($5, is_cancel_requested),
       attempts = coalesce($6, attempts),
       started_at = coalesce($7, started_at),
       finished_at = coalesce($8, finished_at),
       error_code = case when $9 then $10 else error_code end,
       error_message = case when $9 then $11 else error_message end
     where workspace_id = $1 and backtest_id = $2`,
    [
      tx.workspaceId,
      backtestId,
      status,
      NO_PROGRESS,
      isCancelRequested ?? null,
      attempts ?? null,
      startedAt ?? null,
      finishedAt ?? null,
      error !== undefined,
      error?.code ?? null,
      error?.message ?? null,
    ],
  );
}

export async function markCancelRequested(tx: WorkspaceTransaction, backtestId: string): Promise<void> {
  await tx.client.query(
    'update driftplane.plan_backtests set is_cancel_requested = true where workspace_id = $1 and backtest_id = $2',
    [tx.workspaceId, backtestId],
  );
}

/** Writes how far it is. False where it does not run any more, or is to run no longer. */
export async function saveProgress(
  tx: WorkspaceTransaction,
  backtestId: string,
  progress: BacktestProgress,
): Promise<boolean> {
  const { rowCount } = await tx.client.query(
    `update driftplane.plan_backtests set progress = $3
     where workspace_id = $1 and backtest_id = $2 and status = 'running' and not is_cancel_requested`,
    [tx.workspaceId, backtestId, JSON.stringify(progress)],
  );
  return rowCount === 1;
}

export async function saveResult(
  tx: WorkspaceTransaction,
  backtestId: string,
  result: {
    readonly summary: BacktestSummary;
    readonly resultDigest: string;
    readonly progress: BacktestProgress;
  },
): Promise<void> {
  await tx.client.query(
    `update driftplane.plan_backtests set status = 'succeeded', finished_at = $3, progress = $4, summary = $5,
       result_digest = $6, error_code = null, error_message = null
     where workspace_id = $1 and backtest_id = $2`,
    [
      tx.workspaceId,
      backtestId,
      tx.now,
      JSON.stringify(result.progress),
      JSON.stringify(result.summary),
      result.resultDigest,
    ],
  );
}

/** Whether a value that one of these executions was generated from has been redacted since. */
export async function isAnyRedacted(
  tx: WorkspaceTransaction,
  executionIds: readonly string[],
): Promise<boolean> {
  const { rowCount } = await tx.client.query(
    `select from driftplane.executions
     where workspace_id = $1 and execution_id = any($2::uuid[]) and not_replayable_because = 'redaction' limit 1`,
    [tx.workspaceId, executionIds],
  );
  return rowCount === 1;
}

/** Rows of one statement. */
const BATCH = 500;

export async function insertChanges(
  tx: WorkspaceTransaction,
  backtestId: string,
  changes: readonly KeptBacktestChange[],
): Promise<void> {
  for (let start = 0; start < changes.length; start += BATCH) {
    const batch = changes.slice(start, start + BATCH);
    await tx.client.query(
      `insert into driftplane.plan_backtest_changes (workspace_id, backtest_id, ordinal, effect, scope_id,
         execution_id, fingerprint, detail)
       select $1, $2, $3 + c.n, c.effect, c.scope_id, c.execution_id, c.fingerprint, c.detail
       from unnest($4::text[], $5::uuid[], $6::uuid[], $7::text[], $8::text[]) with ordinality
         as c(effect, scope_id, execution_id, fingerprint, detail, n)`,
      [
        tx.workspaceId,
        backtestId,
        start,
        batch.map(({ effect }) => effect),
        batch.map(({ scopeId }) => scopeId),
        batch.map(({ executionId }) => executionId),
        batch.map(({ fingerprint }) => fingerprint),
        batch.map(({ detail }) => detail),
      ],
    );
  }
}

type ChangeRow = Pick<BacktestChange, 'scopeId' | 'executionId' | 'fingerprint'> & {
  ordinal: number;
  detail: string;
};

/** In their order, behind the ordinal `after`; of one effect where one is named. */
export async function listChangeRows(
  tx: WorkspaceTransaction,
  query: {
    readonly backtestId: string;
    readonly effect: BacktestEffect | null;
    readonly after: number;
    readonly limit: number;
  },
): Promise<ListedBacktestChange[]> {
  const { rows } = await tx.client.query<ChangeRow>(
    // Of two effects the column has the first. No value can hold this text: its quotes would be escaped.
    `select ordinal, scope_id as "scopeId", execution_id as "executionId", fingerprint, detail
     from driftplane.plan_backtest_changes
     where workspace_id = $1 and backtest_id = $2 and ordinal > $3
       and ($4::text is null or effect = $4
         or ($4 = 'changes_route' and position('"effects":["changes_severity","changes_route"]' in detail) > 0))
     order by ordinal limit $5`,
    [tx.workspaceId, query.backtestId, query.after, query.effect, query.limit],
  );
  return rows.map(({ detail, ...row }) => ({
    ...row,
    ...(JSON.parse(detail) as Omit<BacktestChange, keyof ChangeRow>),
  }));
}

/** The executions whose pairs a backtest takes. */
function pairsOf(tx: WorkspaceTransaction, { since, requestedAt, scopeIds }: Backtest) {
  const params = new SqlParams([tx.workspaceId, since, requestedAt, scopeIds]);
  const from = `from driftplane.executions e
    join driftplane.sync_runs r on r.workspace_id = e.workspace_id and r.run_id = e.current_run_id
    where e.workspace_id = $1 and e.generator = 'drift' and e.status = 'succeeded' and e.finished_at <= $3
      and r.finished_at >= $2 and r.finished_at <= $3 and e.scope_id = any($4::uuid[])`;
  return { from, params };
}

export async function countPairs(tx: WorkspaceTransaction, backtest: Backtest): Promise<number> {
  const { from, params } = pairsOf(tx, backtest);
  const { rows } = await tx.client.query<{ count: number }>(
    `select count(*) as count ${from}`,
    params.values,
  );
  return rows[0]?.count ?? 0;
}

export async function listPairRows(
  tx: WorkspaceTransaction,
  backtest: Backtest,
  page: { readonly after: BacktestPair | null; readonly limit: number },
): Promise<BacktestPair[]> {
  const { from, params } = pairsOf(tx, backtest);
  const { after } = page;
  let behind = '';
  if (after !== null) {
    const scopeId = params.add(after.scopeId);
    const rest = [after.runSeq, after.finishedAt, after.executionId].map((value) => params.add(value));
    behind = `and e.scope_id >= ${scopeId}
      and (e.scope_id, r.run_seq, e.finished_at, e.execution_id) > (${scopeId}, ${rest.join(', ')})`;
  }
  const { rows } = await tx.client.query<BacktestPair>(
    `select e.scope_id as "scopeId", r.run_seq as "runSeq", e.finished_at as "finishedAt",
       e.execution_id as "executionId" ${from} ${behind}
     order by e.scope_id, r.run_seq, e.finished_at, e.execution_id limit ${params.add(page.limit)}`,
    params.values,
  );
  return rows;
}

type InputRow = Omit<ReplayInputs, 'observation'> & { observation: string | null };

/** What of these executions is needed to compute them again, in their order; without those that are gone. */
export async function listReplayInputs(
  tx: WorkspaceTransaction,
  executionIds: readonly string[],
): Promise<ReplayInputs[]> {
  const { rows } = await tx.client.query<InputRow>(
    `select e.execution_id as "executionId", e.baseline_mode as "baselineMode", e.baseline_run_id as "baselineRunId",
       e.current_run_id as "currentRunId", e.plan_id as "planId", e.plan_version as "planVersion",
       e.plan_version_hash as "planVersionHash", e.observation, e.engine_version as "engineVersion",
       e.inputs_digest as "inputsDigest", e.not_replayable_because as "notReplayableBecause"
     from unnest($2::uuid[]) with ordinality as wanted(execution_id, place)
     join driftplane.executions e on e.workspace_id = $1 and e.execution_id = wanted.execution_id
     order by wanted.place`,
    [tx.workspaceId, executionIds],
  );
  return rows.map(({ observation, ...row }) => ({
    ...row,
    observation: observation === null ? null : JSON.parse(observation),
  }));
}

/** Those that wait or run; who asks at once with another waits, so that both are counted. */
export async function countPending(tx: WorkspaceTransaction): Promise<number> {
  await tx.client.query("select pg_advisory_xact_lock(hashtextextended('driftplane.backtests:' || $1, 0))", [
    tx.workspaceId,
  ]);
  const { rows } = await tx.client.query<{ count: number }>(
    `select count(*) as count from driftplane.plan_backtests
     where workspace_id = $1 and status in ('queued', 'running')`,
    [tx.workspaceId],
  );
  return rows[0]?.count ?? 0;
}

export async function countScopes(tx: WorkspaceTransaction, scopeIds: readonly string[]): Promise<number> {
  const { rows } = await tx.client.query<{ count: number }>(
    'select count(*) as count from driftplane.scopes where workspace_id = $1 and scope_id = any($2::uuid[])',
    [tx.workspaceId, scopeIds],
  );
  return rows[0]?.count ?? 0;
}

/** The scopes that something was generated of, with what their sources are bound to now; by their ids. */
export async function listBoundScopes(
  tx: WorkspaceTransaction,
): Promise<{ readonly scopeId: string; readonly binding: PlanSubject }[]> {
  const { rows } = await tx.client.query<{ scopeId: string } & PlanSubject>(
    `select s.scope_id as "scopeId", o.service_id as "serviceId", o.repo_full_name as "repoFullName",
       o.doc_class as "docClass"
     from driftplane.scopes s
     join driftplane.sources o on o.workspace_id = s.workspace_id and o.source_id = s.source_id
     where s.workspace_id = $1 and exists (
       select from driftplane.executions e where e.workspace_id = $1 and e.scope_id = s.scope_id
     )
     order by s.scope_id`,
    [tx.workspaceId],
  );
  return rows.map(({ scopeId, ...binding }) => ({ scopeId, binding }));
}
