import type { Command } from 'commander';
import { stringify } from 'yaml';
import { DriftplaneError } from '../core/errors.ts';
import type { ItemType } from '../core/item-type.ts';
import { nearestWord } from '../core/nearest.ts';
import { loadItemTypes, parseItemTypeFile } from '../features/inventory/item-type-files.ts';
import { readConfigText } from './config-file.ts';
import type { Terminal } from './terminal.ts';

interface TypesOptions {
  readonly types?: string;
  readonly json?: true;
}

/** Adds `driftplane types`. */
export function addTypes(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  const types = program.command('types').description('the item types: how objects are recognised and read');
  const typesOption = [
    '-t, --types <file>',
    'item types of your own (YAML), before the built-in ones',
  ] as const;
  types
    .command('list')
    .description('list them in the order in which they are tried')
    .option(...typesOption)
    .option('--json', 'as JSON')
    .action(async (options: TypesOptions) => exitWith(await runTypesList(options, terminal)));
  types
    .command('show')
    .description('show all rules of one')
    .argument('<name>', 'its name')
    .option(...typesOption)
    .option('--json', 'as JSON')
    .action(async (name: string, options: TypesOptions) =>
      exitWith(await runTypesShow(name, options, terminal)),
    );
  types
    .command('check')
    .description('check a file of your own')
    .argument('<file>', 'item types (YAML)')
    .action(async (file: string) => exitWith(await runTypesCheck(file, terminal)));
}

/** Lists the item types in the order in which they are tried. */
async function runTypesList(options: TypesOptions, terminal: Terminal): Promise<number> {
  const rows = load(options.types).types.map(summary);
  if (options.json === true) await terminal.write(`${JSON.stringify({ itemTypes: rows }, null, 2)}\n`);
  else {
    const width = Math.max(...rows.map((row) => row.itemType.length));
    const lines = rows.map(
      (row) => `${row.itemType.padEnd(width)}  ${row.title}${row.isFallback ? ' (fallback)' : ''}`,
    );
    await terminal.write(`${lines.join('\n')}\n`);
  }
  return 0;
}

/** Shows one item type with all rules in force, those that it extends included. */
async function runTypesShow(name: string, options: TypesOptions, terminal: Terminal): Promise<number> {
  const registry = load(options.types);
  const type = registry.get(name);
  if (type === undefined) {
    const names = registry.types.map((known) => known.name);
    const nearest =
      nearestWord(name, names) ?? names.find((known) => known.toLowerCase().endsWith(name.toLowerCase()));
    const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
    throw new DriftplaneError('invalid_arguments', `There is no item type ${JSON.stringify(name)}.${hint}`);
  }
  const shown = { ...summary(type), rulesDigest: type.rulesDigest, definition: type.definition };
  const text =
    options.json === true ? `${JSON.stringify(shown, null, 2)}\n` : stringify(shown, { lineWidth: 100 });
  await terminal.write(text);
  return 0;
}

/** Checks a file of item types by itself and together with the built-in ones. */
async function runTypesCheck(path: string, terminal: Terminal): Promise<number> {
  const file = { path, text: readConfigText(path) };
  const names = parseItemTypeFile(file).map((definition) => definition.itemType);
  loadItemTypes(file);
  await terminal.write(`${path} is valid. It defines ${names.join(', ')}.\n`);
  return 0;
}

function load(path: string | undefined) {
  return loadItemTypes(path === undefined ? null : { path, text: readConfigText(path) });
}

function summary({ name, title, definition }: ItemType) {
  return { itemType: name, title, isFallback: definition.isFallback };
}
