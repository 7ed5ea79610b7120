import type { Command } from 'commander';
import { DriftplaneError } from '../core/errors.ts';
import type { WorkspaceResponse } from '../features/workspaces/workspace-contract.ts';
import { openApiClient } from './api-client.ts';
import { printRecord } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

interface SettingsOptions {
  readonly requiredApprovals?: number;
  readonly json?: true;
}

/** Adds `plans settings`: what the workspace wants of its plans. */
export function addPlanSettings(plans: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  plans
    .command('settings')
    .description('show what the workspace wants of its plans, or change it')
    .option(
      '--required-approvals <count>',
      'how many others approve a version before it is published (0: none)',
      count,
    )
    .option('--json', 'as JSON')
    .action(async ({ requiredApprovals, json }: SettingsOptions) => {
      const api = openApiClient(process.env);
      let workspace = await api.call<WorkspaceResponse>({ resource: 'workspaces' });
      if (requiredApprovals !== undefined) {
        workspace = await api.call<WorkspaceResponse>({
          method: 'PATCH',
          resource: 'workspaces',
          ifMatch: workspace.revision,
          body: { requiredPlanApprovals: requiredApprovals },
        });
      }
      const fields = [
        ['workspace', `${workspace.name} (${workspace.workspaceId})`],
        ['required approvals', workspace.requiredPlanApprovals],
      ] as const;
      await printRecord(workspace, fields, { json }, terminal);
      exitWith(0);
    });
}

function count(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new DriftplaneError('invalid_arguments', `${JSON.stringify(text)} is not a whole number from 0`);
}
