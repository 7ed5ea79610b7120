import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterDirOf, ensureCluster, writeSettings } from './cluster.ts';
import { embeddedUrl, ensureDatabase } from './connection.ts';
import { createCredentials } from './credentials.ts';
import { prepareDataDirectory } from './data-directory.ts';
import { serverBinariesIn } from './server-binaries.ts';
import { endServer, startServer } from './server-process.ts';
import { findServerUser } from './server-user.ts';

const DEBIAN_BINARIES = '/usr/lib/postgresql/15/bin';

/** Whether this host can run `startDebianPostgres15`; a test that needs it is skipped otherwise. */
export const hasDebianPostgres15 = existsSync(join(DEBIAN_BINARIES, 'initdb'));

/** A throw-away server of the oldest PostgreSQL that we support, with an empty database. */
export async function startDebianPostgres15(): Promise<{ ownerUrl: string; stop(): Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'driftplane-test-'));
  const serverUser = findServerUser(null);
  prepareDataDirectory(dataDir, serverUser);
  const credentials = createCredentials(dataDir);
  const binaries = serverBinariesIn(DEBIAN_BINARIES, serverUser);
  const clusterDir = clusterDirOf(dataDir, binaries.majorVersion);
  const shared = { dataDir, binaries, serverUser, credentials, isDurable: false };
  await ensureCluster(shared);
  writeSettings(clusterDir, serverUser);
  const abandon = new AbortController().signal;
  const server = await startServer({ ...shared, clusterDir, log: () => {}, abandon }, null);
  await ensureDatabase(credentials, server.port);
  return {
    ownerUrl: embeddedUrl(credentials, server.port),
    async stop() {
      await endServer(server.child.pid as number);
      await server.ended;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
