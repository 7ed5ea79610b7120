import { SqlParams } from '../../db/sql-params.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { Incident } from './incident.ts';

const COLUMNS = `incident_id as "incidentId", external_id as "externalId", title, service_id as "serviceId",
  opened_at as "openedAt", closed_at as "closedAt", created_by as "createdBy"`;

/** Undefined, and nothing is written, where its external id is known already. */
export async function insertIncident(
  tx: WorkspaceTransaction,
  incident: Pick<Incident, 'incidentId' | 'externalId' | 'title' | 'serviceId' | 'openedAt'>,
): Promise<Incident | undefined> {
  const { incidentId, externalId, title, serviceId, openedAt } = incident;
  const { rows } = await tx.client.query<Incident>(
    `insert into driftplane.incidents (workspace_id, incident_id, external_id, title, service_id, opened_at, created_by)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict on constraint incidents_external_key do nothing
     returning ${COLUMNS}`,
    [tx.workspaceId, incidentId, externalId, title, serviceId, openedAt, tx.actor.label],
  );
  return rows[0];
}

export async function findIncident(
  tx: WorkspaceTransaction,
  incidentId: string,
  lock: 'no lock' | 'for update' = 'no lock',
): Promise<Incident | undefined> {
  const { rows } = await tx.client.query<Incident>(
    `select ${COLUMNS} from driftplane.incidents where workspace_id = $1 and incident_id = $2
     ${lock === 'for update' ? 'for update' : ''}`,
    [tx.workspaceId, incidentId],
  );
  return rows[0];
}

export async function findIncidentByExternalId(
  tx: WorkspaceTransaction,
  externalId: string,
): Promise<Incident | undefined> {
  const { rows } = await tx.client.query<Incident>(
    `select ${COLUMNS} from driftplane.incidents where workspace_id = $1 and external_id = $2`,
    [tx.workspaceId, externalId],
  );
  return rows[0];
}

/** At `tx.now`, or when it was opened where that is later: clocks of two transactions. */
export async function updateClosed(tx: WorkspaceTransaction, incidentId: string): Promise<void> {
  await tx.client.query(
    `update driftplane.incidents set closed_at = greatest(opened_at, $3::timestamptz)
     where workspace_id = $1 and incident_id = $2`,
    [tx.workspaceId, incidentId, tx.now],
  );
}

export interface IncidentFilter {
  /** Undefined: open or not. */
  readonly isOpen?: boolean | undefined;
  readonly serviceId?: string | undefined;
}

export interface IncidentPlace {
  readonly openedAt: Date;
  readonly incidentId: string;
}

/** Newest first, behind the one named. */
export async function listIncidentRows(
  tx: WorkspaceTransaction,
  { isOpen, serviceId }: IncidentFilter,
  { after, limit }: { readonly after: IncidentPlace | null; readonly limit: number },
): Promise<Incident[]> {
  const params = new SqlParams([tx.workspaceId]);
  const conditions = ['workspace_id = $1'];
  if (isOpen !== undefined) conditions.push(`closed_at is ${isOpen ? '' : 'not '}null`);
  if (serviceId !== undefined) conditions.push(`service_id = ${params.add(serviceId)}`);
  if (after !== null) {
    conditions.push(
      `(opened_at, incident_id) < (${params.add(after.openedAt)}, ${params.add(after.incidentId)})`,
    );
  }
  const { rows } = await tx.client.query<Incident>(
    `select ${COLUMNS} from driftplane.incidents where ${conditions.join(' and ')}
     order by opened_at desc, incident_id desc limit ${params.add(limit)}`,
    params.values,
  );
  return rows;
}
