import { Command, CommanderError, Option } from 'commander';
import { DriftplaneError } from '../core/errors.ts';
import { diffFormats } from '../core/report/diff-formats.ts';
import { addAudit } from './audit-command.ts';
import { addDemo } from './demo-command.ts';
import { type DiffOptions, runDiff } from './diff/diff-command.ts';
import { addExecutions } from './executions-command.ts';
import { explainError } from './explain-error.ts';
import { addFindings } from './findings-command.ts';
import { addIncidents } from './incidents-command.ts';
import { addItems } from './items-command.ts';
import { addMigrate } from './migrate-command.ts';
import { packageVersion } from './package-version.ts';
import { addPlans } from './plans-command.ts';
import { addRuns } from './runs-command.ts';
import { addScopes } from './scopes-command.ts';
import { addServe } from './serve-command.ts';
import { addSources } from './sources-command.ts';
import { addSync } from './sync-command.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import { addTokens } from './tokens-command.ts';
import { runTypesCheck, runTypesList, runTypesShow, type TypesOptions } from './types-command.ts';
import { addWorker } from './worker-command.ts';
import { addWorkspaces } from './workspaces-command.ts';

const EXIT_CODES = `
Exit codes:
  0  nothing drifted
  1  something drifted
  2  error: what was asked could not be done
  3  nothing drifted, but something was not checked`;

/** Runs the command line without the program's name and returns the exit code. Never throws. */
export async function main(args: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  let exitCode = 0;
  const program = makeProgram(terminal, (code) => {
    exitCode = code;
  });
  try {
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

function wrongArguments(error: CommanderError): DriftplaneError {
  const [message = '', hint = ''] = error.message.replace(/^error: /, '').split('\n');
  return new DriftplaneError('invalid_arguments', `${message}${hint === '' ? '' : ` ${hint}`}`, {
    cause: error,
  });
}

function makeProgram(terminal: Terminal, exitWith: (code: number) => void): Command {
  const program = new Command('driftplane')
    .description('Finds what drifted between two observations of an inventory, quietly and reproducibly.')
    .version(packageVersion())
    .helpCommand(false)
    // Behind a command, --version is its own: of a plan's versions.
    .enablePositionalOptions()
    // What is wrong is said by explainError, in the form of all errors.
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', EXIT_CODES)
    .exitOverride();
  addDiff(program, terminal, exitWith);
  addTypes(program, terminal, exitWith);
  addDemo(program, terminal, exitWith);
  addServe(program, terminal, exitWith);
  addWorker(program, terminal, exitWith);
  addMigrate(program, terminal, exitWith);
  addWorkspaces(program, terminal, exitWith);
  addTokens(program, terminal, exitWith);
  addSources(program, terminal, exitWith);
  addSync(program, terminal, exitWith);
  addRuns(program, terminal, exitWith);
  addScopes(program, terminal, exitWith);
  addItems(program, terminal, exitWith);
  addFindings(program, terminal, exitWith);
  addPlans(program, terminal, exitWith);
  addIncidents(program, terminal, exitWith);
  addExecutions(program, terminal, exitWith);
  addAudit(program, terminal, exitWith);
  return program;
}

function addDiff(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  program
    .command('diff')
    .description('compare two exports: folders, NDJSON files or JSON arrays, gzipped or not')
    .argument('<baseline>', 'the export to compare with')
    .argument('<current>', 'the export as it is now')
    .addOption(
      new Option('-f, --format <format>', 'how to say it').choices([...diffFormats]).default('table'),
    )
    .option('-p, --plan <file>', 'a plan (YAML): which drift counts and which changes are noise')
    .option('-t, --types <file>', 'item types of your own (YAML), before the built-in ones')
    .addHelpText('after', EXIT_CODES)
    .action(async (baseline: string, current: string, options: DiffOptions) => {
      exitWith(await runDiff(baseline, current, options, terminal));
    });
}

function addTypes(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  const types = program.command('types').description('the item types: how objects are recognised and read');
  const typesOption = [
    '-t, --types <file>',
    'item types of your own (YAML), before the built-in ones',
  ] as const;
  types
    .command('list')
    .description('list them in the order in which they are tried')
    .option(...typesOption)
    .option('--json', 'as JSON')
    .action(async (options: TypesOptions) => exitWith(await runTypesList(options, terminal)));
  types
    .command('show')
    .description('show all rules of one')
    .argument('<name>', 'its name')
    .option(...typesOption)
    .option('--json', 'as JSON')
    .action(async (name: string, options: TypesOptions) =>
      exitWith(await runTypesShow(name, options, terminal)),
    );
  types
    .command('check')
    .description('check a file of your own')
    .argument('<file>', 'item types (YAML)')
    .action(async (file: string) => exitWith(await runTypesCheck(file, terminal)));
}
