import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { workspaceOfToken } from '../src/features/workspaces/token-text.ts';
import { BenchError } from './bench-error.ts';
import type { Cleanup } from './cleanup.ts';
import { plainEnvironment } from './measure-process.ts';
import { listDescendants } from './proc-usage.ts';

/** A running `driftplane serve` with a database of its own. */
export interface ServeProcess {
  readonly pid: number;
  readonly dataDir: string;
  readonly url: string;
  readonly workspaceId: string;
  readonly adminToken: string;
  /** Ends it and its database, and waits for both. */
  stop(): Promise<void>;
}

const executable = join(import.meta.dirname, '..', 'bin', 'driftplane.cjs');
/** After so long without an end it is killed. */
const STOP_GRACE_MS = 60_000;

/** Starts it on a new data directory and waits until it listens. Throws BenchError with what it said. */
export async function startServe(
  options: { readonly dataDir: string; readonly fileRoot: string },
  cleanup: Cleanup,
): Promise<ServeProcess> {
  const { dataDir } = options;
  const child = spawn(process.execPath, [executable, 'serve', '--port', '0'], {
    env: serveEnvironment(options),
    stdio: ['ignore', 'ignore', 'pipe'],
    // Ctrl-C in a terminal goes to our process group; we stop it ourselves, and once.
    detached: true,
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve()).once('error', () => resolve());
  });
  const stop = cleanup.defer(() => stopServe(child, ended));
  const said = await untilItListens(child, ended);
  const workspaceId = workspaceOfToken(said.adminToken);
  if (child.pid === undefined || workspaceId === null) throw new BenchError('driftplane serve gave no token');
  return { ...said, pid: child.pid, dataDir, workspaceId, stop };
}

/** Nobody's settings but these: no other database, no limit on how often we look. */
function serveEnvironment({ dataDir, fileRoot }: { dataDir: string; fileRoot: string }): NodeJS.ProcessEnv {
  const kept = Object.entries(plainEnvironment()).filter(
    ([name]) => !/^(DATABASE_|DRIFTPLANE_|PG|HOST$|PORT$)/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    DRIFTPLANE_DATA_DIR: dataDir,
    DRIFTPLANE_FILE_ROOTS: fileRoot,
    DRIFTPLANE_LOG_LEVEL: 'warn',
    DRIFTPLANE_REQUESTS_PER_MINUTE_PER_TOKEN: '1000000',
    DRIFTPLANE_REQUESTS_PER_MINUTE_PER_ADDRESS: '1000000',
  };
}

function untilItListens(
  child: ChildProcess,
  ended: Promise<void>,
): Promise<{ url: string; adminToken: string }> {
  let text = '';
  return new Promise((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const url = /Driftplane listens on (\S+)/.exec(text)?.[1];
      const adminToken = /^\s*(dp_\S+)$/m.exec(text)?.[1];
      if (url !== undefined && adminToken !== undefined) resolve({ url, adminToken });
    });
    void ended.then(() => {
      const said = text.replaceAll(/dp_\S+/g, 'dp_…').trim();
      reject(new BenchError(`driftplane serve ended before it listened: ${said}`));
    });
  });
}

async function stopServe(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => {
    const pids = child.pid === undefined ? [] : listDescendants(child.pid);
    child.kill('SIGKILL');
    for (const pid of pids) process.kill(pid, 'SIGQUIT');
  }, STOP_GRACE_MS);
  await ended.finally(() => clearTimeout(timer));
}
