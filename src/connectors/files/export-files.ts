import { type Dirent, lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { compareText } from '../../core/compare-text.ts';
import { DriftplaneError } from '../../core/errors.ts';
import type { Problem } from '../../core/problem.ts';

/** How many items a file holds and how they are told apart; decided by its name, refined by its content. */
export type FileForm = 'json' | 'lines';

/** One file of an export. */
export interface ExportFile {
  /** As the user can open it: the path that was given, joined with the path below it. */
  readonly path: string;
  readonly form: FileForm;
}

export interface ExportListing {
  /** Sorted by path. */
  readonly files: readonly ExportFile[];
  readonly problems: readonly Problem[];
  /** Files whose names say that they hold no JSON. */
  readonly otherFileCount: number;
}

const FILE_NAME = /\.(?:(json)|(?:ndjson|jsonl))(?:\.gz)?$/i;

function formOf(name: string): FileForm | null {
  const match = FILE_NAME.exec(name);
  if (match === null) return null;
  return match[1] === undefined ? 'lines' : 'json';
}

/**
 * The files of the export at `path`, a folder (with all folders below it) or one file. Symbolic links below
 * a folder are not followed: what they point to inside it is found where it lies, and a link out of it is a
 * problem. What can't be listed is a problem too. Throws `path_not_found` and `not_an_export`.
 */
export function listExportFiles(path: string): ExportListing {
  const stats = statOf(path);
  if (stats.isFile())
    return { files: [{ path, form: formOf(path) ?? 'json' }], problems: [], otherFileCount: 0 };
  if (!stats.isDirectory()) {
    throw new DriftplaneError(
      'not_an_export',
      `${path} is neither a folder nor a regular file. An export is read more than once, so a pipe will not do: save it to a file first.`,
    );
  }
  const listing = { files: [] as ExportFile[], problems: [] as Problem[], otherFileCount: 0 };
  listFolder(path, realpathSync(path), listing);
  if (listing.files.length === 0 && listing.problems.length === 0) {
    throw new DriftplaneError(
      'not_an_export',
      `${path} holds no .json, .ndjson or .jsonl file (nor .gz of one).`,
    );
  }
  listing.files.sort((a, b) => compareText(a.path, b.path));
  return listing;
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    const reason = systemErrorText(cause);
    throw new DriftplaneError('path_not_found', `${path}: ${reason}`, { cause });
  }
}

type Listing = { files: ExportFile[]; problems: Problem[]; otherFileCount: number };

function listFolder(folder: string, root: string, listing: Listing): void {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    listing.problems.push(problemAt('unreadable_folder', folder, systemErrorText(cause)));
    return;
  }
  entries.sort((a, b) => compareText(a.name, b.name));
  for (const entry of entries) {
    // What tools keep for themselves (.git, .DS_Store) is no part of an export.
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    const form = formOf(entry.name);
    if (entry.isDirectory()) listFolder(path, root, listing);
    else if (entry.isSymbolicLink()) judgeLink(path, form, root, listing);
    else if (form === null) listing.otherFileCount++;
    else if (entry.isFile()) listing.files.push({ path, form });
    else listing.problems.push(problemAt('unreadable_file', path, 'it is not a regular file'));
  }
}

function judgeLink(path: string, form: FileForm | null, root: string, listing: Listing): void {
  let target: string;
  try {
    target = realpathSync(path);
  } catch (cause) {
    if (form === null) listing.otherFileCount++;
    else
      listing.problems.push(problemAt('unreadable_file', path, `a symbolic link: ${systemErrorText(cause)}`));
    return;
  }
  if (target === root || target.startsWith(root + sep)) return;
  if (form === null && !lstatSync(target).isDirectory()) listing.otherFileCount++;
  else listing.problems.push(problemAt('link_leaves_tree', path, 'it was not followed'));
}

function problemAt(code: Problem['code'], path: string, detail: string): Problem {
  return { code, path, detail, itemType: null };
}

const SYSTEM_ERRORS = new Map([
  ['ENOENT', 'there is no such file or folder'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ENOTDIR', 'a part of the path is not a folder'],
  ['ELOOP', 'symbolic links go round in circles'],
  ['ENAMETOOLONG', 'the path is too long'],
  ['EISDIR', 'it is a folder'],
  ['EIO', 'the disk failed to read it'],
  ['EMFILE', 'too many files are open'],
]);

/** What the operating system said, in words. */
export function systemErrorText(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return SYSTEM_ERRORS.get(code) ?? (code === '' ? 'it can not be read' : code);
}
