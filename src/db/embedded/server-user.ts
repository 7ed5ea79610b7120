import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DriftplaneError } from '../../core/errors.ts';

/**
 * The user that the PostgreSQL server runs as, where it is not the one of this process: PostgreSQL refuses to run as
 * root. null: the server runs as we do.
 */
export type ServerUser = { readonly uid: number; readonly gid: number; readonly name: string } | null;

/** For root, best first. No user is ever created on the host. */
const candidates = ['postgres', 'nobody'];

/**
 * The server's user. For root that is the owner of `existingCluster`, where there is one, else `postgres` or `nobody`.
 * Throws `embedded_unavailable` when the host has none of them.
 */
export function findServerUser(existingCluster: string | null): ServerUser {
  if (process.getuid?.() !== 0) return null;
  const owner = existingCluster === null ? undefined : statSync(existingCluster, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0)
    return { uid: owner.uid, gid: owner.gid, name: `uid ${owner.uid}` };
  for (const name of candidates) {
    const user = lookUp(name);
    if (user !== null) return user;
  }
  throw new DriftplaneError(
    'embedded_unavailable',
    `PostgreSQL can not run as root, and this host has no user named ${candidates.join(' or ')} to run it as`,
  );
}

function lookUp(name: string): ServerUser {
  try {
    const ask = (flag: string): number =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: ask('-u'), gid: ask('-g'), name };
  } catch {
    return null;
  }
}

/** What `spawn` needs to run something as the server's user, from a folder that everybody may enter. */
export function runAs(user: ServerUser): { cwd: string; uid?: number; gid?: number } {
  return user === null ? { cwd: '/' } : { cwd: '/', uid: user.uid, gid: user.gid };
}

export function giveTo(user: ServerUser, path: string): void {
  if (user !== null) chownSync(path, user.uid, user.gid);
}

/**
 * The topmost existing directory on the way to `path` (itself included) that the user may not enter; null when the way
 * is free. The system is asked as that user, so that access control lists count, too.
 */
export function findBlockingDirectory(user: ServerUser, path: string): string | null {
  if (user === null) return null;
  const way: string[] = [];
  for (let place = resolve(path); ; place = dirname(place)) {
    if (statSync(place, { throwIfNoEntry: false })?.isDirectory()) way.unshift(place);
    if (place === dirname(place)) break;
  }
  const script = 'for place do test -x "$place" || { printf %s "$place"; exit 0; }; done';
  const { stdout } = spawnSync('/bin/sh', ['-c', script, 'sh', ...way], { ...runAs(user), encoding: 'utf8' });
  return stdout === '' ? null : stdout;
}

/** Whether the user may read all these files. */
export function canRead(user: ServerUser, paths: readonly string[]): boolean {
  const script = 'for place do test -r "$place" || exit 1; done';
  return spawnSync('/bin/sh', ['-c', script, 'sh', ...paths], runAs(user)).status === 0;
}
