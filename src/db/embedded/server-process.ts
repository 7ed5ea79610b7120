import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DriftplaneError } from '../../core/errors.ts';
import { serverEnvironment } from './cluster.ts';
import { askDataDirectory, embeddedUrl } from './connection.ts';
import type { Credentials } from './credentials.ts';
import { disownPostmasterFile, hasPostmasterFile, readPostmasterFile } from './postmaster-file.ts';
import { isRunning, workingDirectoryOf } from './process-identity.ts';
import type { ServerBinaries } from './server-binaries.ts';
import { giveTo, runAs, type ServerUser } from './server-user.ts';

export interface ServerOptions {
  readonly dataDir: string;
  readonly clusterDir: string;
  readonly binaries: ServerBinaries;
  readonly serverUser: ServerUser;
  readonly credentials: Credentials;
  /** False for throw-away data: a crash of the machine loses it. */
  readonly isDurable: boolean;
  readonly log: (message: string) => void;
  /** Aborted: the server is not wanted any more, also while it starts. */
  readonly abandon: AbortSignal;
}

export interface ServerProcess {
  readonly port: number;
  readonly child: ChildProcess;
  /** The server has ended when this resolves. */
  readonly ended: Promise<void>;
}

const POLL_MS = 25;
/** Recovery of a large database after a crash takes minutes; nothing is gained by giving up early. */
const START_LIMIT_MS = 30 * 60_000;
const SAY_AFTER_MS = 5_000;
/** A fast shutdown writes what is in memory to the disk. After that: an immediate one, whose next start recovers. */
const FAST_STOP_MS = 60_000;
const IMMEDIATE_STOP_MS = 10_000;
/** Processes of a killed server notice within seconds that it is gone. */
const ATTEMPTS = 40;
const ATTEMPT_PAUSE_MS = 500;

const volatileSettings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/**
 * Starts the server and waits until it answers. `port` null: any free one. Throws `embedded_unavailable` with what the
 * server said. The caller holds the owner lock and has stopped any server of before.
 */
export async function startServer(options: ServerOptions, port: number | null): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const started = await tryToStart(options, port ?? (await findFreePort()));
    if (typeof started !== 'string') return started;
    if (attempt === ATTEMPTS || options.abandon.aborted || !isPassing(started))
      throw startFailure(options, started);
    if (attempt === 1) options.log(`PostgreSQL can not start yet, trying again: ${lastLines(started, 1)}`);
    await sleep(ATTEMPT_PAUSE_MS);
  }
}

/** The server, or what it said when it ended before it answered. */
async function tryToStart(options: ServerOptions, port: number): Promise<ServerProcess | string> {
  const { clusterDir, credentials, log } = options;
  const child = spawnServer(options, port);
  let failure: string | null = null;
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      failure = error.message;
      resolve();
    });
    child.once('exit', () => resolve());
  });
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  const startedAt = performance.now();
  let saidAt = 0;
  for (;;) {
    await Promise.race([ended, sleep(POLL_MS)]);
    if (isOver) return failure ?? readServerLog(options.dataDir);
    if (await answers(clusterDir, embeddedUrl(credentials, port, 'postgres'))) return { port, child, ended };
    const waitedMs = performance.now() - startedAt;
    if (options.abandon.aborted || waitedMs > START_LIMIT_MS) {
      await endServer(child.pid as number);
      return options.abandon.aborted ? 'it was stopped' : 'it did not answer for half an hour';
    }
    if (waitedMs - saidAt > SAY_AFTER_MS) {
      saidAt = waitedMs;
      log(`PostgreSQL is starting; after a crash it recovers first (${Math.round(waitedMs / 1000)} s)`);
    }
  }
}

async function answers(clusterDir: string, url: string): Promise<boolean> {
  if (readPostmasterFile(clusterDir)?.status !== 'ready') return false;
  return isSamePlace(await askDataDirectory(url), clusterDir);
}

function spawnServer(options: ServerOptions, port: number): ChildProcess {
  const { clusterDir, binaries, serverUser, isDurable } = options;
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    // Sockets would need a writable directory with a short path.
    'unix_socket_directories=',
    'logging_collector=off',
    'log_destination=stderr',
    ...(isDurable ? [] : volatileSettings),
  ];
  const output = openServerLog(options.dataDir, serverUser);
  try {
    return spawn(binaries.postgres, ['-D', clusterDir, ...settings.flatMap((setting) => ['-c', setting])], {
      ...runAs(serverUser),
      env: serverEnvironment(),
      stdio: ['ignore', 'ignore', output],
      // Ctrl-C in a terminal goes to our process group. The server has to outlive our graceful stop.
      detached: true,
    });
  } finally {
    closeSync(output);
  }
}

const serverLog = (dataDir: string): string => join(dataDir, 'postgres.log');

/** Each start begins a new log and keeps the one before. */
function openServerLog(dataDir: string, serverUser: ServerUser): number {
  const path = serverLog(dataDir);
  try {
    renameSync(path, `${path}.1`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') rmSync(path, { force: true });
  }
  const descriptor = openSync(path, 'a', 0o600);
  giveTo(serverUser, path);
  return descriptor;
}

function readServerLog(dataDir: string): string {
  return readFileSync(serverLog(dataDir), 'utf8');
}

/** Somebody was faster with the port, or processes of a killed server still hold its memory. */
function isPassing(output: string): boolean {
  return /Address already in use|could not bind|pre-existing shared memory block|lock file .* already exists/.test(
    output,
  );
}

function startFailure({ clusterDir }: ServerOptions, output: string): DriftplaneError {
  return new DriftplaneError(
    'embedded_unavailable',
    `PostgreSQL does not start on ${clusterDir}: ${lastLines(output, 4) || 'it said nothing'}`,
  );
}

/** Without the times and process numbers before each. */
function lastLines(output: string, count: number): string {
  const lines = output.trim().split('\n').slice(-count);
  return lines.map((line) => line.replace(/^\d{4}-\S+ \S+ \S+ \[\d+\] /, '').trim()).join('; ');
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1' }, resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

/**
 * Stops the server that a killed process of ours left running, and sees through what a killed server left lying. The
 * caller holds the owner lock, so nobody else means to use that server.
 */
export async function stopLeftServer(options: {
  clusterDir: string;
  credentials: Credentials | null;
  log: (message: string) => void;
}): Promise<void> {
  const { clusterDir, credentials, log } = options;
  const left = readPostmasterFile(clusterDir);
  if (left !== null && isRunning(left.pid) && (await isServerOf(clusterDir, left, credentials))) {
    log(`stopping the PostgreSQL server (process ${left.pid}) that an earlier run left behind`);
    await endServer(left.pid);
  }
  if (hasPostmasterFile(clusterDir)) disownPostmasterFile(clusterDir);
}

async function isServerOf(
  clusterDir: string,
  left: { pid: number; port: number | null },
  credentials: Credentials | null,
): Promise<boolean> {
  const workingDirectory = workingDirectoryOf(left.pid);
  if (workingDirectory !== null) return isSamePlace(workingDirectory, clusterDir);
  if (left.port === null || credentials === null) return false;
  return isSamePlace(await askDataDirectory(embeddedUrl(credentials, left.port, 'postgres')), clusterDir);
}

export function isSamePlace(found: string | null, wanted: string): boolean {
  if (found === null) return false;
  try {
    return realpathSync(found) === realpathSync(wanted);
  } catch {
    return false;
  }
}

/** Stops a server and waits until it is gone: politely, then with less regard. Its data is safe either way. */
export async function endServer(pid: number): Promise<void> {
  const steps = [
    ['SIGINT', FAST_STOP_MS],
    ['SIGQUIT', IMMEDIATE_STOP_MS],
    ['SIGKILL', IMMEDIATE_STOP_MS],
  ] as const;
  for (const [signal, limitMs] of steps) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw error;
    }
    for (let waitedMs = 0; waitedMs < limitMs; waitedMs += POLL_MS) {
      if (!isRunning(pid)) return;
      await sleep(POLL_MS);
    }
  }
  throw new DriftplaneError(
    'embedded_unavailable',
    `The PostgreSQL server, process ${pid}, can not be stopped`,
  );
}
