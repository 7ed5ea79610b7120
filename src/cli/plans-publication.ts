import type { Command } from 'commander';
import type { PlanResponse } from '../features/plans/plan-contract.ts';
import { openApiClient } from './api-client.ts';
import { parsePositive } from './parse-positive.ts';
import { findPlan, PLAN_ARGUMENT } from './plans-find.ts';
import { printPlan, sayWhatIsPending } from './plans-print.ts';
import type { Terminal } from './terminal.ts';

interface JsonOption {
  readonly json?: true;
}

/** Adds `plans publish` and `plans rollback`. What somebody else changes in between is not overwritten. */
export function addPlanPublication(
  plans: Command,
  terminal: Terminal,
  exitWith: (code: number) => void,
): void {
  plans
    .command('publish')
    .description('put a version in force, with the approvals that the workspace wants')
    .argument(...PLAN_ARGUMENT)
    .option('--version <number>', 'this one; without: the newest', parsePositive)
    .option('--json', 'as JSON')
    .action(async (idOrName: string, options: JsonOption & { version?: number }) => {
      const body = options.version === undefined ? {} : { version: options.version };
      await moveOn('publish', idOrName, body, options, terminal);
      exitWith(0);
    });
  plans
    .command('rollback')
    .description('go back to the content of an earlier version, as a new one')
    .argument(...PLAN_ARGUMENT)
    .argument('<version>', 'the number of that version', parsePositive)
    .option('--note <text>', 'why; kept with the new version')
    .option('--json', 'as JSON')
    .action(async (idOrName: string, version: number, options: JsonOption & { note?: string }) => {
      const body = { version, changeNote: options.note };
      await moveOn('rollback', idOrName, body, options, terminal);
      exitWith(0);
    });
}

async function moveOn(
  verb: 'publish' | 'rollback',
  idOrName: string,
  body: object,
  options: JsonOption,
  terminal: Terminal,
): Promise<void> {
  const api = openApiClient(process.env);
  const { planId, revision } = await findPlan(api, idOrName);
  const plan = await api.call<PlanResponse>({
    method: 'POST',
    resource: 'plans',
    path: [planId, verb],
    ifMatch: revision,
    body,
  });
  await printPlan(plan, options, terminal);
  if (options.json !== true) sayWhatIsPending(plan, terminal);
}
