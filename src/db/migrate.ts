import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Logger, runMigrations } from 'graphile-worker';
import pg from 'pg';
import { compareText } from '../core/compare-text.ts';
import { DriftplaneError } from '../core/errors.ts';
import { guardPool } from './database.ts';
import { connectOwner } from './owner-connection.ts';
import { lineAt, type SqlStatement, splitStatements } from './split-statements.ts';

interface Migration {
  /** The file's name: NNNN_verb_object.sql. */
  readonly name: string;
  readonly script: string;
  readonly sha256: string;
}

/** The oldest PostgreSQL that has all we use. */
const LEAST_MAJOR_VERSION = 15;
/** Of the advisory lock that lets one process migrate at a time; any number, but always the same. */
const LOCK_KEY = 4_710_337_215;
/** Roles belong to the whole server: two databases that are migrated at once may touch the same row of its catalogue. */
const GRANT_ATTEMPTS = 5;
const CONCURRENT_UPDATE = 'XX000';

const migrationsFolder = fileURLToPath(new URL('./migrations/', import.meta.url));
const grantsFile = fileURLToPath(new URL('./grants.sql', import.meta.url));

/**
 * Brings the database to the schema of this version: our files in their order, each in one transaction, then the
 * queue's schema, then roles and rights. Who starts at the same time waits. Applies nothing twice.
 *
 * Throws `database_unreachable`, `database_version_mismatch` (older than PostgreSQL 15), `database_too_new` (a newer
 * Driftplane migrated it) and `migration_failed` (file and line of the statement; that file was rolled back).
 */
export async function migrate(
  ownerUrl: string,
  options: { log: (message: string) => void; folder?: string; grants?: string | null },
): Promise<{ applied: string[] }> {
  const { log, folder = migrationsFolder, grants = grantsFile } = options;
  const migrations = readMigrations(folder);
  const client = await connectOwner(ownerUrl);
  try {
    await requireServerVersion(client);
    await client.query('select pg_advisory_lock($1)', [LOCK_KEY]);
    const applied = await applyMigrations(client, migrations, log);
    await migrateQueue(ownerUrl);
    if (grants !== null) await applyGrants(client, grants);
    return { applied };
  } finally {
    // Ends the session, and with it the lock.
    await client.end().catch(() => {});
  }
}

function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort(compareText);
  const numbers = names.map((name) => /^(\d{4})_[a-z0-9]+(?:_[a-z0-9]+)*\.sql$/.exec(name)?.[1]);
  const wrong = names.find((_name, index) => {
    return numbers[index] === undefined || numbers.indexOf(numbers[index]) !== index;
  });
  if (wrong !== undefined) {
    throw new DriftplaneError(
      'migration_failed',
      `Migrations are named NNNN_verb_object.sql, each with a number of its own: ${wrong} is not`,
    );
  }
  return names.map((name) => {
    const script = readFileSync(`${folder}/${name}`, 'utf8').replaceAll('\r\n', '\n');
    return { name, script, sha256: createHash('sha256').update(script).digest('hex') };
  });
}

async function requireServerVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query("select current_setting('server_version_num')::int as version");
  const major = Math.floor(rows[0].version / 10_000);
  if (major >= LEAST_MAJOR_VERSION) return;
  throw new DriftplaneError(
    'database_version_mismatch',
    `The server is PostgreSQL ${major}, and Driftplane needs ${LEAST_MAJOR_VERSION} or newer. Nothing was changed. Upgrade the server, or set DATABASE_URL to a newer one`,
  );
}

async function applyMigrations(
  client: pg.Client,
  migrations: readonly Migration[],
  log: (message: string) => void,
): Promise<string[]> {
  await client.query('create schema if not exists driftplane');
  await client.query(
    `create table if not exists driftplane.migrations (
      name text not null,
      sha256 text not null,
      applied_at timestamptz not null default now(),
      constraint migrations_pkey primary key (name)
    )`,
  );
  const { rows } = await client.query<{ name: string; sha256: string }>(
    'select name, sha256 from driftplane.migrations order by name collate "C"',
  );
  requireSameHistory(migrations, rows);
  const waiting = migrations.slice(rows.length);
  for (const migration of waiting) {
    await applyScript(client, migration, async () => {
      await client.query('insert into driftplane.migrations (name, sha256) values ($1, $2)', [
        migration.name,
        migration.sha256,
      ]);
    });
    log(`applied migration ${migration.name}`);
  }
  return waiting.map(({ name }) => name);
}

/** What was applied must be the beginning of what we have, to the letter. */
function requireSameHistory(
  migrations: readonly Migration[],
  applied: readonly { name: string; sha256: string }[],
): void {
  applied.forEach(({ name, sha256 }, index) => {
    const known = migrations.find((migration) => migration.name === name);
    if (known === undefined) {
      throw new DriftplaneError(
        'database_too_new',
        `The database has the migration ${name}, which this version of Driftplane does not know`,
      );
    }
    if (known.sha256 !== sha256) {
      throw new DriftplaneError(
        'migration_failed',
        `${name} was changed after it was applied to this database; a change of the schema is a new file`,
      );
    }
    if (migrations[index]?.name !== name) {
      throw new DriftplaneError(
        'migration_failed',
        `${migrations[index]?.name} comes before ${name}, which this database has already`,
      );
    }
  });
}

/** All statements and `finish`, or none. */
async function applyScript(
  client: pg.Client,
  { name, script }: { name: string; script: string },
  finish: () => Promise<void> = async () => {},
): Promise<void> {
  await client.query('begin');
  try {
    for (const statement of splitStatements(script)) {
      try {
        await client.query(statement.text);
      } catch (error) {
        throw statementFailure(name, statement, error);
      }
    }
    await finish();
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    if (error instanceof DriftplaneError) throw error;
    throw new DriftplaneError('migration_failed', `${name}: ${(error as Error).message}`, { cause: error });
  }
}

/** The server names a place for what it does not understand; for everything else the statement's line has to do. */
function statementFailure(name: string, statement: SqlStatement, error: unknown): DriftplaneError {
  const { message, position } = error as { message: string; position?: string };
  const line =
    statement.line + (position === undefined ? 0 : lineAt(statement.text, Number(position) - 1) - 1);
  return new DriftplaneError('migration_failed', `${name}, line ${line}: ${message}`, {
    cause: error,
    details: [{ pointer: '', line, detail: message }],
  });
}

async function applyGrants(client: pg.Client, path: string): Promise<void> {
  const script = { name: 'grants.sql', script: readFileSync(path, 'utf8') };
  for (let attempt = 1; ; attempt += 1) {
    try {
      await applyScript(client, script);
      return;
    } catch (error) {
      const { cause } = error as DriftplaneError;
      const isConcurrent = cause instanceof pg.DatabaseError && cause.code === CONCURRENT_UPDATE;
      if (!isConcurrent || attempt === GRANT_ATTEMPTS) throw error;
    }
  }
}

const silent = new Logger(() => () => {});

async function migrateQueue(ownerUrl: string): Promise<void> {
  const { exitCode } = process;
  // A pool of our own: the library does not wait for the end of one that it opened itself.
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 1 });
  guardPool(pool, () => {});
  try {
    await runMigrations({ pgPool: pool, schema: 'graphile_worker', logger: silent });
  } catch (error) {
    // The library sets one of its own; how this process ends is ours to say.
    process.exitCode = exitCode;
    const message = `The schema of the job queue can not be migrated: ${(error as Error).message}`;
    throw new DriftplaneError('migration_failed', message, { cause: error });
  } finally {
    await pool.end();
  }
}
