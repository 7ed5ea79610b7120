import pg from 'pg';
import { DriftplaneError } from '../core/errors.ts';

/** How the database is reached, one connection string per role. */
export interface DatabaseUrls {
  /** Migrates and creates workspaces; everything else goes through the roles below. */
  readonly owner: string;
  /** What requests run as: no rights but those on tenant rows, under row-level security. */
  readonly app: string;
  /** The same, and staging: what brings in an inventory. */
  readonly ingest: string;
  /** The queue's tables: what works off jobs. */
  readonly jobs: string;
}

/** The connection pools of one process. */
export interface Database {
  readonly app: pg.Pool;
  /** The role of `app`, for what every request begins with: it never waits for what requests do. */
  readonly access: pg.Pool;
  readonly ingest: pg.Pool;
  readonly jobs: pg.Pool;
  readonly urls: DatabaseUrls;
  close(): Promise<void>;
}

/**
 * The connection strings of all roles. A login of its own can be given for each, of all or of none; without them
 * the owner's connection takes on the role when it opens, so that row-level security binds it all the same.
 * Throws `invalid_config`.
 */
export function databaseUrls(given: {
  ownerUrl: string;
  appUrl?: string | undefined;
  ingestUrl?: string | undefined;
  jobsUrl?: string | undefined;
}): DatabaseUrls {
  const { ownerUrl, appUrl, ingestUrl, jobsUrl } = given;
  const logins = [appUrl, ingestUrl, jobsUrl];
  if (logins.includes(undefined) && logins.some((url) => url !== undefined)) {
    throw new DriftplaneError(
      'invalid_config',
      'DATABASE_APP_URL, DATABASE_INGEST_URL and DATABASE_JOBS_URL go together: set all three, or none',
    );
  }
  return {
    owner: ownerUrl,
    app: appUrl ?? withRole(ownerUrl, 'driftplane_app'),
    ingest: ingestUrl ?? withRole(ownerUrl, 'driftplane_ingest'),
    jobs: jobsUrl ?? withRole(ownerUrl, 'driftplane_jobs'),
  };
}

function withRole(ownerUrl: string, role: string): string {
  const url = new URL(ownerUrl);
  const options = url.searchParams.get('options');
  url.searchParams.set('options', `${options === null ? '' : `${options} `}-c role=${role}`);
  return url.toString();
}

/** Seconds that a request waits for a free connection. */
const CONNECT_TIMEOUT_SECONDS = 15;

/** Of the pool `access`, each in use for a moment only. */
const ACCESS_CONNECTIONS = 2;

/** Opens the pools; connections are made when they are needed. */
export function openDatabase(
  urls: DatabaseUrls,
  options: { maxConnections?: number; onError?: (error: Error) => void } = {},
): Database {
  const { maxConnections = 10, onError = () => {} } = options;
  let isClosing = false;
  const open = (role: 'app' | 'ingest' | 'jobs', name: string = role, max = maxConnections): pg.Pool => {
    const pool = new pg.Pool({
      connectionString: urls[role],
      max,
      application_name: `driftplane ${name}`,
      connectionTimeoutMillis: CONNECT_TIMEOUT_SECONDS * 1000,
      // A connection that dies while a statement waits must fail it, not hang it.
      keepAlive: true,
      // The queue's library reads its own numbers; ours are all below 2^53.
      ...(role === 'jobs' ? {} : { types: exactTypes }),
    });
    guardPool(pool, (error) => {
      if (!isClosing) onError(error);
    });
    return pool;
  };
  const app = open('app');
  const access = open('app', 'access', ACCESS_CONNECTIONS);
  const ingest = open('ingest');
  const jobs = open('jobs');
  return {
    app,
    access,
    ingest,
    jobs,
    urls,
    async close() {
      isClosing = true;
      await Promise.all([app.end(), access.end(), ingest.end(), jobs.end()]);
    },
  };
}

/**
 * Lets no broken connection of a pool end the process: an idle one is replaced, and one in use fails the statement
 * that comes next. `onError` is told of idle ones.
 */
export function guardPool(pool: pg.Pool, onError: (error: Error) => void): void {
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', () => {}));
}

const INT8 = 20;

/** Reads bigint as a number: none of ours comes near 2^53. */
const exactTypes: pg.CustomTypesConfig = {
  getTypeParser(id: number, format?: 'text' | 'binary') {
    if (id === INT8 && format !== 'binary') return (text: string) => Number(text);
    return pg.types.getTypeParser(id, format as 'text');
  },
};

/**
 * Refuses a role for which row-level security would not count. Throws `unsafe_database_role` and
 * `database_unreachable`.
 */
export async function checkRoles(database: Database): Promise<void> {
  for (const role of ['app', 'ingest', 'jobs'] as const) {
    const { rows } = await connectAndAsk(database[role]);
    const [row] = rows;
    if (row === undefined || (!row.rolsuper && !row.rolbypassrls)) continue;
    throw new DriftplaneError(
      'unsafe_database_role',
      `the ${role} connection runs as ${row.rolname}, which passes over row-level security`,
    );
  }
}

async function connectAndAsk(
  pool: pg.Pool,
): Promise<pg.QueryResult<{ rolname: string; rolsuper: boolean; rolbypassrls: boolean }>> {
  try {
    return await pool.query(
      'select rolname, rolsuper, rolbypassrls from pg_catalog.pg_roles where rolname = current_user',
    );
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DriftplaneError('database_unreachable', `the database does not answer: ${reason}`, { cause });
  }
}
