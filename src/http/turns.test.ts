import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTurns, type Turns } from './turns.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Begins one thing for a key, which lasts until `end`; its names tell the order in which they began. */
function begin(turns: Turns, key: string, begun: string[], name = key) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = turns.run(key, async () => {
    begun.push(name);
    await promise;
  });
  done.catch(() => {});
  return { done, end: () => resolve() };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

test('a key that has all of its turns keeps no other from theirs', async () => {
  const turns = createTurns({ perKey: 2, overall: 10, maxWaitSeconds: 5 });
  const begun: string[] = [];

  for (let count = 0; count < 40; count++) begin(turns, 'loud', begun);
  begin(turns, 'quiet', begun);
  await settle();

  expect(begun).toEqual(['loud', 'loud', 'quiet']);
});

test('where all turns are taken the next one is of the key that has the fewest, whoever came first', async () => {
  const turns = createTurns({ perKey: 3, overall: 3, maxWaitSeconds: 5 });
  const begun: string[] = [];
  const first = begin(turns, 'loud', begun);
  for (let count = 0; count < 9; count++) begin(turns, 'loud', begun);
  begin(turns, 'quiet', begun);

  first.end();
  await settle();

  expect(begun).toEqual(['loud', 'loud', 'loud', 'quiet']);
});

test('of one key they come in the order in which they were asked for', async () => {
  const turns = createTurns({ perKey: 1, overall: 1, maxWaitSeconds: 5 });
  const begun: string[] = [];
  const all = ['a', 'b', 'c'].map((name) => begin(turns, 'key', begun, name));

  for (const { end } of all) {
    end();
    await settle();
  }

  expect(begun).toEqual(['a', 'b', 'c']);
});

test('work that fails gives its turn back', async () => {
  const turns = createTurns({ perKey: 1, overall: 1, maxWaitSeconds: 5 });

  const failed = await turns.run('key', async () => Promise.reject(new Error('broken'))).catch(String);
  const after = await turns.run('key', async () => 'done');

  expect([failed, after]).toEqual(['Error: broken', 'done']);
});

test('who waits too long is refused, by what stood in the way, and is never begun', async () => {
  const turns = createTurns({ perKey: 1, overall: 2, maxWaitSeconds: 5 });
  const begun: string[] = [];
  const first = begin(turns, 'a', begun);
  begin(turns, 'b', begun);
  const ofSame = begin(turns, 'a', begun, 'late');
  const ofOther = begin(turns, 'c', begun, 'late');

  await vi.advanceTimersByTimeAsync(5000);
  first.end();
  await settle();

  await expect(ofSame.done).rejects.toMatchObject({ code: 'rate_limited' });
  await expect(ofOther.done).rejects.toMatchObject({ code: 'overloaded' });
  expect(begun).toEqual(['a', 'b']);
});
