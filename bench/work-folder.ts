import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
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
 * interrupted. `stop` is what is done then before, such as ending the processes that write into it.
 */
export function openWorkFolder(
  named: string | undefined,
  stop: () => Promise<void> = () => Promise.resolve(),
): WorkFolder {
  const path = named === undefined ? makeTemporaryFolder() : resolve(named);
  mkdirSync(path, { recursive: true });
  const remove = () => {
    if (named === undefined) rmSync(path, { recursive: true, force: true });
  };
  const interrupt = () => {
    stop()
      .catch((error: Error) => process.stderr.write(`bench: ${error.message}\n`))
      .finally(() => {
        remove();
        process.exit(130);
      });
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

/** Others may pass through it: started by root, PostgreSQL runs as another user. */
function makeTemporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'driftplane-bench-'));
  chmodSync(path, 0o711);
  return path;
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

/** What the disk still has to write must not be written while something is measured. */
export function settleDisk(): void {
  spawnSync('sync');
}
