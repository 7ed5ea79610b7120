import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { DriftplaneError } from '../../core/errors.ts';
import { findBlockingDirectory, findServerUser, type ServerUser } from './server-user.ts';

/** Where root keeps the data when its home directory is closed to the server's user, as it usually is. */
const ROOT_DATA_DIR = '/var/lib/driftplane';

/**
 * The data directory: `DRIFTPLANE_DATA_DIR`, else `$XDG_DATA_HOME/driftplane`, else `~/.local/share/driftplane`. Run by
 * root the server is another user: where that one can't reach the default (the usual /root is closed), it is
 * /var/lib/driftplane. A relative XDG_DATA_HOME is ignored, as its specification says. Nothing is created.
 */
export function resolveDataDir(env: NodeJS.ProcessEnv): string {
  const chosen = env.DRIFTPLANE_DATA_DIR;
  if (chosen !== undefined && chosen !== '') return resolve(chosen);
  const xdg = env.XDG_DATA_HOME;
  const share = xdg?.startsWith('/') ? xdg : join(env.HOME || homedir(), '.local', 'share');
  const preferred = join(share, 'driftplane');
  if (process.getuid?.() !== 0) return preferred;
  const isReachable = findBlockingDirectory(findServerUser(null), dirname(preferred)) === null;
  return isReachable ? preferred : ROOT_DATA_DIR;
}

/**
 * Creates the data directory, private to this user but for the passage of the server's one. Throws
 * `embedded_unavailable`, naming the directory that is in the way.
 */
export function prepareDataDirectory(dataDir: string, serverUser: ServerUser): void {
  const mode = serverUser === null ? 0o700 : 0o711;
  try {
    mkdirSync(dirname(dataDir), { recursive: true });
    mkdirSync(dataDir, { mode });
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST' || !statSync(dataDir, { throwIfNoEntry: false })?.isDirectory()) {
      throw new DriftplaneError(
        'embedded_unavailable',
        `The data directory ${dataDir} can not be created (${code} at ${path ?? dataDir})`,
        { cause: error },
      );
    }
  }
  if (serverUser === null) return;
  openForPassage(dataDir, serverUser);
  const blocking = findBlockingDirectory(serverUser, dataDir);
  if (blocking === null) return;
  throw new DriftplaneError(
    'embedded_unavailable',
    `PostgreSQL runs as the user ${serverUser.name}, who may not enter ${blocking}, on the way to the data directory ${dataDir}. Set DRIFTPLANE_DATA_DIR to a place that this user can reach, or allow it: chmod o+x ${blocking}`,
  );
}

/** The data directory itself is ours alone, so we let the server's user through; its parents are not ours to change. */
function openForPassage(dataDir: string, serverUser: ServerUser): void {
  const { mode, uid } = statSync(dataDir);
  if (uid !== process.getuid?.() || findBlockingDirectory(serverUser, dataDir) !== dataDir) return;
  chmodSync(dataDir, (mode & 0o777) | 0o011);
}
