import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Another process that opens a data directory, to be killed, to be refused, or to run as somebody else. */
export interface OwnerProcess {
  readonly pid: number;
  /** What it says when the database is open, or why it is not. */
  readonly opened: Promise<OpenedReport>;
  /** All lines that it logged until now. */
  readonly logged: string[];
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Stops it as Ctrl-C does. */
  stop(): Promise<void>;
}

type OpenedReport =
  | { readonly ownerUrl: string; readonly code?: undefined }
  | { readonly code: string; readonly message: string; readonly ownerUrl?: undefined };

const script = fileURLToPath(new URL('./test-owner-script.ts', import.meta.url));

export function startOwnerProcess(
  dataDir: string,
  options: { uid?: number; gid?: number; env?: NodeJS.ProcessEnv } = {},
): OwnerProcess {
  const child = spawn(process.execPath, ['--no-warnings', script, dataDir], {
    ...options,
    cwd: '/',
    env: { ...process.env, NODE_OPTIONS: '', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const logged: string[] = [];
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const exited = once(child, 'exit');
  const opened = new Promise<OpenedReport>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const message = JSON.parse(line) as { log: string } | OpenedReport;
      if ('log' in message) logged.push(message.log);
      else resolve(message);
    });
    void exited.then(([code, signal]) => reject(new Error(`ended (${code ?? signal}): ${errors}`)));
  });
  // Whoever kills it does not wait for it to open.
  opened.catch(() => {});
  return {
    pid: child.pid as number,
    opened,
    logged,
    async kill(signal) {
      child.kill(signal);
      await exited;
    },
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}
