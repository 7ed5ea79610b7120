import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { ProblemCode } from '../../core/errors.ts';
import { systemErrorText } from './export-files.ts';

/** A file that can't be read on; its items are not to be used. */
export class UnreadableFile extends Error {
  readonly code: ProblemCode;
  constructor(code: ProblemCode, detail: string, cause?: unknown) {
    super(detail, { cause });
    this.code = code;
  }
}

/** UTF-8 bytes, one after the other. */
export interface ByteSource {
  /** Fills `target` from its start; how many bytes, 0 at the end. Throws UnreadableFile. */
  read(target: Buffer): number | Promise<number>;
}

/** An open file, decoded. */
export interface OpenFile extends ByteSource {
  /** The bytes are those of the file, so that a record can be found again by its offset. */
  readonly isVerbatim: boolean;
  /** Offset in the file of the first byte that is read (behind a byte order mark). */
  readonly firstOffset: number;
  /** How many decoded bytes there probably are. */
  readonly expectedBytes: number;
  /** Whether size or time of change are no longer what they were when it was opened. */
  hasChanged(): boolean;
  close(): void;
}

const SNIFF_BYTES = 4096;
const CHUNK_BYTES = 256 * 1024;

/** Opens a file, gzip or not, UTF-8 or UTF-16, with or without a byte order mark. Throws UnreadableFile. */
export async function openFile(path: string): Promise<OpenFile> {
  const fd = openOrThrow(path);
  try {
    const opened = fstatSync(fd, { bigint: true });
    if (!opened.isFile()) throw new UnreadableFile('unreadable_file', 'it is not a regular file');
    const raw = fileSource(fd);
    const head = Buffer.alloc(SNIFF_BYTES);
    const headLength = raw.read(head);
    const isGzip = headLength >= 2 && head[0] === 0x1f && head[1] === 0x8b;
    if (!isGzip && /\.gz$/i.test(path))
      throw new UnreadableFile('invalid_gzip', 'it does not begin as gzip does');
    const gunzip = isGzip ? gunzipSource(fd) : null;
    const plain = gunzip ?? withHead(head.subarray(0, headLength), raw);
    const { source, isTranscoded, markLength } = await decoded(plain);
    return {
      read: (target) => source.read(target),
      isVerbatim: !isGzip && !isTranscoded,
      firstOffset: markLength,
      expectedBytes: Number(opened.size),
      hasChanged() {
        const now = fstatSync(fd, { bigint: true });
        return now.size !== opened.size || now.mtimeNs !== opened.mtimeNs;
      },
      close() {
        gunzip?.destroy();
        closeSync(fd);
      },
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The decoded bytes of something that comes once, such as an entry of an archive. Throws UnreadableFile. */
export async function openStream(
  plain: ByteSource,
  options: { readonly expectedBytes: number },
): Promise<OpenFile> {
  const { source, markLength } = await decoded(plain);
  return {
    read: (target) => source.read(target),
    isVerbatim: false,
    firstOffset: markLength,
    expectedBytes: options.expectedBytes,
    hasChanged: () => false,
    close() {},
  };
}

function openOrThrow(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new UnreadableFile('unreadable_file', systemErrorText(cause), cause);
  }
}

function fileSource(fd: number): { read(target: Buffer): number } {
  let position = 0;
  return {
    read(target) {
      try {
        const count = readSync(fd, target, 0, target.length, position);
        position += count;
        return count;
      } catch (cause) {
        throw new UnreadableFile('unreadable_file', systemErrorText(cause), cause);
      }
    },
  };
}

/** The bytes already read, then the rest. */
function withHead(head: Buffer, rest: ByteSource): ByteSource {
  let left = head;
  return {
    read(target) {
      if (left.length === 0) return rest.read(target);
      const count = left.copy(target);
      left = left.subarray(count);
      return count;
    },
  };
}

/** A source over the gzip file `fd`, and what frees it. */
function gunzipSource(fd: number): ByteSource & { destroy(): void } {
  const compressed = Readable.from(chunksOf(fd));
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  compressed.on('error', (error) => gunzip.destroy(error));
  const chunks = compressed.pipe(gunzip)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const source = pulledSource(async () => {
    try {
      const next = await chunks.next();
      return next.done === true ? null : next.value;
    } catch (cause) {
      if (cause instanceof UnreadableFile) throw cause;
      const detail = cause instanceof Error ? cause.message : 'it can not be unpacked';
      throw new UnreadableFile('invalid_gzip', detail, cause);
    }
  });
  return {
    ...source,
    destroy() {
      compressed.destroy();
      gunzip.destroy();
    },
  };
}

function* chunksOf(fd: number): Generator<Buffer> {
  const source = fileSource(fd);
  for (;;) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const count = source.read(chunk);
    if (count === 0) return;
    yield chunk.subarray(0, count);
  }
}

/** A source over chunks of any size; null is the end. */
export function pulledSource(pull: () => Promise<Buffer | null>): ByteSource {
  let left: Buffer = Buffer.alloc(0);
  return {
    async read(target) {
      while (left.length === 0) {
        const next = await pull();
        if (next === null) return 0;
        left = next;
      }
      const count = left.copy(target);
      left = left.subarray(count);
      return count;
    },
  };
}

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

async function decoded(
  plain: ByteSource,
): Promise<{ source: ByteSource; isTranscoded: boolean; markLength: number }> {
  const head = await readHead(plain);
  const { encoding, markLength } = sniffEncoding(head);
  const source = withHead(head.subarray(markLength), plain);
  if (encoding === 'utf-8') return { source, isTranscoded: false, markLength };
  return { source: transcodedSource(source, encoding), isTranscoded: true, markLength };
}

async function readHead(source: ByteSource): Promise<Buffer> {
  const head = Buffer.alloc(SNIFF_BYTES);
  let length = 0;
  while (length < head.length) {
    const count = await source.read(head.subarray(length));
    if (count === 0) break;
    length += count;
  }
  return head.subarray(0, length);
}

/**
 * The encoding by byte order mark, and without one by the zero bytes of the first character, which in JSON
 * is ASCII. Other zero bytes mean that it is no text.
 */
function sniffEncoding(head: Buffer): { encoding: Encoding; markLength: number } {
  const [first, second, third, fourth] = head;
  if (first === 0xef && second === 0xbb && third === 0xbf) return { encoding: 'utf-8', markLength: 3 };
  const isUtf32 =
    (first === 0xff && second === 0xfe && third === 0 && fourth === 0) ||
    (first === 0 && second === 0 && third === 0xfe && fourth === 0xff);
  if (isUtf32) throw new UnreadableFile('invalid_encoding', 'it is UTF-32');
  if (first === 0xff && second === 0xfe) return { encoding: 'utf-16le', markLength: 2 };
  if (first === 0xfe && second === 0xff) return { encoding: 'utf-16be', markLength: 2 };
  if (first === 0 && second !== undefined && second !== 0) return { encoding: 'utf-16be', markLength: 0 };
  if (first !== undefined && first !== 0 && second === 0 && third !== 0)
    return { encoding: 'utf-16le', markLength: 0 };
  if (head.includes(0)) throw new UnreadableFile('not_text', 'it holds zero bytes');
  return { encoding: 'utf-8', markLength: 0 };
}

function transcodedSource(source: ByteSource, encoding: 'utf-16le' | 'utf-16be'): ByteSource {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let isDone = false;
  return pulledSource(async () => {
    if (isDone) return null;
    const count = await source.read(chunk);
    isDone = count === 0;
    try {
      return Buffer.from(decoder.decode(chunk.subarray(0, count), { stream: !isDone }), 'utf8');
    } catch (cause) {
      throw new UnreadableFile('invalid_encoding', `it is not ${encoding.toUpperCase()} throughout`, cause);
    }
  });
}
