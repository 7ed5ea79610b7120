import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../core/json-value.ts';
import { createSyncBench, registryOf, type SyncBench } from './test-sync.ts';

let bench: SyncBench;
beforeAll(async () => {
  bench = await createSyncBench();
});
afterAll(() => bench.close());

const boxType = (more: JsonObject): JsonObject => ({
  itemType: 'box',
  match: [{ path: '/kind', is: ['box'] }],
  identity: ['/id'],
  ...more,
});
const plain = registryOf([boxType({})]);
const withoutColour = registryOf([boxType({ volatile: ['/colour'] })]);
const box = (id: string, colour: string, size = 1): object => ({ kind: 'box', id, colour, size });

async function shortly(scopeId: string): Promise<string[]> {
  const intervals = await bench.intervals(scopeId);
  return intervals.map(({ itemType, externalId, facts, from, to, openedBy, closedBy }) => {
    const { kind: _, id: __, ...rest } = facts;
    return `${itemType} ${externalId} ${JSON.stringify(rest)} ${openedBy}@${from} ${closedBy ?? ''}@${to ?? ''}`;
  });
}

describe('a run under changed rules', () => {
  test('brings what did not drift under the new rules at a boundary of its own', async () => {
    const files = await bench.createFiles();
    const { scopeId } = await bench.sync(files, [box('a', 'red')], plain);

    const second = await bench.sync(files, [box('a', 'red')], withoutColour);
    const third = await bench.sync(files, [box('a', 'blue')], withoutColour);

    expect(second).toMatchObject({ seq: 2, endSeq: 3, counts: { renormalised: 1, changed: 0, added: 0 } });
    expect(third.counts).toMatchObject({ unchanged: 1, changed: 0 });
    expect(await shortly(scopeId)).toEqual([
      'box a {"colour":"red","size":1} observed@1 renormalised@3',
      'box a {"size":1} renormalised@3 @',
    ]);
  });

  test('keeps what drifted under the old rules in its old form for one boundary', async () => {
    const files = await bench.createFiles();
    const { scopeId } = await bench.sync(files, [box('a', 'red')], plain);

    const second = await bench.sync(files, [box('a', 'blue', 2)], withoutColour);

    expect(second).toMatchObject({ seq: 2, endSeq: 3 });
    expect(await shortly(scopeId)).toEqual([
      'box a {"colour":"red","size":1} observed@1 observed@2',
      'box a {"colour":"blue","size":2} observed@2 renormalised@3',
      'box a {"size":2} renormalised@3 @',
    ]);
  });

  test('removes and adds as ever', async () => {
    const files = await bench.createFiles();
    const { scopeId } = await bench.sync(files, [box('a', 'red'), box('b', 'red')], plain);

    const second = await bench.sync(files, [box('b', 'red'), box('c', 'red')], withoutColour);

    expect(second.counts).toMatchObject({ removed: 1, added: 1, renormalised: 1 });
    expect(await shortly(scopeId)).toEqual([
      'box a {"colour":"red","size":1} observed@1 observed@2',
      'box b {"colour":"red","size":1} observed@1 renormalised@3',
      'box b {"size":1} renormalised@3 @',
      'box c {"size":1} observed@2 @',
    ]);
  });

  test('makes no drift of items that are of another type now', async () => {
    const files = await bench.createFiles();
    const before = registryOf([
      { itemType: 'crate', match: [{ path: '/kind', is: ['crate'] }], identity: ['/id'] },
    ]);
    const { scopeId } = await bench.sync(files, [box('a', 'red')], before);

    const second = await bench.sync(files, [box('a', 'red')], plain);

    expect(second.counts).toMatchObject({ added: 0, removed: 0, changed: 0, renormalised: 1, items: 1 });
    expect((await shortly(scopeId)).map((text) => text.split(' ')[0])).toEqual(['box', 'json']);
    expect((await shortly(scopeId)).at(-1)).toContain('renormalised@3');
  });

  test('leaves items of types whose rules stayed as they are, without storing them again', async () => {
    const files = await bench.createFiles();
    const crate = { itemType: 'crate', match: [{ path: '/kind', is: ['crate'] }], identity: ['/id'] };
    const { scopeId } = await bench.sync(files, [box('a', 'red')], plain);

    const second = await bench.sync(files, [box('a', 'red')], registryOf([boxType({}), crate]));

    expect(second).toMatchObject({ seq: 2, endSeq: 2, counts: { unchanged: 1, staged: 0, renormalised: 0 } });
    expect(await shortly(scopeId)).toHaveLength(1);
  });

  test('brings items that a partial run did not see under the new rules when they are seen again', async () => {
    const files = await bench.createFiles();
    const { scopeId } = await bench.sync(files, [box('a', 'red'), box('b', 'red')], plain);
    await bench.sync(files, `${JSON.stringify(box('a', 'red'))}\nbroken\n`, withoutColour);

    const third = await bench.sync(files, [box('a', 'red'), box('b', 'blue')], withoutColour);

    expect(third.counts).toMatchObject({ renormalised: 1, unchanged: 1 });
    expect((await shortly(scopeId)).filter((text) => text.startsWith('box b'))).toEqual([
      'box b {"colour":"red","size":1} observed@1 observed@4',
      'box b {"colour":"blue","size":1} observed@4 renormalised@5',
      'box b {"size":1} renormalised@5 @',
    ]);
  });
});
