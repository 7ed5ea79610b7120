import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';

export interface WorkspaceRow {
  readonly workspace_id: string;
  readonly name: string;
  readonly version_retention_days: number;
  readonly execution_retention_days: number;
  readonly finding_retention_days: number;
  readonly required_plan_approvals: number;
  readonly revision: number;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const columns = `workspace_id, name, version_retention_days, execution_retention_days, finding_retention_days,
  required_plan_approvals, revision, created_at, updated_at`;

/** With `isLocked` nobody else changes it until the transaction ends. */
export async function findWorkspace(
  { client, workspaceId }: WorkspaceTransaction,
  { isLocked = false } = {},
): Promise<WorkspaceRow | undefined> {
  const { rows } = await client.query<WorkspaceRow>(
    `select ${columns} from driftplane.workspaces where workspace_id = $1 ${isLocked ? 'for update' : ''}`,
    [workspaceId],
  );
  return rows[0];
}

export async function updateWorkspace(
  { client, workspaceId, now }: WorkspaceTransaction,
  fields: Pick<
    WorkspaceRow,
    | 'name'
    | 'version_retention_days'
    | 'execution_retention_days'
    | 'finding_retention_days'
    | 'required_plan_approvals'
  >,
): Promise<WorkspaceRow> {
  const { rows } = await client.query<WorkspaceRow>(
    `update driftplane.workspaces
     set name = $2, version_retention_days = $3, execution_retention_days = $4, finding_retention_days = $5,
       required_plan_approvals = $6, revision = revision + 1, updated_at = $7
     where workspace_id = $1
     returning ${columns}`,
    [
      workspaceId,
      fields.name,
      fields.version_retention_days,
      fields.execution_retention_days,
      fields.finding_retention_days,
      fields.required_plan_approvals,
      now,
    ],
  );
  return rows[0] as WorkspaceRow;
}

/** As the owner only: the application's roles can not create workspaces. */
export async function insertWorkspace(
  { client, workspaceId, now }: WorkspaceTransaction,
  { name, digestKey }: { name: string; digestKey: string },
): Promise<void> {
  await client.query('insert into driftplane.workspace_ids (id) values ($1)', [workspaceId]);
  await client.query(
    `insert into driftplane.workspaces (workspace_id, name, digest_key, created_at, updated_at)
     values ($1, $2, $3, $4, $4)`,
    [workspaceId, name, digestKey, now],
  );
  await client.query('insert into driftplane.workspace_heads (workspace_id) values ($1)', [workspaceId]);
}

/** Whether there is any workspace; nobody else creates one until the transaction ends. As the owner only. */
export async function lockAndFindAnyWorkspace({ client }: WorkspaceTransaction): Promise<boolean> {
  await client.query('lock table driftplane.workspace_ids in share row exclusive mode');
  const { rows } = await client.query('select from driftplane.workspace_ids limit 1');
  return rows.length > 0;
}
