import { type Command, Option } from 'commander';
import { runStates } from '../core/run-state.ts';
import type { RunResponse, RunSummaryResponse } from '../features/inventory/sync-run-contract.ts';
import { openApiClient } from './api-client.ts';
import { addCompare } from './compare-command.ts';
import { type Column, printListing } from './print-listing.ts';
import { printRun } from './print-run.ts';
import { findSourceId } from './sources-find.ts';
import type { Terminal } from './terminal.ts';

interface JsonOption {
  readonly json?: true;
}

/** Adds `driftplane runs`. */
export function addRuns(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  const runs = program.command('runs').description('the sync runs: what was observed, and how much of it');
  runs
    .command('list')
    .description('list them, newest first')
    .option('--source <source>', 'only those of a source (name or id)')
    .option('--scope <scope>', 'only those of a scope (id)')
    .addOption(new Option('--status <status>', 'only those that are …').choices([...runStates]))
    .option('--limit <count>', 'how many at most', Number, 100)
    .option('--json', 'as JSON')
    .action(
      async (options: JsonOption & { source?: string; scope?: string; status?: string; limit: number }) => {
        const api = openApiClient(process.env);
        const sourceId = await findSourceId(api, options.source);
        const query = { sourceId, scopeId: options.scope, status: options.status };
        const rows = api.listAll<RunSummaryResponse>({ resource: 'runs', query }, options.limit);
        await printListing(rows, columns, { json: options.json, empty: 'There is no run.' }, terminal);
        exitWith(0);
      },
    );
  runs
    .command('show')
    .description('show one, with its coverage and its problems')
    .argument('<run>', 'its id')
    .option('--json', 'as JSON')
    .action(async (runId: string, options: JsonOption) => {
      const api = openApiClient(process.env);
      await printRun(await api.call<RunResponse>({ resource: 'runs', path: [runId] }), options, terminal);
      exitWith(0);
    });
  addCompare(runs, terminal, exitWith);
  for (const [name, description] of decisions) {
    runs
      .command(name)
      .description(description)
      .argument('<run>', 'its id')
      .option('--json', 'as JSON')
      .action(async (runId: string, options: JsonOption) => {
        const api = openApiClient(process.env);
        const path = [runId, name];
        await printRun(
          await api.call<RunResponse>({ method: 'POST', resource: 'runs', path }),
          options,
          terminal,
        );
        exitWith(0);
      });
  }
}

const decisions = [
  ['cancel', 'cancel one that waits or runs'],
  ['confirm', 'apply a held one: what it found gone is gone'],
  ['reject', 'drop a held one: what it found gone stays in the inventory'],
] as const;

const columns: readonly Column<RunSummaryResponse>[] = [
  { title: 'RUN', value: (run) => run.runId },
  { title: 'STATUS', value: (run) => run.status },
  { title: 'NO', value: (run) => run.runSeq },
  { title: 'ITEMS', value: (run) => run.counts.items ?? null },
  { title: '+', value: (run) => run.counts.added ?? null },
  { title: '-', value: (run) => run.counts.removed ?? null },
  { title: '~', value: (run) => run.counts.changed ?? null },
  { title: 'PROBLEMS', value: (run) => run.counts.problems ?? null },
  { title: 'REQUESTED', value: (run) => run.requestedAt, canDrop: true },
  { title: 'BY', value: (run) => run.requestedBy, canDrop: true },
];
