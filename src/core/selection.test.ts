import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSelected, normaliseSelection } from './selection.ts';

test('all types is one selection, however it is written', () => {
  const ways = [null, ['*'], ['**'], ['group', '*']];

  const selections = ways.map(normaliseSelection);

  expect(selections).toEqual(ways.map(() => ({ itemTypes: null })));
});

test('order and repetition of the types make no difference', () => {
  const names = fc.array(fc.constantFrom('group', 'device*', 'a**b', 'user'), { minLength: 1 });
  fc.assert(
    fc.property(names, fc.infiniteStream(fc.nat()), (itemTypes, order) => {
      const mixed = itemTypes
        .map((itemType) => ({ itemType, at: order.next().value as number }))
        .sort((a, b) => a.at - b.at)
        .map(({ itemType }) => itemType);

      expect(normaliseSelection([...mixed, ...itemTypes])).toEqual(normaliseSelection(itemTypes));
    }),
  );
});

test('a normalised selection selects what the written one does', () => {
  const type = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 6 });
  const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.array(glob, { minLength: 1, maxLength: 3 }), type, (itemTypes, itemType) => {
      expect(isSelected(normaliseSelection(itemTypes), itemType)).toBe(isSelected({ itemTypes }, itemType));
    }),
  );
});

test('a glob selects by the whole name', () => {
  const selection = normaliseSelection(['device*', 'group']);

  const selected = ['device', 'deviceGroup', 'myDevice', 'group', 'groups'].filter((itemType) =>
    isSelected(selection, itemType),
  );

  expect(selected).toEqual(['device', 'deviceGroup', 'group']);
});
