import { DriftplaneError } from '../../core/errors.ts';
import type { Selection } from '../../core/selection.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { requestExecution } from '../executions/execution-service.ts';
import { loadRunPair, requireIntervals } from './run-pair.ts';

/** What a scope's runs are compared with. */
export type Baseline = { readonly mode: 'rolling' } | { readonly mode: 'pinned'; readonly runId: string };

/** A scope with what it holds and what it is compared with. */
export interface ScopeOverview {
  readonly scopeId: string;
  readonly scopeKey: string;
  readonly sourceId: string;
  readonly sourceName: string;
  readonly selection: Selection;
  readonly itemCount: number;
  readonly runCount: number;
  readonly headRun: { readonly runId: string; readonly runSeq: number; readonly finishedAt: Date } | null;
  readonly baseline: Baseline;
}

interface ScopeRow {
  scope_id: string;
  scope_key: string;
  source_id: string;
  source_name: string;
  selection: string;
  item_count: number;
  run_count: number;
  pinned_run_id: string | null;
  head_run_id: string | null;
  run_seq: number;
  finished_at: Date;
}

const SCOPES = `
  select s.scope_id, s.scope_key, s.source_id, o.name as source_name, s.selection, s.item_count, s.run_count,
    s.pinned_run_id, s.head_run_id, r.run_seq, r.finished_at
  from driftplane.scopes s
  join driftplane.sources o on o.workspace_id = s.workspace_id and o.source_id = s.source_id
  left join driftplane.sync_runs r on r.workspace_id = s.workspace_id and r.run_id = s.head_run_id
  where s.workspace_id = $1`;

function fromRow(row: ScopeRow): ScopeOverview {
  return {
    scopeId: row.scope_id,
    scopeKey: row.scope_key,
    sourceId: row.source_id,
    sourceName: row.source_name,
    selection: JSON.parse(row.selection),
    itemCount: row.item_count,
    runCount: row.run_count,
    headRun:
      row.head_run_id === null
        ? null
        : { runId: row.head_run_id, runSeq: row.run_seq, finishedAt: row.finished_at },
    baseline: row.pinned_run_id === null ? { mode: 'rolling' } : { mode: 'pinned', runId: row.pinned_run_id },
  };
}

/** By id, behind the one named. */
export async function listScopeOverviews(
  tx: WorkspaceTransaction,
  page: { readonly after: string | null; readonly limit: number },
): Promise<ScopeOverview[]> {
  const { rows } = await tx.client.query<ScopeRow>(
    `${SCOPES} and ($2::uuid is null or s.scope_id > $2) order by s.scope_id limit $3`,
    [tx.workspaceId, page.after, page.limit],
  );
  return rows.map(fromRow);
}

/** Throws `scope_not_found`. */
async function getScopeOverview(tx: WorkspaceTransaction, scopeId: string): Promise<ScopeOverview> {
  const { rows } = isUuid(scopeId)
    ? await tx.client.query<ScopeRow>(`${SCOPES} and s.scope_id = $2`, [tx.workspaceId, scopeId])
    : { rows: [] };
  const [row] = rows;
  if (row === undefined) throw new DriftplaneError('scope_not_found', 'there is no such scope');
  return fromRow(row);
}

/**
 * Sets what the runs of a scope are compared with from now on. A run that is pinned is compared with the last one at
 * once. Throws `scope_not_found`, `run_not_found` (not an applied run of this scope) and `not_replayable` (what lies
 * between has been swept).
 */
export async function setBaseline(
  tx: WorkspaceTransaction,
  scopeId: string,
  baseline: Baseline,
): Promise<ScopeOverview> {
  await lockScope(tx, scopeId);
  const before = await getScopeOverview(tx, scopeId);
  const runId = baseline.mode === 'pinned' ? baseline.runId : null;
  if (runId !== null) await requestPinned(tx, before, runId);
  await tx.client.query(
    'update driftplane.scopes set pinned_run_id = $3 where workspace_id = $1 and scope_id = $2',
    [tx.workspaceId, scopeId, runId],
  );
  tx.audit({
    action: 'scope.set_baseline',
    target: { kind: 'scope', id: scopeId },
    detail: { before: { ...before.baseline }, after: { ...baseline } },
  });
  return getScopeOverview(tx, scopeId);
}

/** A run that is being applied reads what is pinned: it comes before or after, and the last run is the last one. */
async function lockScope(tx: WorkspaceTransaction, scopeId: string): Promise<void> {
  if (!isUuid(scopeId)) return;
  await tx.client.query(
    'select from driftplane.scopes where workspace_id = $1 and scope_id = $2 for no key update',
    [tx.workspaceId, scopeId],
  );
}

async function requestPinned(tx: WorkspaceTransaction, scope: ScopeOverview, runId: string): Promise<void> {
  const { scopeId, sourceId, headRun } = scope;
  const noRun = new DriftplaneError('run_not_found', 'it is not a run of this scope that was applied');
  if (headRun === null) throw noRun;
  const pair = await loadRunPair(tx, { baselineRunId: runId, currentRunId: headRun.runId });
  if (pair.scopeId !== scopeId) throw noRun;
  await requireIntervals(tx, pair);
  const isPinnedAlready = scope.baseline.mode === 'pinned' && scope.baseline.runId === runId;
  if (runId === headRun.runId || isPinnedAlready) return;
  await requestExecution(tx, {
    scopeId,
    sourceId,
    baselineMode: 'pinned',
    baselineRunId: runId,
    currentRunId: headRun.runId,
  });
}
