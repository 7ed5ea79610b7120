import { type Command, Option } from 'commander';
import { DriftplaneError } from '../core/errors.ts';
import type { PlanContent } from '../core/plan-schema.ts';
import { findingSorts } from '../features/findings/finding-branches.ts';
import type {
  FindingEventResponse,
  FindingResponse,
  FindingSummaryResponse,
} from '../features/findings/finding-contract.ts';
import type { PlanVersionResponse } from '../features/plans/plan-contract.ts';
import { type ApiClient, openApiClient } from './api-client.ts';
import { findingText } from './finding-text.ts';
import {
  addFilterOptions,
  type FilterFields,
  type FilterOptions,
  filterFields,
} from './findings-filter-options.ts';
import { addTriage } from './findings-triage.ts';
import { type Column, printListing } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

interface ListOptions extends FilterOptions {
  readonly sort: string;
  readonly limit: string;
  readonly exitCode?: true;
  readonly json?: true;
}

const columns: readonly Column<FindingSummaryResponse>[] = [
  { title: 'SEVERITY', value: (row) => row.severity },
  { title: 'STATE', value: (row) => row.state },
  { title: 'CHANGE', value: (row) => row.change },
  { title: 'DRIFT', value: (row) => row.driftType },
  { title: 'LABEL', value: (row) => row.label, canShrink: true },
  { title: 'FINDING', value: (row) => row.findingId },
  { title: 'FIRST SEEN', value: (row) => row.firstSeenAt, canDrop: true },
  { title: 'ITEM TYPE', value: (row) => row.itemType, canDrop: true },
];

/** Adds `driftplane findings`. */
export function addFindings(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  const findings = program.command('findings').description('what drifted, and what was decided about it');
  addFilterOptions(findings.command('list').description('list them'))
    .addOption(
      new Option('--sort <order>', 'in which order').choices([...findingSorts]).default('-firstSeen'),
    )
    .option('--limit <count>', 'at most so many', '100')
    .option('--exit-code', 'exit with 1 where one that is listed is new or acknowledged')
    .option('--json', 'as JSON')
    .action(async (options: ListOptions) => exitWith(await runList(options, terminal)));
  findings
    .command('show')
    .description('show one with what it found and what happened to it')
    .argument('<finding>', 'its id')
    .option('--json', 'as JSON')
    .action(async (findingId: string, options: { json?: true }) => {
      await showFinding(findingId, options, terminal);
      exitWith(0);
    });
  addTriage(findings, terminal, exitWith);
}

async function runList(options: ListOptions, terminal: Terminal): Promise<number> {
  const limit = Number(options.limit);
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new DriftplaneError('invalid_arguments', '--limit takes a whole number from 1');
  }
  const api = openApiClient(process.env);
  const query = { ...(await filterFields(api, options, new Date())), sort: options.sort };
  const listed = await printFindings(api, { query, limit, json: options.json }, terminal);
  return options.exitCode === true && listed.hasOpen ? 1 : 0;
}

/** Prints the findings of a query, newest first unless it says otherwise; says so where there are more. */
export async function printFindings(
  api: ApiClient,
  options: { readonly query?: FilterFields; readonly limit: number; readonly json?: boolean | undefined },
  terminal: Terminal,
): Promise<{ hasOpen: boolean }> {
  const { query = {}, limit, json } = options;
  let count = 0;
  let hasOpen = false;
  async function* listed(): AsyncGenerator<FindingSummaryResponse> {
    for await (const row of api.listAll<FindingSummaryResponse>({ resource: 'findings', query }, limit + 1)) {
      count++;
      if (count > limit) return;
      hasOpen ||= row.state === 'new' || row.state === 'acknowledged';
      yield row;
    }
  }
  await printListing(listed(), columns, { json, empty: 'There is no such finding.' }, terminal);
  if (count > limit) terminal.say(`There are more than ${limit}; see --limit.`);
  return { hasOpen };
}

/** Enough for what a person reads. */
const MAX_EVENTS = 200;

async function showFinding(findingId: string, { json }: { json?: true }, terminal: Terminal): Promise<void> {
  const client = openApiClient(process.env);
  const finding = await client.call<FindingResponse>({ resource: 'findings', path: [findingId] });
  const events: FindingEventResponse[] = [];
  const path = [findingId, 'events'];
  for await (const event of client.listAll<FindingEventResponse>(
    { resource: 'findings', path },
    MAX_EVENTS,
  )) {
    events.push(event);
  }
  if (json === true) return terminal.write(`${JSON.stringify({ ...finding, events }, null, 2)}\n`);
  const planName = await findPlanName(client, finding);
  await terminal.write(`${findingText(finding, { events, planName }, terminal)}\n`);
}

/** What the plan was called when it let the finding through; null where that is not known. */
async function findPlanName(
  client: ApiClient,
  { planId, planVersion }: FindingResponse,
): Promise<string | null> {
  if (planId === null || planVersion === null) return null;
  const path = [planId, 'versions', String(planVersion)];
  const { content } = await client.call<PlanVersionResponse>({ resource: 'plans', path });
  return (content as PlanContent).name;
}
