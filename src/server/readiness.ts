import { readdirSync } from 'node:fs';
import type { Database } from '../db/database.ts';
import { pgErrorCode } from '../db/pg-errors.ts';

/** `ok`, or in a few words what is missing. */
type ReadinessChecks = Readonly<Record<string, string>>;

export interface Readiness {
  check(): Promise<ReadinessChecks>;
}

const CHECK_TIMEOUT_MS = 5000;
const migrationsFolder = new URL('../db/migrations/', import.meta.url);

/**
 * Whether the server can do its work: the database answers and has the schema of this version, and the worker runs
 * where it is in this process (`isWorkerRunning` is null where it is not).
 */
export function createReadiness(database: Database, isWorkerRunning: (() => boolean) | null): Readiness {
  const known = readdirSync(migrationsFolder).filter((name) => name.endsWith('.sql')).length;
  return {
    async check() {
      const [databaseCheck, migrationsCheck] = await checkDatabase(database, known);
      return {
        database: databaseCheck,
        migrations: migrationsCheck,
        ...(isWorkerRunning === null ? {} : { worker: isWorkerRunning() ? 'ok' : 'stopped' }),
      };
    },
  };
}

async function checkDatabase(database: Database, known: number): Promise<[string, string]> {
  const asked = database.access
    .query<{ applied: number }>('select count(*) as applied from driftplane.migrations')
    .then(({ rows }): [string, string] => {
      const applied = rows[0]?.applied;
      return ['ok', applied === known ? 'ok' : `${applied} of ${known} applied`];
    })
    .catch((error: unknown): [string, string] => [
      `does not answer (${pgErrorCode(error) ?? 'no code'})`,
      'unknown',
    ]);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<[string, string]>((resolve) => {
    timer = setTimeout(() => resolve(['does not answer in time', 'unknown']), CHECK_TIMEOUT_MS);
  });
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}
