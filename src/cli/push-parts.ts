import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { DriftplaneError } from '../core/errors.ts';

const NEWLINE = 0x0a;

/**
 * Cuts NDJSON into parts of about `partBytes`, each of whole lines. Only one part is held at a time. A line that
 * is longer than a part is a part of its own.
 */
export async function* cutIntoParts(
  chunks: AsyncIterable<Buffer>,
  partBytes: number,
): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    bytes += chunk.length;
    if (bytes < partBytes) continue;
    const joined = Buffer.concat(waiting);
    const end = joined.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      waiting = [joined];
      continue;
    }
    yield joined.subarray(0, end);
    waiting = [joined.subarray(end)];
    bytes = joined.length - end;
  }
  const rest = Buffer.concat(waiting);
  if (rest.length > 0) yield rest;
}

/** The bytes of NDJSON files one behind the other, `-` for stdin; gzip by its name. Throws `path_not_found`. */
export async function* readNdjson(
  paths: readonly string[],
  stdin: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  for (const path of paths) {
    let last = NEWLINE;
    try {
      for await (const chunk of path === '-' ? stdin : openFile(path)) {
        last = chunk.at(-1) ?? last;
        yield chunk;
      }
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause)) throw cause;
      throw new DriftplaneError('path_not_found', `${path} can not be read (${String(cause.code)})`, {
        cause,
      });
    }
    // The last line of one file and the first of the next are two.
    if (last !== NEWLINE) yield Buffer.from('\n');
  }
}

function openFile(path: string): AsyncIterable<Buffer> {
  const file = createReadStream(path);
  if (!/\.gz$/i.test(path)) return file;
  const gunzip = createGunzip();
  file.on('error', (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}
