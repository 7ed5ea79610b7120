import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DriftplaneError } from '../../core/errors.ts';
import { pulledSource } from '../files/byte-source.ts';
import { type RecordBatch, splitRecords } from '../files/split-records.ts';

const MIB = 1024 * 1024;
const INITIAL_BYTES = 1024 * 1024;
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The body of a part: one JSON object a line. */
export interface PushedBody {
  /** Reads it once, from its start to its end. Throws `body_too_large` and `invalid_part`. */
  records(): AsyncGenerator<RecordBatch>;
  /** SHA-256 of the decoded bytes, once all records have been read: what tells a repetition from another part. */
  digest(): string;
}

/** How long a client may keep us waiting. */
export interface Patience {
  /** At most so long in all, and longer by what has come so far at the rate below. */
  readonly seconds: number;
  readonly bytesPerSecond: number;
}

const PATIENCE: Patience = { seconds: 30, bytesPerSecond: 64 * 1024 };

/**
 * Reads NDJSON from a stream as it arrives, gzipped or not. `maxBytes` counts what comes out of gzip. Its records
 * throw `request_timeout` where the client is slower than `patience`, as a part keeps a connection of the database.
 */
export function readPushedBody(
  stream: Readable,
  options: { isGzip: boolean; maxBytes: number; patience?: Patience },
): PushedBody {
  const { isGzip, maxBytes, patience = PATIENCE } = options;
  const hash = createHash('sha256');
  const arriving = arrivingChunks(stream, patience);
  const chunks: AsyncIterator<Buffer> = isGzip ? unpacked(arriving)[Symbol.asyncIterator]() : arriving;
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

/** The chunks of a stream as they come. Only the time that the client keeps us waiting counts. */
async function* arrivingChunks(
  stream: Readable,
  { seconds, bytesPerSecond }: Patience,
): AsyncGenerator<Buffer> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let bytes = 0;
  let waitedMs = 0;
  for (;;) {
    const askedAt = performance.now();
    const leftMs = 1000 * (seconds + bytes / bytesPerSecond) - waitedMs;
    const next = await within(leftMs, chunks.next());
    if (next.done === true) return;
    waitedMs += performance.now() - askedAt;
    bytes += next.value.length;
    yield next.value;
  }
}

async function within<T>(leftMs: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new DriftplaneError('request_timeout', 'the part comes too slowly; send smaller ones')),
    Math.min(Math.max(0, leftMs), MAX_TIMER_MS),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function unpacked(chunks: AsyncGenerator<Buffer>): Readable {
  const gunzip = createGunzip();
  // What breaks before reaches whoever reads from it.
  pipeline(Readable.from(chunks, { objectMode: false }), gunzip, () => {});
  return gunzip;
}
