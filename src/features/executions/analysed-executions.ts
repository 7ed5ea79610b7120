import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';

/** The executions that succeeded since an instant: of one plan, by its versions, or of the workspace, by their plans. */
export interface AnalysedExecutions {
  readonly since: Date;
  /** Null: those of all plans, and those without one. */
  readonly planId: string | null;
}

/** SQL over the executions `e`: how they are grouped, and which of them are meant. */
export function analysed(tx: WorkspaceTransaction, { since, planId }: AnalysedExecutions) {
  const ofAll = "e.workspace_id = $1 and e.status = 'succeeded' and e.finished_at >= $2";
  return {
    key: planId === null ? 'e.plan_id::text' : 'e.plan_version::text',
    day: utcDay('e.finished_at'),
    where: planId === null ? ofAll : `${ofAll} and e.plan_id = $3`,
    values: planId === null ? [tx.workspaceId, since] : [tx.workspaceId, since, planId],
  };
}

/** The UTC day of an instant, as `2026-11-01`. */
export function utcDay(instant: string): string {
  return `to_char(${instant} at time zone 'UTC', 'YYYY-MM-DD')`;
}
