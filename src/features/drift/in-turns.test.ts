import { expect, test } from 'vitest';
import { inTurns } from './in-turns.ts';

/** Works off elements that take so many milliseconds each; tells the turns and the rests between them. */
async function workOff(costs: readonly number[]): Promise<{ turns: number[][]; rests: number[] }> {
  let now = 0;
  const rests: number[] = [];
  const turns: number[][] = [];
  const pace = { now: () => now, rest: async (ms: number) => void rests.push(ms) };
  for await (const turn of inTurns(costs, pace)) {
    turns.push([...turn]);
    for (const cost of turn) now += cost;
  }
  return { turns, rests };
}

test('what is quick comes in longer and longer turns, with a rest now and then', async () => {
  const { turns, rests } = await workOff(Array(200).fill(0.5));

  expect(turns.map(({ length }) => length).slice(0, 5)).toEqual([1, 2, 4, 8, 16]);
  expect(turns.flat()).toHaveLength(200);
  expect(rests.every((ms) => ms === 0)).toBe(true);
  expect(rests.length).toBeGreaterThan(0);
});

test('what is slow comes one by one, and others get as long as it took', async () => {
  expect(await workOff([100, 90, 80])).toEqual({ turns: [[100], [90], [80]], rests: [100, 90, 80] });
});

test('after quick ones a slow turn is the last long one', async () => {
  const { turns, rests } = await workOff([1, 1, 1, 50, 50, 50, 1, 1, 1]);

  expect(turns).toEqual([[1], [1, 1], [50, 50, 50, 1], [1], [1]]);
  expect(rests).toEqual([151]);
});

test('nothing is nothing', async () => {
  expect(await workOff([])).toEqual({ turns: [], rests: [] });
});
