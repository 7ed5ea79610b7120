import { type Dirent, lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
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

/** What a file with this name holds; null where its name says that it is no JSON. */
export function formOf(name: string): FileForm | null {
  const match = FILE_NAME.exec(name);
  if (match === null) return null;
  return match[1] === undefined ? 'lines' : 'json';
}

/**
 * The files of the export at `path`, a folder (with all folders below it) or one file. A symbolic link below
 * a folder is followed only where it leads to something inside that would not be listed where it lies (behind
 * a hidden folder, or under another name); what a link out of the folder leads to is a problem, and so is what
 * can't be listed. Throws `path_not_found` and `not_an_export`.
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
  const listing: Listing = { root: '', files: [], problems: [], otherFileCount: 0, linkedFolders: new Set() };
  try {
    listing.root = realpathSync(path);
    listFolder(path, listing);
  } catch (cause) {
    listing.problems.push(problemAt('unreadable_folder', path, systemErrorText(cause)));
  }
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
    throw new DriftplaneError('path_not_found', `${path}: ${systemErrorText(cause)}`, { cause });
  }
}

interface Listing {
  /** The folder itself, without symbolic links. */
  root: string;
  readonly files: ExportFile[];
  readonly problems: Problem[];
  otherFileCount: number;
  /** Folders that were listed through a link, so that links in circles end. */
  readonly linkedFolders: Set<string>;
}

function listFolder(folder: string, listing: Listing): void {
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
    if (isHidden(entry.name)) continue;
    const path = join(folder, entry.name);
    const form = formOf(entry.name);
    if (entry.isDirectory()) listFolder(path, listing);
    else if (entry.isSymbolicLink()) listLink(path, form, listing);
    else if (form === null) listing.otherFileCount++;
    else if (entry.isFile()) listing.files.push({ path, form });
    else listing.problems.push(problemAt('unreadable_file', path, 'it is not a regular file'));
  }
}

/** What tools keep for themselves. */
export function isHidden(name: string): boolean {
  return name.startsWith('.');
}

function listLink(path: string, form: FileForm | null, listing: Listing): void {
  let target: string;
  let isFolder: boolean;
  try {
    target = realpathSync(path);
    isFolder = lstatSync(target).isDirectory();
  } catch (cause) {
    if (form === null) listing.otherFileCount++;
    else
      listing.problems.push(problemAt('unreadable_file', path, `a symbolic link: ${systemErrorText(cause)}`));
    return;
  }
  const { root } = listing;
  if (!isFolder && form === null) listing.otherFileCount++;
  else if (target !== root && !target.startsWith(root + sep)) {
    listing.problems.push(problemAt('link_leaves_tree', path, 'it was not followed'));
  } else if (isFolder) {
    if (!isBehindHidden(target, root) || listing.linkedFolders.has(target)) return;
    listing.linkedFolders.add(target);
    listFolder(path, listing);
  } else if (form !== null && (formOf(basename(target)) === null || isBehindHidden(target, root))) {
    listing.files.push({ path, form });
  }
}

/** Whether a listing of `root` passes over what lies at `target`. */
function isBehindHidden(target: string, root: string): boolean {
  return target.slice(root.length).split(sep).some(isHidden);
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
