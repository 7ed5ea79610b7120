// The PostgreSQL server that comes with Driftplane, for whoever does not bring one. Layout of the data directory:
// postgres-18/ the cluster, credentials.json, owner.lock, postgres.log, and runtime/ where the programs had to be copied.
import { join } from 'node:path';
import { DriftplaneError } from '../../core/errors.ts';
import { clusterDirOf, ensureCluster, listClusters, requireVersion, writeSettings } from './cluster.ts';
import { askDataDirectory, embeddedUrl, ensureDatabase } from './connection.ts';
import { type Credentials, createCredentials, readCredentials } from './credentials.ts';
import { prepareDataDirectory } from './data-directory.ts';
import { type OwnerLock, takeOwnerLock } from './owner-lock.ts';
import { readPostmasterFile } from './postmaster-file.ts';
import { findServerBinaries } from './server-binaries.ts';
import {
  endServer,
  isSamePlace,
  type ServerOptions,
  type ServerProcess,
  startServer,
  stopLeftServer,
} from './server-process.ts';
import { findServerUser, type ServerUser } from './server-user.ts';

export interface EmbeddedDatabase {
  /** Connection string of the superuser. Holds the password: never log it. */
  readonly ownerUrl: string;
  /** Stops the server, waits for it, and gives the data directory free. Close your connections before. */
  stop(): Promise<void>;
}

/**
 * Starts the embedded server on the data directory, creating what is missing, and owns it until `stop`. A server that
 * an earlier, killed process left running is stopped first; a crashed one recovers. If the server dies while we own
 * it, it is started again at the same address.
 *
 * Throws `database_in_use` (another living process owns it), `database_version_mismatch` (the data is of another major
 * version; nothing was touched) and `embedded_unavailable` (it can't run here, and why).
 */
export async function openEmbeddedDatabase(options: OpenOptions): Promise<EmbeddedDatabase> {
  const { dataDir } = options;
  try {
    const serverUser = findServerUser(listClusters(dataDir)[0]?.path ?? null);
    prepareDataDirectory(dataDir, serverUser);
    const lock = await takeOwnerLock(dataDir);
    try {
      return await openOwned(options, serverUser, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    throw explainSystemError(error, dataDir);
  }
}

interface OpenOptions {
  readonly dataDir: string;
  readonly log: (message: string) => void;
  /** False for throw-away data, as in tests: much faster, and lost when the machine crashes. */
  readonly isDurable?: boolean;
}

async function openOwned(
  { dataDir, log, isDurable = true }: OpenOptions,
  serverUser: ServerUser,
  lock: OwnerLock,
): Promise<EmbeddedDatabase> {
  const binaries = findServerBinaries(dataDir, serverUser);
  requireVersion(dataDir, binaries.majorVersion);
  const clusterDir = clusterDirOf(dataDir, binaries.majorVersion);
  const credentials = credentialsFor(dataDir);
  await stopLeftServer({ clusterDir, credentials, log });
  await ensureCluster({ dataDir, binaries, serverUser, credentials, isDurable });
  writeSettings(clusterDir, serverUser);
  const keeper = await keepRunning({
    dataDir,
    clusterDir,
    binaries,
    serverUser,
    credentials,
    isDurable,
    log,
  });
  try {
    await ensureDatabase(credentials, keeper.port);
  } catch (error) {
    await keeper.stop();
    throw error;
  }
  return {
    ownerUrl: embeddedUrl(credentials, keeper.port),
    async stop() {
      try {
        await keeper.stop();
      } finally {
        lock.release();
      }
    },
  };
}

/** What a file system answers when it is full, closed or not ours; anything else is passed on as it is. */
function explainSystemError(error: unknown, dataDir: string): unknown {
  const { code, path = dataDir } = error as NodeJS.ErrnoException;
  if (error instanceof DriftplaneError || code === undefined || !(code in reasons)) return error;
  return new DriftplaneError(
    'embedded_unavailable',
    `The data directory ${dataDir} can not be used: ${reasons[code]} (${code} at ${path}). DRIFTPLANE_DATA_DIR chooses another one`,
    { cause: error },
  );
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  ENOTDIR: 'part of the path is no directory',
  ELOOP: 'a symbolic link leads in circles',
  EIO: 'the disk fails',
};

/**
 * The connection string of the server that another process owns and runs; null when none runs, or it is not ready.
 * For administration beside a running Driftplane.
 */
export async function attachEmbeddedDatabase({
  dataDir,
}: {
  dataDir: string;
}): Promise<{ ownerUrl: string } | null> {
  const credentials = readCredentials(dataDir);
  if (credentials === null) return null;
  for (const { path } of listClusters(dataDir)) {
    const port = readPostmasterFile(path)?.port ?? null;
    if (port === null) continue;
    const ownerUrl = embeddedUrl(credentials, port);
    if (isSamePlace(await askDataDirectory(ownerUrl), path)) return { ownerUrl };
  }
  return null;
}

function credentialsFor(dataDir: string): Credentials {
  const known = readCredentials(dataDir);
  if (known !== null) return known;
  const [cluster] = listClusters(dataDir);
  if (cluster === undefined) return createCredentials(dataDir);
  throw new DriftplaneError(
    'embedded_unavailable',
    `${join(dataDir, 'credentials.json')} is missing, and without it nobody can log in to ${cluster.path}. Put it back from a backup`,
  );
}

/** How often a server that dies is started again before we give up, and after which time its deaths are forgotten. */
const MOST_RESTARTS = 5;
const FORGET_AFTER_MS = 10 * 60_000;

/** Starts the server and starts it again when it dies, at the same port, so that connection strings stay right. */
async function keepRunning(
  wanted: Omit<ServerOptions, 'abandon'>,
): Promise<{ port: number; stop(): Promise<void> }> {
  const abandonment = new AbortController();
  const options: ServerOptions = { ...wanted, abandon: abandonment.signal };
  let current: ServerProcess = await startServer(options, null);
  const { port } = current;
  let isStopping = false;
  // Also when this process ends without `stop`: the signal is sent, the next owner waits for the server to be gone.
  const stopAtExit = (): void => {
    current.child.kill('SIGINT');
  };
  process.once('exit', stopAtExit);

  let restarting: Promise<void> = Promise.resolve();
  const deaths: number[] = [];
  const watch = (server: ServerProcess): void => {
    void server.ended.then(() => {
      if (!isStopping) restarting = restart();
    });
  };
  const restart = async (): Promise<void> => {
    const now = performance.now();
    deaths.push(now);
    if (deaths.filter((at) => now - at < FORGET_AFTER_MS).length > MOST_RESTARTS) {
      options.log('the PostgreSQL server keeps dying and is not started again; see postgres.log');
      return;
    }
    options.log('the PostgreSQL server died; starting it again');
    try {
      current = await startServer(options, port);
      watch(current);
    } catch (error) {
      options.log(`the PostgreSQL server can not be started again: ${(error as Error).message}`);
    }
  };
  watch(current);

  return {
    port,
    async stop() {
      isStopping = true;
      abandonment.abort();
      await restarting;
      process.removeListener('exit', stopAtExit);
      if (current.child.exitCode === null && current.child.signalCode === null) {
        await endServer(current.child.pid as number);
        await current.ended;
      }
    },
  };
}
