import type { Command } from 'commander';
import { parsePositive } from './parse-positive.ts';
import type { WorkerOptions } from './run-worker.ts';
import type { Terminal } from './terminal.ts';

/** Adds `driftplane worker`. */
export function addWorker(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  program
    .command('worker')
    .description(
      'does the jobs of a server, on this machine or others; needs DATABASE_URL, any number may run',
    )
    .option('--concurrency <count>', 'jobs at once (DRIFTPLANE_WORKER_CONCURRENCY, else 2)', parsePositive)
    .action(async (options: WorkerOptions) => {
      // Loaded by nobody else: see serve.
      const { runWorker } = await import('./run-worker.ts');
      exitWith(await runWorker(options, terminal));
    });
}
