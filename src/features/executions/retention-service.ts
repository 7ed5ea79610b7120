/**
 * What a workspace no longer keeps is deleted here, and nowhere else, in transactions of a bounded size. The audit
 * trail is kept.
 */

import type { Database } from '../../db/database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';

/** Most rows that one transaction deletes. */
const BATCH = 2_000;
const STREAM_EVENT_DAYS = 7;
const IDEMPOTENCY_KEY_DAYS = 1;

/** One kind of thing that is swept; gives how many rows went, less than `limit` where it is done. */
type Sweep = (tx: WorkspaceTransaction, limit: number) => Promise<number>;

/**
 * Sweeps one workspace. Versions go first, and the executions that can't be replayed without them are marked in the
 * same transaction. Throws what `signal` was aborted with; what is done by then is done.
 */
export async function sweepWorkspace(
  database: Database,
  workspaceId: string,
  signal?: AbortSignal,
  limit: number = BATCH,
): Promise<void> {
  for (const sweep of sweeps) {
    for (let count = limit; count >= limit; ) {
      signal?.throwIfAborted();
      count = await withWorkspace(database.app, { workspaceId, actor: systemActor }, (tx) =>
        sweep(tx, limit),
      );
    }
  }
}

/**
 * Closed intervals of which the run that closed them finished before the retention: up to the earliest boundary of
 * each scope that a pinned run, an unfinished execution or an unresolved finding still looks back to.
 */
const sweepVersions: Sweep = async (tx, limit) => {
  const { rows } = await tx.client.query<{ scope_id: string; to_seq: number }>(
    `with expired as (
       select r.scope_id, max(r.end_seq) as seq
       from driftplane.sync_runs r join driftplane.workspaces w on w.workspace_id = $1
       where r.workspace_id = $1 and r.seq is not null
         and r.finished_at < $2::timestamptz - make_interval(days => w.version_retention_days)
       group by r.scope_id
     ), horizon as (
       select s.scope_id, least(x.seq,
         (select r.end_seq from driftplane.sync_runs r
          where r.workspace_id = $1 and r.run_id = s.pinned_run_id),
         (select min(r.end_seq) from driftplane.executions e
          join driftplane.sync_runs r on r.workspace_id = $1 and r.run_id = e.baseline_run_id
          where e.workspace_id = $1 and e.scope_id = s.scope_id and e.status <> 'succeeded'),
         (select min(r.end_seq) from driftplane.findings f
          join driftplane.executions e on e.workspace_id = $1 and e.execution_id = f.first_execution_id
          join driftplane.sync_runs r on r.workspace_id = $1 and r.run_id = e.baseline_run_id
          where f.workspace_id = $1 and f.scope_id = s.scope_id and f.state <> 'resolved')
       ) as seq
       from driftplane.scopes s join expired x on x.scope_id = s.scope_id
       where s.workspace_id = $1
     ), old as (
       select v.scope_id, v.version_id from horizon h
       join driftplane.item_versions v on v.workspace_id = $1 and v.scope_id = h.scope_id and v.to_seq <= h.seq
       limit $3
     )
     delete from driftplane.item_versions v using old
     where v.workspace_id = $1 and v.scope_id = old.scope_id and v.version_id = old.version_id
     returning v.scope_id, v.to_seq`,
    [tx.workspaceId, tx.now, limit],
  );
  const lastGone = new Map<string, number>();
  for (const row of rows) {
    lastGone.set(row.scope_id, Math.max(row.to_seq, lastGone.get(row.scope_id) ?? 0));
  }
  await markNotReplayable(tx, lastGone);
  await markNotKept(tx, lastGone);
  return rows.length;
};

/** The states before what is gone are not whole any more, and are not shown as if they were. */
async function markNotKept(tx: WorkspaceTransaction, lastGone: ReadonlyMap<string, number>): Promise<void> {
  await tx.client.query(
    `update driftplane.scopes s set kept_since_seq = greatest(s.kept_since_seq, gone.seq)
     from unnest($2::uuid[], $3::bigint[]) as gone(scope_id, seq)
     where s.workspace_id = $1 and s.scope_id = gone.scope_id`,
    [tx.workspaceId, [...lastGone.keys()], [...lastGone.values()]],
  );
}

/** A pair needs the intervals that begin or end behind the earlier of its two runs. */
async function markNotReplayable(
  tx: WorkspaceTransaction,
  lastGone: ReadonlyMap<string, number>,
): Promise<void> {
  await tx.client.query(
    `update driftplane.executions e set not_replayable_because = 'retention'
     from unnest($2::uuid[], $3::bigint[]) as gone(scope_id, seq), driftplane.sync_runs r
     where e.workspace_id = $1 and e.scope_id = gone.scope_id and e.not_replayable_because is null
       and r.workspace_id = $1 and r.run_id = e.baseline_run_id and r.end_seq < gone.seq`,
    [tx.workspaceId, [...lastGone.keys()], [...lastGone.values()]],
  );
}

/**
 * Resolved findings with their events and acceptances; one that a newer finding is linked to stays. A run may be
 * opening one of them again: then the delete waits for it, and looks once more at what stands outside the subquery.
 */
const sweepFindings: Sweep = async (tx, limit) => {
  const { rowCount } = await tx.client.query(
    `delete from driftplane.findings f using (
       select o.finding_id, $2::timestamptz - make_interval(days => w.finding_retention_days) as horizon
       from driftplane.findings o
       join driftplane.workspaces w on w.workspace_id = $1
       where o.workspace_id = $1 and o.state = 'resolved'
         and o.resolved_at < $2::timestamptz - make_interval(days => w.finding_retention_days)
         and not exists (
           select from driftplane.findings l
           where l.workspace_id = $1 and l.linked_finding_id = o.finding_id and l.state <> 'resolved'
         )
         and not exists (
           select from driftplane.acceptances a
           where a.workspace_id = $1 and a.finding_id = o.finding_id and a.ended_at is null
         )
       limit $3
     ) as old
     where f.workspace_id = $1 and f.finding_id = old.finding_id
       and f.state = 'resolved' and f.resolved_at < old.horizon`,
    [tx.workspaceId, tx.now, limit],
  );
  return rowCount ?? 0;
};

/** Finished executions that no finding names; those that are kept say where the findings came from. */
const sweepExecutions: Sweep = async (tx, limit) => {
  const { rowCount } = await tx.client.query(
    `delete from driftplane.executions e using (
       select o.execution_id from driftplane.executions o
       join driftplane.workspaces w on w.workspace_id = $1
       where o.workspace_id = $1 and o.status = 'succeeded'
         and o.finished_at < $2::timestamptz - make_interval(days => w.execution_retention_days)
         and not exists (
           select from driftplane.findings f
           where f.workspace_id = $1 and f.scope_id = o.scope_id and f.state <> 'resolved'
             and o.execution_id in (f.first_execution_id, f.last_execution_id)
         )
       limit $3
     ) as old
     where e.workspace_id = $1 and e.execution_id = old.execution_id`,
    [tx.workspaceId, tx.now, limit],
  );
  return rowCount ?? 0;
};

const sweepStream: Sweep = async (tx, limit) => {
  const { rowCount } = await tx.client.query(
    `delete from driftplane.stream_events s using (
       select seq from driftplane.stream_events
       where workspace_id = $1 and at < $2::timestamptz - make_interval(days => $3) limit $4
     ) as old
     where s.workspace_id = $1 and s.seq = old.seq`,
    [tx.workspaceId, tx.now, STREAM_EVENT_DAYS, limit],
  );
  return rowCount ?? 0;
};

const sweepIdempotencyKeys: Sweep = async (tx, limit) => {
  const { rowCount } = await tx.client.query(
    `delete from driftplane.idempotency_keys k using (
       select token_id, idempotency_key from driftplane.idempotency_keys
       where workspace_id = $1 and created_at < $2::timestamptz - make_interval(days => $3) limit $4
     ) as old
     where k.workspace_id = $1 and k.token_id = old.token_id and k.idempotency_key = old.idempotency_key`,
    [tx.workspaceId, tx.now, IDEMPOTENCY_KEY_DAYS, limit],
  );
  return rowCount ?? 0;
};

/** What old backtests found to be otherwise, before they go themselves: each has up to ten thousand of them. */
const sweepBacktestChanges: Sweep = async (tx, limit) => {
  const { rowCount } = await tx.client.query(
    `delete from driftplane.plan_backtest_changes c using (
       select k.backtest_id, k.ordinal from driftplane.plan_backtests b
       join driftplane.workspaces w on w.workspace_id = $1
       join driftplane.plan_backtest_changes k on k.workspace_id = $1 and k.backtest_id = b.backtest_id
       where b.workspace_id = $1 and b.finished_at < $2::timestamptz - make_interval(days => w.execution_retention_days)
       limit $3
     ) as old
     where c.workspace_id = $1 and c.backtest_id = old.backtest_id and c.ordinal = old.ordinal`,
    [tx.workspaceId, tx.now, limit],
  );
  return rowCount ?? 0;
};

/** Backtests that are over, as long as executions are kept. */
const sweepBacktests: Sweep = async (tx, limit) => {
  const { rowCount } = await tx.client.query(
    `delete from driftplane.plan_backtests b using (
       select o.backtest_id from driftplane.plan_backtests o
       join driftplane.workspaces w on w.workspace_id = $1
       where o.workspace_id = $1 and o.finished_at < $2::timestamptz - make_interval(days => w.execution_retention_days)
       limit $3
     ) as old
     where b.workspace_id = $1 and b.backtest_id = old.backtest_id`,
    [tx.workspaceId, tx.now, limit],
  );
  return rowCount ?? 0;
};

/** In the order in which they are done. */
const sweeps: readonly Sweep[] = [
  sweepVersions,
  sweepFindings,
  sweepExecutions,
  sweepBacktestChanges,
  sweepBacktests,
  sweepStream,
  sweepIdempotencyKeys,
];
