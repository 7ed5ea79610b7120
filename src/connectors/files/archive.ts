/**
 * Exports that are packed: zip and tar, gzipped or not. Entries are read in the order of the archive as they
 * come, without unpacking anything to disk, where secrets would lie.
 */

import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import yauzl from 'yauzl';
import type { ByteSource } from './byte-source.ts';
import { pulledSource, UnreadableFile } from './byte-source.ts';
import { type FileForm, formOf, isHidden, systemErrorText } from './export-files.ts';

/** One file in an archive. It must be read, or passed over, before the next one is asked for. */
export interface ArchiveEntry {
  /** The archive's path, `!/` and the entry's own. */
  readonly path: string;
  readonly form: FileForm;
  /** Null where it can't be read; `fault` says why. */
  readonly source: ByteSource | null;
  readonly expectedBytes: number;
  readonly fault: string | null;
}

const ARCHIVE_NAME = /\.(?:(zip)|tar(\.gz)?|(tgz))$/i;

/** Whether a file with this name is an archive. */
export function isArchive(path: string): boolean {
  return ARCHIVE_NAME.test(path);
}

/** The entries of an archive whose names say that they hold JSON. Throws UnreadableFile. */
export async function* readArchive(path: string): AsyncGenerator<ArchiveEntry> {
  const [, zip, gz, tgz] = ARCHIVE_NAME.exec(path) ?? [];
  try {
    if (zip !== undefined) yield* readZip(path);
    else yield* readTar(path, gz !== undefined || tgz !== undefined);
  } catch (cause) {
    if (cause instanceof UnreadableFile) throw cause;
    const isSystem = cause instanceof Error && 'syscall' in cause;
    if (isSystem) throw new UnreadableFile('unreadable_file', systemErrorText(cause), cause);
    const detail = cause instanceof Error ? cause.message : 'it can not be unpacked';
    throw new UnreadableFile('invalid_archive', detail, cause);
  }
}

/** The form of an entry that is read; null for what a folder would not list either. */
function formOfEntry(name: string): FileForm | null {
  const segments = name.split('/');
  if (segments.some((segment) => segment === '__MACOSX' || (segment !== '.' && isHidden(segment))))
    return null;
  // Nothing packed within the archive is unpacked.
  return /\.gz$/i.test(name) ? null : formOf(segments.at(-1) ?? '');
}

async function* readTar(path: string, isGzip: boolean): AsyncGenerator<ArchiveEntry> {
  const file = createReadStream(path);
  const tar = extract();
  file.on('error', (error) => tar.destroy(error));
  if (isGzip) {
    const gunzip = createGunzip();
    file.on('error', (error) => gunzip.destroy(error));
    gunzip.on('error', (error) => tar.destroy(error));
    file.pipe(gunzip).pipe(tar);
  } else file.pipe(tar);
  try {
    for await (const entry of tar) {
      const { name, type, size = 0 } = entry.header;
      const form = formOfEntry(name);
      const isFile = type === 'file' || type === 'contiguous-file';
      if (form !== null && type !== 'directory') {
        yield {
          path: `${path}!/${name}`,
          form,
          source: isFile ? sourceOf(entry as AsyncIterable<Buffer>) : null,
          expectedBytes: size,
          fault: isFile ? null : `it is a ${type} in an archive, which is not followed`,
        };
      }
      entry.resume();
    }
  } finally {
    file.destroy();
    tar.destroy();
  }
}

async function* readZip(path: string): AsyncGenerator<ArchiveEntry> {
  const zip = await yauzl.openPromise(path);
  try {
    for await (const entry of zip.eachEntry()) {
      const form = formOfEntry(entry.fileName);
      if (form === null || entry.fileName.endsWith('/')) continue;
      const isEncrypted = entry.isEncrypted();
      const stream = isEncrypted ? null : await zip.openReadStreamPromise(entry);
      yield {
        path: `${path}!/${entry.fileName}`,
        form,
        source: stream === null ? null : sourceOf(stream as AsyncIterable<Buffer>),
        expectedBytes: entry.uncompressedSize,
        fault: isEncrypted ? 'it is encrypted' : null,
      };
      stream?.destroy();
    }
  } finally {
    zip.close();
  }
}

function sourceOf(stream: AsyncIterable<Buffer>): ByteSource {
  const chunks = stream[Symbol.asyncIterator]();
  return pulledSource(async () => {
    try {
      const next = await chunks.next();
      return next.done === true ? null : next.value;
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : 'it can not be unpacked';
      throw new UnreadableFile('invalid_archive', detail, cause);
    }
  });
}
