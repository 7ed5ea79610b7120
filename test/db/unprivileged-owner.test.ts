import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { databaseUrls } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/embedded/embedded-database.ts';
import { hasDebianPostgres15, startDebianPostgres15 } from '../../src/db/embedded/test-debian-postgres.ts';
import { migrate } from '../../src/db/migrate.ts';
import { connectOwner } from '../../src/db/owner-connection.ts';
import { withDatabase } from '../../src/db/test-database-url.ts';

// As a provider of databases hands them out: the owner may create roles and is no superuser. Roles belong to the whole
// server, so each of these servers is a fresh one. Since PostgreSQL 16 whoever creates a role may grant it, but not yet
// take it on.
const unprivileged = 'unprivileged_owner';

interface Server {
  readonly ownerUrl: string;
  stop(): Promise<void>;
}

let dataDir: string;

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'driftplane-test-'));
});

afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

async function createUnprivilegedDatabase(superuserUrl: string): Promise<string> {
  const client = await connectOwner(superuserUrl);
  try {
    await client.query(`create role ${unprivileged} login createrole password 'for tests'`);
    await client.query(`create database theirs owner ${unprivileged}`);
  } finally {
    await client.end();
  }
  const url = new URL(withDatabase(superuserUrl, 'theirs'));
  url.username = unprivileged;
  url.password = 'for tests';
  return url.toString();
}

async function currentUser(url: string): Promise<unknown> {
  const client = await connectOwner(url);
  try {
    return (await client.query('select current_user as name')).rows[0].name;
  } finally {
    await client.end();
  }
}

async function migratesAndTakesOnRoles(server: Server): Promise<void> {
  try {
    const ownerUrl = await createUnprivilegedDatabase(server.ownerUrl);

    const first = await migrate(ownerUrl, { log: () => {} });
    const second = await migrate(ownerUrl, { log: () => {} });

    const { app, ingest, jobs } = databaseUrls({ ownerUrl });
    expect(first.applied.length).toBeGreaterThan(0);
    expect(second.applied).toEqual([]);
    expect(await Promise.all([app, ingest, jobs].map(currentUser))).toEqual([
      'driftplane_app',
      'driftplane_ingest',
      'driftplane_jobs',
    ]);
  } finally {
    await server.stop();
  }
}

test('on PostgreSQL 18 an owner that is no superuser migrates twice, and takes on each role', async () => {
  await migratesAndTakesOnRoles(await openEmbeddedDatabase({ dataDir, log: () => {}, isDurable: false }));
});

test.runIf(hasDebianPostgres15)('and so it does on PostgreSQL 15', async () => {
  await migratesAndTakesOnRoles(await startDebianPostgres15());
});
