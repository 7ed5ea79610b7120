import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openEmbeddedDatabase } from './embedded-database.ts';
import { findServerUser, giveTo, runAs } from './server-user.ts';
import {
  ask,
  cluster,
  dataDir,
  endAfterTest,
  endServerAfterTest,
  findRow,
  isServer,
  keepRow,
  killAndWait,
  open,
  readServerPid,
  startOwner,
  stop,
  useDataDirectory,
} from './test-data-directory.ts';
import { startOwnerProcess } from './test-owner-process.ts';

useDataDirectory();

test('a second owner is refused, with the process that has it and since when', async () => {
  const { owner } = await startOwner();

  const second = openEmbeddedDatabase({ dataDir, log: () => {} });

  await expect(second).rejects.toMatchObject({
    code: 'database_in_use',
    message: expect.stringMatching(new RegExp(`in use by process ${owner.pid}, since 2\\d{3}-.*Z$`)),
  });
});

test('of several processes that start at once one gets the data directory, and all others are told so', async () => {
  const contenders = Array.from({ length: 4 }, () => startOwnerProcess(dataDir));
  endAfterTest(contenders);

  const reports = await Promise.all(contenders.map(({ opened }) => opened));
  endServerAfterTest();

  expect(reports.filter(({ ownerUrl }) => ownerUrl !== undefined)).toHaveLength(1);
  expect(reports.filter(({ code }) => code === 'database_in_use')).toHaveLength(3);
});

test('after a kill -9 of the owner its server is stopped, and the next owner finds everything', async () => {
  const { owner, ownerUrl, serverPid } = await startOwner();
  await keepRow(ownerUrl);
  await owner.kill('SIGKILL');
  const hadOutlivedItsOwner = isServer(serverPid);

  const next = await open();

  expect(hadOutlivedItsOwner).toBe(true);
  expect(isServer(serverPid)).toBe(false);
  expect(await findRow(next.ownerUrl)).toEqual([{ answer: 42 }]);
});

test('after a kill -9 of owner and server the database recovers', async () => {
  const { owner, ownerUrl, serverPid } = await startOwner();
  await keepRow(ownerUrl);
  await owner.kill('SIGKILL');
  await killAndWait(serverPid);
  const wasLeftBehind = existsSync(join(cluster(), 'postmaster.pid'));

  const next = await open();

  expect(wasLeftBehind).toBe(true);
  expect(await findRow(next.ownerUrl)).toEqual([{ answer: 42 }]);
});

test('the pid of a dead server that now belongs to another process of the same user is no obstacle', async () => {
  const { owner, ownerUrl, serverPid } = await startOwner();
  await keepRow(ownerUrl);
  await owner.kill('SIGKILL');
  await killAndWait(serverPid);
  const bystander = spawn('sleep', ['600'], { ...runAs(findServerUser(cluster())), stdio: 'ignore' });
  const pidFile = join(cluster(), 'postmaster.pid');
  const [, ...rest] = readFileSync(pidFile, 'utf8').split('\n');
  writeFileSync(pidFile, [bystander.pid, ...rest].join('\n'));

  try {
    const next = await open();

    expect(await findRow(next.ownerUrl)).toEqual([{ answer: 42 }]);
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  } finally {
    bystander.kill('SIGKILL');
  }
});

test.each(['', '4242\n'])('a pid file that a crash of the machine cut to %j is no obstacle', async (rest) => {
  await stop(await open());
  writeFileSync(join(cluster(), 'postmaster.pid'), rest);
  giveTo(findServerUser(cluster()), join(cluster(), 'postmaster.pid'));

  const next = await open();

  expect(await ask(next.ownerUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a server that dies under its owner is started again at the same address', async () => {
  const { owner, ownerUrl, serverPid } = await startOwner();
  await keepRow(ownerUrl);

  await killAndWait(serverPid);
  let answer: unknown;
  while (answer === undefined) answer = await findRow(ownerUrl).catch(() => sleep(50));
  endServerAfterTest();

  expect(answer).toEqual([{ answer: 42 }]);
  expect(readServerPid()).not.toBe(serverPid);
  expect(owner.logged).toContain('the PostgreSQL server died; starting it again');
});

test('Ctrl-C in the terminal does not reach the server, which its owner still needs', async () => {
  const { owner, ownerUrl, serverPid } = await startOwner();

  process.kill(-owner.pid, 'SIGINT');
  while (!owner.logged.includes('SIGINT')) await sleep(10);

  expect(await ask(ownerUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(isServer(serverPid)).toBe(true);
});

test('an initialisation that was killed half-way is done anew', async () => {
  const owner = startOwnerProcess(dataDir);
  const hasBegun = (): boolean =>
    readdirSync(dataDir).some(
      (name) => name.startsWith('.initialising-') && existsSync(join(dataDir, name, 'cluster', 'PG_VERSION')),
    );
  while (!hasBegun()) await sleep(2);
  await owner.kill('SIGKILL');
  const hadCluster = existsSync(cluster());

  const next = await open();

  expect(hadCluster).toBe(false);
  expect(await ask(next.ownerUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a process that ends without stopping takes its server with it', async () => {
  const { owner, serverPid } = await startOwner({ env: { DRIFTPLANE_TEST_LEAVE: '1' } });

  await owner.stop();
  while (isServer(serverPid)) await sleep(10);
  const next = await open();

  expect(await ask(next.ownerUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
});
