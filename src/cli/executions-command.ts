import type { Command } from 'commander';
import { executionStates } from '../core/execution-state.ts';
import type { ReplayResponse } from '../features/drift/drift-contract.ts';
import type { ExecutionResponse } from '../features/executions/execution-contract.ts';
import { type ApiClient, openApiClient } from './api-client.ts';
import { addHeld } from './executions-held.ts';
import { planFields, printPlanTables } from './executions-plan-text.ts';
import { parsePositive } from './parse-positive.ts';
import { findPlan } from './plans-find.ts';
import { type Column, printListing, printRecord } from './print-listing.ts';
import { findSourceId } from './sources-find.ts';
import type { Terminal } from './terminal.ts';

interface JsonOption {
  readonly json?: true;
}

interface ListOptions extends JsonOption {
  readonly status?: string;
  readonly scope?: string;
  readonly source?: string;
  readonly run?: string;
  readonly plan?: string;
  readonly limit: number;
}

/** Adds `driftplane executions`. */
export function addExecutions(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  const executions = program
    .command('executions')
    .description('the generations of findings, one for each pair of runs that was compared');
  const client = (): ApiClient => openApiClient(process.env);
  executions
    .command('list')
    .description('list them, the newest first')
    .option('--status <status>', `only those that are ${executionStates.join(', ')}`)
    .option('--scope <id>', 'only those of a scope')
    .option('--source <id>', 'only those of a source (name or id)')
    .option('--run <id>', 'only those of which this is the current run')
    .option('--plan <plan>', 'only those that this plan decided (id or name)')
    .option('--limit <count>', 'most that are listed', parsePositive, 100)
    .option('--json', 'as JSON')
    .action(async (options: ListOptions) => {
      const { status, scope, source, run, plan, limit, json } = options;
      const api = client();
      const planId = plan === undefined ? undefined : (await findPlan(api, plan)).planId;
      const sourceId = await findSourceId(api, source);
      const query = { status, scopeId: scope, sourceId, currentRunId: run, planId };
      const rows = api.listAll<ExecutionResponse>({ resource: 'executions', query }, limit);
      await printListing(rows, columns, { json, empty: 'There is no such execution.' }, terminal);
      exitWith(0);
    });
  executions
    .command('show')
    .description('show one with its coverage, its counts, what its plan did and why it failed')
    .argument('<execution>', 'its id')
    .option('--json', 'as JSON')
    .action(async (id: string, options: JsonOption) => {
      await showExecution(await client().call({ resource: 'executions', path: [id] }), options, terminal);
      exitWith(0);
    });
  addHeld(executions, terminal, exitWith);
  executions
    .command('replay')
    .description(
      'compute one again from the stored versions and compare the digest (exit code 1: it differs)',
    )
    .argument('<execution>', 'its id')
    .option('--json', 'as JSON')
    .action(async (id: string, options: JsonOption) => {
      const request = { method: 'POST', resource: 'executions', path: [id, 'replay'] } as const;
      exitWith(await showReplay(await client().call<ReplayResponse>(request), options, terminal));
    });
  executions
    .command('retry')
    .description('have one that failed tried again')
    .argument('<execution>', 'its id')
    .option('--json', 'as JSON')
    .action(async (id: string, options: JsonOption) => {
      const request = { method: 'POST', resource: 'executions', path: [id, 'retry'] } as const;
      await showExecution(await client().call<ExecutionResponse>(request), options, terminal);
      exitWith(0);
    });
}

const columns: readonly Column<ExecutionResponse>[] = [
  { title: 'EXECUTION', value: ({ executionId }) => executionId },
  { title: 'STATUS', value: statusText },
  { title: 'FINDINGS', value: ({ counts }) => counts.findings ?? null },
  { title: 'OPENED', value: ({ counts }) => counts.opened ?? null },
  { title: 'BASELINE', value: ({ baselineMode }) => baselineMode },
  { title: 'QUEUED', value: ({ queuedAt }) => queuedAt },
  { title: 'SCOPE', value: ({ scopeId }) => scopeId, canDrop: true },
];

function statusText({ status, progress, attempts, maxAttempts }: ExecutionResponse): string {
  if (status === 'running' && progress !== null) return `running ${progress.done}/${progress.total}`;
  return status === 'queued' && attempts > 0
    ? `queued (attempt ${attempts} of ${maxAttempts} failed)`
    : status;
}

async function showExecution(
  execution: ExecutionResponse,
  options: JsonOption,
  terminal: Terminal,
): Promise<void> {
  const { counts, unproven, error, coverage } = execution;
  const fields: (readonly [string, string | number | null])[] = [
    ['execution', execution.executionId],
    ['status', statusText(execution)],
    ['scope', execution.scopeId],
    ['baseline run', `${execution.baselineRunId} (${execution.baselineMode})`],
    ['current run', execution.currentRunId],
    ['attempts', execution.attempts],
    ['error', error === null ? null : `${error.message} [${error.code}]`],
    ...planFields(execution),
    ['engine', execution.engineVersion],
    ['findings digest', execution.findingsDigest],
    ['replayable', execution.notReplayableBecause === null ? 'yes' : `no: ${execution.notReplayableBecause}`],
    ['unproven additions', unproven.additions.count],
    ['unproven removals', unproven.removals.count],
    ...Object.entries(counts).map(([name, value]): [string, number] => [name, value]),
    ...coverage.map(({ itemType, status, reason }): [string, string] => [
      `coverage of ${itemType}`,
      reason === null ? status : `${status}: ${reason}`,
    ]),
  ];
  await printRecord(execution, fields, options, terminal);
  if (options.json !== true) await printPlanTables(execution, terminal);
}

async function showReplay(replay: ReplayResponse, options: JsonOption, terminal: Terminal): Promise<number> {
  const fields = [
    ['execution', replay.executionId],
    ['result', replay.isSame ? 'the same, byte for byte' : 'another one'],
    ['findings', replay.findings],
    ['digest', replay.digest],
    ['recorded digest', replay.recordedDigest],
  ] as const;
  await printRecord(replay, fields, options, terminal);
  return replay.isSame ? 0 : 1;
}
