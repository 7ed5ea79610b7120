import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DriftplaneError } from '../../core/errors.ts';
import type { Credentials } from './credentials.ts';
import type { ServerBinaries } from './server-binaries.ts';
import { giveTo, runAs, type ServerUser } from './server-user.ts';

const UNFINISHED = '.initialising-';
/** Rewritten at each start; `ALTER SYSTEM` and what the user appends to postgresql.conf have precedence over it. */
const SETTINGS_FILE = 'driftplane.conf';

/** For a laptop that does other things, too. The log never quotes statements or rows. */
const settings: Readonly<Record<string, string>> = {
  max_connections: '100',
  shared_buffers: '256MB',
  effective_cache_size: '1GB',
  maintenance_work_mem: '128MB',
  max_wal_size: '2GB',
  min_wal_size: '128MB',
  checkpoint_timeout: '10min',
  random_page_cost: '1.1',
  jit: 'off',
  log_checkpoints: 'off',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

/** `<dataDir>/postgres-18`: the major version is in the name, so that another version never opens it by mistake. */
export function clusterDirOf(dataDir: string, majorVersion: number): string {
  return join(dataDir, `postgres-${majorVersion}`);
}

/** The clusters in the data directory, by what their names say. */
export function listClusters(dataDir: string): { path: string; majorVersion: number }[] {
  if (!existsSync(dataDir)) return [];
  return readdirSync(dataDir)
    .map((name) => ({ path: join(dataDir, name), majorVersion: Number(/^postgres-(\d+)$/.exec(name)?.[1]) }))
    .filter(({ majorVersion }) => majorVersion > 0);
}

/**
 * Throws `database_version_mismatch` with what to do, when there is data of another major version. Touches nothing.
 */
export function requireVersion(dataDir: string, majorVersion: number): void {
  for (const { path, majorVersion: named } of listClusters(dataDir)) {
    const found = versionOf(path) ?? named;
    if (found === majorVersion && named === majorVersion) continue;
    throw new DriftplaneError(
      'database_version_mismatch',
      [
        `${path} was made by PostgreSQL ${found}, and this Driftplane brings PostgreSQL ${majorVersion}. Nothing was changed. To upgrade:`,
        `start the Driftplane that you had before, and dump the database "driftplane" with its pg_dump ${found} or a newer one;`,
        `stop it, move ${path} away, and start this Driftplane once, so that it makes a new cluster;`,
        'restore the dump into it (docs/operations.md, "Upgrade")',
      ].join(' '),
    );
  }
}

/** null when the folder holds no complete cluster. */
function versionOf(clusterDir: string): number | null {
  try {
    return Number(readFileSync(join(clusterDir, 'PG_VERSION'), 'utf8').trim()) || null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new DriftplaneError(
      'embedded_unavailable',
      `${clusterDir} can not be read (${code}): it belongs to another user. Run Driftplane as that user, or set DRIFTPLANE_DATA_DIR`,
      { cause: error },
    );
  }
}

/**
 * Creates the cluster unless it is there. It is made aside and renamed when complete, so that an interrupted
 * initialisation leaves nothing that looks like a cluster. The caller holds the owner lock.
 */
export async function ensureCluster(options: {
  dataDir: string;
  binaries: ServerBinaries;
  serverUser: ServerUser;
  credentials: Credentials;
  isDurable: boolean;
}): Promise<string> {
  const { dataDir, binaries, serverUser } = options;
  const clusterDir = clusterDirOf(dataDir, binaries.majorVersion);
  removeUnfinished(dataDir);
  if (existsSync(clusterDir)) return clusterDir;
  const unfinished = mkdtempSync(join(dataDir, UNFINISHED));
  try {
    giveTo(serverUser, unfinished);
    const cluster = join(unfinished, 'cluster');
    await runInitdb({ ...options, cluster, passwordFile: join(unfinished, 'password') });
    appendFileSync(join(cluster, 'postgresql.conf'), `\ninclude_if_exists = '${SETTINGS_FILE}'\n`);
    renameSync(cluster, clusterDir);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return clusterDir;
}

/** Writes the settings of this version of Driftplane. */
export function writeSettings(clusterDir: string, serverUser: ServerUser): void {
  const path = join(clusterDir, SETTINGS_FILE);
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`);
  writeFileSync(
    path,
    `# Written by Driftplane at each start. Use ALTER SYSTEM to change a setting.\n${lines.join('\n')}\n`,
  );
  giveTo(serverUser, path);
}

/** What an interrupted initialisation left. Its initdb may still run: then a later start removes the rest. */
function removeUnfinished(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    if (!name.startsWith(UNFINISHED)) continue;
    try {
      rmSync(join(dataDir, name), { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // In nobody's way: each initialisation has a folder of its own.
    }
  }
}

async function runInitdb(options: {
  cluster: string;
  passwordFile: string;
  binaries: ServerBinaries;
  serverUser: ServerUser;
  credentials: Credentials;
  isDurable: boolean;
}): Promise<void> {
  const { cluster, passwordFile, binaries, serverUser, credentials, isDurable } = options;
  writeFileSync(passwordFile, `${credentials.password}\n`, { mode: 0o600 });
  giveTo(serverUser, passwordFile);
  const locale =
    binaries.majorVersion >= 17
      ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
      : ['--locale=C.UTF-8'];
  const parameters = [
    ...['-D', cluster, `--username=${credentials.user}`, `--pwfile=${passwordFile}`],
    ...['--auth=scram-sha-256', '--encoding=UTF8', ...locale, '--data-checksums'],
    ...(isDurable ? [] : ['--no-sync']),
  ];
  const output = await new Promise<string | null>((resolve, reject) => {
    let text = '';
    const child = spawn(binaries.initdb, parameters, {
      ...runAs(serverUser),
      env: serverEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    child.stdout.on('data', (chunk) => (text += chunk));
    child.stderr.on('data', (chunk) => (text += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0 ? null : text));
  });
  if (output === null) return;
  const reasons = output.split('\n').filter((line) => /error|fatal|detail|hint|could not/i.test(line));
  throw new DriftplaneError(
    'embedded_unavailable',
    `The database can not be created in ${cluster}: ${reasons.slice(0, 3).join('; ') || output.slice(-500)}`,
  );
}

/** Nothing of ours: a PGDATA or PGPORT of the user is not meant for this server, and secrets are none of its business. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}
