import pg from 'pg';
import { DriftplaneError } from '../core/errors.ts';

const CONNECT_TIMEOUT_MS = 15_000;

/**
 * A connection of its own as the owner, for what no pool is for: migrations, dumps. The caller ends it. Throws
 * `database_unreachable`, naming the address and never the password.
 */
export async function connectOwner(ownerUrl: string): Promise<pg.Client> {
  const address = addressOf(ownerUrl);
  const client = new pg.Client({
    connectionString: ownerUrl,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'driftplane owner',
  });
  // A connection that breaks fails the statement that waits for it; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (cause) {
    throw new DriftplaneError('database_unreachable', `no connection to ${address}: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

function addressOf(ownerUrl: string): string {
  try {
    const { host, pathname } = new URL(ownerUrl);
    return `PostgreSQL at ${host}${pathname}`;
  } catch {
    throw new DriftplaneError(
      'database_unreachable',
      'The address of the database is not a URL such as postgresql://user:password@host:5432/driftplane',
    );
  }
}

/** Where a name has several addresses, the error that gathers theirs has no message of its own. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return [...new Set(cause.errors.map(reasonOf))].join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
