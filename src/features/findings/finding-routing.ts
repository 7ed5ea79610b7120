/** Where findings go once they are opened: what of it depends on other findings, and writing it down. */

import type { FindingRoute } from '../../core/plan-route.ts';
import type { RoutableFinding, RoutingInputs } from '../../core/routing.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';

/** Findings of one statement. */
const BATCH = 1_000;

export interface OpenedFinding {
  readonly findingId: string;
  readonly fingerprint: string;
  /** JSON of what its plan says by itself. */
  readonly disposition: string;
}

/** The findings that an execution opened under a plan. */
export async function listOpenedFindings(
  tx: WorkspaceTransaction,
  executionId: string,
): Promise<OpenedFinding[]> {
  const { rows } = await tx.client.query<OpenedFinding>(
    `select finding_id as "findingId", fingerprint, disposition
     from driftplane.findings
     where workspace_id = $1 and first_execution_id = $2 and disposition is not null`,
    [tx.workspaceId, executionId],
  );
  return rows;
}

/**
 * How much of its budgets a plan has used before an execution. Executions of one plan wait for each other here, so that
 * two at once do not both take the last of a budget.
 */
export async function usedBudgets(
  tx: WorkspaceTransaction,
  { planId, executionId }: { readonly planId: string; readonly executionId: string },
): Promise<Omit<RoutingInputs, 'hasOpenIncident'>> {
  await tx.client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `driftplane.budget:${tx.workspaceId}:${planId}`,
  ]);
  const { rows } = await tx.client.query<Omit<RoutingInputs, 'hasOpenIncident'>>(
    // By the execution that opened it: a finding that another plan takes over later keeps the budget that it used.
    `select
       count(*) filter (where f.first_seen_at > $4::timestamptz - interval '1 day' and f.route <> 'recorded')::integer
         as "toldInDay",
       count(*) filter (where f.route <> 'recorded')::integer as "toldInWeek",
       count(*) filter (where f.first_seen_at > $4::timestamptz - interval '1 hour' and f.route = 'notify')::integer
         as "notifiedInHour"
     from driftplane.executions e
     join driftplane.findings f on f.workspace_id = $1 and f.first_execution_id = e.execution_id
     where e.workspace_id = $1 and e.plan_id = $2 and e.execution_id <> $3
       and e.finished_at > $4::timestamptz - interval '7 days'
       and f.first_seen_at > $4::timestamptz - interval '7 days'`,
    [tx.workspaceId, planId, executionId, tx.now],
  );
  return rows[0] ?? { toldInDay: 0, toldInWeek: 0, notifiedInHour: 0 };
}

/** Writes where findings go instead. */
export async function rerouteFindings(
  tx: WorkspaceTransaction,
  findings: readonly RoutableFinding[],
): Promise<void> {
  for (let start = 0; start < findings.length; start += BATCH) {
    const batch = findings.slice(start, start + BATCH);
    await tx.client.query(
      `update driftplane.findings f set route = r.route, disposition = r.disposition
       from unnest($2::uuid[], $3::text[], $4::text[]) as r(finding_id, route, disposition)
       where f.workspace_id = $1 and f.finding_id = r.finding_id`,
      [
        tx.workspaceId,
        batch.map(({ findingId }) => findingId),
        batch.map(({ disposition }) => disposition.route),
        batch.map(({ disposition }) => JSON.stringify(disposition)),
      ],
    );
  }
}

/** How many of the findings that an execution opened went where. */
export async function countRoutes(
  tx: WorkspaceTransaction,
  executionId: string,
): Promise<Partial<Record<FindingRoute, number>>> {
  const { rows } = await tx.client.query<{ route: FindingRoute; count: number }>(
    `select route, count(*)::integer as count from driftplane.findings
     where workspace_id = $1 and first_execution_id = $2 and route is not null
     group by route order by route`,
    [tx.workspaceId, executionId],
  );
  return Object.fromEntries(rows.map(({ route, count }) => [route, count]));
}
