import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareText } from './compare-text.ts';

/** Any character but a surrogate: fast-check's unit 'binary' takes half a second to prepare. */
const character = fc
  .oneof(fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code));

it('orders by UTF-16 code units, so astral characters come before private ones and capitals before small letters', () => {
  expect(['a', '\u{e000}', 'Z', '\u{10000}', 'ä', ''].sort(compareText)).toEqual([
    '',
    'Z',
    'a',
    'ä',
    '\u{10000}',
    '\u{e000}',
  ]);
});

it('is the default order of sort', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: character, maxLength: 3 }), { maxLength: 8 }), (texts) => {
      expect([...texts].sort(compareText)).toEqual([...texts].sort());
    }),
  );
});
