import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbeddedDatabase } from '../../src/db/embedded/embedded-database.ts';
import { hasDebianPostgres15, startDebianPostgres15 } from '../../src/db/embedded/test-debian-postgres.ts';
import { migrate } from '../../src/db/migrate.ts';
import { connectOwner } from '../../src/db/owner-connection.ts';
import { withDatabase } from '../../src/db/test-database-url.ts';
import { readBlock, runScript, type ScriptResult } from '../document-blocks.ts';
import { clientOf, serveDriftplane, type TestClient } from '../served-driftplane.ts';
import { findViolations } from './catalogue-rules.ts';
import { readStoredContent } from './stored-content.ts';

// The way of a backup as docs/operations.md gives it, with the statements taken from there, on the oldest PostgreSQL that
// we support with its own pg_dump, pg_restore and psql.
const BINARIES = '/usr/lib/postgresql/15/bin';
const PASSWORD = 'for-tests';

let server: Awaited<ReturnType<typeof startDebianPostgres15>>;
let folder: string;
let urls: Record<
  'ADMIN_URL' | 'DATABASE_URL' | 'BACKUP_URL' | 'RESTORED_URL' | 'APP_URL' | 'INGEST_URL' | 'JOBS_URL',
  string
>;
let driftplane: Awaited<ReturnType<typeof serve>> | null = null;
let clients: TestClient[];
/** In each workspace a push that was open when the backup was taken. */
let openRunIds: string[];
type StoredContent = Awaited<ReturnType<typeof readStoredContent>>;
let stored: { readonly before: StoredContent; readonly after: StoredContent };

/** One that the user of an embedded server may pass through, too. */
function makeFolder(): string {
  const made = mkdtempSync(join(tmpdir(), 'driftplane-backup-'));
  chmodSync(made, 0o711);
  return made;
}

const blockOf = (name: string): string => readBlock('operations.md', name);

/** Runs blocks of docs/operations.md one after the other, as one who follows it does. */
function follow(...names: string[]): Promise<ScriptResult> {
  return runHere(names.map(blockOf).join('\n'));
}

function runHere(script: string, env: NodeJS.ProcessEnv = {}): Promise<ScriptResult> {
  return runScript(script, {
    cwd: folder,
    env: {
      ...urls,
      OWNER_PASSWORD: PASSWORD,
      BACKUP_PASSWORD: PASSWORD,
      APP_PASSWORD: PASSWORD,
      INGEST_PASSWORD: PASSWORD,
      JOBS_PASSWORD: PASSWORD,
      BACKUP_FILE: join(folder, 'driftplane.dump'),
      PATH: `${BINARIES}:${join(folder, 'bin')}:${process.env.PATH}`,
      ...env,
    },
  });
}

function serve(databaseUrl: string) {
  const login = (url: string): string => withDatabase(url, new URL(databaseUrl).pathname.slice(1));
  return serveDriftplane({
    DATABASE_URL: databaseUrl,
    DATABASE_APP_URL: login(urls.APP_URL),
    DATABASE_INGEST_URL: login(urls.INGEST_URL),
    DATABASE_JOBS_URL: login(urls.JOBS_URL),
  });
}

function urlOf(user: string, database: string): string {
  const url = new URL(withDatabase(server.ownerUrl, database));
  url.username = user;
  url.password = PASSWORD;
  return url.toString();
}

const deployment = (name: string, replicas: number) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { uid: `uid-of-${name}`, namespace: 'shop', name },
  spec: { replicas },
});

async function openRun({ call }: TestClient, sourceId: string): Promise<string> {
  return (await call<{ runId: string }>('POST', 'runs', '', { json: { sourceId } })).runId;
}

async function push(client: TestClient, sourceId: string, objects: readonly object[]): Promise<string> {
  const runId = await openRun(client, sourceId);
  await client.call('PUT', 'runs', `/${runId}/parts/1`, { ndjson: objects });
  await close(client, runId);
  return runId;
}

function close({ call }: TestClient, runId: string): Promise<object> {
  return call('POST', 'runs', `/${runId}/close`, { json: { parts: 1, completeTypes: ['*'] } });
}

interface FindingPage {
  items: { findingId: string; state: string; externalId: string }[];
}

async function waitForFindings({ call }: TestClient, count: number): Promise<FindingPage['items']> {
  for (;;) {
    const { items } = await call<FindingPage>('GET', 'findings', '');
    if (items.length >= count) return items;
    await delay(100);
  }
}

/** An inventory with history, a finding that somebody accepted, and a push that is still open. */
async function fill(client: TestClient): Promise<string> {
  const { sourceId } = await client.call<{ sourceId: string }>('POST', 'sources', '', {
    json: { kind: 'push', name: 'Cluster' },
  });
  await push(client, sourceId, [deployment('web', 2), deployment('api', 2)]);
  await push(client, sourceId, [deployment('web', 5), deployment('api', 2)]);
  const [finding] = await waitForFindings(client, 1);
  await client.call('POST', 'findings', `/${finding?.findingId}/accept`, {
    json: { comment: 'for the sale' },
    headers: { 'if-match': '"1"' },
  });
  const runId = await openRun(client, sourceId);
  await client.call('PUT', 'runs', `/${runId}/parts/1`, {
    ndjson: [deployment('web', 5), deployment('api', 7)],
  });
  return runId;
}

beforeAll(async () => {
  if (!hasDebianPostgres15) {
    console.warn(`skipped: the backup by pg_dump needs PostgreSQL 15 in ${BINARIES}`);
    return;
  }
  folder = makeFolder();
  mkdirSync(join(folder, 'bin'));
  symlinkSync(join(import.meta.dirname, '../../bin/driftplane.cjs'), join(folder, 'bin', 'driftplane'));
  server = await startDebianPostgres15();
  urls = {
    ADMIN_URL: withDatabase(server.ownerUrl, 'postgres'),
    DATABASE_URL: urlOf('driftplane', 'driftplane'),
    BACKUP_URL: urlOf('driftplane_backup', 'driftplane'),
    RESTORED_URL: urlOf('driftplane', 'driftplane_restored'),
    APP_URL: urlOf('driftplane_app', 'driftplane'),
    INGEST_URL: urlOf('driftplane_ingest', 'driftplane'),
    JOBS_URL: urlOf('driftplane_jobs', 'driftplane'),
  };
  // Its database of the same name belongs to a superuser, which is not how others hand them out.
  await runHere('psql "$ADMIN_URL" -c "drop database driftplane"');

  expectSuccess(await follow('external-database', 'logins'));
  driftplane = await serve(urls.DATABASE_URL);
  const { url, adminToken } = driftplane;
  const second = await runHere('driftplane workspaces create Fabrikam');
  clients = [adminToken ?? '', second.stdout.trim()].map((token) => clientOf(url, token));
  openRunIds = await Promise.all(clients.map(fill));
  // Stopped, so that the rows of now are those of the backup.
  await driftplane.stop();
  driftplane = null;
  expectSuccess(await follow('backup-role', 'backup-rights', 'backup', 'restore'));
  const [before, after] = await Promise.all(
    ['driftplane', 'driftplane_restored'].map((name) =>
      readStoredContent(withDatabase(server.ownerUrl, name)),
    ),
  );
  stored = { before, after } as typeof stored;
});

afterAll(async () => {
  await driftplane?.stop();
  await server?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

function expectSuccess({ code, stderr }: ScriptResult): void {
  expect([code, stderr]).toEqual([0, expect.not.stringMatching(/error|fatal/i)]);
}

describe.runIf(hasDebianPostgres15)('a backup by pg_dump that is restored', () => {
  test('has every row as it was', () => {
    expect(stored.before['driftplane.workspaces']?.count).toBe(2);
    expect(stored.before['driftplane.acceptances']?.count).toBe(2);
    expect(stored.before['driftplane_staging.parts']?.count).toBe(2);
    expect(stored.after).toEqual(stored.before);
  });

  test('is under row-level security as before', async () => {
    const owner = await connectOwner(urls.RESTORED_URL);
    const app = await connectOwner(urlOf('driftplane_app', 'driftplane_restored'));
    try {
      const violations = await findViolations(owner);
      const seen = await Promise.all([owner, app].map((client) => countOf(client, 'findings')));

      expect(violations).toEqual([]);
      expect(seen).toEqual([0, 0]);
    } finally {
      await Promise.all([owner.end(), app.end()]);
    }
  });

  test('serves the same tokens, an intact audit trail, and goes on with what was open', async () => {
    const restored = await serve(urls.RESTORED_URL);
    try {
      for (const [index, { token }] of clients.entries()) {
        const client = clientOf(restored.url, token);
        const trail = join(folder, `trail-${index}.ndjson`);
        const findings = await client.call<FindingPage>('GET', 'findings', '');
        const run = await close(client, openRunIds[index] ?? '');
        const afterwards = await waitForFindings(client, 2);
        writeFileSync(trail, await client.read('audit', '/export'));
        const verified = await runHere(`driftplane audit verify --json ${trail}`);

        expect(findings.items).toMatchObject([{ externalId: 'uid-of-web', state: 'accepted' }]);
        expect(run).toMatchObject({ status: 'succeeded', runSeq: 3 });
        expect(afterwards.map(({ externalId }) => externalId).sort()).toEqual(['uid-of-api', 'uid-of-web']);
        expect(verified.code).toBe(0);
        expect(JSON.parse(verified.stdout)).toMatchObject({
          isIntact: true,
          workspaceId: client.workspaceId,
          count: expect.toSatisfy((count: number) => count >= 5),
        });
      }
      // There was a workspace already, so none was made.
      expect(restored.adminToken).toBeNull();
    } finally {
      await restored.stop();
    }
  });

  test('can be restored into an embedded PostgreSQL of a newer major version', async () => {
    const dataDir = join(folder, 'embedded');
    const embedded = await openEmbeddedDatabase({ dataDir, log: () => {}, isDurable: false });
    try {
      await migrate(embedded.ownerUrl, { log: () => {} });

      expectSuccess(
        await runHere(['portable-backup', 'embedded-url', 'embedded-restore'].map(blockOf).join('\n'), {
          DRIFTPLANE_DATA_DIR: dataDir,
          BACKUP_FILE: join(folder, 'portable.dump'),
        }),
      );
      const { applied } = await migrate(embedded.ownerUrl, { log: () => {} });

      expect(applied).toEqual([]);
      expect(await readStoredContent(embedded.ownerUrl)).toEqual(stored.before);
    } finally {
      await embedded.stop();
    }
  });
});

describe.runIf(hasDebianPostgres15)('a dump as another role', () => {
  const dumpFindings = 'pg_dump --table=driftplane.findings --data-only --column-inserts';

  test.each(['APP_URL', 'DATABASE_URL'] as const)('is refused by row-level security (%s)', async (login) => {
    const { code, stdout, stderr } = await runHere(`${dumpFindings} --dbname="$${login}"`);

    expect(code).not.toBe(0);
    expect(stderr).toContain('row-level security');
    expect(stdout).not.toContain('INSERT');
  });

  test('is empty where it is told to go on', async () => {
    const asApp = await runHere(`${dumpFindings} --enable-row-security --dbname="$APP_URL"`);
    const asBackup = await runHere(`${dumpFindings} --dbname="$BACKUP_URL"`);

    expect([asApp.code, asApp.stdout.match(/^INSERT/gm)]).toEqual([0, null]);
    expect([asBackup.code, asBackup.stdout.match(/^INSERT/gm)?.length]).toEqual([0, 2]);
  });
});

describe.runIf(hasDebianPostgres15)('the role for backups', () => {
  test('can not write, not even where it asks for it', async () => {
    const client = await connectOwner(urls.BACKUP_URL);
    try {
      const write = client.query("begin read write; update driftplane.workspaces set name = 'x'");

      await expect(write).rejects.toMatchObject({ code: '42501' });
    } finally {
      await client.end();
    }
  });

  test('may read what later migrations create', async () => {
    const owner = await connectOwner(urls.DATABASE_URL);
    try {
      await owner.query('begin; create table driftplane.later (id bigint generated always as identity)');
      const { rows } = await owner.query(
        `select has_table_privilege('driftplane_backup', 'driftplane.later', 'select') as rows,
           has_sequence_privilege('driftplane_backup', 'driftplane.later_id_seq', 'select') as sequences`,
      );

      expect(rows).toEqual([{ rows: true, sequences: true }]);
    } finally {
      await owner.end();
    }
  });
});

test('a copy of the data directory of a stopped Driftplane opens where it is put', async () => {
  const around = makeFolder();
  const open = (name: string) =>
    openEmbeddedDatabase({ dataDir: join(around, name), log: () => {}, isDurable: false });
  try {
    const original = await open('original');
    await ask(original.ownerUrl, "create table kept as select 'as it was' as text");
    await original.stop();

    const copied = await runScript('cp -a original copy && rm -r original', { cwd: around, env: {} });
    const copy = await open('copy');

    try {
      expect(copied.code).toBe(0);
      expect(await ask(copy.ownerUrl, 'select text from kept')).toEqual([{ text: 'as it was' }]);
    } finally {
      await copy.stop();
    }
  } finally {
    rmSync(around, { recursive: true, force: true });
  }
});

async function ask(url: string, statement: string): Promise<unknown[]> {
  const client = await connectOwner(url);
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

async function countOf(client: pg.Client, table: string): Promise<number> {
  const { rows } = await client.query(`select count(*)::int as count from driftplane.${table}`);
  return rows[0].count;
}
