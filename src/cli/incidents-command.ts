import type { Command } from 'commander';
import { DriftplaneError } from '../core/errors.ts';
import type { IncidentResponse } from '../features/plans/incident-contract.ts';
import { type ApiClient, openApiClient } from './api-client.ts';
import { instantOption } from './instant-option.ts';
import { type Column, printListing, printRecord } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

interface JsonOption {
  readonly json?: true | undefined;
}

interface OpenOptions extends JsonOption {
  readonly title: string;
  readonly service?: string;
  readonly openedAt?: string;
}

interface ListOptions extends JsonOption {
  readonly open?: true;
  readonly service?: string;
}

/** Adds `driftplane incidents`. */
export function addIncidents(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  const incidents = program
    .command('incidents')
    .description('the incidents: while one is open, plans that require it tell of drift');
  incidents
    .command('open')
    .description('tell of one; again it changes nothing')
    .argument('<external-id>', 'the id that it has where it comes from')
    .requiredOption('--title <title>', 'what has happened')
    .option('--service <id>', 'the service that it concerns; without: the whole workspace')
    .option('--opened-at <instant>', 'since when, such as 2026-11-01T00:00:00Z; without: now')
    .option('--json', 'as JSON')
    .action(async (externalId: string, { title, service, openedAt: at, json }: OpenOptions) => {
      const openedAt = at === undefined ? undefined : instantOption('--opened-at', at, new Date());
      const body = { externalId, title, serviceId: service, openedAt };
      const incident = await openApiClient(process.env).callOnce<IncidentResponse>({
        method: 'POST',
        resource: 'incidents',
        body,
      });
      await printIncident(incident, { json }, terminal);
      exitWith(0);
    });
  incidents
    .command('list')
    .description('list them, the newest first')
    .option('--open', 'only those that are open')
    .option('--service <id>', 'only those of this very service')
    .option('--json', 'as JSON')
    .action(async ({ open, service, json }: ListOptions) => {
      const query = { open, serviceId: service };
      const rows = openApiClient(process.env).listAll<IncidentResponse>({ resource: 'incidents', query });
      await printListing(rows, columns, { json, empty: 'There is no incident.' }, terminal);
      exitWith(0);
    });
  incidents
    .command('close')
    .description('say that one is over')
    .argument('<incident>', 'its id, or the one that it has where it comes from')
    .option('--json', 'as JSON')
    .action(async (id: string, options: JsonOption) => {
      const api = openApiClient(process.env);
      const path = [await findIncidentId(api, id), 'close'];
      await printIncident(await api.call({ method: 'POST', resource: 'incidents', path }), options, terminal);
      exitWith(0);
    });
}

/** Of an id of ours, or of where it comes from, which may look the same. Throws `incident_not_found`. */
async function findIncidentId(api: ApiClient, id: string): Promise<string> {
  const wanted = id.normalize('NFC').trim();
  for await (const incident of api.listAll<IncidentResponse>({ resource: 'incidents' })) {
    if (incident.incidentId === wanted || incident.externalId === wanted) return incident.incidentId;
  }
  throw new DriftplaneError('incident_not_found', `there is no incident ${JSON.stringify(id)}`);
}

const columns: readonly Column<IncidentResponse>[] = [
  { title: 'INCIDENT', value: ({ incidentId }) => incidentId },
  { title: 'EXTERNAL ID', value: ({ externalId }) => externalId, canShrink: true },
  { title: 'SERVICE', value: ({ serviceId }) => serviceId ?? 'all' },
  { title: 'OPENED', value: ({ openedAt }) => openedAt },
  { title: 'CLOSED', value: ({ closedAt }) => closedAt ?? 'open' },
  { title: 'TITLE', value: ({ title }) => title, canShrink: true },
];

function printIncident(incident: IncidentResponse, options: JsonOption, terminal: Terminal): Promise<void> {
  const fields = [
    ['incident', incident.incidentId],
    ['external id', incident.externalId],
    ['title', incident.title],
    ['service', incident.serviceId ?? 'all: it concerns the whole workspace'],
    ['opened', `${incident.openedAt} by ${incident.createdBy}`],
    ['closed', incident.closedAt],
  ] as const;
  return printRecord(incident, fields, options, terminal);
}
