import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { BenchError } from './bench-error.ts';
import { formatBytes } from './bench-report.ts';

/** A folder for the files of a benchmark. */
export interface WorkFolder {
  readonly path: string;
  /** Removes it, unless the user named it. */
  dispose(): void;
}

/**
 * The folder that the user named, or a new one for temporary files, which also goes when the benchmark is
 * interrupted.
 */
export function openWorkFolder(named: string | undefined): WorkFolder {
  if (named !== undefined) {
    const path = resolve(named);
    mkdirSync(path, { recursive: true });
    return { path, dispose: () => {} };
  }
  const path = mkdtempSync(join(tmpdir(), 'driftplane-bench-'));
  const remove = () => rmSync(path, { recursive: true, force: true });
  const interrupt = () => {
    remove();
    process.exit(130);
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  return {
    path,
    dispose() {
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      remove();
    },
  };
}

/** Throws BenchError unless the disk has room for so much in so many files. */
export function requireRoom(folder: string, need: { readonly bytes: number; readonly files: number }): void {
  const { bavail, bsize, files, ffree } = statfsSync(folder);
  const advice = 'name a folder on another disk with --dir, or take fewer with --items';
  if (bavail * bsize < need.bytes) {
    throw new BenchError(
      `${folder} has ${formatBytes(bavail * bsize)} left and about ${formatBytes(need.bytes)} are needed: ${advice}`,
    );
  }
  // File systems that make inodes as needed say 0 of 0.
  if (files > 0 && ffree < need.files) {
    throw new BenchError(`${folder} has room for ${ffree} files and ${need.files} are needed: ${advice}`);
  }
}
