import { expect, test } from 'vitest';
import { readAhead } from './read-ahead.ts';

/** Gives 1 to `count`, or fails instead of giving `failsAt`; tells what was begun, and that it was ended. */
function source(count: number, failsAt = Number.POSITIVE_INFINITY) {
  const log: string[] = [];
  async function* read(): AsyncGenerator<number> {
    try {
      for (let next = 1; next <= count; next++) {
        log.push(`reads ${next}`);
        await new Promise(setImmediate);
        if (next === failsAt) throw new Error(`${next} can not be read`);
        yield next;
      }
    } finally {
      log.push('ended');
    }
  }
  return { log, read };
}

test('gives everything in its order', async () => {
  for (const [count, ahead] of [
    [0, 2],
    [1, 2],
    [7, 2],
    [7, 0],
    [7, 50],
  ] as const) {
    const got: number[] = [];
    for await (const value of readAhead(source(count).read(), ahead)) got.push(value);
    expect(got).toEqual(Array.from({ length: count }, (_, at) => at + 1));
  }
});

test('while one is worked on, so many are read, and no more', async () => {
  const { log, read } = source(9);
  const values = readAhead(read(), 2);

  await values.next();
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);

  expect(log).toEqual(['reads 1', 'reads 2', 'reads 3']);
  await values.next();
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(log.at(-1)).toBe('reads 4');
});

test('what fails is thrown where it would have been given', async () => {
  const { log, read } = source(9, 3);
  const got: number[] = [];

  await expect(
    (async () => {
      for await (const value of readAhead(read(), 4)) {
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
        got.push(value);
      }
    })(),
  ).rejects.toThrow('3 can not be read');

  expect(got).toEqual([1, 2]);
  expect(log.at(-1)).toBe('ended');
});

test('when nobody wants more, what is being read is waited for and the source is ended', async () => {
  const { log, read } = source(9);
  for await (const _ of readAhead(read(), 2)) break;

  expect(log).toEqual(['reads 1', 'reads 2', 'reads 3', 'ended']);
});

test('what nobody asked for may fail', async () => {
  const { log, read } = source(9, 2);
  for await (const _ of readAhead(read(), 2)) break;
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);

  expect(log).toEqual(['reads 1', 'reads 2', 'ended']);
});
