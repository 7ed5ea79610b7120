import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type PushedBody, readPushedBody } from './pushed-records.ts';

const TEXT = '{"id":"a"}\n{"id":"b"}\n';

async function recordsOf(body: PushedBody): Promise<string[]> {
  const texts: string[] = [];
  for await (const { records } of body.records()) {
    for (const { bytes, start, end } of records) texts.push(bytes.toString('utf8', start, end));
  }
  return texts;
}

/** Sends the beginning, and then nothing more. */
function stalled(beginning: Buffer): Readable {
  return Readable.from(
    (async function* () {
      yield beginning;
      await new Promise(() => {});
    })(),
  );
}

const impatient = { seconds: 0.01, bytesPerSecond: 2 ** 20 };

describe('the body of a part', () => {
  test('is read alike gzipped or not, in chunks of any size, and has the same digest', async () => {
    const plain = Readable.from(Array.from(TEXT, (character) => Buffer.from(character)));
    const packed = Readable.from(Array.from(gzipSync(TEXT), (byte) => Buffer.from([byte])));
    const bodies = [
      readPushedBody(plain, { isGzip: false, maxBytes: 100 }),
      readPushedBody(packed, { isGzip: true, maxBytes: 100 }),
    ] as const;

    const records = [await recordsOf(bodies[0]), await recordsOf(bodies[1])];

    expect(records).toEqual([
      ['{"id":"a"}', '{"id":"b"}'],
      ['{"id":"a"}', '{"id":"b"}'],
    ]);
    expect(bodies[0].digest()).toBe(bodies[1].digest());
  });

  test('that does not go on is given up, gzipped or not', async () => {
    const plain = stalled(Buffer.from(TEXT));
    const packed = stalled(gzipSync(TEXT).subarray(0, 15));

    const reads = [
      recordsOf(readPushedBody(plain, { isGzip: false, maxBytes: 100, patience: impatient })),
      recordsOf(readPushedBody(packed, { isGzip: true, maxBytes: 100, patience: impatient })),
    ];

    for (const read of reads) await expect(read).rejects.toMatchObject({ code: 'request_timeout' });
  });

  test('that is no gzip, or larger than is taken, is refused', async () => {
    const broken = readPushedBody(Readable.from([Buffer.from(TEXT)]), { isGzip: true, maxBytes: 100 });
    const cut = readPushedBody(Readable.from([gzipSync(TEXT).subarray(0, 20)]), {
      isGzip: true,
      maxBytes: 100,
    });
    const large = readPushedBody(Readable.from([gzipSync(TEXT)]), { isGzip: true, maxBytes: 10 });

    await expect(recordsOf(broken)).rejects.toMatchObject({ code: 'invalid_part' });
    await expect(recordsOf(cut)).rejects.toMatchObject({ code: 'invalid_part' });
    await expect(recordsOf(large)).rejects.toMatchObject({ code: 'body_too_large' });
  });

  test('whose client goes away fails with what the connection says', async () => {
    const gone = (): Readable =>
      Readable.from(
        (async function* () {
          yield gzipSync(TEXT).subarray(0, 5);
          throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
        })(),
      );

    const reads = [true, false].map((isGzip) => recordsOf(readPushedBody(gone(), { isGzip, maxBytes: 100 })));

    for (const read of reads) await expect(read).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
