import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';

/** Whether an incident is open that concerns a service, or the whole workspace. */
export async function hasOpenIncident(tx: WorkspaceTransaction, serviceId: string | null): Promise<boolean> {
  const { rows } = await tx.client.query(
    `select from driftplane.incidents
     where workspace_id = $1 and closed_at is null and (service_id is null or service_id = $2) limit 1`,
    [tx.workspaceId, serviceId],
  );
  return rows.length > 0;
}
