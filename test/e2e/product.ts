// Driftplane from outside: processes of the built command line, each on a data directory of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach } from 'vitest';
import { type ApiClient, openApiClient } from '../../src/cli/api-client.ts';
import { attachEmbeddedDatabase } from '../../src/db/embedded/embedded-database.ts';

const executable = join(import.meta.dirname, '../../bin/driftplane.cjs');
const EMBEDDED = 'postgres-18';

/** A process of the product. */
export interface ProductProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it has said so far, on both streams. */
  said(): string;
  /** Resolves with the match when it has said it; throws what it said where it ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** kill -9: it can do nothing about it. Resolves when it is gone. */
  kill(): Promise<void>;
  /** As Ctrl-C does. Resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** A process that answers requests. */
export interface Server extends ProductProcess {
  readonly url: string;
  readonly token: string;
  readonly api: ApiClient;
}

interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
}

const started: ProductProcess[] = [];
const folders: string[] = [];

/** Ends what the tests of the file left running, whatever became of them, and takes their folders away. */
export function cleanUpAfterTests(): void {
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') for (const each of started) console.error(lastOf(each));
    await endEverything();
  });
  afterAll(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
}

const lastOf = ({ pid, child, said }: ProductProcess): string =>
  `process ${pid}, ${child.exitCode ?? child.signalCode ?? 'alive'}: ${withoutRequests(said()).slice(-3000)}`;

const withoutRequests = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.includes('"msg":"request"'))
    .join('\n');

async function endEverything(): Promise<void> {
  for (const each of started.splice(0)) await each.kill();
  for (const folder of folders) {
    for (const pid of listPostgres(folder)) await killPostgres(pid, folder);
  }
}

/** An empty folder that everybody may enter. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'driftplane-e2e-'));
  chmodSync(folder, 0o755);
  folders.push(folder);
  return folder;
}

/** Nobody's settings but these. */
function environmentOf(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(DATABASE_|DRIFTPLANE_|PG|XDG_|VITEST|NODE_OPTIONS$|HOST$|PORT$)/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    NO_COLOR: '1',
    DRIFTPLANE_REQUESTS_PER_MINUTE_PER_TOKEN: '1000000',
    DRIFTPLANE_REQUESTS_PER_MINUTE_PER_ADDRESS: '1000000',
    ...extra,
  };
}

export function startProduct(args: readonly string[], { env = {}, uid }: StartOptions = {}): ProductProcess {
  const child = spawn(process.execPath, [executable, ...args], {
    env: environmentOf(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid, cwd: '/tmp' }),
  });
  let text = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const check of waiting) check();
    });
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const product: ProductProcess = {
    pid: child.pid as number,
    child,
    ended,
    said: () => text,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const match = pattern.exec(text);
          if (match === null) return;
          waiting.delete(check);
          resolve(match);
        };
        waiting.add(check);
        void ended.then(() => reject(new Error(`it ended without saying ${pattern}: ${text}`)), reject);
        check();
      }),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      child.kill('SIGINT');
      return (await ended).code;
    },
  };
  started.push(product);
  return product;
}

/** Runs a command to its end. */
export async function runProduct(
  args: readonly string[],
  options: StartOptions = {},
): Promise<{ readonly code: number | null; readonly said: string }> {
  const run = startProduct(args, options);
  const { code } = await run.ended;
  return { code, said: run.said() };
}

/** Runs a command of a client against a server. */
export function runClient(
  { url, token }: Pick<Server, 'url' | 'token'>,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly said: string }> {
  return runProduct(args, { env: { DRIFTPLANE_URL: url, DRIFTPLANE_TOKEN: token } });
}

export interface ServeOptions extends StartOptions {
  /** Where its own database is; not needed where `env` names another one. */
  readonly dataDir?: string;
  readonly hasWorker?: boolean;
  /** Of an earlier start on the same data. */
  readonly token?: string;
}

/** Starts `driftplane serve` on a free port and waits until it listens. */
export async function serve(options: ServeOptions): Promise<Server> {
  const { dataDir, hasWorker = true, env = {}, uid } = options;
  const product = startProduct(['serve', '--port', '0', ...(hasWorker ? [] : ['--no-worker'])], {
    env: { ...(dataDir === undefined ? {} : { DRIFTPLANE_DATA_DIR: dataDir }), ...env },
    ...(uid === undefined ? {} : { uid }),
  });
  const [, url = ''] = await product.says(/Driftplane listens on (\S+)\s/);
  const token = options.token ?? /^ +(dp_\S+)$/m.exec(product.said())?.[1];
  if (token === undefined) throw new Error('it told no token');
  return { ...product, url, token, api: openApiClient({ DRIFTPLANE_URL: url, DRIFTPLANE_TOKEN: token }) };
}

/** The superuser's address of the database in a data directory, as soon as it runs. */
export function ownerUrlOf(dataDir: string): Promise<string> {
  return until(async () => (await attachEmbeddedDatabase({ dataDir }))?.ownerUrl);
}

/** The process of the database in a data directory, as it wrote it down. */
export function postmasterOf(dataDir: string): number {
  return Number(readFileSync(join(dataDir, EMBEDDED, 'postmaster.pid'), 'utf8').split('\n')[0]);
}

/** The servers of PostgreSQL whose data is below a folder. What a server starts ends with it. */
export function listPostgres(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isPostgresBelow(pid, folder));
}

function isPostgresBelow(pid: number, folder: string): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return command.includes('/postgres\0') && command.includes(`${folder}/`);
  } catch {
    return false;
  }
}

async function killPostgres(pid: number, folder: string): Promise<void> {
  try {
    process.kill(pid, 'SIGQUIT');
  } catch {
    return;
  }
  while (isPostgresBelow(pid, folder)) await sleep(10);
}

/** Waits until something holds; a test that never gets there ends with its own time limit. */
export async function until<T>(find: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    await sleep(10);
  }
}
