import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';

const DAY_MS = 86_400_000;

/** The UTC days that analytics look back on, the present one among them. */
export interface AnalyticsWindow {
  readonly days: number;
  /** The beginning of the first day. */
  readonly since: Date;
  readonly until: Date;
  /** Where retention has taken something of the window: what is older is gone. Null: all of it is there. */
  readonly executionsKeptSince: Date | null;
  /** Of findings those that were resolved before. */
  readonly findingsKeptSince: Date | null;
}

export async function analyticsWindow(tx: WorkspaceTransaction, days: number): Promise<AnalyticsWindow> {
  const { rows } = await tx.client.query<{ executionDays: number; findingDays: number }>(
    `select execution_retention_days as "executionDays", finding_retention_days as "findingDays"
     from driftplane.workspaces where workspace_id = $1`,
    [tx.workspaceId],
  );
  const today = Math.floor(tx.now.getTime() / DAY_MS) * DAY_MS;
  const since = new Date(today - (days - 1) * DAY_MS);
  const horizon = (keptDays = days): Date | null => {
    const at = new Date(tx.now.getTime() - keptDays * DAY_MS);
    return at > since ? at : null;
  };
  return {
    days,
    since,
    until: tx.now,
    executionsKeptSince: horizon(rows[0]?.executionDays),
    findingsKeptSince: horizon(rows[0]?.findingDays),
  };
}

/** Every day of the window, as `2026-11-01`, oldest first. */
export function daysOf({ days, since }: AnalyticsWindow): string[] {
  return Array.from({ length: days }, (_, index) =>
    new Date(since.getTime() + index * DAY_MS).toISOString().slice(0, 10),
  );
}
