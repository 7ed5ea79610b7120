import { randomUUID } from 'node:crypto';
import { DriftplaneError } from '../../core/errors.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { Incident } from './incident.ts';
import {
  findIncident,
  findIncidentByExternalId,
  type IncidentFilter,
  type IncidentPlace,
  insertIncident,
  listIncidentRows,
  updateClosed,
} from './incident-store.ts';

export interface OpenIncidentArgs {
  readonly externalId: string;
  readonly title: string;
  readonly serviceId: string | null;
  /** Null: now. */
  readonly openedAt: Date | null;
}

/** Throws `incident_not_found`. */
export async function getIncident(
  tx: WorkspaceTransaction,
  incidentId: string,
  lock: 'no lock' | 'for update' = 'no lock',
): Promise<Incident> {
  const incident = isUuid(incidentId) ? await findIncident(tx, incidentId, lock) : undefined;
  if (incident === undefined) throw new DriftplaneError('incident_not_found', 'there is no such incident');
  return incident;
}

/** Newest first, behind the one named. */
export function listIncidents(
  tx: WorkspaceTransaction,
  filter: IncidentFilter,
  page: { readonly after: IncidentPlace | null; readonly limit: number },
): Promise<Incident[]> {
  return listIncidentRows(tx, filter, page);
}

/**
 * Opens an incident. Where one with its external id is open that one is answered, and nothing changes; where it is over, or
 * of another service, a new one needs an id of its own. Throws `invalid_request` (in the future) and `name_taken`.
 */
export async function openIncident(
  tx: WorkspaceTransaction,
  { externalId, title, serviceId, openedAt }: OpenIncidentArgs,
): Promise<{ readonly incident: Incident; readonly isNew: boolean }> {
  if (openedAt !== null && openedAt > tx.now) {
    throw new DriftplaneError('invalid_request', 'an incident is opened when it is there, not before', {
      details: [
        { pointer: '/openedAt', line: null, detail: `must not be later than ${tx.now.toISOString()}` },
      ],
    });
  }
  const inserted = await insertIncident(tx, {
    incidentId: randomUUID(),
    externalId,
    title,
    serviceId,
    openedAt: openedAt ?? tx.now,
  });
  if (inserted === undefined)
    return { incident: await findOpen(tx, { externalId, serviceId }), isNew: false };
  tx.audit({
    action: 'incident.open',
    target: { kind: 'incident', id: inserted.incidentId },
    detail: { externalId, title, serviceId, openedAt: inserted.openedAt.toISOString() },
  });
  emitChange(tx, inserted, true);
  return { incident: inserted, isNew: true };
}

/** The incident of an external id that is known. Throws `name_taken` where it is over, or another service's. */
async function findOpen(
  tx: WorkspaceTransaction,
  { externalId, serviceId }: Pick<OpenIncidentArgs, 'externalId' | 'serviceId'>,
): Promise<Incident> {
  const incident = await findIncidentByExternalId(tx, externalId);
  if (incident === undefined) {
    throw new DriftplaneError('internal_error', 'an incident that is there could not be found');
  }
  if (incident.closedAt === null && incident.serviceId === serviceId) return incident;
  const known =
    incident.closedAt === null
      ? `is open for ${incident.serviceId === null ? 'the whole workspace' : `the service ${incident.serviceId}`}`
      : `was closed at ${incident.closedAt.toISOString()}`;
  throw new DriftplaneError(
    'name_taken',
    `the incident with this externalId ${known}; another one needs another externalId`,
    { extensions: { incidentId: incident.incidentId } },
  );
}

/** Says that an incident is over; again it changes nothing. Throws `incident_not_found`. */
export async function closeIncident(tx: WorkspaceTransaction, incidentId: string): Promise<Incident> {
  const before = await getIncident(tx, incidentId, 'for update');
  if (before.closedAt !== null) return before;
  await updateClosed(tx, incidentId);
  const after = await getIncident(tx, incidentId);
  tx.audit({
    action: 'incident.close',
    target: { kind: 'incident', id: incidentId },
    detail: { externalId: after.externalId, closedAt: after.closedAt?.toISOString() ?? null },
  });
  emitChange(tx, after, false);
  return after;
}

/** Tells the readers of the event stream. */
function emitChange(tx: WorkspaceTransaction, { incidentId }: Incident, isOpen: boolean): void {
  tx.emit({ kind: 'incident.changed', payload: { incidentId, isOpen } });
}
