import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findInstallation, findServerBinaries } from './server-binaries.ts';
import { findServerUser } from './server-user.ts';

const isRoot = process.getuid?.() === 0;
let root: string;
let dataDir: string;
/** Our own copy of the platform package, to be spoilt. */
let folder: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'driftplane-binaries-'));
  chmodSync(root, 0o755);
  dataDir = join(root, 'data');
  mkdirSync(dataDir);
  folder = join(root, 'package', 'native');
  cpSync(findInstallation().folder, folder, { recursive: true, verbatimSymlinks: true });
});

afterEach(() => {
  chmodSync(root, 0o755);
  rmSync(root, { recursive: true });
});

const find = () => findServerBinaries(dataDir, findServerUser(null), { folder, version: '18.4.0-test' });

function removeLinks(): number {
  const lib = join(folder, 'lib');
  const links = readdirSync(lib).filter((name) => lstatSync(join(lib, name)).isSymbolicLink());
  for (const name of links) rmSync(join(lib, name));
  return links.length;
}

const listedLinks = (): number => JSON.parse(readFileSync(join(folder, 'pg-symlinks.json'), 'utf8')).length;

test('the programs are used where they are', () => {
  const binaries = find();

  expect(binaries).toEqual({
    postgres: join(folder, 'bin/postgres'),
    initdb: join(folder, 'bin/initdb'),
    majorVersion: 18,
  });
  expect(readdirSync(dataDir)).toEqual([]);
});

test('links that the install script was not allowed to make are made', () => {
  removeLinks();

  const binaries = find();

  expect(binaries.postgres).toBe(join(folder, 'bin/postgres'));
  expect(removeLinks()).toBe(listedLinks());
});

test.runIf(isRoot)('programs in a closed folder are copied, complete, once', () => {
  removeLinks();
  chmodSync(join(root, 'package'), 0o700);

  const first = find();
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  const second = find();

  expect(first.postgres).toBe(join(dataDir, 'runtime/18.4.0-test/bin/postgres'));
  expect(second).toEqual(first);
  expect(readdirSync(join(dataDir, 'runtime'))).toEqual(['18.4.0-test']);
});

test.runIf(isRoot)('programs that a strict umask closed are copied and opened', () => {
  for (const name of ['bin/postgres', 'bin/initdb', 'share/postgresql/postgres.bki'])
    chmodSync(join(folder, name), 0o700);

  const binaries = find();

  expect(binaries.postgres).toBe(join(dataDir, 'runtime/18.4.0-test/bin/postgres'));
  expect(existsSync(join(dataDir, 'runtime/18.4.0-test/share/postgresql/postgres.bki'))).toBe(true);
});

test('what an interrupted copy left is no copy', () => {
  mkdirSync(join(dataDir, 'runtime', '.18.4.0-test', 'native'), { recursive: true });
  rmSync(join(folder, 'bin/initdb'));
  cpSync(join(findInstallation().folder, 'bin/initdb'), join(folder, 'bin/initdb'));
  for (const name of ['postgres', 'initdb']) chmodSync(join(folder, 'bin', name), 0o644);

  const binaries = find();

  expect(binaries.majorVersion).toBe(18);
  expect(readdirSync(join(dataDir, 'runtime'))).toEqual(['18.4.0-test']);
});

test('programs that do not run on this host are refused, with what the system says', () => {
  cpSync(join(folder, 'pg-symlinks.json'), join(folder, 'bin/postgres'));

  expect(find).toThrow(/postgres does not run on this host: /);
});
