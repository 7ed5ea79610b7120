// A whole Driftplane in this process: database, worker, HTTP. `serve`, `demo` and tests start it in the same way.
import type { AddressInfo } from 'node:net';
import type { FastifyBaseLogger } from 'fastify';
import { DriftplaneError } from '../core/errors.ts';
import { checkRoles, type Database, type DatabaseUrls, databaseUrls, openDatabase } from '../db/database.ts';
import { openEmbeddedDatabase } from '../db/embedded/embedded-database.ts';
import { migrate } from '../db/migrate.ts';
import { giveLogins } from '../db/role-logins.ts';
import { loadItemTypes } from '../features/inventory/item-type-files.ts';
import type { SyncContext } from '../features/inventory/sync-run-service.ts';
import { ensureFirstWorkspace } from '../features/workspaces/workspace-service.ts';
import type { Api } from '../http/api.ts';
import { createServer } from '../server/create-server.ts';
import { createMetrics } from '../server/metrics.ts';
import { createReadiness } from '../server/readiness.ts';
import { registerFeatureRoutes } from '../server/routes.ts';
import type { ServerConfig } from '../server/server-config.ts';
import { createSyncContext } from '../server/sync-context.ts';
import { readConfigText } from './config-file.ts';
import { keepYoungGenerationSmall } from './young-generation.ts';

/** What works off the jobs of this process. */
interface RunningWorker {
  isRunning(): boolean;
  /** Finishes or gives back the jobs in hand. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly config: ServerConfig;
  /** Of the embedded database, where `config` has no address of another. */
  readonly dataDir: string;
  readonly version: string;
  readonly log: FastifyBaseLogger;
  /** Null: other processes do the jobs. */
  readonly startWorker:
    | ((services: {
        readonly context: SyncContext;
        readonly concurrency: number;
        readonly log: FastifyBaseLogger;
      }) => Promise<RunningWorker>)
    | null;
}

export interface RunningDriftplane {
  /** Where it listens, such as http://127.0.0.1:7400. */
  readonly url: string;
  readonly database: Database;
  /** Of the first workspace, where this start created it; known nowhere else. */
  readonly adminToken: string | null;
  /** Ends streams, finishes requests and jobs, closes connections, stops the database. Once is enough. */
  stop(): Promise<void>;
}

/** How long requests in hand may take when the server stops. */
const CLOSE_GRACE_MS = 10_000;

/** Starts everything in its order. Where a step fails, what was started is stopped, and its error is thrown. */
export async function startDriftplane(options: StartOptions): Promise<RunningDriftplane> {
  const stops: (() => Promise<unknown>)[] = [];
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopping ??= stopAll(stops, options.log);
    return stopping;
  };
  try {
    return { ...(await startAll(options, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts everything, on a heap that does not grow with the garbage of a large sync. */
async function startAll(
  { config, dataDir, version, log, startWorker }: StartOptions,
  stops: (() => Promise<unknown>)[],
): Promise<Omit<RunningDriftplane, 'stop'>> {
  keepYoungGenerationSmall();
  const registry = loadItemTypes(itemTypesOf(config));
  const say = (message: string): void => log.info(message);
  const ownerUrl = config.databaseUrl ?? (await startEmbedded(dataDir, say, stops));
  await migrate(ownerUrl, { log: say });
  const database = openDatabase(await urlsOf(ownerUrl, config), {
    maxConnections: config.databaseConnections,
    onError: (error) => log.warn({ err: error }, 'an idle connection to the database broke'),
  });
  stops.push(() => database.close());
  await checkRoles(database);

  const metrics = createMetrics(database);
  const context = createSyncContext({ database, registry, fileRoots: config.fileRoots, metrics });
  const worker =
    startWorker === null ? null : await startWorker({ context, concurrency: config.workerConcurrency, log });
  if (worker !== null) stops.push(() => worker.stop());
  const api = await createServer({
    ...config,
    database,
    log,
    metrics,
    readiness: createReadiness(database, worker === null ? null : () => worker.isRunning()),
    version,
    registerRoutes: (on) => registerFeatureRoutes(on, { context, maxPartBytes: config.maxPartBytes }),
  });
  stops.push(() => closeServer(api));
  const url = await listen(api, config);
  // Last, so that a start that fails does not swallow the token.
  const first = await ensureFirstWorkspace(ownerUrl);
  return { url, database, adminToken: first?.adminToken ?? null };
}

/** A server of our own gives each role a login; on another one they are configured, or roles are taken on. */
async function urlsOf(ownerUrl: string, config: ServerConfig): Promise<DatabaseUrls> {
  if (config.databaseUrl === null) return giveLogins(ownerUrl);
  return databaseUrls({
    ownerUrl,
    appUrl: config.databaseAppUrl,
    ingestUrl: config.databaseIngestUrl,
    jobsUrl: config.databaseJobsUrl,
  });
}

function itemTypesOf({ itemTypesFile }: ServerConfig) {
  return itemTypesFile === null ? null : { path: itemTypesFile, text: readConfigText(itemTypesFile) };
}

async function startEmbedded(
  dataDir: string,
  log: (message: string) => void,
  stops: (() => Promise<unknown>)[],
): Promise<string> {
  const embedded = await openEmbeddedDatabase({ dataDir, log });
  stops.push(() => embedded.stop());
  return embedded.ownerUrl;
}

async function listen(api: Api, { host, port }: ServerConfig): Promise<string> {
  try {
    await api.listen({ host, port });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new DriftplaneError('address_in_use', `something listens on ${host}:${port} already`, { cause });
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new DriftplaneError('invalid_config', `${host}:${port} can not be listened on (${code})`, {
        cause,
      });
    }
    throw cause;
  }
  const { address, family, port: bound } = api.server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
}

/** Requests in hand are answered; those that take longer than the grace lose their connection. */
async function closeServer(api: Api): Promise<void> {
  const timer = setTimeout(() => api.server.closeAllConnections(), CLOSE_GRACE_MS);
  await api.close().finally(() => clearTimeout(timer));
}

/** In the opposite order of the start; a step that fails does not keep the others from it. */
async function stopAll(stops: readonly (() => Promise<unknown>)[], log: FastifyBaseLogger): Promise<void> {
  for (const stop of stops.toReversed()) {
    await stop().catch((error: unknown) => log.error({ err: error }, 'a part did not stop as it should'));
  }
}
