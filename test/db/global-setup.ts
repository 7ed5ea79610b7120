// One PostgreSQL server for all tests of the project `db`. Its template database has the schema; each test file clones
// that.
import type { TestProject } from 'vitest/node';
import { startTestServer } from '../../src/db/embedded/test-server.ts';
import { migrate } from '../../src/db/migrate.ts';
import { connectOwner } from '../../src/db/owner-connection.ts';
import { TEMPLATE_DATABASE } from '../../src/db/test-database.ts';
import { withDatabase } from '../../src/db/test-database-url.ts';

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer();
  try {
    await prepareTemplate(server.url);
  } catch (error) {
    await server.stop();
    throw error;
  }
  project.provide('testServerUrl', server.url);
  return () => server.stop();
}

async function prepareTemplate(url: string): Promise<void> {
  const client = await connectOwner(url);
  try {
    await client.query(`drop database if exists ${TEMPLATE_DATABASE} with (force)`);
    await client.query(`create database ${TEMPLATE_DATABASE} template template0`);
  } finally {
    await client.end();
  }
  await migrate(withDatabase(url, TEMPLATE_DATABASE), { log: () => {} });
}
