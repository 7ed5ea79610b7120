import { type Command, Option } from 'commander';
import { DriftplaneError } from '../core/errors.ts';
import type { ScopeResponse, SourceResponse } from '../features/sources/source-contract.ts';
import { type ApiClient, openApiClient } from './api-client.ts';
import { type Column, printListing, printRecord } from './print-listing.ts';
import { findSource } from './sources-find.ts';
import type { Terminal } from './terminal.ts';

interface JsonOption {
  readonly json?: true;
}

/** What people set of a source; what is not given stays, or gets its default. */
interface SettingOptions {
  readonly types?: readonly string[];
  readonly allTypes?: true;
  readonly service?: string;
  readonly repo?: string;
  readonly docClass?: string;
  /** False: none any more. */
  readonly cron?: string | false;
  readonly timeZone?: string;
  readonly maxRemovedShare?: number;
  readonly minRemovedItems?: number;
}

/** Adds `driftplane sources`. */
export function addSources(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  const sources = program.command('sources').description('the sources: what is watched, and when');
  const client = (): ApiClient => openApiClient(process.env);
  sources
    .command('list')
    .description('list them')
    .addOption(new Option('--kind <kind>', 'only those of a kind').choices(['files', 'push']))
    .option('--archived', 'the archived ones too')
    .option('--json', 'as JSON')
    .action(async (options: JsonOption & { kind?: string; archived?: true }) => {
      const query = { kind: options.kind, includeArchived: options.archived === true };
      const rows = client().listAll<SourceResponse>({ resource: 'sources', query });
      await printListing(rows, sourceColumns, { json: options.json, empty: 'There is no source.' }, terminal);
      exitWith(0);
    });
  sources
    .command('show')
    .description('show one, with its scopes')
    .argument('<source>', 'its name or id')
    .option('--json', 'as JSON')
    .action(async (source: string, options: JsonOption) => {
      exitWith(await showSource(client(), source, options, terminal));
    });
  addSettings(sources.command('create'))
    .description('configure a new one')
    .argument('<name>', 'what people call it')
    .option('--files <path>', "a folder, archive or file on the server's disk")
    .option('--push', 'what clients push')
    .option('--json', 'as JSON')
    .action(async (name: string, options: JsonOption & SettingOptions & { files?: string; push?: true }) => {
      exitWith(await createSource(client(), name, options, terminal));
    });
  addSettings(sources.command('update'))
    .description('change one; what is not named stays')
    .argument('<source>', 'its name or id')
    .option('--name <name>', 'another name')
    .option('--files <path>', "another path on the server's disk")
    .option('--all-types', 'inventory all item types again')
    .option('--no-cron', 'sync it only on demand')
    .option('--json', 'as JSON')
    .action(async (source: string, options: JsonOption & SettingOptions & ChangeOptions) => {
      exitWith(await updateSource(client(), source, options, terminal));
    });
  sources
    .command('archive')
    .description('end its syncs; what it brought stays readable')
    .argument('<source>', 'its name or id')
    .option('--json', 'as JSON')
    .action(async (source: string, options: JsonOption) => {
      const api = client();
      const { sourceId } = await findSource(api, source);
      const archived = await api.call<SourceResponse>({
        method: 'DELETE',
        resource: 'sources',
        path: [sourceId],
      });
      await printSource(archived, options, terminal);
      exitWith(0);
    });
}

interface ChangeOptions {
  readonly name?: string;
  readonly files?: string;
}

function addSettings(command: Command): Command {
  const number = (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value)) return value;
    throw new DriftplaneError('invalid_arguments', `${JSON.stringify(text)} is not a number`);
  };
  return command
    .option('--types <types...>', 'the item types to inventory; "*" stands for any characters')
    .option('--service <id>', 'the service that plans are resolved by')
    .option('--repo <owner/name>', 'the repository that plans are resolved by')
    .option('--doc-class <class>', 'the document class that plans are resolved by')
    .option('--cron <fields>', 'when to sync it: minute, hour, day of the month, month, day of the week')
    .option('--time-zone <zone>', 'the time zone of --cron, such as Europe/Berlin')
    .option('--max-removed-share <share>', 'hold a run that removes more than this share of a type', number)
    .option('--min-removed-items <count>', 'but never one that removes fewer items of it', number);
}

async function showSource(
  api: ApiClient,
  nameOrId: string,
  options: JsonOption,
  terminal: Terminal,
): Promise<number> {
  const source = await findSource(api, nameOrId);
  const scopes: ScopeResponse[] = [];
  const request = { resource: 'sources', path: [source.sourceId, 'scopes'] };
  for await (const scope of api.listAll<ScopeResponse>(request)) scopes.push(scope);
  if (options.json === true) {
    await printRecord({ ...source, scopes }, [], options, terminal);
    return 0;
  }
  await printSource(source, options, terminal);
  await terminal.write('\n');
  await printListing(scopes, scopeColumns, { empty: 'It has not been synced yet.' }, terminal);
  return 0;
}

async function createSource(
  api: ApiClient,
  name: string,
  options: JsonOption & SettingOptions & { files?: string; push?: true },
  terminal: Terminal,
): Promise<number> {
  if ((options.files === undefined) === (options.push === undefined)) {
    throw new DriftplaneError('invalid_arguments', 'say where it comes from: --files PATH or --push');
  }
  const settings = settingsOf(options);
  const kind = options.files === undefined ? { kind: 'push' } : filesOf(options.files);
  const body = { name, ...kind, ...settings };
  const source = await api.callOnce<SourceResponse>({ method: 'POST', resource: 'sources', body });
  await printSource(source, options, terminal);
  return 0;
}

function filesOf(path: string) {
  return { kind: 'files', config: { path } };
}

async function updateSource(
  api: ApiClient,
  nameOrId: string,
  options: JsonOption & SettingOptions & ChangeOptions,
  terminal: Terminal,
): Promise<number> {
  const before = await findSource(api, nameOrId);
  const { schedule, ...settings } = settingsOf(options, before.schedule);
  const body = {
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.files === undefined ? {} : { config: { path: options.files } }),
    ...settings,
    ...(schedule === undefined ? {} : { schedule }),
  };
  if (Object.keys(body).length === 0) {
    throw new DriftplaneError(
      'invalid_arguments',
      'say what to change; see driftplane sources update --help',
    );
  }
  const source = await api.call<SourceResponse>({
    method: 'PATCH',
    resource: 'sources',
    path: [before.sourceId],
    ifMatch: before.revision,
    body,
  });
  await printSource(source, options, terminal);
  return 0;
}

/** The settings as the API takes them, without those that are not given. */
function settingsOf(options: SettingOptions, present: SourceResponse['schedule'] = null) {
  if (options.types !== undefined && options.allTypes === true) {
    throw new DriftplaneError('invalid_arguments', '--types and --all-types exclude each other');
  }
  const itemTypes = options.allTypes === true ? null : options.types;
  const binding = {
    ...(options.service === undefined ? {} : { serviceId: options.service }),
    ...(options.repo === undefined ? {} : { repoFullName: options.repo }),
    ...(options.docClass === undefined ? {} : { docClass: options.docClass }),
  };
  const safeguard = {
    ...(options.maxRemovedShare === undefined ? {} : { maxRemovedShare: options.maxRemovedShare }),
    ...(options.minRemovedItems === undefined ? {} : { minRemovedItems: options.minRemovedItems }),
  };
  const schedule = scheduleOf(options, present);
  return {
    ...(itemTypes === undefined ? {} : { selection: { itemTypes } }),
    ...(Object.keys(binding).length === 0 ? {} : { binding }),
    ...(Object.keys(safeguard).length === 0 ? {} : { safeguard }),
    ...(schedule === undefined ? {} : { schedule }),
  };
}

/** Undefined: as it is; a time zone alone is of the schedule that there is. */
function scheduleOf({ cron, timeZone }: SettingOptions, present: SourceResponse['schedule']) {
  if (cron === false) return null;
  const fields = typeof cron === 'string' ? cron : present?.cron;
  if (typeof cron !== 'string' && timeZone === undefined) return undefined;
  if (fields === undefined) throw new DriftplaneError('invalid_arguments', '--time-zone goes with --cron');
  return { cron: fields, timeZone: timeZone ?? present?.timeZone ?? 'UTC' };
}

const sourceColumns: readonly Column<SourceResponse>[] = [
  { title: 'ID', value: ({ sourceId }) => sourceId },
  { title: 'NAME', value: ({ name }) => name, canShrink: true },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'SCHEDULE', value: scheduleText },
  { title: 'NEXT SYNC', value: ({ nextSyncAt }) => nextSyncAt },
  { title: 'STATE', value: ({ archivedAt }) => (archivedAt === null ? 'live' : 'archived') },
];

const scopeColumns: readonly Column<ScopeResponse>[] = [
  { title: 'SCOPE', value: ({ scopeId }) => scopeId },
  { title: 'TYPES', value: ({ selection }) => typesText(selection), canShrink: true },
  { title: 'ITEMS', value: ({ itemCount }) => itemCount },
  { title: 'RUNS', value: ({ runCount }) => runCount },
  { title: 'SELECTION', value: ({ isCurrent }) => (isCurrent ? 'current' : 'former') },
];

function typesText({ itemTypes }: SourceResponse['selection']): string {
  return itemTypes === null ? 'all' : itemTypes.join(', ');
}

function scheduleText({ schedule }: SourceResponse): string | null {
  return schedule === null ? null : `${schedule.cron} (${schedule.timeZone})`;
}

function printSource(source: SourceResponse, options: JsonOption, terminal: Terminal): Promise<void> {
  const { binding, safeguard } = source;
  const fields = [
    ['id', source.sourceId],
    ['name', source.name],
    ['kind', source.kind],
    ['path', source.config.path ?? null],
    ['types', typesText(source.selection)],
    ['service', binding.serviceId],
    ['repository', binding.repoFullName],
    ['document class', binding.docClass],
    ['schedule', scheduleText(source)],
    ['next sync', source.nextSyncAt],
    [
      'safeguard',
      `holds a run that removes more than ${safeguard.maxRemovedShare * 100} % and at least ${safeguard.minRemovedItems} items of a type`,
    ],
    ['revision', source.revision],
    ['created', source.createdAt],
    ['archived', source.archivedAt],
  ] as const;
  return printRecord(source, fields, options, terminal);
}
