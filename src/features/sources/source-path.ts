import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, sep } from 'node:path';
import { DriftplaneError } from '../../core/errors.ts';

/**
 * The path of a `files` source without symbolic links, where it lies inside one of the roots that the server
 * opens to sources. Called when a source is saved and again when it is synced: a link may have been exchanged.
 * Read from the path that is returned, not from the configured one.
 *
 * Throws `path_not_allowed` for what lies outside, whether it is there or not, and `path_not_found` for what
 * would lie inside. The roots are named in the message only where `namesRoots`: who is no admin need not know them.
 */
export async function resolveSourcePath(
  config: { readonly path: string },
  fileRoots: readonly string[],
  options: { readonly namesRoots?: boolean } = {},
): Promise<string> {
  const { path } = config;
  const roots = await realRoots(fileRoots);
  const isInside = (real: string): boolean => roots.some((root) => lies(real, root));
  const isPath = isAbsolute(path) && !path.includes('\0');
  const real = isPath ? await realOrNull(path) : null;
  if (real !== null && isInside(real)) return real;
  if (real === null && isPath && isInside(await nearestReal(path))) {
    throw new DriftplaneError(
      'path_not_found',
      `there is no file or folder at ${path}, or it can not be read`,
    );
  }
  throw new DriftplaneError(
    'path_not_allowed',
    refusal(path, options.namesRoots === true ? fileRoots : null),
  );
}

function refusal(path: string, roots: readonly string[] | null): string {
  const shown = JSON.stringify(path);
  if (roots === null) return `${shown} is in no folder that is open to sources`;
  if (roots.length === 0) return `${shown}: no folder is open to sources; set DRIFTPLANE_FILE_ROOTS`;
  return `${shown} is in no folder that is open to sources (DRIFTPLANE_FILE_ROOTS: ${roots.join(', ')})`;
}

/** A root that is not there opens nothing. */
async function realRoots(fileRoots: readonly string[]): Promise<string[]> {
  const roots = await Promise.all(fileRoots.map((root) => (isAbsolute(root) ? realOrNull(root) : null)));
  return roots.filter((root) => root !== null);
}

function lies(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

async function realOrNull(path: string): Promise<string | null> {
  return realpath(path).catch(() => null);
}

/** The real path of the nearest folder above `path` that is there. */
async function nearestReal(path: string): Promise<string> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const real = await realOrNull(folder);
    if (real !== null || dirname(folder) === folder) return real ?? folder;
  }
}
