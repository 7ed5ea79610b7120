import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { box, createSyncBench, type SyncBench } from './test-sync.ts';

let bench: SyncBench;
beforeAll(async () => {
  bench = await createSyncBench();
});
afterAll(() => bench.close());

/** Intervals as short texts: `id=size [from,to)`. */
async function shortly(scopeId: string): Promise<string[]> {
  const intervals = await bench.intervals(scopeId);
  return intervals.map(
    ({ externalId, facts, from, to, openedBy, closedBy }) =>
      `${externalId}=${facts.size} [${from},${to ?? ''})` +
      `${openedBy === 'renormalised' ? ' renormalised' : ''}${closedBy === 'renormalised' ? ' until renormalised' : ''}`,
  );
}

describe('a sync of files', () => {
  test('stores all items at first, and then only what changed', async () => {
    const files = await bench.createFiles();

    const first = await bench.sync(files, [box('a'), box('b'), box('c')]);
    const second = await bench.sync(files, [box('c'), box('a'), box('b', 2), box('d')]);

    expect(first).toMatchObject({ status: 'succeeded', runSeq: 1, seq: 1, endSeq: 1, error: null });
    expect(second).toMatchObject({ status: 'succeeded', runSeq: 2, seq: 2 });
    expect(second.counts).toMatchObject({
      added: 1,
      changed: 1,
      removed: 0,
      unchanged: 2,
      items: 4,
      same: 2,
      staged: 2,
    });
    expect(await shortly(first.scopeId)).toEqual([
      'a=1 [1,)',
      'b=1 [1,2)',
      'b=2 [2,)',
      'c=1 [1,)',
      'd=1 [2,)',
    ]);
    expect(await bench.stagedRows(second.runId)).toBe(0);
  });

  test('closes what a complete enumeration does not hold, and opens it again when it comes back', async () => {
    const files = await bench.createFiles();
    const { scopeId } = await bench.sync(files, [box('a'), box('b')]);

    const second = await bench.sync(files, [box('a')]);
    const third = await bench.sync(files, [box('a'), box('b')]);

    expect(second.counts).toMatchObject({ removed: 1, items: 1 });
    expect(third.counts).toMatchObject({ added: 1, items: 2 });
    expect(await shortly(scopeId)).toEqual(['a=1 [1,)', 'b=1 [1,2)', 'b=1 [3,)']);
  });

  test('opens no interval where only bytes or volatile members changed, and knows the new bytes next time', async () => {
    const files = await bench.createFiles();
    const { scopeId } = await bench.sync(files, [box('a')]);

    const second = await bench.sync(files, [box('a', 1, { seenAt: 'now' })]);
    const third = await bench.sync(files, [box('a', 1, { seenAt: 'now' })]);

    expect(second.counts).toMatchObject({ changed: 0, unchanged: 1, staged: 1 });
    expect(third.counts).toMatchObject({ changed: 0, unchanged: 1, staged: 0, same: 1 });
    expect(await shortly(scopeId)).toEqual(['a=1 [1,)']);
  });

  test('carries over what it could not see when something of any type could not be read', async () => {
    const files = await bench.createFiles();
    const { scopeId } = await bench.sync(files, [box('a'), box('b')]);

    const partial = await bench.sync(files, `${JSON.stringify(box('a', 2))}\n{"broken":\n`);
    const third = await bench.sync(files, [box('a', 2)]);

    expect(partial).toMatchObject({ status: 'partial' });
    expect(partial.coverage).toContainEqual({
      itemType: 'box',
      status: 'partial',
      reason: '1 × invalid_json',
    });
    expect(partial.counts).toMatchObject({ unprovenRemovals: 1, removed: 0, changed: 1 });
    expect(partial.unprovenRemovals).toEqual([{ itemType: 'box', externalId: 'b', label: 'Box b' }]);
    expect(partial.problems).toMatchObject([{ code: 'invalid_json', path: `${files.path}:2` }]);
    expect(third.counts).toMatchObject({ removed: 1 });
    expect(await shortly(scopeId)).toEqual(['a=1 [1,2)', 'a=2 [2,)', 'b=1 [1,3)']);
  });

  test('sets an identity aside that comes with two contents, whichever of them is the known one', async () => {
    const files = await bench.createFiles();
    const { scopeId } = await bench.sync(files, [box('a'), box('b')]);

    const second = await bench.sync(files, [box('a'), box('a', 2), box('b', 5), box('b', 6)]);
    const third = await bench.sync(files, [box('a', 2), box('b')]);

    expect(second.status).toBe('succeeded');
    expect(second.ambiguous.map(({ externalId }) => externalId)).toEqual(['a', 'b']);
    expect(second.counts).toMatchObject({ ambiguous: 2, changed: 0, removed: 0 });
    expect(third.counts).toMatchObject({ changed: 1, ambiguous: 0 });
    expect(await shortly(scopeId)).toEqual(['a=1 [1,3)', 'a=2 [3,)', 'b=1 [1,)']);
  });

  test('counts the same item that comes twice once', async () => {
    const files = await bench.createFiles();
    await bench.sync(files, [box('a'), box('b'), box('b')]);

    const second = await bench.sync(files, [
      box('a'),
      box('a'),
      box('b', 1, { seenAt: 1 }),
      box('b', 1, { seenAt: 2 }),
    ]);

    expect(second.counts).toMatchObject({ items: 2, repeated: 2, ambiguous: 0, changed: 0 });
    expect(second.problems.map(({ code }) => code)).toEqual(['duplicate_item']);
  });

  test('has the same content digest for the same items, whatever way led there', async () => {
    const [one, other] = [await bench.createFiles(), await bench.createFiles()];
    await bench.sync(one, [box('a'), box('b', 3)]);
    const back = await bench.sync(one, [box('c', 7), box('a')]);

    const direct = await bench.sync(other, [box('a'), box('c', 7)]);

    expect(back.contentDigest).toBe(direct.contentDigest);
    expect(back.contentDigest).not.toBe((await bench.sync(other, [box('a')])).contentDigest);
  });

  test('keeps to the selected types', async () => {
    const files = await bench.createFiles({ itemTypes: ['box'] });

    const run = await bench.sync(files, [box('a'), { kind: 'crate', id: '1' }, { other: true, id: 'x' }]);

    expect(run).toMatchObject({ status: 'succeeded' });
    expect(run.counts).toMatchObject({ items: 1, unselected: 2 });
    expect(run.coverage).toEqual([
      { itemType: '*', status: 'not_checked', reason: 'not selected' },
      { itemType: 'box', status: 'complete', reason: null },
    ]);
  });

  test('tells generators of each run that was applied', async () => {
    const files = await bench.createFiles();

    const run = await bench.sync(files, [box('a')]);

    expect(bench.applied.at(-1)).toEqual({
      runId: run.runId,
      scopeId: run.scopeId,
      sourceId: run.sourceId,
      runSeq: 1,
    });
  });
});
