import { Command, CommanderError } from 'commander';
import { DriftplaneError } from '../core/errors.ts';
import { DIFF_EXIT_CODES } from './exit-codes.ts';
import { explainError } from './explain-error.ts';
import { packageVersion } from './package-version.ts';
import { processTerminal, type Terminal } from './terminal.ts';

/** Adds a command to the program. */
type AddCommand = (program: Command, terminal: Terminal, exitWith: (code: number) => void) => void;

/** In the order in which the help has them. Each is loaded when it is called, so that no other waits for it. */
const commands: ReadonlyMap<string, () => Promise<AddCommand>> = new Map([
  ['diff', async () => (await import('./diff/diff-command.ts')).addDiff],
  ['types', async () => (await import('./types-command.ts')).addTypes],
  ['demo', async () => (await import('./demo-command.ts')).addDemo],
  ['serve', async () => (await import('./serve-command.ts')).addServe],
  ['worker', async () => (await import('./worker-command.ts')).addWorker],
  ['migrate', async () => (await import('./migrate-command.ts')).addMigrate],
  ['workspaces', async () => (await import('./workspaces-command.ts')).addWorkspaces],
  ['tokens', async () => (await import('./tokens-command.ts')).addTokens],
  ['sources', async () => (await import('./sources-command.ts')).addSources],
  ['sync', async () => (await import('./sync-command.ts')).addSync],
  ['push', async () => (await import('./sync-command.ts')).addPush],
  ['runs', async () => (await import('./runs-command.ts')).addRuns],
  ['scopes', async () => (await import('./scopes-command.ts')).addScopes],
  ['items', async () => (await import('./items-command.ts')).addItems],
  ['findings', async () => (await import('./findings-command.ts')).addFindings],
  ['plans', async () => (await import('./plans-command.ts')).addPlans],
  ['incidents', async () => (await import('./incidents-command.ts')).addIncidents],
  ['executions', async () => (await import('./executions-command.ts')).addExecutions],
  ['audit', async () => (await import('./audit-command.ts')).addAudit],
]);

/** Runs the command line without the program's name and returns the exit code. Never throws. */
export async function main(args: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  let exitCode = 0;
  const program = makeProgram();
  try {
    for (const load of neededBy(args)) {
      const add = await load();
      add(program, terminal, (code) => {
        exitCode = code;
      });
    }
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    terminal.progress(null);
    // Help and version end this way too, with 0.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // Without a command the help has been shown in place of what was asked.
    if (error instanceof CommanderError && error.code === 'commander.help') return 2;
    terminal.say(explainError(error instanceof CommanderError ? wrongArguments(error) : error));
    return 2;
  }
}

/** What is called, or everything: for the help, and for the hint at what was meant. */
function neededBy([first = '']: readonly string[]): Iterable<() => Promise<AddCommand>> {
  const called = commands.get(first);
  return called === undefined ? commands.values() : [called];
}

function wrongArguments(error: CommanderError): DriftplaneError {
  const [message = '', hint = ''] = error.message.replace(/^error: /, '').split('\n');
  return new DriftplaneError('invalid_arguments', `${message}${hint === '' ? '' : ` ${hint}`}`, {
    cause: error,
  });
}

function makeProgram(): Command {
  return (
    new Command('driftplane')
      .description('Finds what drifted between two observations of an inventory, quietly and reproducibly.')
      .version(packageVersion())
      .helpCommand(false)
      // Behind a command, --version is its own: of a plan's versions.
      .enablePositionalOptions()
      // What is wrong is said by explainError, in the form of all errors.
      .configureOutput({ outputError: () => {} })
      .addHelpText('after', DIFF_EXIT_CODES)
      .exitOverride()
  );
}
