import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasDebianPostgres15, startDebianPostgres15 } from '../../src/db/embedded/test-debian-postgres.ts';
import { migrate } from '../../src/db/migrate.ts';
import { connectOwner } from '../../src/db/owner-connection.ts';
import { dumpSchema } from '../../src/db/schema-dump.ts';
import { createTestDatabase, type TestDatabase } from '../../src/db/test-database.ts';

const committed = readFileSync(join(import.meta.dirname, '../../src/db/schema.sql'), 'utf8');

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

async function dump(url: string): Promise<string> {
  const client = await connectOwner(url);
  try {
    return await dumpSchema(client);
  } finally {
    await client.end();
  }
}

/** Lines of the dump that are there after the change and were not before. */
async function linesAfter(change: string): Promise<string[]> {
  const changed = await createTestDatabase();
  const client = await connectOwner(changed.ownerUrl);
  try {
    await client.query(change);
    const before = new Set(committed.split('\n'));
    return (await dumpSchema(client)).split('\n').filter((line) => !before.has(line));
  } finally {
    await client.end();
    await changed.drop();
  }
}

test('the committed schema is what the migrations make', async () => {
  expect(await dump(database.ownerUrl)).toBe(committed);
});

test.runIf(hasDebianPostgres15)('the migrations make the same schema on PostgreSQL 15', async () => {
  const server = await startDebianPostgres15();
  try {
    const { applied } = await migrate(server.ownerUrl, { log: () => {} });

    expect(applied.length).toBeGreaterThan(0);
    expect(await dump(server.ownerUrl)).toBe(committed);
  } finally {
    await server.stop();
  }
});

test.each([
  [
    'a column',
    'alter table driftplane.sources add column extra integer not null default 7',
    '  extra integer not null default 7,',
  ],
  [
    'a collation',
    'alter table driftplane.sources add column extra text collate "C"',
    '  extra text collate "C",',
  ],
  ['a missing not null', 'alter table driftplane.sources alter column kind drop not null', '  kind text,'],
  [
    'an index',
    'create index extra_idx on driftplane.sources (workspace_id, kind) where kind is not null',
    'CREATE INDEX extra_idx ON driftplane.sources USING btree (workspace_id, kind) WHERE (kind IS NOT NULL);',
  ],
  [
    'a constraint',
    'alter table driftplane.sources add constraint extra_check check (revision > 0)',
    '  constraint extra_check CHECK ((revision > 0)),',
  ],
  [
    'a policy',
    'create policy extra on driftplane.sources as restrictive for select to driftplane_app using (true)',
    'create policy extra on driftplane.sources as restrictive for select to driftplane_app using (true);',
  ],
  [
    'a right on a column',
    'grant update (name) on driftplane.sources to driftplane_jobs',
    'grant update (name) on table driftplane.sources to driftplane_jobs;',
  ],
  [
    'a right of everybody',
    'grant select on driftplane.sources to public',
    'grant select on table driftplane.sources to public;',
  ],
  [
    'a trigger',
    `create function driftplane.extra() returns trigger language plpgsql as 'begin return new; end';
     create trigger extra before update on driftplane.sources for each row execute function driftplane.extra()`,
    'CREATE TRIGGER extra BEFORE UPDATE ON driftplane.sources FOR EACH ROW EXECUTE FUNCTION driftplane.extra();',
  ],
])('the dump shows %s', async (_name, change, line) => {
  expect(await linesAfter(change)).toContain(line);
});

test('the dump shows row-level security that is missing', async () => {
  const changed = await createTestDatabase();
  const client = await connectOwner(changed.ownerUrl);
  await client.query('alter table driftplane.sources no force row level security');

  const dumped = await dumpSchema(client);

  await client.end();
  await changed.drop();
  expect(committed).toContain('alter table driftplane.sources force row level security;');
  expect(dumped).not.toContain('alter table driftplane.sources force row level security;');
});

test.each([
  ['view', 'create view driftplane.extra as select 1 as one', 'the relation driftplane.extra of kind v'],
  ['sequence', 'create sequence driftplane.extra', 'the relation driftplane.extra of kind S'],
  ['type', "create type driftplane.extra as enum ('a')", 'the type driftplane.extra'],
])('the dump refuses a %s, which it could not write', async (_name, change, message) => {
  await expect(linesAfter(change)).rejects.toThrow(`does not know how to write ${message}`);
});
