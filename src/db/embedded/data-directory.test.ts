import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepareDataDirectory, resolveDataDir } from './data-directory.ts';
import { findServerUser } from './server-user.ts';

const isRoot = process.getuid?.() === 0;
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'driftplane-home-'));
  chmodSync(home, 0o755);
});

afterEach(() => rmSync(home, { recursive: true }));

test('DRIFTPLANE_DATA_DIR comes first, made absolute', () => {
  const env = { DRIFTPLANE_DATA_DIR: 'data', XDG_DATA_HOME: home, HOME: home };

  expect(resolveDataDir(env)).toBe(join(process.cwd(), 'data'));
});

test('then comes XDG_DATA_HOME, then the home directory', () => {
  expect(resolveDataDir({ XDG_DATA_HOME: join(home, 'x'), HOME: home })).toBe(join(home, 'x', 'driftplane'));
  expect(resolveDataDir({ HOME: home })).toBe(join(home, '.local/share/driftplane'));
});

test('variables that are empty, and a relative XDG_DATA_HOME, count as not set', () => {
  const env = { DRIFTPLANE_DATA_DIR: '', XDG_DATA_HOME: 'relative', HOME: home };

  expect(resolveDataDir(env)).toBe(join(home, '.local/share/driftplane'));
});

test.runIf(isRoot)('root, whose home directory is closed to the server, keeps its data in /var/lib', () => {
  chmodSync(home, 0o700);

  expect(resolveDataDir({ HOME: home })).toBe('/var/lib/driftplane');
});

test.runIf(isRoot)('root gets what it asks for, reachable or not, so that the answer is no surprise', () => {
  chmodSync(home, 0o700);

  expect(resolveDataDir({ DRIFTPLANE_DATA_DIR: join(home, 'data') })).toBe(join(home, 'data'));
});

test('a new data directory is created with its parents, closed to others', () => {
  const dataDir = join(home, 'a', 'b');

  prepareDataDirectory(dataDir, null);

  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
});

test.runIf(isRoot)('an existing data directory of root lets the server through, and nobody look', () => {
  const dataDir = join(home, 'data');
  mkdirSync(dataDir, { mode: 0o700 });

  prepareDataDirectory(dataDir, findServerUser(null));

  expect(statSync(dataDir).mode & 0o777).toBe(0o711);
});

test('a file in the place of the data directory is named', () => {
  const dataDir = join(home, 'data');
  writeFileSync(dataDir, '');

  expect(() => prepareDataDirectory(dataDir, null)).toThrow(`${dataDir} can not be created (EEXIST`);
});
