import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectOwner } from '../../src/db/owner-connection.ts';
import { createTestDatabase, type TestDatabase } from '../../src/db/test-database.ts';
import { findViolations } from './catalogue-rules.ts';

const roles = ['driftplane_app', 'driftplane_ingest', 'driftplane_jobs'];

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await connectOwner(database.ownerUrl);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

// What a test plants is gone after it.
beforeEach(() => client.query('begin'));
afterEach(() => client.query('rollback'));

test('every table keeps the rules on which the isolation of workspaces rests', async () => {
  expect(await findViolations(client)).toEqual([]);
});

/** A table that keeps all rules, for one of them to be broken. */
const policy = "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid";
const soundTable = `
  create table driftplane.planted (workspace_id uuid not null, id uuid not null, other_id uuid, constraint planted_pkey primary key (workspace_id, id));
  alter table driftplane.planted enable row level security;
  alter table driftplane.planted force row level security;
  create policy workspace_only on driftplane.planted using (${policy}) with check (${policy});`;

test('a table that keeps all rules is found in order', async () => {
  await client.query(soundTable);

  expect(await findViolations(client)).toEqual([]);
});

test.each([
  [
    'drop policy workspace_only on driftplane.planted',
    'no policy binds every command of everybody to the workspace',
  ],
  ['alter table driftplane.planted disable row level security', 'row-level security is not enabled'],
  ['alter table driftplane.planted no force row level security', 'row-level security is not forced'],
  [
    'alter table driftplane.planted drop constraint planted_pkey, add constraint planted_pkey primary key (id, workspace_id)',
    'the constraint planted_pkey does not begin with workspace_id',
  ],
  ['alter table driftplane.planted drop constraint planted_pkey', 'has no primary key'],
  [
    'alter table driftplane.planted add constraint planted_other_key unique (other_id, workspace_id)',
    'the constraint planted_other_key does not begin with workspace_id',
  ],
  [
    'create unique index planted_other_key on driftplane.planted (other_id)',
    'the index driftplane.planted_other_key does not begin with workspace_id',
  ],
  [
    'create index planted_idx on driftplane.planted (other_id, workspace_id)',
    'the index driftplane.planted_idx does not begin with workspace_id',
  ],
  [
    'create index planted_idx on driftplane.planted (lower(id::text), workspace_id)',
    'the index driftplane.planted_idx does not begin with workspace_id',
  ],
  [
    `create unique index planted_target_key on driftplane.planted (id, workspace_id);
     alter table driftplane.planted add constraint planted_fkey
       foreign key (other_id, workspace_id) references driftplane.planted (id, workspace_id)`,
    'the constraint planted_fkey does not begin with workspace_id',
  ],
  [
    `alter table driftplane.planted add constraint planted_fkey
       foreign key (other_id) references driftplane.workspace_ids (id)`,
    'the constraint planted_fkey does not begin with workspace_id',
  ],
  [
    `alter table driftplane.planted add constraint planted_fkey
       foreign key (workspace_id, other_id) references driftplane.planted (workspace_id, id) on delete set null`,
    'the constraint planted_fkey forgets the workspace when its target goes',
  ],
  ['create table driftplane.stray (workspace_id text primary key)', 'its workspace_id is not uuid not null'],
  [
    `drop policy workspace_only on driftplane.planted;
     create policy workspace_only on driftplane.planted using (${policy})`,
    'no policy binds every command of everybody to the workspace',
  ],
  [
    `drop policy workspace_only on driftplane.planted;
     create policy workspace_only on driftplane.planted using (${policy}) with check (true)`,
    'the policy workspace_only opens more than the workspace',
  ],
  [
    `drop policy workspace_only on driftplane.planted;
     create policy workspace_only on driftplane.planted for select using (${policy})`,
    'no policy binds every command of everybody to the workspace',
  ],
  [
    `drop policy workspace_only on driftplane.planted;
     create policy workspace_only on driftplane.planted to driftplane_app using (${policy}) with check (${policy})`,
    'no policy binds every command of everybody to the workspace',
  ],
  [
    `drop policy workspace_only on driftplane.planted;
     create policy workspace_only on driftplane.planted
       using (workspace_id = current_setting('app.workspace_id')::uuid) with check (${policy})`,
    'no policy binds every command of everybody to the workspace',
  ],
  [
    'create policy extra on driftplane.planted for select using (true)',
    'the policy extra opens more than the workspace',
  ],
  [
    'create table driftplane.stray (id uuid primary key)',
    'has no workspace_id and is not in the list of shared tables',
  ],
  [
    'create view driftplane.stray as select 1 as id',
    'has no workspace_id and is not in the list of shared tables',
  ],
])('a table after "%s" is found', async (change, rule) => {
  await client.query(soundTable);
  await client.query(change);

  const violations = await findViolations(client);

  expect(violations.map((violation) => violation.rule)).toContain(rule);
});

test('no role of the application passes over row-level security, owns anything or can make itself more', async () => {
  const { rows } = await client.query(
    `select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
       (select count(*)::int from pg_class c where c.relowner = r.oid) as owned,
       (select count(*)::int from pg_auth_members m where m.member = r.oid) as memberships
     from pg_roles r where rolname = any ($1) order by rolname`,
    [roles],
  );

  expect(rows).toEqual(
    roles.map((rolname) => ({
      rolname,
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
      owned: 0,
      memberships: 0,
    })),
  );
});

/** Rights on relations, columns included, as `role: right on relation`. */
async function rightsOf(role: string, schema: string): Promise<string[]> {
  const { rows } = await client.query<{ found: string }>(
    `select format('%s on %s', wanted, c.oid::regclass) as found
     from pg_class c
     cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as wanted
     where c.relnamespace = $2::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
       and (
         has_table_privilege($1, c.oid, wanted)
         or (wanted in ('select', 'insert', 'update', 'references') and has_any_column_privilege($1, c.oid, wanted))
       )
     order by 1`,
    [role, schema],
  );
  return rows.map(({ found }) => found);
}

test('the application can neither enter staging nor the queue', async () => {
  const { rows } = await client.query(
    `select schema, has_schema_privilege('driftplane_app', schema, 'usage') as may_enter,
       has_schema_privilege('driftplane_app', schema, 'create') as may_create
     from unnest(array['driftplane_staging', 'graphile_worker']) as schema`,
  );

  expect(rows).toEqual([
    { schema: 'driftplane_staging', may_enter: false, may_create: false },
    { schema: 'graphile_worker', may_enter: false, may_create: false },
  ]);
  expect(await rightsOf('driftplane_app', 'driftplane_staging')).toEqual([]);
  expect(await rightsOf('driftplane_app', 'graphile_worker')).toEqual([]);
});

test('the right to a single column of the queue would be seen', async () => {
  await client.query('grant select (id) on graphile_worker._private_jobs to driftplane_app');

  expect(await rightsOf('driftplane_app', 'graphile_worker')).toEqual([
    'select on graphile_worker._private_jobs',
  ]);
});

test.each(roles)('%s can change no audit event, and nothing about a table', async (role) => {
  const rights = await rightsOf(role, 'driftplane');

  expect(
    rights.filter((right) => /^(update|delete|truncate) on driftplane\.audit_events$/.test(right)),
  ).toEqual([]);
  expect(rights.filter((right) => /^(truncate|references|trigger) /.test(right))).toEqual([]);
});

test('the right to change an audit event would be seen', async () => {
  await client.query('grant update (detail) on driftplane.audit_events to driftplane_ingest');

  expect(await rightsOf('driftplane_ingest', 'driftplane')).toContain('update on driftplane.audit_events');
});

test.each(roles)('%s can create nothing in any schema of the database', async (role) => {
  const { rows } = await client.query(
    `select nspname from pg_namespace where has_schema_privilege($1, oid, 'create') and nspname !~ '^pg_'`,
    [role],
  );

  expect(rows).toEqual([]);
});

test.each(roles)('without a workspace %s sees no row, and with one its own', async (role) => {
  const [mine, theirs] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
  await client.query(soundTable);
  await client.query(`grant select, insert, update on driftplane.planted to ${role}`);
  await client.query('insert into driftplane.planted values ($1, $1), ($2, $2)', [mine, theirs]);

  await client.query(`set local role ${role}`);
  const withoutOne = await client.query('select id from driftplane.planted');
  await client.query(`set local app.workspace_id = '${mine}'`);
  const withOne = await client.query('select id from driftplane.planted');
  const updated = await client.query('update driftplane.planted set other_id = id');
  const foreignInsert = client.query('insert into driftplane.planted values ($1, $2)', [theirs, mine]);

  await expect(foreignInsert).rejects.toThrow('violates row-level security policy');
  expect(withoutOne.rows).toEqual([]);
  expect(withOne.rows).toEqual([{ id: mine }]);
  expect(updated.rowCount).toBe(1);
});
