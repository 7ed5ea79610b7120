import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ComparableItem, compareInventories, identityKey } from './compare.ts';
import type { SideCoverage } from './coverage.ts';

interface Item extends ComparableItem {
  readonly content: string;
}

function side(items: Record<string, string>): Map<string, Item> {
  return new Map(
    Object.entries(items).map(([name, content]) => {
      const [itemType = '', externalId = ''] = name.split(' ');
      const identity = identityKey(itemType, externalId);
      return [identity, { identity, itemType, externalId, content }];
    }),
  );
}

const coverage = (...incomplete: string[]): SideCoverage => ({
  isComplete: (itemType) => !incomplete.includes(itemType),
  reason: () => null,
  reasonForEveryType: null,
});

function compare(
  baseline: Record<string, string>,
  current: Record<string, string>,
  options: { baseline?: SideCoverage; current?: SideCoverage; excluded?: string[] } = {},
) {
  const result = compareInventories({
    baseline: side(baseline),
    current: side(current),
    identify: (item) => item,
    excluded: new Set((options.excluded ?? []).map((name) => name.replace(' ', '\u0000'))),
    baselineCoverage: options.baseline ?? coverage(),
    currentCoverage: options.current ?? coverage(),
    isSame: (before, after) => before.content === after.content,
  });
  const names = (items: readonly Item[]): string[] =>
    items.map((item) => `${item.itemType} ${item.externalId}`);
  return {
    added: names(result.added),
    removed: names(result.removed),
    changed: result.changed.map(
      ({ before, after }) => `${names([after])}: ${before.content} → ${after.content}`,
    ),
    unchanged: result.unchanged,
    unprovenRemovals: names(result.unprovenRemovals),
    unprovenAdditions: names(result.unprovenAdditions),
  };
}

const nothing = {
  added: [],
  removed: [],
  changed: [],
  unchanged: 0,
  unprovenRemovals: [],
  unprovenAdditions: [],
};

describe('compareInventories', () => {
  it('says what came, what went, what changed and how many did not', () => {
    expect(compare({ 'a 1': 'x', 'a 2': 'x', 'a 3': 'x' }, { 'a 2': 'x', 'a 3': 'y', 'a 4': 'x' })).toEqual({
      ...nothing,
      added: ['a 4'],
      removed: ['a 1'],
      changed: ['a 3: x → y'],
      unchanged: 1,
    });
  });

  it('takes the same id of another type for another item', () => {
    expect(compare({ 'a 1': 'x' }, { 'b 1': 'x' })).toMatchObject({ added: ['b 1'], removed: ['a 1'] });
  });

  // Absence is evidence on the side where it is observed, and there only.
  it.each([
    [coverage(), coverage(), { added: ['t new'], removed: ['t old'] }],
    [coverage(), coverage('t'), { added: ['t new'], unprovenRemovals: ['t old'] }],
    [coverage('t'), coverage(), { removed: ['t old'], unprovenAdditions: ['t new'] }],
    [coverage('t'), coverage('t'), { unprovenRemovals: ['t old'], unprovenAdditions: ['t new'] }],
    [coverage('u'), coverage('u'), { added: ['t new'], removed: ['t old'] }],
  ])('needs proof of absence (%#)', (baseline, current, expected) => {
    expect(compare({ 't old': 'x' }, { 't new': 'x' }, { baseline, current })).toEqual({
      ...nothing,
      ...expected,
    });
  });

  it('needs no proof for a change: the item was seen on both sides', () => {
    const incomplete = { baseline: coverage('t'), current: coverage('t') };

    expect(compare({ 't 1': 'x', 't 2': 'x' }, { 't 1': 'y', 't 2': 'x' }, incomplete)).toEqual({
      ...nothing,
      changed: ['t 1: x → y'],
      unchanged: 1,
    });
  });

  it('leaves out what is excluded, on whichever side it is', () => {
    const excluded = ['t both', 't gone', 't new', 't other'];

    expect(compare({ 't both': 'x', 't gone': 'x' }, { 't both': 'y', 't new': 'x' }, { excluded })).toEqual(
      nothing,
    );
  });

  it('sorts by type and id, in UTF-16 code units', () => {
    const names = ['b 1', 'a 2', 'B 1', 'a 10', 'a ä', 'a z'];
    const items = Object.fromEntries(names.map((name) => [name, 'x']));
    const sorted = ['B 1', 'a 10', 'a 2', 'a z', 'a ä', 'b 1'];

    expect(compare({}, items).added).toEqual(sorted);
    expect(compare(items, {}).removed).toEqual(sorted);
    expect(compare(items, {}, { current: coverage('a', 'b', 'B') }).unprovenRemovals).toEqual(sorted);
  });

  it('counts every item of both sides once', () => {
    const items = fc.dictionary(
      fc.constantFrom('a 1', 'a 2', 'b 1', 'b 2', 'b 3'),
      fc.constantFrom('x', 'y'),
    );
    const incomplete = fc.subarray(['a', 'b']).map((types) => coverage(...types));

    fc.assert(
      fc.property(items, items, incomplete, incomplete, (before, after, baseline, current) => {
        const result = compare(before, after, { baseline, current });

        const onBoth = result.changed.length + result.unchanged;
        expect(onBoth + result.removed.length + result.unprovenRemovals.length).toBe(
          Object.keys(before).length,
        );
        expect(onBoth + result.added.length + result.unprovenAdditions.length).toBe(
          Object.keys(after).length,
        );
      }),
    );
  });
});
