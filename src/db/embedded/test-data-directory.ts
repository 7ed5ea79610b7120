import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach } from 'vitest';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './embedded-database.ts';
import { type OwnerProcess, startOwnerProcess } from './test-owner-process.ts';

/** The data directory of the test that runs now. */
export let dataDir: string;
const databases: EmbeddedDatabase[] = [];
const owners: OwnerProcess[] = [];
const serverPids = new Set<number>();

/** Gives each test of the file a data directory of its own, and takes away all that was started on it. */
export function useDataDirectory(): void {
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'driftplane-test-'));
  });

  afterEach(async () => {
    for (const database of databases.splice(0)) await database.stop();
    for (const owner of owners.splice(0)) await owner.kill('SIGKILL');
    for (const pid of serverPids) if (isServer(pid)) await killAndWait(pid);
    serverPids.clear();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });
}

export async function open(log: (message: string) => void = () => {}): Promise<EmbeddedDatabase> {
  const database = await openEmbeddedDatabase({ dataDir, log, isDurable: false });
  databases.push(database);
  return database;
}

export async function stop(database: EmbeddedDatabase): Promise<void> {
  databases.splice(databases.indexOf(database), 1);
  await database.stop();
}

/** An owner in a process of its own that has opened the data directory. */
export async function startOwner(
  options: Parameters<typeof startOwnerProcess>[1] = {},
): Promise<{ owner: OwnerProcess; ownerUrl: string; serverPid: number }> {
  const owner = startOwnerProcess(dataDir, options);
  owners.push(owner);
  const { ownerUrl } = await owner.opened;
  const serverPid = readServerPid();
  serverPids.add(serverPid);
  return { owner, ownerUrl: ownerUrl as string, serverPid };
}

/** For owners that a test started itself. */
export function endAfterTest(started: readonly OwnerProcess[]): void {
  owners.push(...started);
}

/** For a server that runs on when its owner is killed. */
export function endServerAfterTest(): void {
  serverPids.add(readServerPid());
}

export const cluster = (): string => join(dataDir, 'postgres-18');
export const readServerPid = (): number =>
  Number(readFileSync(join(cluster(), 'postmaster.pid'), 'utf8').split('\n')[0]);

export function isServer(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dataDir);
  } catch {
    return false;
  }
}

export async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  while (isServer(pid)) await sleep(10);
}

export async function ask(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Leaves a row that every later opening must find. */
export const keepRow = (url: string): Promise<unknown> =>
  ask(url, 'create table kept as select 42 as answer');
export const findRow = (url: string): Promise<unknown> => ask(url, 'select answer from kept');
