import pg from 'pg';
import type { Credentials } from './credentials.ts';

/** The name of our database in the embedded server. */
const DATABASE = 'driftplane';

/** The connection string of a database of the embedded server. */
export function embeddedUrl(credentials: Credentials, port: number, database = DATABASE): string {
  const { user, password } = credentials;
  return `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

/**
 * The data directory of the server that answers at the address; null when none answers there that knows our
 * credentials. Neither side gives the password away in asking (SCRAM).
 */
export async function askDataDirectory(url: string): Promise<string | null> {
  try {
    return await withClient(url, async (client) => {
      const { rows } = await client.query('show data_directory');
      return rows[0].data_directory as string;
    });
  } catch {
    return null;
  }
}

/** Creates our database in a new cluster. */
export async function ensureDatabase(credentials: Credentials, port: number): Promise<void> {
  await withClient(embeddedUrl(credentials, port, 'postgres'), async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  });
}

async function withClient<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // The server may go away while we wait; the query that waits fails, and that is enough.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
