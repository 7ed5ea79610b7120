import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identityKey } from './compare.ts';
import { groupByIdentity, joinAmbiguous } from './identity-groups.ts';

interface Reading {
  readonly itemType: string;
  readonly externalId: string;
  readonly content: string;
  readonly path: string;
  readonly isContradictory?: boolean;
}

function group(readings: Iterable<Reading>) {
  return groupByIdentity(readings, {
    identify: ({ itemType, externalId }) => ({
      identity: identityKey(itemType, externalId),
      itemType,
      externalId,
    }),
    isContradictory: (reading) => reading.isContradictory === true,
    pathOf: ({ path }) => path,
    isSameContent: (one, other) => one.content === other.content,
  });
}

const item = (externalId: string, content: string, path: string, isContradictory = false): Reading => ({
  itemType: 't',
  externalId,
  content,
  path,
  isContradictory,
});

describe('groupByIdentity', () => {
  it('keeps items of other types or ids apart', () => {
    const readings = [item('1', 'a', 'f'), item('2', 'a', 'g'), { ...item('1', 'b', 'h'), itemType: 'u' }];

    const { items, ambiguous, duplicates } = group(readings);

    expect([...items.values()]).toEqual(readings);
    expect([ambiguous, duplicates]).toEqual([[], []]);
  });

  it('collapses equal contents into the one at the first path', () => {
    const { items, ambiguous, duplicates } = group([
      item('1', 'a', 'z'),
      item('1', 'a', 'b'),
      item('1', 'a', 'm'),
    ]);

    expect([...items.values()]).toEqual([item('1', 'a', 'b')]);
    expect(ambiguous).toEqual([]);
    expect(duplicates).toEqual([
      { identity: 't\u00001', itemType: 't', externalId: '1', paths: ['b', 'm', 'z'] },
    ]);
  });

  it('calls different contents ambiguous, whichever came last', () => {
    const { items, ambiguous, duplicates } = group([
      item('1', 'a', 'z'),
      item('1', 'b', 'y'),
      item('1', 'a', 'x'),
    ]);

    expect(items.size).toBe(1);
    expect(ambiguous).toMatchObject([{ externalId: '1', paths: ['x', 'y', 'z'] }]);
    expect(duplicates).toEqual([]);
  });

  it('calls what contradicts itself ambiguous, alone or beside an equal one', () => {
    expect(group([item('1', 'a', 'x', true)]).ambiguous).toMatchObject([{ paths: ['x'] }]);
    expect(group([item('1', 'a', 'y'), item('1', 'a', 'x', true)]).ambiguous).toMatchObject([
      { paths: ['x', 'y'] },
    ]);
    expect(group([item('1', 'a', 'x', true), item('1', 'a', 'y')]).ambiguous).toMatchObject([
      { paths: ['x', 'y'] },
    ]);
  });

  it('sorts by type and id', () => {
    const readings = ['b', 'a', 'B'].flatMap((id) => [item(id, '1', `${id}1`), item(id, '2', `${id}2`)]);

    expect(group(readings).ambiguous.map(({ externalId }) => externalId)).toEqual(['B', 'a', 'b']);
  });

  it('says the same in whatever order it reads', () => {
    const readings = fc
      .array(
        fc.record({
          itemType: fc.constantFrom('t', 'u'),
          externalId: fc.constantFrom('1', '2', '3'),
          content: fc.constantFrom('a', 'b'),
          isContradictory: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
        }),
        { maxLength: 10 },
      )
      .map((all) => all.map((reading, index): Reading => ({ ...reading, path: `f${index}` })));
    const shuffled = readings.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );

    fc.assert(
      fc.property(shuffled, ([readings, others]) => {
        const [one, other] = [group(readings), group(others)];

        expect(other.ambiguous).toEqual(one.ambiguous);
        expect(other.duplicates).toEqual(one.duplicates);
        expect(new Map([...other.items].sort())).toEqual(new Map([...one.items].sort()));
      }),
      { numRuns: 300 },
    );
  });
});

describe('joinAmbiguous', () => {
  it('names an identity that is ambiguous on both sides once, with the paths of both', () => {
    const baseline = group([item('2', 'a', 'b/2'), item('2', 'b', 'b/1')]).ambiguous;
    const current = group([item('2', 'a', 'a'), item('2', 'b', 'c'), item('1', 'x', 'd', true)]).ambiguous;

    expect(joinAmbiguous(baseline, current)).toMatchObject([
      { externalId: '1', paths: ['d'] },
      { externalId: '2', paths: ['a', 'b/1', 'b/2', 'c'] },
    ]);
  });
});
