import { compareText } from '../../core/compare-text.ts';
import { scopeKeyOf } from '../../core/scope-key.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { resolvePlansFor } from '../plans/plan-resolver.ts';

/** Subjects that are resolved in one round trip. */
const BATCH = 1_000;

/** A scope that is observed and for which no plan is in force. */
export interface ScopeWithoutPlan {
  readonly scopeId: string;
  readonly sourceId: string;
  readonly sourceName: string;
  readonly lastRunAt: Date | null;
  /** That were opened in the window. */
  readonly findings: number;
}

interface ScopeRow extends ScopeWithoutPlan {
  readonly scopeKey: string;
  readonly selection: string;
  readonly serviceId: string | null;
  readonly repoFullName: string | null;
  readonly docClass: string | null;
}

/**
 * The scopes that the sources have now and whose binding leads to no plan, those with the most findings first. Calls
 * `requireTime` between its statements.
 */
export async function listScopesWithoutPlan(
  tx: WorkspaceTransaction,
  since: Date,
  requireTime: () => void,
): Promise<ScopeWithoutPlan[]> {
  const scopes = await listObservedScopes(tx, since);
  const byBinding = Map.groupBy(scopes, ({ serviceId, repoFullName, docClass }) =>
    JSON.stringify([serviceId, repoFullName, docClass]),
  );
  const groups = [...byBinding.values()];
  const found: ScopeRow[] = [];
  for (let start = 0; start < groups.length; start += BATCH) {
    requireTime();
    const batch = groups.slice(start, start + BATCH);
    const resolutions = await resolvePlansFor(
      tx,
      batch.map(([scope]) => scope as ScopeRow),
    );
    resolutions.forEach(({ hasPlan }, index) => {
      if (!hasPlan) found.push(...(batch[index] ?? []));
    });
  }
  return found
    .map(({ scopeId, sourceId, sourceName, lastRunAt, findings }) => ({
      scopeId,
      sourceId,
      sourceName,
      lastRunAt,
      findings,
    }))
    .sort(
      (a, b) =>
        b.findings - a.findings ||
        compareText(a.sourceName, b.sourceName) ||
        compareText(a.scopeId, b.scopeId),
    );
}

/** Of the sources that are not archived, under the selection that each has now. */
async function listObservedScopes(tx: WorkspaceTransaction, since: Date): Promise<ScopeRow[]> {
  const { rows } = await tx.client.query<ScopeRow>(
    `select s.scope_id as "scopeId", s.scope_key as "scopeKey", o.source_id as "sourceId", o.name as "sourceName",
       o.selection, o.service_id as "serviceId", o.repo_full_name as "repoFullName", o.doc_class as "docClass",
       r.finished_at as "lastRunAt", coalesce(f.count, 0) as findings
     from driftplane.sources o
     join driftplane.scopes s on s.workspace_id = $1 and s.source_id = o.source_id
     left join driftplane.sync_runs r on r.workspace_id = $1 and r.run_id = s.head_run_id
     left join (
       select scope_id, count(*) as count from driftplane.findings
       where workspace_id = $1 and first_seen_at >= $2 group by scope_id
     ) as f on f.scope_id = s.scope_id
     where o.workspace_id = $1 and o.archived_at is null`,
    [tx.workspaceId, since],
  );
  return rows.filter(
    ({ scopeKey, sourceId, selection }) =>
      scopeKey === scopeKeyOf({ sourceId, selection: JSON.parse(selection) }),
  );
}
