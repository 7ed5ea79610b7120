import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a running server writes into postmaster.pid of its data directory, as far as we need it. */
export interface PostmasterFile {
  readonly pid: number;
  /** null until the server has got so far. */
  readonly port: number | null;
  readonly status: string | null;
}

const postmasterFile = (clusterDir: string): string => join(clusterDir, 'postmaster.pid');

export function hasPostmasterFile(clusterDir: string): boolean {
  return existsSync(postmasterFile(clusterDir));
}

/** null when no server runs there, or is only about to. */
export function readPostmasterFile(clusterDir: string): PostmasterFile | null {
  try {
    const lines = readFileSync(postmasterFile(clusterDir), 'latin1').split('\n');
    const pid = Number(lines[0]);
    if (!Number.isInteger(pid) || pid <= 0) return null;
    const port = Number(lines[3]);
    return { pid, port: port > 0 ? port : null, status: lines[7]?.trim() || null };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Makes the next server see through what a dead one left, though its pid now belongs to some other process, or to a
 * zombie that nobody buries. A server ignores the pid of its own parent, which we are going to be. The rest of the file
 * stays: by it PostgreSQL recognises processes of the dead server that still have its memory, and refuses to start as
 * long as they could spoil the data.
 */
export function disownPostmasterFile(clusterDir: string): void {
  const path = postmasterFile(clusterDir);
  const lines = readFileSync(path, 'latin1').split('\n');
  // Cut short by a crash of the machine: it names no memory, and PostgreSQL would refuse it for ever.
  if (lines.length < 7) rmSync(path);
  else writeFileSync(path, [process.pid, ...lines.slice(1)].join('\n'), 'latin1');
}
