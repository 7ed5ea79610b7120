import type { Command } from 'commander';
import type { z } from 'zod';
import type { PlanContent } from '../core/plan-schema.ts';
import { planToYaml } from '../core/plan-yaml.ts';
import type {
  PlanResponse,
  PlanVersionResponse,
  planComparisonSchema,
} from '../features/plans/plan-contract.ts';
import { openApiClient } from './api-client.ts';
import { parsePositive } from './parse-positive.ts';
import { changeColumns } from './plans-changes.ts';
import { unifiedDiffText } from './plans-diff-text.ts';
import { findPlan, PLAN_ARGUMENT } from './plans-find.ts';
import { shownYaml } from './plans-print.ts';
import { type Column, printListing, printRecord } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

type ComparisonResponse = z.infer<typeof planComparisonSchema>;

interface JsonOption {
  readonly json?: true;
}

/** Adds `plans versions`, `plans version` and `plans compare`. */
export function addPlanVersions(plans: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  plans
    .command('versions')
    .description('list the versions of one, the newest first')
    .argument(...PLAN_ARGUMENT)
    .option('--json', 'as JSON')
    .action(async (idOrName: string, { json }: JsonOption) => {
      const api = openApiClient(process.env);
      const path = [(await findPlan(api, idOrName)).planId, 'versions'];
      const rows = api.listAll<PlanVersionResponse>({ resource: 'plans', path });
      await printListing(rows, columns, { json, empty: 'There is no version.' }, terminal);
      exitWith(0);
    });
  plans
    .command('version')
    .description('show a version of one')
    .argument(...PLAN_ARGUMENT)
    .argument('<version>', 'its number', parsePositive)
    .option('--yaml', 'only its YAML, to be applied again')
    .option('--json', 'as JSON')
    .action(async (idOrName: string, number: number, options: JsonOption & { yaml?: true }) => {
      const api = openApiClient(process.env);
      const plan = await findPlan(api, idOrName);
      const path = [plan.planId, 'versions', String(number)];
      const version = await api.call<PlanVersionResponse>({ resource: 'plans', path });
      await showVersion(plan, version, options, terminal);
      exitWith(0);
    });
  plans
    .command('compare')
    .description('compare two versions of one (exit code 1: they differ)')
    .argument(...PLAN_ARGUMENT)
    .argument('<from>', 'a version', parsePositive)
    .argument('<to>', 'another one', parsePositive)
    .option('--json', 'as JSON')
    .action(async (idOrName: string, from: number, to: number, options: JsonOption) => {
      const api = openApiClient(process.env);
      const path = [(await findPlan(api, idOrName)).planId, 'compare'];
      const request = { resource: 'plans', path, query: { from, to } };
      const comparison = await api.call<ComparisonResponse>(request);
      await showComparison(comparison, options, terminal);
      exitWith(comparison.isSame ? 0 : 1);
    });
}

const columns: readonly Column<PlanVersionResponse>[] = [
  { title: 'VERSION', value: ({ version }) => version },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'HASH', value: ({ versionHash }) => versionHash.slice(0, 12) },
  { title: 'CREATED', value: ({ createdAt }) => createdAt },
  { title: 'BY', value: ({ createdBy }) => createdBy, canShrink: true },
  { title: 'NOTE', value: ({ changeNote }) => changeNote, canShrink: true },
  { title: 'PUBLISHED', value: ({ publishedAt }) => publishedAt, canDrop: true },
];

async function showVersion(
  { description }: PlanResponse,
  version: PlanVersionResponse,
  options: JsonOption & { readonly yaml?: true },
  terminal: Terminal,
): Promise<void> {
  // A version is content; the description is of the plan, and a file without it would take it away.
  const document = { ...(version.content as PlanContent), description };
  if (options.yaml === true) return terminal.write(planToYaml(document));
  const fields = [
    ['plan', version.planId],
    ['version', version.version],
    ['state', version.state],
    ['hash', version.versionHash],
    ['made of version', version.parentVersion],
    ['note', version.changeNote === '' ? null : version.changeNote],
    ['created', `${version.createdAt} by ${version.createdBy}`],
    ['published', version.publishedAt],
  ] as const;
  await printRecord(version, fields, options, terminal);
  if (options.json !== true) await terminal.write(`\n${shownYaml(document)}`);
}

async function showComparison(
  comparison: ComparisonResponse,
  options: JsonOption,
  terminal: Terminal,
): Promise<void> {
  if (options.json === true) return printRecord(comparison, [], options, terminal);
  await printListing(comparison.changes, changeColumns, { empty: 'The two behave the same.' }, terminal);
  if (comparison.isSame) return;
  await terminal.write(`\n${unifiedDiffText(comparison.unifiedDiff, terminal)}`);
}
