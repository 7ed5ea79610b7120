import { resolveDataDir } from '../db/embedded/data-directory.ts';
import { createLogger } from '../server/logger.ts';
import { readServerConfig } from '../server/server-config.ts';
import { startDriftplaneWorker } from '../worker/start-worker.ts';
import { packageVersion } from './package-version.ts';
import { startDriftplane } from './start-driftplane.ts';
import { untilStopped } from './stop-signals.ts';
import type { Terminal } from './terminal.ts';

/** `driftplane serve`: until a signal stops it. Without a worker other processes do the jobs. */
export async function runServe(
  env: NodeJS.ProcessEnv,
  { isWorking }: { readonly isWorking: boolean },
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
  const startWorker = isWorking ? startDriftplaneWorker : null;
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
