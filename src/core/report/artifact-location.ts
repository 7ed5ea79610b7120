/** A place of an export in the terms of SARIF. */
export interface ArtifactPlace {
  /** A valid URI reference; null where the path is empty. */
  readonly uri: string | null;
  /** 1-based; null where the path names no line. */
  readonly line: number | null;
  /** JSON Pointer to the item in a file of many; null where the file is the item. */
  readonly pointer: string | null;
}

const lineLocator = /:([1-9]\d{0,8})$/;
const pointerLocator = /#((?:\/(?:value|items))?\/\d+)$/;

/** Takes a path such as `export/a.ndjson:12` or `export/b.json#/3` apart. */
export function artifactPlace(path: string): ArtifactPlace {
  const line = lineLocator.exec(path);
  const pointer = pointerLocator.exec(path);
  const file = path.slice(0, line?.index ?? pointer?.index ?? path.length);
  return {
    uri: file === '' ? null : uriReference(file),
    line: line === null ? null : Number(line[1]),
    pointer: pointer?.[1] ?? null,
  };
}

/**
 * A path of POSIX or Windows as a URI reference (RFC 3986): `file:` where it is absolute. A backslash separates
 * on Windows only, where paths as Node joins them hold no slash; in a path with slashes it is part of a name.
 */
function uriReference(file: string): string {
  const isWindows = /^[A-Za-z]:[\\/]/.test(file) || (file.includes('\\') && !file.includes('/'));
  const path = isWindows ? file.replaceAll('\\', '/') : file;
  const drive = isWindows ? /^[A-Za-z]:(?=\/)/.exec(path)?.[0] : undefined;
  if (drive !== undefined) return `file:///${drive}${encodePath(path.slice(drive.length))}`;
  if (isWindows && path.startsWith('//')) return `file:${encodePath(path)}`;
  if (path.startsWith('/')) return `file://${encodePath(path)}`;
  return encodePath(path.replace(/^(?:\.\/+)+(?=.)/, ''));
}

/** A colon is encoded too: it would make the first segment a scheme. */
function encodePath(path: string): string {
  return path.toWellFormed().split('/').map(encodeURIComponent).join('/');
}
