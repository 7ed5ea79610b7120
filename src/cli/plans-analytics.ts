import type { Command } from 'commander';
import type {
  PlanAnalyticsResponse,
  WorkspaceAnalyticsResponse,
} from '../features/executions/analytics-contract.ts';
import { openApiClient } from './api-client.ts';
import { parsePositive } from './parse-positive.ts';
import { printPlanAnalytics, printWorkspaceAnalytics } from './plans-analytics-text.ts';
import { findPlan } from './plans-find.ts';
import type { Terminal } from './terminal.ts';

/** Adds `plans analytics`. */
export function addPlanAnalytics(plans: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  plans
    .command('analytics')
    .description('what plans let through and hold back, what people did about it, and what is noise')
    .argument('[plan]', 'of this one (id or name), with its rules; without: of all of them')
    .option(
      '--days <count>',
      'days to look back on, today among them (30 where nothing is said)',
      parsePositive,
    )
    .option('--json', 'as JSON')
    .action(async (idOrName: string | undefined, { days, json }: { days?: number; json?: true }) => {
      const api = openApiClient(process.env);
      const query = { days };
      if (idOrName === undefined) {
        const request = { resource: 'plans', path: ['analytics'], query };
        await printWorkspaceAnalytics(
          await api.call<WorkspaceAnalyticsResponse>(request),
          { json },
          terminal,
        );
      } else {
        const path = [(await findPlan(api, idOrName)).planId, 'analytics'];
        const request = { resource: 'plans', path, query };
        await printPlanAnalytics(await api.call<PlanAnalyticsResponse>(request), { json }, terminal);
      }
      exitWith(0);
    });
}
