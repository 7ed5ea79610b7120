import type { FastifyBaseLogger, InjectOptions, LightMyRequestResponse } from 'fastify';
import { type Database, openDatabase } from '../db/database.ts';
import { createTestDatabase } from '../db/test-database.ts';
import { loadItemTypes } from '../features/inventory/item-type-files.ts';
import { createWorkspace, type NewWorkspace } from '../features/workspaces/workspace-service.ts';
import type { Api } from '../http/api.ts';
import { createServer, type ServerOptions } from './create-server.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { createReadiness } from './readiness.ts';
import { registerFeatureRoutes } from './routes.ts';
import { createSyncContext } from './sync-context.ts';

export interface TestServer {
  readonly api: Api;
  readonly database: Database;
  readonly ownerUrl: string;
  /** Everything that was logged, one JSON object each. */
  readonly logLines: readonly string[];
  createWorkspace(name?: string): Promise<NewWorkspace>;
  /** One request without a network; `token` becomes the Authorization header. */
  call(token: string | null, request: InjectOptions): Promise<LightMyRequestResponse>;
  close(): Promise<void>;
}

/** The whole server, without a worker, on a database of its own. */
export async function createTestServer(
  given: Partial<ServerOptions> & {
    readonly fileRoots?: readonly string[];
    /** Registers more routes than the features have. */
    readonly registerMore?: (api: Api) => void;
  } = {},
): Promise<TestServer> {
  const { fileRoots = [], registerMore = () => {}, ...options } = given;
  const testDatabase = await createTestDatabase();
  const database = openDatabase(testDatabase.urls);
  const logLines: string[] = [];
  const metrics = createMetrics(database);
  const context = createSyncContext({ database, registry: loadItemTypes(null), fileRoots, metrics });
  const log: FastifyBaseLogger = createLogger({
    level: 'trace',
    isPretty: false,
    write: (line) => void logLines.push(line),
  });
  const api = await createServer({
    database,
    log,
    metrics,
    readiness: createReadiness(database, null),
    version: '0.0.0',
    registerRoutes: (on) => {
      registerFeatureRoutes(on, { context, maxPartBytes: 1024 ** 2 });
      registerMore(on);
    },
    bodyLimitBytes: 1024 ** 2,
    requestTimeoutSeconds: 60,
    requestsPerMinute: { perToken: 1_000_000, perAddress: 1_000_000 },
    maxEventLoopDelayMs: 600_000,
    metricsToken: null,
    trustedProxies: 0,
    ...options,
  });
  return {
    api,
    database,
    ownerUrl: testDatabase.ownerUrl,
    logLines,
    createWorkspace: (name = 'Contoso') => createWorkspace(testDatabase.ownerUrl, { name }),
    call: (token, request) =>
      api.inject({
        ...request,
        headers: { ...request.headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
      }),
    async close() {
      await api.close();
      await database.close();
      await testDatabase.drop();
    },
  };
}
