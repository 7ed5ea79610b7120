import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCursor, encodeCursor } from './page.ts';

const field = fc.oneof(
  fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  fc.integer(),
  fc.constant(null),
);

describe('a cursor', () => {
  test('gives back what it was made of, and goes into an address as it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(field, { maxLength: 5 }), (kind, fields) => {
        fc.pre(kind.isWellFormed());
        const cursor = encodeCursor(kind, fields);

        expect(decodeCursor(kind, cursor, fields.length)).toEqual(fields);
        expect(encodeURIComponent(cursor)).toBe(cursor);
      }),
    );
  });

  test('of another listing, of another length or of no listing is refused', () => {
    const cursor = encodeCursor('runs', ['2026-11-01', 1]);

    expect(() => decodeCursor('items', cursor, 2)).toThrow(
      expect.objectContaining({ code: 'invalid_cursor' }),
    );
    expect(() => decodeCursor('runs', cursor, 1)).toThrow(
      expect.objectContaining({ code: 'invalid_cursor' }),
    );
  });

  test('that is any text is refused, never a crash', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(() => decodeCursor('runs', text, 1)).toThrow(
          expect.objectContaining({ code: 'invalid_cursor' }),
        );
      }),
    );
  });

  test.each([['["runs",{}]'], ['["runs",[1]]'], ['["runs",true]'], ['{"0":"runs"}'], ['null']])(
    'that holds %s is refused',
    (json) => {
      expect(() => decodeCursor('runs', btoa(json), 1)).toThrow(
        expect.objectContaining({ code: 'invalid_cursor' }),
      );
    },
  );
});
