import { expect, it } from 'vitest';
import { RecordBuffer } from './record-buffer.ts';

const MEBIBYTE = 1024 * 1024;

/** A source that counts: byte n of it is n modulo 251. */
function counting(length: number, size: number, isAsync = false) {
  let at = 0;
  return {
    read(target: Buffer) {
      const count = Math.min(size, target.length, length - at);
      for (let index = 0; index < count; index++) target[index] = (at + index) % 251;
      at += count;
      return isAsync ? Promise.resolve(count) : count;
    },
  };
}

it('reads to the brim, however little the source gives at once', async () => {
  for (const isAsync of [false, true]) {
    const buffer = new RecordBuffer(counting(25, 10, isAsync), { firstOffset: 0, expectedBytes: 25 });

    await buffer.fill();

    expect([buffer.start, buffer.end, buffer.isFinal]).toEqual([0, 25, true]);
    expect([...buffer.bytes.subarray(0, buffer.end)]).toEqual(Array.from({ length: 25 }, (_, n) => n));
  }
});

it('moves what is not yet consumed to the front, and still knows its offset', async () => {
  const buffer = new RecordBuffer(counting(100, 30), { firstOffset: 3, expectedBytes: 29 });
  await buffer.fill();
  buffer.start = 20;
  expect(buffer.offsetOf(buffer.start)).toBe(23);

  await buffer.fill();

  expect([buffer.start, buffer.end]).toEqual([0, 30]);
  expect(buffer.bytes[0]).toBe(20);
  expect(buffer.bytes[29]).toBe(49);
  expect(buffer.offsetOf(0)).toBe(23);
});

it('grows only where what is not consumed fills it', async () => {
  const buffer = new RecordBuffer(counting(4 * MEBIBYTE, MEBIBYTE), {
    firstOffset: 0,
    expectedBytes: 4 * MEBIBYTE,
  });
  await buffer.fill();
  expect(buffer.bytes).toHaveLength(MEBIBYTE);

  buffer.start = MEBIBYTE - 10;
  await buffer.fill();
  expect(buffer.bytes).toHaveLength(MEBIBYTE);

  await buffer.fill();

  expect(buffer.bytes).toHaveLength(2 * MEBIBYTE);
  expect(buffer.end).toBe(2 * MEBIBYTE);
  expect(buffer.bytes[2 * MEBIBYTE - 1]).toBe((MEBIBYTE - 10 + 2 * MEBIBYTE - 1) % 251);
});

it('is no larger than a small source, and grows where that has more than was expected', async () => {
  const buffer = new RecordBuffer(counting(10, 10), { firstOffset: 0, expectedBytes: 3 });
  expect(buffer.bytes).toHaveLength(4);

  while (!buffer.isFinal) await buffer.fill();

  expect([...buffer.bytes.subarray(0, buffer.end)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

it('notices the end of a source that has as much as expected without growing', async () => {
  const buffer = new RecordBuffer(counting(10, 10), { firstOffset: 0, expectedBytes: 10 });

  while (!buffer.isFinal) await buffer.fill();

  expect(buffer.bytes).toHaveLength(11);
});

it('reads a source of which nothing was expected', async () => {
  const buffer = new RecordBuffer(counting(3, 1), { firstOffset: 0, expectedBytes: 0 });

  while (!buffer.isFinal) await buffer.fill();

  expect(buffer.end).toBe(3);
});
