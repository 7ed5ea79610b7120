import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DriftplaneError } from '../../core/errors.ts';
import { listClusters } from './cluster.ts';
import { openEmbeddedDatabase } from './embedded-database.ts';

/** A server for tests and tools, to make and drop databases on. */
export interface TestServer {
  /** Of a superuser, or a role that may create databases and roles. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Everything that tests create in the folder for temporary files begins so. */
const PREFIX = 'driftplane-test-';
/** What is younger may belong to a test that runs now. */
const ABANDONED_AFTER_MS = 60 * 60_000;

/** DRIFTPLANE_TEST_DATABASE_URL where it is set, else an embedded server in a folder that goes away with it. */
export async function startTestServer(): Promise<TestServer> {
  const given = process.env.DRIFTPLANE_TEST_DATABASE_URL;
  if (given !== undefined && given !== '') return { url: given, stop: async () => {} };
  await removeAbandoned();
  const dataDir = mkdtempSync(join(tmpdir(), `${PREFIX}server-`));
  const database = await openEmbeddedDatabase({ dataDir, log: () => {}, isDurable: false });
  const removeLater = (): void => removeAfterServer(dataDir);
  process.once('exit', removeLater);
  return {
    url: database.ownerUrl,
    async stop() {
      await database.stop();
      process.removeListener('exit', removeLater);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** After Ctrl-C we can't wait any more: the server got its signal, and a process of its own takes the files after it. */
function removeAfterServer(dataDir: string): void {
  const script = `for i in $(seq 100); do test -e "$1"/postgres-*/postmaster.pid || break; sleep 0.1; done; rm -rf "$1"`;
  spawn('/bin/sh', ['-c', script, 'sh', dataDir], { detached: true, stdio: 'ignore', cwd: '/' }).unref();
}

/** What runs that were killed left behind, servers too. */
async function removeAbandoned(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    try {
      if (await isAbandoned(folder, name)) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another user's, or removed by somebody else this moment: not ours to care for.
    }
  }
}

/** Stops the server in it, if one runs and its owner is gone. */
async function isAbandoned(folder: string, name: string): Promise<boolean> {
  const isOld = Date.now() - statSync(folder).mtimeMs > ABANDONED_AFTER_MS;
  // The folder of a shared server has one owner, whose lock tells; folders of single tests change hands.
  const hasLock = existsSync(join(folder, 'owner.lock'));
  if (!isOld && !(hasLock && name.startsWith(`${PREFIX}server-`))) return false;
  if (listClusters(folder).length === 0) return isOld;
  try {
    const left = await openEmbeddedDatabase({ dataDir: folder, log: () => {}, isDurable: false });
    await left.stop();
    return true;
  } catch (error) {
    return error instanceof DriftplaneError && error.code !== 'database_in_use';
  }
}
