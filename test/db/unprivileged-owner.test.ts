import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
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

test('what is stored already is brought along under an owner that is no superuser', async () => {
  const server = await openEmbeddedDatabase({
    dataDir: join(dataDir, 'stored'),
    log: () => {},
    isDurable: false,
  });
  try {
    const ownerUrl = await createUnprivilegedDatabase(server.ownerUrl);
    await migrate(ownerUrl, { log: () => {}, folder: migrationsBefore('0005'), grants: null });
    const owner = await connectOwner(ownerUrl);
    await owner.query(`
      alter table driftplane.findings drop constraint findings_scope_fkey;
      set app.workspace_id = '${WORKSPACE}';
      insert into driftplane.findings (workspace_id, finding_id, fingerprint, subject_key, finding_type, drift_type, change,
        scope_id, source_id, item_type, external_id, label, label_search, severity, impact, state, state_changed_at,
        change_signature, evidence, has_plan, engine_version, first_execution_id, last_execution_id, first_run_id,
        first_run_seq, last_run_id, last_run_seq, first_seen_at, last_seen_at, opened_run_seq)
      select w, w, 'f', 's', 'drift', 'configuration', 'changed', w, w, 't', 'x', 'l', 'l', 'sev2', 0.75, 'new', now(), '', '{}',
        false, '1', w, w, w, 1, w, 1, now(), now(), 1
      from (select '${WORKSPACE}'::uuid as w) as one`);

    await migrate(ownerUrl, { log: () => {} });

    const { rows } = await owner.query('select drift_score from driftplane.findings');
    const { rows: hidden } = await owner
      .query('reset app.workspace_id')
      .then(() => owner.query('select from driftplane.findings'));
    await owner.end();
    expect(rows).toEqual([{ drift_score: 0.75 }]);
    expect(hidden).toEqual([]);
  } finally {
    await server.stop();
  }
});

const WORKSPACE = '00000000-0000-4000-8000-000000000001';

/** A folder with the migrations whose number is lower. */
function migrationsBefore(number: string): string {
  const from = join(import.meta.dirname, '..', '..', 'src', 'db', 'migrations');
  const folder = join(dataDir, `before-${number}`);
  mkdirSync(folder);
  for (const name of readdirSync(from).filter((each) => each < number)) {
    copyFileSync(join(from, name), join(folder, name));
  }
  return folder;
}
