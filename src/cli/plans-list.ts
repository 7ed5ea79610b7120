import { type Command, Option } from 'commander';
import { planReviewStates } from '../core/plan-review-state.ts';
import { planScopeTypes, planStatuses } from '../core/plan-vocabulary.ts';
import { planToYaml } from '../core/plan-yaml.ts';
import type { PlanResponse } from '../features/plans/plan-contract.ts';
import { openApiClient } from './api-client.ts';
import { findPlan, PLAN_ARGUMENT } from './plans-find.ts';
import { printPlan, sayWhatIsPending, scopeText, shownYaml } from './plans-print.ts';
import { type Column, printListing } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

interface ListOptions {
  readonly status?: string;
  readonly scopeType?: string;
  readonly scope?: string;
  readonly template?: string;
  readonly latest?: string;
  readonly json?: true;
}

interface ShowOptions {
  readonly yaml?: true;
  readonly json?: true;
}

/** Adds `plans list` and `plans show`. */
export function addPlanList(plans: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  plans
    .command('list')
    .description('list them, the oldest first; archived ones only where --status says so')
    .addOption(new Option('--status <status>', 'only those that are …').choices([...planStatuses]))
    .addOption(new Option('--scope-type <type>', 'only those for a …').choices([...planScopeTypes]))
    .option('--scope <ref>', 'only those for this service (id) or repository (owner/name)')
    .option('--template <id>', 'only those made of a template')
    .addOption(
      new Option('--latest <state>', 'only those whose newest version is …').choices([...planReviewStates]),
    )
    .option('--json', 'as JSON')
    .action(async ({ status, scopeType, scope, template, latest, json }: ListOptions) => {
      const query = { status, scopeType, scopeRef: scope, templateId: template, latestState: latest };
      const rows = openApiClient(process.env).listAll<PlanResponse>({ resource: 'plans', query });
      const isWhole = Object.values(query).every((value) => value === undefined);
      const empty = isWhole ? 'There is no plan that is not archived.' : 'There is no such plan.';
      await printListing(rows, columns, { json, empty }, terminal);
      exitWith(0);
    });
  plans
    .command('show')
    .description('show one: what it is for, what of it is in force, and all that it says')
    .argument(...PLAN_ARGUMENT)
    .addOption(
      new Option(
        '--yaml',
        'only its YAML: what plans apply finds unchanged, unless a newer version waits',
      ).conflicts('json'),
    )
    .option('--json', 'as JSON')
    .action(async (idOrName: string, options: ShowOptions) => {
      const plan = await findPlan(openApiClient(process.env), idOrName);
      if (options.yaml === true) await terminal.write(planToYaml(plan));
      else await printPlan(plan, options, terminal);
      if (options.json !== true && options.yaml !== true) await terminal.write(`\n${shownYaml(plan)}`);
      if (options.json !== true) sayWhatIsPending(plan, terminal);
      exitWith(0);
    });
}

const columns: readonly Column<PlanResponse>[] = [
  { title: 'PLAN', value: ({ planId }) => planId },
  { title: 'NAME', value: ({ name }) => name, canShrink: true },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'SCOPE', value: scopeText, canShrink: true },
  { title: 'VERSION', value: ({ version }) => version },
  { title: 'LATEST', value: ({ latest }) => `${latest.version} ${latest.state}` },
  { title: 'UPDATED', value: ({ updatedAt }) => updatedAt, canDrop: true },
  { title: 'TEMPLATE', value: ({ templateId }) => templateId, canDrop: true },
];
