import { z } from 'zod';
import { DriftplaneError } from '../core/errors.ts';
import { describeIssues } from '../core/validation.ts';
import { logLevels } from './logger.ts';
import { type TrustedProxies, trustedProxiesSchema } from './trusted-proxies.ts';

const count = (least: number, most: number, otherwise: number) =>
  z.coerce.number().int().min(least).max(most).default(otherwise);
const databaseUrl = z
  .url({
    protocol: /^postgres(?:ql)?$/,
    error: 'is not an address such as postgresql://user@host:5432/driftplane',
  })
  .optional();

/** The environment of a server; a variable that is set to nothing is not set. */
const environmentSchema = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: count(0, 65_535, 7400),
  DATABASE_URL: databaseUrl,
  DATABASE_APP_URL: databaseUrl,
  DATABASE_INGEST_URL: databaseUrl,
  DATABASE_JOBS_URL: databaseUrl,
  DRIFTPLANE_DATABASE_CONNECTIONS: count(2, 500, 10),
  DRIFTPLANE_FILE_ROOTS: z
    .string()
    .default('')
    .transform((text) => text.split(':').filter((root) => root !== ''))
    .refine((roots) => roots.every((root) => root.startsWith('/')), 'lists absolute paths, with ":" between'),
  DRIFTPLANE_ITEM_TYPES: z.string().optional(),
  DRIFTPLANE_MAX_PART_BYTES: count(1024, 64 * 1024 ** 3, 1024 ** 3),
  DRIFTPLANE_LOG_LEVEL: z.enum(logLevels).default('info'),
  DRIFTPLANE_METRICS_TOKEN: z.string().min(16, 'has at least 16 characters').optional(),
  DRIFTPLANE_TRUST_PROXY: trustedProxiesSchema,
  DRIFTPLANE_BODY_LIMIT_BYTES: count(1024, 1024 ** 3, 1024 ** 2),
  DRIFTPLANE_REQUEST_TIMEOUT_SECONDS: count(1, 3600, 60),
  DRIFTPLANE_REQUESTS_PER_MINUTE_PER_TOKEN: count(1, 10_000_000, 6000),
  DRIFTPLANE_REQUESTS_PER_MINUTE_PER_ADDRESS: count(1, 10_000_000, 12_000),
  DRIFTPLANE_MAX_EVENT_LOOP_DELAY_MS: count(100, 600_000, 5000),
  DRIFTPLANE_WORKER_CONCURRENCY: count(1, 100, 2),
});

/** How a server runs. */
export interface ServerConfig {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Null: the embedded database of the data directory. */
  readonly databaseUrl: string | null;
  readonly databaseAppUrl: string | undefined;
  readonly databaseIngestUrl: string | undefined;
  readonly databaseJobsUrl: string | undefined;
  readonly databaseConnections: number;
  /** The directories in which sources of kind `files` may lie. */
  readonly fileRoots: readonly string[];
  /** A file of item types of one's own (YAML). */
  readonly itemTypesFile: string | null;
  /** The largest part of a push that is taken, unpacked. */
  readonly maxPartBytes: number;
  readonly logLevel: (typeof logLevels)[number];
  /** Null: the metrics are for this machine only. */
  readonly metricsToken: string | null;
  /** Who is believed what X-Forwarded-For says of the address of a client. */
  readonly trustedProxies: TrustedProxies;
  readonly bodyLimitBytes: number;
  readonly requestTimeoutSeconds: number;
  readonly requestsPerMinute: { readonly perToken: number; readonly perAddress: number };
  readonly maxEventLoopDelayMs: number;
  readonly workerConcurrency: number;
}

/** Reads the configuration from the environment. Throws `invalid_config` with all that is wrong. */
export function readServerConfig(env: NodeJS.ProcessEnv): ServerConfig {
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = environmentSchema.safeParse(set);
  if (!parsed.success) {
    throw new DriftplaneError('invalid_config', 'the environment is not right', {
      // The places are variables, not pointers into a document.
      details: describeIssues(parsed.error).map((each) => ({ ...each, pointer: each.pointer.slice(1) })),
    });
  }
  const { data } = parsed;
  return {
    host: data.HOST,
    port: data.PORT,
    databaseUrl: data.DATABASE_URL ?? null,
    databaseAppUrl: data.DATABASE_APP_URL,
    databaseIngestUrl: data.DATABASE_INGEST_URL,
    databaseJobsUrl: data.DATABASE_JOBS_URL,
    databaseConnections: data.DRIFTPLANE_DATABASE_CONNECTIONS,
    fileRoots: data.DRIFTPLANE_FILE_ROOTS,
    itemTypesFile: data.DRIFTPLANE_ITEM_TYPES ?? null,
    maxPartBytes: data.DRIFTPLANE_MAX_PART_BYTES,
    logLevel: data.DRIFTPLANE_LOG_LEVEL,
    metricsToken: data.DRIFTPLANE_METRICS_TOKEN ?? null,
    trustedProxies: data.DRIFTPLANE_TRUST_PROXY,
    bodyLimitBytes: data.DRIFTPLANE_BODY_LIMIT_BYTES,
    requestTimeoutSeconds: data.DRIFTPLANE_REQUEST_TIMEOUT_SECONDS,
    requestsPerMinute: {
      perToken: data.DRIFTPLANE_REQUESTS_PER_MINUTE_PER_TOKEN,
      perAddress: data.DRIFTPLANE_REQUESTS_PER_MINUTE_PER_ADDRESS,
    },
    maxEventLoopDelayMs: data.DRIFTPLANE_MAX_EVENT_LOOP_DELAY_MS,
    workerConcurrency: data.DRIFTPLANE_WORKER_CONCURRENCY,
  };
}
