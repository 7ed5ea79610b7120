import { expect, test } from 'vitest';
import { inTurns } from './in-turns.ts';

/** Works off elements that take so many milliseconds each; tells what was done, and after how many others had a rest. */
async function workOff(
  costs: readonly number[],
): Promise<{ done: number[]; rests: [after: number, ms: number][] }> {
  let now = 0;
  const done: number[] = [];
  const rests: [number, number][] = [];
  const pace = { now: () => now, rest: async (ms: number) => void rests.push([done.length, ms]) };
  await inTurns(
    costs,
    (cost) => {
      now += cost;
      done.push(cost);
    },
    pace,
  );
  return { done, rests };
}

test('others get a turn after twenty milliseconds of work', async () => {
  const { done, rests } = await workOff(Array(50).fill(1));

  expect(done).toHaveLength(50);
  expect(rests).toEqual([
    [20, 0],
    [40, 0],
  ]);
});

test('what is slow is alone in its turn, whatever came before, and others get as long as it took', async () => {
  const { done, rests } = await workOff([...Array(19).fill(1), 100, 90, 16, 1]);

  expect(done).toHaveLength(23);
  expect(rests).toEqual([
    [20, 119],
    [21, 90],
    [22, 16],
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

  await expect(inTurns([1, 2], fail)).rejects.toThrow('no');
});
