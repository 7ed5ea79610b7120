import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { connectOwner } from '../../src/db/owner-connection.ts';
import { createTestDatabase, type TestDatabase } from '../../src/db/test-database.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { readServerConfig } from '../../src/server/server-config.ts';
import { readBlock, readTable } from '../document-blocks.ts';

// What docs/operations.md lists is what there is.
const root = join(import.meta.dirname, '../..');

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
});

afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

describe('the table of the environment', () => {
  const rows = readTable('operations.md', ['variable', 'default', 'meaning']);
  const documented = rows.map(([variable, value]) => [unquote(variable), unquote(value)] as const);
  const withDefault = documented.filter(([, value]) => value !== '');

  test('has every variable that a server reads, and no other', () => {
    const source = readFileSync(join(root, 'src/server/server-config.ts'), 'utf8');
    const known = [...source.matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name]) => name);

    expect(known.length).toBeGreaterThan(0);
    expect(documented.map(([variable]) => variable).sort()).toEqual(known.sort());
  });

  test('has the defaults that are in force', () => {
    const withoutAny = readServerConfig({});
    const withDocumented = readServerConfig(Object.fromEntries(withDefault));

    expect(withDocumented).toEqual(withoutAny);
    expect(withDefault).toHaveLength(countValues(withoutAny));
  });
});

test('the table of metrics has those that there are', async () => {
  const text = await createMetrics(database).render();
  const names = [...text.matchAll(/^# TYPE (driftplane_\S+)/gm)].map(([, name]) => name ?? '');
  const own = names.filter((name) => !/^driftplane_(?:process|nodejs)_/.test(name));

  const documented = readTable('operations.md', ['metric', 'labels', '']).map(([name]) => unquote(name));

  expect(own.length).toBeGreaterThan(0);
  expect(documented.sort()).toEqual(own.sort());
});

describe('the statements for Citus', () => {
  test('name every table of tenants, each after those that it refers to', async () => {
    const client = await connectOwner(testDatabase.ownerUrl);
    try {
      await client.query(standIn);
      const statements = readBlock('operations.md', 'citus').replace(
        'database driftplane',
        `database ${new URL(testDatabase.ownerUrl).pathname.slice(1)}`,
      );

      await client.query(statements);

      const { rows: distributed } = await client.query('select name from distributed order by name');
      const { rows: ofTenants } = await client.query(tenantTables);
      const { rows: open } = await client.query(
        "select conname from pg_constraint where conname ~ '^scopes_(pinned|head)_run_fkey$' order by conname",
      );
      expect(distributed).toEqual(ofTenants);
      expect(open).toEqual([{ conname: 'scopes_head_run_fkey' }, { conname: 'scopes_pinned_run_fkey' }]);
    } finally {
      await client.end();
    }
  });

  /** In place of Citus: notes the table, and refuses one that refers to a table that is not distributed. */
  const standIn = `
    create table distributed (name text primary key);
    create function create_distributed_table(name regclass, key text, colocate_with text default 'default')
    returns void language plpgsql as $$
    declare
      missing regclass;
    begin
      select k.confrelid::regclass into missing from pg_constraint k
      where k.conrelid = name and k.contype = 'f' and k.confrelid <> k.conrelid
        and not exists (select from distributed d where d.name = k.confrelid::regclass::text);
      if found then raise exception '% refers to %, which is not distributed', name, missing; end if;
      if key <> 'workspace_id' then raise exception '% is distributed by %', name, key; end if;
      if exists (select from distributed) and colocate_with <> 'driftplane.workspaces' then
        raise exception '% is not colocated', name;
      end if;
      insert into distributed values (name::text);
    end $$`;

  const tenantTables = `
    select c.oid::regclass::text as name
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id' and not a.attisdropped
    where c.relnamespace in ('driftplane'::regnamespace, 'driftplane_staging'::regnamespace) and c.relkind = 'r'
    order by name`;
});

function unquote(cell: string | undefined): string {
  return (cell ?? '').replaceAll('`', '');
}

/** The settings that have a value when nothing is set. */
function countValues(config: object): number {
  return Object.values(config)
    .flatMap((value: unknown) =>
      value !== null && typeof value === 'object' ? Object.values(value) : [value],
    )
    .filter((value) => value !== null && value !== undefined).length;
}
