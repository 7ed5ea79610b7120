import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DriftplaneError } from '../../core/errors.ts';
import { pulledSource } from '../files/byte-source.ts';
import { type RecordBatch, splitRecords } from '../files/split-records.ts';

const MIB = 1024 * 1024;
const INITIAL_BYTES = 1024 * 1024;

/** The body of a part: one JSON object a line. */
export interface PushedBody {
  /** Reads it once, from its start to its end. Throws `body_too_large` and `invalid_part`. */
  records(): AsyncGenerator<RecordBatch>;
  /** SHA-256 of the decoded bytes, once all records have been read: what tells a repetition from another part. */
  digest(): string;
}

/** Reads NDJSON from a stream as it arrives, gzipped or not. `maxBytes` counts what comes out of gzip. */
export function readPushedBody(stream: Readable, options: { isGzip: boolean; maxBytes: number }): PushedBody {
  const { isGzip, maxBytes } = options;
  const hash = createHash('sha256');
  const chunks = (isGzip ? unpacked(stream) : stream)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let bytes = 0;
  const source = pulledSource(async () => {
    const next = await chunks.next().catch((cause: unknown) => {
      const isGzipFault = cause instanceof Error && 'code' in cause && /^Z_/.test(String(cause.code));
      if (isGzipFault)
        throw new DriftplaneError('invalid_part', `the part is not gzip: ${cause.message}`, { cause });
      throw cause;
    });
    if (next.done === true) return null;
    bytes += next.value.length;
    if (bytes > maxBytes) {
      throw new DriftplaneError(
        'body_too_large',
        `the part is larger than ${maxBytes / MIB} MiB; send it in several`,
      );
    }
    hash.update(next.value);
    return next.value;
  });
  const file = {
    read: (target: Buffer) => source.read(target),
    isVerbatim: false,
    firstOffset: 0,
    expectedBytes: INITIAL_BYTES,
    hasChanged: () => false,
    close: () => {},
  };
  return {
    records: () => splitRecords(file, 'lines'),
    digest: () => hash.digest('hex'),
  };
}

function unpacked(stream: Readable): Readable {
  const gunzip = createGunzip();
  stream.on('error', (error) => gunzip.destroy(error));
  stream.on('aborted', () => gunzip.destroy(new Error('the client stopped sending')));
  return stream.pipe(gunzip);
}
