import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';

/** Adds `driftplane migrate`. */
export function addMigrate(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  program
    .command('migrate')
    .description('bring the database (DATABASE_URL, else the embedded one) to the schema of this version')
    .action(async () => exitWith(await runMigrate(terminal)));
}

async function runMigrate(terminal: Terminal): Promise<number> {
  // Loaded by nobody else: see serve.
  const { migrate } = await import('../db/migrate.ts');
  const { withOwnerDatabase } = await import('./owner-database.ts');
  const log = (message: string): void => terminal.say(message);
  const { applied } = await withOwnerDatabase(process.env, log, (ownerUrl) => migrate(ownerUrl, { log }));
  const count = applied.length;
  terminal.say(
    count === 0 ? 'The schema is up to date.' : `Applied ${count} migration${count === 1 ? '' : 's'}.`,
  );
  return 0;
}
