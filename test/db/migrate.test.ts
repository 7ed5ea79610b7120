import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.ts';
import { connectOwner } from '../../src/db/owner-connection.ts';
import { createEmptyDatabase, type TestDatabase } from '../../src/db/test-database.ts';

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  folder = mkdtempSync(join(tmpdir(), 'driftplane-migrations-'));
});

afterEach(async () => {
  rmSync(folder, { recursive: true });
  await database.drop();
});

/** Migrates with files of the test's own, without our roles. */
function run(files: Readonly<Record<string, string>> = {}): Promise<{ applied: string[] }> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return migrate(database.ownerUrl, { log: () => {}, folder, grants: null });
}

async function ask(statement: string): Promise<Record<string, unknown>[]> {
  const client = await connectOwner(database.ownerUrl);
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

const one = { '0001_create_words.sql': 'create table driftplane.words (word text);' };
const two = { '0002_add_word.sql': "insert into driftplane.words values ('first');" };

test('an empty database gets everything, and a second time nothing', async () => {
  const log: string[] = [];

  const first = await migrate(database.ownerUrl, { log: (message) => log.push(message) });
  const second = await migrate(database.ownerUrl, { log: (message) => log.push(message) });

  expect(first.applied[0]).toBe('0001_create_tables.sql');
  expect(second.applied).toEqual([]);
  expect(log).toEqual(first.applied.map((name) => `applied migration ${name}`));
  const [rights] = await ask(
    `select has_table_privilege('driftplane_app', 'driftplane.findings', 'select') as findings,
       has_table_privilege('driftplane_jobs', 'graphile_worker._private_jobs', 'update') as jobs`,
  );
  expect(rights).toEqual({ findings: true, jobs: true });
});

test('files are applied in the order of their numbers, each once', async () => {
  const first = await run(one);

  const second = await run(two);

  expect(first.applied).toEqual(['0001_create_words.sql']);
  expect(second.applied).toEqual(['0002_add_word.sql']);
  expect(await ask('select word from driftplane.words')).toEqual([{ word: 'first' }]);
});

test('of several that start at once one migrates and the others wait for it', async () => {
  const slow = {
    '0001_create_words.sql': 'create table driftplane.words (word text); select pg_sleep(0.3);',
  };

  const results = await Promise.all([run(slow), run(slow), run(slow), run(slow)]);

  expect(results.map(({ applied }) => applied.length).sort()).toEqual([0, 0, 0, 1]);
});

test('several real starts on an empty database all succeed', async () => {
  const results = await Promise.all([1, 2, 3].map(() => migrate(database.ownerUrl, { log: () => {} })));

  expect(results.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
});

test('databases of one server that are migrated at once do not get in the way of each other', async () => {
  const others = await Promise.all([1, 2, 3].map(() => createEmptyDatabase()));
  try {
    const all = [database, ...others].map(({ ownerUrl }) => migrate(ownerUrl, { log: () => {} }));

    const results = await Promise.all(all);

    expect(results.every(({ applied }) => applied.length > 0)).toBe(true);
  } finally {
    for (const other of others) await other.drop();
  }
});

test('a failing file is named with its line, and leaves nothing; those before it stay', async () => {
  const failing = {
    '0002_add_word.sql':
      "insert into driftplane.words values ('lost');\n\n-- no such table\nselect *\nfrom driftplane.nowhere;\n",
  };

  const migrating = run({ ...one, ...failing });

  await expect(migrating).rejects.toMatchObject({
    code: 'migration_failed',
    message: '0002_add_word.sql, line 5: relation "driftplane.nowhere" does not exist',
    details: [{ line: 5 }],
  });
  expect(await ask('select word from driftplane.words')).toEqual([]);
  expect(await ask('select name from driftplane.migrations')).toEqual([{ name: '0001_create_words.sql' }]);
});

test('an error without a place has the line on which its statement begins', async () => {
  const migrating = run({ '0001_fail.sql': 'select 1;\n\nselect\n  1 / 0;\n' });

  await expect(migrating).rejects.toThrow('0001_fail.sql, line 3: division by zero');
});

test('after the mistake is mended the same file is applied', async () => {
  await run({ ...one, '0002_add_word.sql': 'nonsense' }).catch(() => {});

  const mended = await run(two);

  expect(mended.applied).toEqual(['0002_add_word.sql']);
});

test('a file that was changed after it was applied is refused', async () => {
  await run(one);

  const changed = run({ '0001_create_words.sql': 'create table driftplane.words (word text, more text);' });

  await expect(changed).rejects.toMatchObject({
    code: 'migration_failed',
    message: expect.stringContaining('0001_create_words.sql was changed after it was applied'),
  });
});

test('the line ends of a checkout on Windows are no change', async () => {
  await run({ '0001_create_words.sql': 'create table driftplane.words (\n  word text\n);\n' });

  const again = await run({
    '0001_create_words.sql': 'create table driftplane.words (\r\n  word text\r\n);\r\n',
  });

  expect(again.applied).toEqual([]);
});

test('a database of a newer version is refused, and left as it is', async () => {
  await run({ ...one, ...two });
  rmSync(join(folder, '0002_add_word.sql'));

  const older = run({});

  await expect(older).rejects.toMatchObject({
    code: 'database_too_new',
    message: expect.stringContaining('0002_add_word.sql'),
  });
  expect(await ask('select name from driftplane.migrations order by name')).toHaveLength(2);
});

test('a file that comes before one that was applied is refused', async () => {
  await run({
    '0001_create_words.sql': one['0001_create_words.sql'],
    '0003_add_word.sql': two['0002_add_word.sql'],
  });

  const late = run({ '0002_come_late.sql': 'select 1;' });

  await expect(late).rejects.toThrow('0002_come_late.sql comes before 0003_add_word.sql');
});

test.each(['1_too_short.sql', '0001_Upper.sql', '0001.sql', 'words.sql'])(
  'the name %s is refused',
  async (name) => {
    const migrating = run({ [name]: 'select 1' });

    await expect(migrating).rejects.toThrow(
      `NNNN_verb_object.sql, each with a number of its own: ${name} is not`,
    );
  },
);

test('two files with one number are refused', async () => {
  const migrating = run({ '0001_add_this.sql': 'select 1', '0001_add_that.sql': 'select 1' });

  await expect(migrating).rejects.toThrow('0001_add_this.sql is not');
});

test('a server that does not answer is named without its password', async () => {
  const migrating = migrate('postgresql://someone:hush@127.0.0.1:1/nothing', { log: () => {} });

  const error = await migrating.catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code: 'database_unreachable',
    message: expect.stringContaining(
      'no connection to PostgreSQL at 127.0.0.1:1/nothing: connect ECONNREFUSED',
    ),
  });
  expect(String(error)).not.toContain('hush');
});

test('a login that is refused is a clear error that does not show the password', async () => {
  const wrong = new URL(database.ownerUrl);
  wrong.username = 'nobody_of_this_name';
  wrong.password = 'hush';

  const error = await migrate(wrong.toString(), { log: () => {} }).catch((caught: unknown) => caught);

  expect(error).toMatchObject({ code: 'database_unreachable' });
  expect(String(error)).toContain('nobody_of_this_name');
  expect(String(error)).not.toContain('hush');
});

test('what is no address is refused without being shown', async () => {
  const error = await migrate('hush', { log: () => {} }).catch((caught: unknown) => caught);

  expect(error).toMatchObject({ code: 'database_unreachable' });
  expect(String(error)).not.toContain('hush');
});
