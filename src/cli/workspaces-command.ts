import type { Command } from 'commander';
import type { NewWorkspace } from '../features/workspaces/workspace-service.ts';
import { type Column, printListing } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

interface JsonOption {
  readonly json?: true;
}

interface ListedWorkspace {
  readonly workspaceId: string;
  readonly name: string;
  readonly createdAt: string;
}

const columns: readonly Column<ListedWorkspace>[] = [
  { title: 'WORKSPACE', value: (row) => row.workspaceId },
  { title: 'NAME', value: (row) => row.name, canShrink: true },
  { title: 'CREATED', value: (row) => row.createdAt },
];

/** Adds `driftplane workspaces`: by the database's owner, see docs/decisions/0007. */
export function addWorkspaces(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  const workspaces = program
    .command('workspaces')
    .description(
      'the workspaces of a database (DATABASE_URL, else the embedded one), for who runs the server',
    );
  workspaces
    .command('list')
    .description('list them')
    .option('--json', 'as JSON')
    .action(async (options: JsonOption) => {
      const found = await asOwner(terminal, (ownerUrl, { listWorkspaces }) => listWorkspaces(ownerUrl));
      const rows = found.map((row) => ({
        workspaceId: row.workspace_id,
        name: row.name,
        createdAt: row.created_at.toISOString(),
      }));
      await printListing(rows, columns, { json: options.json, empty: 'There is no workspace.' }, terminal);
      exitWith(0);
    });
  workspaces
    .command('create')
    .description('create one; its admin token is printed, this once')
    .argument('<name>', 'what people call it')
    .option('--json', 'as JSON')
    .action(async (name: string, options: JsonOption) => {
      const created = await asOwner(terminal, (ownerUrl, { createWorkspace }) =>
        createWorkspace(ownerUrl, { name }),
      );
      exitWith(await printToken(created, options, terminal));
    });
  workspaces
    .command('token')
    .description('create an admin token for one whose tokens are lost')
    .argument('<workspace>', 'its id')
    .option('--name <name>', 'what the token is called', 'recovery')
    .option('--json', 'as JSON')
    .action(async (workspaceId: string, options: JsonOption & { name: string }) => {
      const created = await asOwner(terminal, (ownerUrl, { createAdminToken }) =>
        createAdminToken(ownerUrl, { workspaceId, name: options.name }),
      );
      exitWith(await printToken(created, options, terminal));
    });
}

type WorkspaceService = typeof import('../features/workspaces/workspace-service.ts');

/** Does `work` in the name of the database's owner. */
async function asOwner<T>(
  terminal: Terminal,
  work: (ownerUrl: string, service: WorkspaceService) => Promise<T>,
): Promise<T> {
  // Loaded by nobody else: see serve.
  const service = await import('../features/workspaces/workspace-service.ts');
  const { withOwnerDatabase } = await import('./owner-database.ts');
  const log = (message: string): void => terminal.say(message);
  return withOwnerDatabase(process.env, log, (ownerUrl) => work(ownerUrl, service));
}

async function printToken(created: NewWorkspace, options: JsonOption, terminal: Terminal): Promise<number> {
  const { workspaceId, adminToken } = created;
  if (options.json === true) {
    await terminal.write(`${JSON.stringify({ workspaceId, token: adminToken }, null, 2)}\n`);
    return 0;
  }
  terminal.say(`Workspace ${workspaceId}. Its admin token is shown this once; keep it safe:`);
  await terminal.write(`${adminToken}\n`);
  return 0;
}
