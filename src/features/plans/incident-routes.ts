import { z } from 'zod';
import { DriftplaneError } from '../../core/errors.ts';
import type { Database } from '../../db/database.ts';
import { isUuid } from '../../db/workspace-transaction.ts';
import { type Api, inWorkspace, readInWorkspace } from '../../http/api.ts';
import { cutPage, decodeCursor, encodeCursor } from '../../http/page.ts';
import { problems } from '../../http/problem-contract.ts';
import type { Incident } from './incident.ts';
import {
  type IncidentResponse,
  incidentListQuery,
  incidentPageSchema,
  incidentSchema,
  openIncidentBody,
} from './incident-contract.ts';
import { closeIncident, getIncident, listIncidents, openIncident } from './incident-service.ts';

const CURSOR = 'incidents';

const workspaceParams = z.object({ workspaceId: z.string() });
const incidentParams = z.object({ workspaceId: z.string(), incidentId: z.string() });

/** Incidents: plans may tell of drift only while there is one. */
export function registerIncidentRoutes(api: Api, { database }: { readonly database: Database }): void {
  registerReads(api, database);
  registerWrites(api, database);
}

function registerReads(api: Api, database: Database): void {
  api.get(
    '/api/incidents/:workspaceId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['incidents'],
        summary: 'List the incidents, newest first',
        operationId: 'listIncidents',
        params: workspaceParams,
        querystring: incidentListQuery,
        response: { 200: incidentPageSchema, ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { cursor, limit, open: isOpen, serviceId } = request.query;
      const after = cursor === undefined ? null : readCursor(cursor);
      const found = await readInWorkspace(database, request, (tx) =>
        listIncidents(tx, { isOpen, serviceId }, { after, limit: limit + 1 }),
      );
      const page = cutPage(found, limit, (last) =>
        encodeCursor(CURSOR, [last.openedAt.toISOString(), last.incidentId]),
      );
      return { ...page, items: page.items.map(incidentResponseOf) };
    },
  );
  api.get(
    '/api/incidents/:workspaceId/:incidentId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['incidents'],
        summary: 'Show an incident',
        operationId: 'showIncident',
        params: incidentParams,
        response: { 200: incidentSchema, ...problems('incident_not_found') },
      },
    },
    async (request) =>
      incidentResponseOf(
        await readInWorkspace(database, request, (tx) => getIncident(tx, request.params.incidentId)),
      ),
  );
}

function registerWrites(api: Api, database: Database): void {
  api.post(
    '/api/incidents/:workspaceId',
    {
      config: { access: 'operator', isIdempotent: true },
      schema: {
        tags: ['incidents'],
        summary: 'Open an incident; the one of the same external id where it is open already (200)',
        operationId: 'openIncident',
        params: workspaceParams,
        body: openIncidentBody,
        response: { 200: incidentSchema, 201: incidentSchema, ...problems('name_taken') },
      },
    },
    async (request, reply) => {
      const { openedAt, ...body } = request.body;
      const { incident, isNew } = await inWorkspace(database, request, (tx) =>
        openIncident(tx, { ...body, openedAt: openedAt === undefined ? null : new Date(openedAt) }),
      );
      return reply.code(isNew ? 201 : 200).send(incidentResponseOf(incident));
    },
  );
  api.post(
    '/api/incidents/:workspaceId/:incidentId/close',
    {
      config: { access: 'operator' },
      schema: {
        tags: ['incidents'],
        summary: 'Say that an incident is over; again it changes nothing',
        operationId: 'closeIncident',
        params: incidentParams,
        response: { 200: incidentSchema, ...problems('incident_not_found') },
      },
    },
    async (request) =>
      incidentResponseOf(
        await inWorkspace(database, request, (tx) => closeIncident(tx, request.params.incidentId)),
      ),
  );
}

function readCursor(cursor: string): { openedAt: Date; incidentId: string } {
  const [at, incidentId] = decodeCursor(CURSOR, cursor, 2);
  // PostgreSQL has no year 0, and years of more digits are none of ours.
  const openedAt = new Date(typeof at === 'string' && /^(?!0000)\d{4}-/.test(at) ? at : Number.NaN);
  if (Number.isNaN(openedAt.getTime()) || typeof incidentId !== 'string' || !isUuid(incidentId)) {
    throw new DriftplaneError('invalid_cursor', 'the cursor does not belong to this listing');
  }
  return { openedAt, incidentId };
}

function incidentResponseOf({ openedAt, closedAt, ...same }: Incident): IncidentResponse {
  return { ...same, openedAt: openedAt.toISOString(), closedAt: closedAt?.toISOString() ?? null };
}
