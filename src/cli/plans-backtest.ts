import { type Command, Option } from 'commander';
import { DriftplaneError } from '../core/errors.ts';
import { parsePlan } from '../core/parse-plan.ts';
import { backtestEffects } from '../features/executions/backtest.ts';
import type { BacktestResponse } from '../features/executions/backtest-contract.ts';
import { type ApiClient, openApiClient } from './api-client.ts';
import { type PlanText, requireValid } from './config-file.ts';
import { parsePositive } from './parse-positive.ts';
import { backtestColumns, changeListing, printBacktest } from './plans-backtest-text.ts';
import { waitForBacktest } from './plans-backtest-wait.ts';
import { readPlanFile, withLinesOf } from './plans-file.ts';
import { findPlan } from './plans-find.ts';
import { printKept } from './print-kept.ts';
import { printListing } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

interface JsonOption {
  readonly json?: true;
}

interface StartOptions extends JsonOption {
  readonly version?: number;
  readonly file?: string;
  readonly days?: number;
  readonly scope?: readonly string[];
  readonly wait?: true;
}

const BACKTEST_ARGUMENT = ['<backtest>', 'its id'] as const;

/** Adds `plans backtest`. */
export function addPlanBacktest(plans: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  const backtest = plans
    .command('backtest')
    .description('what would be found otherwise under a plan, tried on stored pairs of runs');
  addStart(backtest, terminal, exitWith);
  backtest
    .command('list')
    .description('list them, the newest first')
    .argument('[plan]', 'only those of this plan (id or name)')
    .option('--limit <count>', 'most that are listed', parsePositive, 100)
    .option('--json', 'as JSON')
    .action(async (idOrName: string | undefined, options: JsonOption & { limit: number }) => {
      const api = openApiClient(process.env);
      const planId = idOrName === undefined ? undefined : (await findPlan(api, idOrName)).planId;
      const request = { resource: 'plans', path: ['backtests'], query: { planId } };
      const rows = api.listAll<BacktestResponse>(request, options.limit);
      const { json } = options;
      await printListing(rows, backtestColumns, { json, empty: 'There is no backtest.' }, terminal);
      exitWith(0);
    });
  backtest
    .command('show')
    .description('show one: how far it is, or what it came to')
    .argument(...BACKTEST_ARGUMENT)
    .option('--json', 'as JSON')
    .action(async (id: string, options: JsonOption) => {
      const path = ['backtests', id];
      await printBacktest(
        await openApiClient(process.env).call({ resource: 'plans', path }),
        options,
        terminal,
      );
      exitWith(0);
    });
  backtest
    .command('changes')
    .description('list what would be otherwise, with the reasons')
    .argument(...BACKTEST_ARGUMENT)
    .addOption(new Option('--effect <effect>', 'only what …').choices([...backtestEffects]))
    .option('--limit <count>', 'most that are listed', parsePositive, 100)
    .option('--json', 'as JSON')
    .action(async (id: string, options: JsonOption & { limit: number; effect?: string }) => {
      const path = ['backtests', id, 'changes'];
      const listing = { resource: 'plans', path, query: { effect: options.effect }, ...changeListing };
      await printKept(openApiClient(process.env), listing, options, terminal);
      exitWith(0);
    });
  backtest
    .command('cancel')
    .description('cancel one that waits or runs')
    .argument(...BACKTEST_ARGUMENT)
    .option('--json', 'as JSON')
    .action(async (id: string, options: JsonOption) => {
      const request = { method: 'POST', resource: 'plans', path: ['backtests', id, 'cancel'] } as const;
      await printBacktest(await openApiClient(process.env).call(request), options, terminal);
      exitWith(0);
    });
}

function addStart(backtest: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  backtest
    .command('start')
    .description('try a plan, or a file that is no plan yet; no findings are written')
    .argument('[plan]', 'its id, or its name where no other plan has it')
    .option('--version <number>', 'this version of it; without: the newest', parsePositive)
    .option('-f, --file <file>', 'a plan file (YAML) in its place; - for stdin')
    .option('--days <count>', 'on runs that ended in the last days (30 where nothing is said)', parsePositive)
    .option('--scope <id...>', 'on these scopes; without: every one that it would be for')
    .option('--wait', 'until it is over (exit code 2: it has not succeeded)')
    .option('--json', 'as JSON')
    .action(async (idOrName: string | undefined, options: StartOptions) => {
      const api = openApiClient(process.env);
      const started = await startBacktest(api, idOrName, options);
      const shown = options.wait === true ? await waitForBacktest(api, started, terminal) : started;
      await printBacktest(shown, options, terminal);
      exitWith(options.wait === true && shown.status !== 'succeeded' ? 2 : 0);
    });
}

async function startBacktest(
  api: ApiClient,
  idOrName: string | undefined,
  { file: path, version, days, scope }: StartOptions,
): Promise<BacktestResponse> {
  if ((idOrName === undefined) === (path === undefined)) {
    throw new DriftplaneError('invalid_arguments', 'say what to try: either a plan or -f FILE');
  }
  if (path !== undefined && version !== undefined) {
    throw new DriftplaneError('invalid_arguments', '--version is of a plan, not of a file');
  }
  let file: PlanText | null = null;
  if (path !== undefined) {
    file = await readPlanFile(path);
    requireValid(file, parsePlan(file.content));
  }
  const planId = idOrName === undefined ? undefined : (await findPlan(api, idOrName)).planId;
  const body = { planId, version, document: file?.content, days, scopeIds: scope };
  return withLinesOf(file, () =>
    api.callOnce<BacktestResponse>({ method: 'POST', resource: 'plans', path: ['backtests'], body }),
  );
}
