import type { Command } from 'commander';
import { resolveDataDir } from '../db/embedded/data-directory.ts';
import { createLogger } from '../server/logger.ts';
import { readServerConfig } from '../server/server-config.ts';
import { packageVersion } from './package-version.ts';
import { type StartOptions, startDriftplane } from './start-driftplane.ts';
import { untilStopped } from './stop-signals.ts';
import type { Terminal } from './terminal.ts';

interface ServeOptions {
  readonly port?: string;
  readonly host?: string;
  /** False: other processes do the jobs. */
  readonly worker: boolean;
}

/** Adds `driftplane serve`; `startWorker` is what does the jobs. */
export function addServe(
  program: Command,
  terminal: Terminal,
  exitWith: (code: number) => void,
  startWorker: NonNullable<StartOptions['startWorker']>,
): void {
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
      exitWith(await runServe(env, options.worker ? startWorker : null, terminal));
    });
}

async function runServe(
  env: NodeJS.ProcessEnv,
  startWorker: StartOptions['startWorker'],
  terminal: Terminal,
): Promise<number> {
  const config = readServerConfig(env);
  const log = createLogger({
    level: config.logLevel,
    isPretty: process.stderr.isTTY === true,
    write: (line) => void process.stderr.write(line),
  });
  const version = packageVersion();
  const dataDir = resolveDataDir(env);
  await untilStopped(async (stopped) => {
    const driftplane = await startDriftplane({ config, dataDir, version, log, startWorker });
    if (driftplane.adminToken !== null) {
      // Not by the log: it goes to one who looks on, and never into a file of lines.
      terminal.say('Created the workspace "default". Its admin token is shown this once; keep it safe:');
      terminal.say(`  ${driftplane.adminToken}`);
    }
    terminal.say(`Driftplane listens on ${driftplane.url}  (API docs: ${driftplane.url}/api/docs)`);
    await stopped;
    terminal.say('Stopping; press Ctrl-C again to stop at once.');
    await driftplane.stop();
  });
  return 0;
}
