import type { Command } from 'commander';
import { DriftplaneError } from '../core/errors.ts';
import type { ScopeOverviewResponse } from '../features/drift/drift-contract.ts';
import { openApiClient } from './api-client.ts';
import { type Column, printListing, printRecord } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

interface JsonOption {
  readonly json?: true;
}

/** Adds `driftplane scopes`. */
export function addScopes(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  const scopes = program
    .command('scopes')
    .description('the scopes: a source under a selection, within which runs are compared');
  scopes
    .command('list')
    .description('list them, with what their runs are compared with')
    .option('--json', 'as JSON')
    .action(async (options: JsonOption) => {
      const rows = openApiClient(process.env).listAll<ScopeOverviewResponse>({ resource: 'scopes' });
      await printListing(rows, columns, { json: options.json, empty: 'There is no scope.' }, terminal);
      exitWith(0);
    });
  scopes
    .command('baseline')
    .description('choose what the runs of a scope are compared with')
    .argument('<scope>', 'its id')
    .option('--pin <run>', 'this applied run, until another is chosen')
    .option('--rolling', 'the run before, which is how it is by itself')
    .option('--json', 'as JSON')
    .action(async (scopeId: string, options: JsonOption & { pin?: string; rolling?: true }) => {
      if ((options.pin === undefined) === (options.rolling === undefined)) {
        throw new DriftplaneError('invalid_arguments', 'say either --pin RUN or --rolling');
      }
      const scope = await openApiClient(process.env).call<ScopeOverviewResponse>({
        method: 'PUT',
        resource: 'scopes',
        path: [scopeId, 'baseline'],
        body: options.pin === undefined ? { mode: 'rolling' } : { mode: 'pinned', runId: options.pin },
      });
      await printRecord(
        scope,
        [
          ['scope', scope.scopeId],
          ['source', scope.sourceName],
          ['baseline', baselineText(scope)],
        ],
        options,
        terminal,
      );
      exitWith(0);
    });
}

const columns: readonly Column<ScopeOverviewResponse>[] = [
  { title: 'SCOPE', value: ({ scopeId }) => scopeId },
  { title: 'SOURCE', value: ({ sourceName }) => sourceName, canShrink: true },
  { title: 'ITEMS', value: ({ itemCount }) => itemCount },
  { title: 'RUNS', value: ({ runCount }) => runCount },
  { title: 'BASELINE', value: baselineText },
];

function baselineText({ baseline }: ScopeOverviewResponse): string {
  return baseline.mode === 'rolling' ? 'the run before' : `run ${baseline.runId}`;
}
