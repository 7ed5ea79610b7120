import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { type DatabaseUrls, databaseUrls } from './database.ts';
import { connectOwner } from './owner-connection.ts';
import { withDatabase } from './test-database-url.ts';

/** A database of its own for a test file, with the schema and no rows. */
export interface TestDatabase {
  readonly ownerUrl: string;
  readonly urls: DatabaseUrls;
  /** Ends what is still connected. */
  drop(): Promise<void>;
}

/** The migrated database that each test database is a copy of. */
export const TEMPLATE_DATABASE = 'driftplane_template';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the server for tests, to a database that is not the template. */
    testServerUrl: string;
  }
}

/** A copy of the template, in a few dozen milliseconds. For tests of the vitest project `db`. */
export function createTestDatabase(): Promise<TestDatabase> {
  return createDatabase(TEMPLATE_DATABASE);
}

/** The same without a schema, for tests of what makes one. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return createDatabase('template0');
}

async function createDatabase(template: string): Promise<TestDatabase> {
  const serverUrl = inject('testServerUrl');
  const name = `driftplane_test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  await run(serverUrl, `create database ${name} template ${template}`);
  const ownerUrl = withDatabase(serverUrl, name);
  return {
    ownerUrl,
    urls: databaseUrls({ ownerUrl }),
    drop: () => run(serverUrl, `drop database if exists ${name} with (force)`),
  };
}

async function run(url: string, statement: string): Promise<void> {
  const client = await connectOwner(url);
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
