import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';

/** Adds `driftplane demo`. */
export function addDemo(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  program
    .command('demo')
    .description('a server with two bundled exports of a tenant: what drifted between them')
    .option('--no-wait', 'stop when the story is told, instead of staying up until Ctrl-C')
    .action(async (options: { readonly wait: boolean }) => {
      // Loaded by nobody else: see serve.
      const { runDemo } = await import('./run-demo.ts');
      exitWith(await runDemo(options, terminal));
    });
}
