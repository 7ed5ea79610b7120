import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEmbeddedDatabase } from './embedded-database.ts';
import { findBlockingDirectory, findServerUser } from './server-user.ts';
import {
  cluster,
  dataDir,
  findRow,
  keepRow,
  open,
  readServerPid,
  startOwner,
  stop,
  useDataDirectory,
} from './test-data-directory.ts';
import { startOwnerProcess } from './test-owner-process.ts';

useDataDirectory();

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65534, gid: 65534 };
/** An ordinary user can only run this checkout where it may enter it. */
const canRunAsNobody =
  isRoot &&
  findBlockingDirectory({ ...nobody, name: 'nobody' }, import.meta.dirname) === null &&
  findBlockingDirectory({ ...nobody, name: 'nobody' }, process.execPath) === null;

test.runIf(isRoot)("run by root the server is another user, and root's files stay root's", async () => {
  await open();

  const uidOf = (path: string): number => statSync(path).uid;
  expect(uidOf(cluster())).toBe(findServerUser(null)?.uid);
  expect(uidOf(`/proc/${readServerPid()}`)).toBe(findServerUser(null)?.uid);
  expect(uidOf(join(dataDir, 'credentials.json'))).toBe(0);
});

test.runIf(isRoot)('a directory on the way that is closed to the server is named', async () => {
  const closed = join(dataDir, 'closed');
  mkdirSync(join(closed, 'deeper'), { recursive: true });
  chmodSync(dataDir, 0o755);
  chmodSync(closed, 0o700);

  const opening = openEmbeddedDatabase({ dataDir: join(closed, 'deeper', 'data'), log: () => {} });

  await expect(opening).rejects.toMatchObject({
    code: 'embedded_unavailable',
    message: expect.stringContaining(`may not enter ${closed}, on the way`),
  });
});

test.runIf(canRunAsNobody)('an ordinary user runs it as themselves, and root can take over', async () => {
  rmSync(dataDir, { recursive: true });
  const { owner, ownerUrl, serverPid } = await startOwner(nobody);
  await keepRow(ownerUrl);
  const serverUid = statSync(`/proc/${serverPid}`).uid;
  const { mode, uid } = statSync(dataDir);
  await owner.stop();

  const byRoot = await open();
  const rowForRoot = await findRow(byRoot.ownerUrl);
  const uidUnderRoot = statSync(`/proc/${readServerPid()}`).uid;
  await stop(byRoot);
  const again = await startOwner(nobody);

  expect({ serverUid, uid, mode: mode & 0o777 }).toEqual({
    serverUid: nobody.uid,
    uid: nobody.uid,
    mode: 0o700,
  });
  expect(rowForRoot).toEqual([{ answer: 42 }]);
  expect(uidUnderRoot).toBe(nobody.uid);
  expect(await findRow(again.ownerUrl)).toEqual([{ answer: 42 }]);
});

test.runIf(canRunAsNobody)(
  'an ordinary user gets a clear answer about a data directory of somebody else',
  async () => {
    await stop(await open());
    const owner = startOwnerProcess(dataDir, nobody);

    const report = await owner.opened;

    expect(report).toMatchObject({ code: 'embedded_unavailable', message: expect.stringContaining(dataDir) });
  },
);

const canMount = isRoot && tryToMount();

function tryToMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'driftplane-test-'));
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('/bin/umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.runIf(canMount)('a full disk is named, and leaves nothing half made', async () => {
  execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', dataDir]);
  try {
    const opening = openEmbeddedDatabase({ dataDir, log: () => {}, isDurable: false });

    await expect(opening).rejects.toMatchObject({
      code: 'embedded_unavailable',
      message: expect.stringMatching(/No space left on device|free disk space/),
    });
    expect(readdirSync(dataDir)).toEqual(['credentials.json']);
  } finally {
    execFileSync('/bin/umount', [dataDir]);
  }
});
