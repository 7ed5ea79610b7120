import type { Command } from 'commander';
import { stringify } from 'yaml';
import { DriftplaneError } from '../core/errors.ts';
import { printable } from '../core/report/printable.ts';
import { sha256Hex } from '../core/sha256.ts';
import type { ItemResponse, ItemVersionResponse } from '../features/inventory/item-contract.ts';
import { type ApiClient, openApiClient } from './api-client.ts';
import { type Column, printListing, printRecord } from './print-listing.ts';
import { findSourceId } from './sources-find.ts';
import type { Terminal } from './terminal.ts';

interface JsonOption {
  readonly json?: true;
}

interface ListOptions extends JsonOption {
  readonly scope?: string;
  readonly source?: string;
  readonly type?: string;
  readonly label?: string;
  readonly asOf?: string;
  readonly limit: number;
}

const ITEM_ARGUMENT = ['<item>', 'TYPE:ID, or its identity hash'] as const;

/** Adds `driftplane items`. */
export function addItems(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  const items = program.command('items').description('the items of the inventory, and their history');
  const client = (): ApiClient => openApiClient(process.env);
  items
    .command('list')
    .description('list them, in the last observed state or as of a run')
    .option('--scope <id>', 'only those of a scope')
    .option('--source <id>', 'only those of a source (name or id)')
    .option('--type <name>', 'only those of a type')
    .option('--label <text>', 'only those with this in their label')
    .option('--as-of <run>', 'as they were when this run had been applied')
    .option('--limit <count>', 'most that are listed', positive, 100)
    .option('--json', 'as JSON')
    .action(async (options: ListOptions) => {
      await listItems(client(), options, terminal);
      exitWith(0);
    });
  items
    .command('show')
    .description('show one with its facts')
    .argument('<scope>', 'the id of its scope')
    .argument(...ITEM_ARGUMENT)
    .option('--as-of <run>', 'as it was when this run had been applied')
    .option('--at-version <id>', 'in this version', positive)
    .option('--json', 'as JSON')
    .action(async (scope: string, item: string, options: ShowOptions) => {
      await showItem(client(), [scope, identityHash(item)], options, terminal);
      exitWith(0);
    });
  items
    .command('history')
    .description('list its versions, the last one first')
    .argument('<scope>', 'the id of its scope')
    .argument(...ITEM_ARGUMENT)
    .option('--json', 'as JSON')
    .action(async (scope: string, item: string, options: JsonOption) => {
      const path = [scope, identityHash(item), 'history'];
      const rows = client().listAll<ItemVersionResponse>({ resource: 'items', path });
      const empty = 'There is no such item.';
      await printListing(rows, versionColumns, { json: options.json, empty }, terminal);
      exitWith(0);
    });
  items
    .command('diff')
    .description('compare two of its versions')
    .argument('<scope>', 'the id of its scope')
    .argument(...ITEM_ARGUMENT)
    .argument('<from>', 'a version, as history lists it', positive)
    .argument('<to>', 'another one', positive)
    .option('--json', 'as JSON')
    .action(async (scope: string, item: string, from: number, to: number, options: JsonOption) => {
      const path = [scope, identityHash(item), 'diff'];
      const request = { resource: 'items', path, query: { from, to } };
      exitWith(await showDiff(await client().call<VersionDiffResponse>(request), options, terminal));
    });
}

interface ShowOptions extends JsonOption {
  readonly asOf?: string;
  readonly atVersion?: number;
}

interface ShownItemResponse {
  readonly version: ItemVersionResponse;
  readonly facts: unknown;
}

interface ShownChange {
  readonly path: string;
  readonly op: string;
  readonly before: unknown;
  readonly after: unknown;
}

interface VersionDiffResponse {
  readonly hasSameRules: boolean;
  readonly changeCount: number;
  readonly changes: readonly ShownChange[];
}

function positive(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new DriftplaneError('invalid_arguments', `${JSON.stringify(text)} is not a whole number above 0`);
}

/** What names an item within its scope: given as that, or as the type and the id that it is the hash of. */
function identityHash(item: string): string {
  if (/^[0-9a-f]{64}$/.test(item)) return item;
  const colon = item.indexOf(':');
  if (colon > 0) return sha256Hex(`${item.slice(0, colon)}\0${item.slice(colon + 1)}`);
  throw new DriftplaneError(
    'invalid_arguments',
    `${JSON.stringify(item)} is neither TYPE:ID nor an identity hash`,
  );
}

async function listItems(api: ApiClient, options: ListOptions, terminal: Terminal): Promise<void> {
  const { scope, source, type, label, asOf, limit } = options;
  const sourceId = await findSourceId(api, source);
  const query = { scopeId: scope, sourceId, itemType: type, label, asOfRunId: asOf };
  const rows: ItemResponse[] = [];
  // One more says that there are more.
  for await (const row of api.listAll<ItemResponse>({ resource: 'items', query }, limit + 1)) rows.push(row);
  const shown = rows.slice(0, limit);
  const columns = scope === undefined ? itemColumns : itemColumns.filter(({ title }) => title !== 'SCOPE');
  await printListing(shown, columns, { json: options.json, empty: 'There is no such item.' }, terminal);
  if (rows.length > limit) terminal.say(`There are more than ${limit}; see --limit.`);
}

async function showItem(
  api: ApiClient,
  path: readonly string[],
  options: ShowOptions,
  terminal: Terminal,
): Promise<void> {
  const query = { asOfRunId: options.asOf, version: options.atVersion };
  const shown = await api.call<ShownItemResponse>({ resource: 'items', path, query });
  if (options.json === true) return printRecord(shown, [], options, terminal);
  const { version } = shown;
  const fields = [
    ['type', version.itemType],
    ['id', version.externalId],
    ['label', version.label],
    ['version', version.versionId],
    ['since', endText(version.opened)],
    ['until', version.closed === null ? null : closedText(version)],
    ['content hash', version.contentHash],
  ] as const;
  await printRecord(shown, fields, options, terminal);
  const lines = stringify(shown.facts, { lineWidth: 0 }).trimEnd().split('\n');
  await terminal.write(`\n${lines.map(printable).join('\n')}\n`);
}

async function showDiff(diff: VersionDiffResponse, options: JsonOption, terminal: Terminal): Promise<number> {
  const exitCode = diff.changeCount > 0 ? 1 : 0;
  if (options.json === true) {
    await printRecord(diff, [], options, terminal);
    return exitCode;
  }
  await printListing(diff.changes, changeColumns, { empty: 'The two are the same.' }, terminal);
  if (diff.changeCount > diff.changes.length) {
    terminal.say(`These are the first ${diff.changes.length} of ${diff.changeCount} changes.`);
  }
  if (!diff.hasSameRules) {
    terminal.say('The two were read by different rules: some changes may be of the rules, not of the item.');
  }
  return exitCode;
}

const itemColumns: readonly Column<ItemResponse>[] = [
  { title: 'TYPE', value: ({ itemType }) => itemType, canShrink: true },
  { title: 'ID', value: ({ externalId }) => externalId, canShrink: true },
  { title: 'LABEL', value: ({ label }) => label, canShrink: true },
  { title: 'SINCE', value: ({ since }) => runText(since), canDrop: true },
  { title: 'SCOPE', value: ({ scopeId }) => scopeId, canDrop: true },
];

const versionColumns: readonly Column<ItemVersionResponse>[] = [
  { title: 'VERSION', value: ({ versionId }) => versionId },
  { title: 'SINCE', value: ({ opened }) => endText(opened) },
  { title: 'UNTIL', value: closedText },
  { title: 'LABEL', value: ({ label }) => label, canShrink: true },
  { title: 'CONTENT', value: ({ contentHash }) => contentHash.slice(0, 12) },
];

const changeColumns: readonly Column<ShownChange>[] = [
  { title: 'PATH', value: ({ path }) => path, canShrink: true },
  { title: 'CHANGE', value: ({ op }) => op },
  {
    title: 'BEFORE',
    value: ({ op, before }) => (op === 'add' ? null : JSON.stringify(before)),
    canShrink: true,
  },
  {
    title: 'AFTER',
    value: ({ op, after }) => (op === 'remove' ? null : JSON.stringify(after)),
    canShrink: true,
  },
];

function runText(run: ItemResponse['since']): string {
  return run === null ? 'a run no longer kept' : `run ${run.runSeq}`;
}

function endText({ by, run }: ItemVersionResponse['opened']): string {
  return by === 'renormalised' ? `${runText(run)} (new rules)` : runText(run);
}

function closedText({ closed }: ItemVersionResponse): string | null {
  if (closed === null) return null;
  return closed.isRemoval ? `${endText(closed)}, removed` : endText(closed);
}
