import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';

interface ServeOptions {
  readonly port?: string;
  readonly host?: string;
  /** False: other processes do the jobs. */
  readonly worker: boolean;
}

/** Adds `driftplane serve`. */
export function addServe(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  program
    .command('serve')
    .description('the server: HTTP API, jobs, and a database of its own unless DATABASE_URL names one')
    .option('--port <port>', 'where to listen (PORT, else 7400; 0 takes a free one)')
    .option('--host <host>', 'the address to listen on (HOST, else 127.0.0.1)')
    .option('--no-worker', 'leave the jobs to driftplane worker')
    .action(async (options: ServeOptions) => {
      const env = {
        ...process.env,
        ...(options.port === undefined ? {} : { PORT: options.port }),
        ...(options.host === undefined ? {} : { HOST: options.host }),
      };
      // The server is most of what there is to load: no other command waits for it.
      const { runServe } = await import('./run-serve.ts');
      exitWith(await runServe(env, { isWorking: options.worker }, terminal));
    });
}
