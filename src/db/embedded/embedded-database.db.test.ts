import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import { attachEmbeddedDatabase, openEmbeddedDatabase } from './embedded-database.ts';
import {
  ask,
  cluster,
  dataDir,
  findRow,
  isServer,
  keepRow,
  open,
  startOwner,
  stop,
  useDataDirectory,
} from './test-data-directory.ts';

useDataDirectory();

test('what was stored is found again by the next owner', async () => {
  const first = await open();
  await keepRow(first.ownerUrl);
  await stop(first);

  const second = await open();

  expect(await findRow(second.ownerUrl)).toEqual([{ answer: 42 }]);
});

test('the server listens on 127.0.0.1 and on nothing else, and asks for a password', async () => {
  const { ownerUrl } = await open();

  const [settings] = await ask(
    ownerUrl,
    `select current_setting('listen_addresses') as listen, current_setting('unix_socket_directories') as sockets,
       (select array_agg(distinct auth_method) from pg_hba_file_rules) as methods`,
  );
  const stranger = ask(ownerUrl.replace(/:[^:@/]+@/, ':wrong@'), 'select 1');

  await expect(stranger).rejects.toThrow('password authentication failed');
  expect(settings).toEqual({ listen: '127.0.0.1', sockets: '', methods: ['scram-sha-256'] });
});

test('the cluster is UTF-8, sorts by code point, knows the letters of all languages and has checksums', async () => {
  const { ownerUrl } = await open();

  const [facts] = await ask(
    ownerUrl,
    `select current_database() as database, pg_encoding_to_char(encoding) as encoding, datlocprovider as provider,
       datlocale as locale, current_setting('data_checksums') as checksums, lower('ÄÉŽ') as lowered
     from pg_database where datname = current_database()`,
  );

  expect(facts).toEqual({
    database: 'driftplane',
    encoding: 'UTF8',
    provider: 'b',
    locale: 'C.UTF-8',
    checksums: 'on',
    lowered: 'äéž',
  });
});

test('the password is in a file that its owner alone can read, in no log and on no command line', async () => {
  const logged: string[] = [];

  await open((message) => logged.push(message));

  const { password } = JSON.parse(readFileSync(join(dataDir, 'credentials.json'), 'utf8'));
  expect(password).toHaveLength(32);
  expect(statSync(join(dataDir, 'credentials.json')).mode & 0o777).toBe(0o600);
  const said = [logged.join('\n'), readFileSync(join(dataDir, 'postgres.log'), 'utf8')].join('\n');
  expect(said).not.toContain(password);
  const processes = execFileSync('/bin/sh', ['-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null; true'], {
    encoding: 'latin1',
  });
  expect(processes).toContain(cluster());
  expect(processes).not.toContain(password);
});

test('the log of the server quotes neither statements nor rows that failed', async () => {
  const { ownerUrl } = await open();
  await ask(ownerUrl, 'create table once (word text primary key)');
  await ask(ownerUrl, `insert into once values ('hush')`);

  await expect(ask(ownerUrl, `insert into once values ('hush')`)).rejects.toThrow('duplicate key');

  expect(readFileSync(join(dataDir, 'postgres.log'), 'utf8')).not.toContain('hush');
});

test('stop ends the server, also one with open connections, and gives the data directory free', async () => {
  const { owner, ownerUrl, serverPid } = await startOwner();
  const idle = new pg.Client({ connectionString: ownerUrl });
  idle.on('error', () => {});
  await idle.connect();

  await owner.stop();

  expect(isServer(serverPid)).toBe(false);
  expect(existsSync(join(dataDir, 'owner.lock'))).toBe(false);
  expect(existsSync(join(cluster(), 'postmaster.pid'))).toBe(false);
});

test('data of another major version is refused with instructions, and nothing is touched', async () => {
  await stop(await open());
  renameSync(cluster(), join(dataDir, 'postgres-17'));
  writeFileSync(join(dataDir, 'postgres-17', 'PG_VERSION'), '17\n');
  const before = listing(dataDir);

  const opening = openEmbeddedDatabase({ dataDir, log: () => {} });

  await expect(opening).rejects.toMatchObject({
    code: 'database_version_mismatch',
    message: expect.stringMatching(
      /postgres-17 was made by PostgreSQL 17.*brings PostgreSQL 18.*dump.*restore/,
    ),
  });
  expect(listing(dataDir)).toEqual(before);
});

test('data of another major version under the name of this one is refused, too', async () => {
  await stop(await open());
  writeFileSync(join(cluster(), 'PG_VERSION'), '19\n');

  const opening = openEmbeddedDatabase({ dataDir, log: () => {} });

  await expect(opening).rejects.toMatchObject({ code: 'database_version_mismatch' });
});

/** Every file with its size and time of change; a folder's own time tells of the lock that came and went. */
function listing(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => `${path} ${statSync(path).size} ${statSync(path).mtimeMs}`);
}

test('without its credentials a database is refused, and the file is named', async () => {
  await stop(await open());
  rmSync(join(dataDir, 'credentials.json'));

  const opening = openEmbeddedDatabase({ dataDir, log: () => {} });

  await expect(opening).rejects.toMatchObject({
    code: 'embedded_unavailable',
    message: expect.stringContaining(join(dataDir, 'credentials.json')),
  });
});

test('a server that does not start says why, and the data directory is free again', async () => {
  await stop(await open());
  writeFileSync(join(cluster(), 'postgresql.conf'), 'max_connections = many\n');

  const opening = openEmbeddedDatabase({ dataDir, log: () => {} });

  await expect(opening).rejects.toMatchObject({
    code: 'embedded_unavailable',
    message: expect.stringContaining('max_connections'),
  });
  expect(existsSync(join(dataDir, 'owner.lock'))).toBe(false);
});

test('a setting that the user changed outlives restarts', async () => {
  const first = await open();
  await ask(first.ownerUrl, `alter system set work_mem = '7MB'`);
  await ask(first.ownerUrl, `alter system set shared_buffers = '64MB'`);
  await stop(first);

  const second = await open();

  const [settings] = await ask(
    second.ownerUrl,
    `select current_setting('work_mem') as work, current_setting('shared_buffers') as shared, current_setting('jit') as jit`,
  );
  expect(settings).toEqual({ work: '7MB', shared: '64MB', jit: 'off' });
});

test('an administrator attaches to the server while its owner runs, and to nothing when none does', async () => {
  const beforeAll = await attachEmbeddedDatabase({ dataDir });
  const database = await open();

  const attached = await attachEmbeddedDatabase({ dataDir });
  await stop(database);
  const afterwards = await attachEmbeddedDatabase({ dataDir });

  expect(beforeAll).toBeNull();
  expect(attached).toEqual({ ownerUrl: database.ownerUrl });
  expect(afterwards).toBeNull();
});

test('a host without the PostgreSQL programs is told to use a server of its own', async () => {
  const { arch } = process;
  Object.defineProperty(process, 'arch', { value: 'pdp11' });
  try {
    const opening = openEmbeddedDatabase({ dataDir, log: () => {} });

    await expect(opening).rejects.toMatchObject({
      code: 'embedded_unavailable',
      message: expect.stringContaining('-pdp11 with the PostgreSQL programs is not installed'),
    });
  } finally {
    Object.defineProperty(process, 'arch', { value: arch });
  }
});
