import { DriftplaneError } from '../core/errors.ts';
import { checkRoles, databaseUrls, openDatabase } from '../db/database.ts';
import { loadItemTypes } from '../features/inventory/item-type-files.ts';
import { ignoredMetrics } from '../http/metrics.ts';
import { createLogger } from '../server/logger.ts';
import { readServerConfig } from '../server/server-config.ts';
import { createSyncContext } from '../server/sync-context.ts';
import { startDriftplaneWorker } from '../worker/start-worker.ts';
import { readConfigText } from './config-file.ts';
import { untilStopped } from './stop-signals.ts';
import type { Terminal } from './terminal.ts';

export interface WorkerOptions {
  readonly concurrency?: number;
}

/** `driftplane worker`: until a signal stops it. */
export async function runWorker(options: WorkerOptions, terminal: Terminal): Promise<number> {
  const config = readServerConfig(process.env);
  if (config.databaseUrl === null) {
    throw new DriftplaneError(
      'invalid_arguments',
      'DATABASE_URL is not set: a worker of its own works on the database of a server',
    );
  }
  const registry = loadItemTypes(
    config.itemTypesFile === null
      ? null
      : { path: config.itemTypesFile, text: readConfigText(config.itemTypesFile) },
  );
  const log = createLogger({
    level: config.logLevel,
    isPretty: process.stderr.isTTY === true,
    write: (line) => void process.stderr.write(line),
  });
  const database = openDatabase(
    databaseUrls({
      ownerUrl: config.databaseUrl,
      appUrl: config.databaseAppUrl,
      ingestUrl: config.databaseIngestUrl,
      jobsUrl: config.databaseJobsUrl,
    }),
    {
      maxConnections: config.databaseConnections,
      onError: (error) => log.warn({ err: error }, 'an idle connection to the database broke'),
    },
  );
  try {
    await checkRoles(database);
    await untilStopped(async (stopped) => {
      const { fileRoots } = config;
      const context = createSyncContext({ database, registry, fileRoots, metrics: ignoredMetrics });
      const concurrency = options.concurrency ?? config.workerConcurrency;
      const worker = await startDriftplaneWorker({ context, concurrency, log });
      terminal.say(`Working off the jobs, ${concurrency} at once.`);
      await stopped;
      terminal.say('Stopping; press Ctrl-C again to stop at once.');
      await worker.stop();
    });
  } finally {
    await database.close();
  }
  return 0;
}
