import { expect, test } from 'vitest';
import { inTurns } from './in-turns.ts';

/**
 * Works off elements that take so many milliseconds each, while others take `othersMs` of each turn; tells what was
 * done, and after how many others had a rest.
 */
async function workOff(
  costs: readonly number[],
  { maxRests = Number.POSITIVE_INFINITY, othersMs = 0 } = {},
): Promise<{ done: number[]; rests: [after: number, ms: number][] }> {
  let now = 0;
  const done: number[] = [];
  const rests: [number, number][] = [];
  const pace = {
    now: () => now,
    async rest(ms: number) {
      rests.push([done.length, ms]);
      // Others may take longer than they get.
      now += ms + othersMs;
    },
  };
  const work = (cost: number): void => {
    now += cost;
    done.push(cost);
  };
  await inTurns(costs, work, { isStopped: () => rests.length >= maxRests, pace });
  return { done, rests };
}

test('others get a turn after a quarter of a millisecond of work', async () => {
  const { done, rests } = await workOff(Array(10).fill(0.0625));

  expect(done).toHaveLength(10);
  expect(rests).toEqual([
    [4, 0],
    [8, 0],
  ]);
});

test('where others are busy, a turn is as long as theirs, up to twenty milliseconds', async () => {
  const restsBeside = async (othersMs: number) =>
    (await workOff(Array(50).fill(1), { othersMs })).rests.map(([after]) => after);

  expect(await restsBeside(0)).toHaveLength(49);
  expect(await restsBeside(10)).toEqual([1, 11, 21, 31, 41]);
  expect(await restsBeside(3_000)).toEqual([1, 21, 41]);
});

test('what is slow is alone in its turn, whatever came before, and others get as long as it took', async () => {
  const { done, rests } = await workOff([0.0625, 0.0625, 100, 90, 16, 0.0625]);

  expect(done).toHaveLength(6);
  expect(rests).toEqual([
    [3, 100.125],
    [4, 90],
    [5, 16],
  ]);
  // What others needed in a rest as long as that says nothing.
  expect((await workOff([100, 1, 1], { othersMs: 50 })).rests).toEqual([
    [1, 100],
    [2, 0],
  ]);
});

test('nobody rests for as long as the machine slept, nor behind the last one', async () => {
  expect((await workOff([3_600_000, 50])).rests).toEqual([[1, 200]]);
  expect((await workOff([])).done).toEqual([]);
});

test('what fails ends it', async () => {
  const fail = () => {
    throw new Error('no');
  };

  await expect(inTurns([1, 2], fail, { isStopped: () => false })).rejects.toThrow('no');
});

test('what is not wanted any more ends with its turn', async () => {
  expect((await workOff(Array(10).fill(0.0625), { maxRests: 1 })).done).toHaveLength(4);
  expect((await workOff([100, 100, 100], { maxRests: 2 })).done).toHaveLength(2);

  const stop = () => {
    throw new Error('the worker stops');
  };
  const slow = {
    now: (() => {
      let now = 0;
      return () => (now += 100);
    })(),
    rest: async () => {},
  };
  await expect(inTurns([1, 2], () => {}, { isStopped: stop, pace: slow })).rejects.toThrow(
    'the worker stops',
  );
});
