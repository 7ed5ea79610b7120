import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatPointer } from './json-pointer.ts';
import { placeText, pointersAt } from './json-position.ts';
import type { JsonValue } from './json-value.ts';

const encoder = new TextEncoder();

/** Any character but a surrogate: fast-check's unit 'binary' takes half a second to prepare. */
const character = fc
  .oneof(fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code));

/** The pointer at the first place of `needle` in `text`. */
function pointerOf(text: string, needle: string, start = 0): string {
  const bytes = encoder.encode(text);
  const offset = encoder.encode(text.slice(0, text.indexOf(needle))).length;
  return pointersAt(bytes, start, [offset])[0] as string;
}

it.each([
  ['{"a":1}', '1', '/a'],
  ['{"a":1}', '"a"', '/a'],
  ['{"a":[0,{"b":1}]}', '1', '/a/1/b'],
  ['{"a":[[],[],7]}', '7', '/a/2'],
  ['{"a":{"x":1},"b":[{},{"x":2}],"c":7}', '7', '/c'],
  ['[[1,2],[3,7]]', '7', '/1/1'],
  ['{"a":"]},{\\"","b":7}', '7', '/b'],
  ['{"a\\"b\\\\":7}', '7', '/a"b\\'],
  ['{"a/b":{"~":7}}', '7', '/a~1b/~0'],
  ['{"\\u0061\\/":7}', '7', '/a~1'],
  ['{"€😀":7}', '7', '/€😀'],
  ['{"":7}', '7', '/'],
  ['7', '7', ''],
])('in %s names the place of %s %s', (text, needle, pointer) => {
  expect(pointerOf(text, needle)).toBe(pointer);
});

it('counts from the start of the value, not of the bytes', () => {
  expect(pointerOf('{"x":[1]}  {"a":7}', '7', 11)).toBe('/a');
});

it('names the second of two members of the same name', () => {
  const text = '{"a":{"b":1,"c":2,"b":3}}';

  expect(pointersAt(encoder.encode(text), 0, [text.lastIndexOf('"b"')])).toEqual(['/a/b']);
});

it('finds many places in one pass', () => {
  const text = '{"a":[1,2],"b":{"c":3},"d":4}';
  const offsets = ['1', '2', '"c"', '3', '4'].map((needle) => text.indexOf(needle));

  expect(pointersAt(encoder.encode(text), 0, offsets)).toEqual(['/a/0', '/a/1', '/b/c', '/b/c', '/d']);
});

it('finds the way to the one marked scalar of any value', () => {
  const marked = fc.letrec<{ value: { value: JsonValue; tokens: string[] } }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      fc.constant({ value: 'MARK', tokens: [] as string[] }),
      fc
        .tuple(
          fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 2 }),
          tie('value'),
          fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 2 }),
        )
        .map(([before, { value, tokens }, after]) => ({
          value: [...(before as JsonValue[]), value, ...(after as JsonValue[])],
          tokens: [String(before.length), ...tokens],
        })),
      fc
        .tuple(
          fc.jsonValue({ maxDepth: 1 }),
          fc.string({ unit: character, maxLength: 4 }),
          tie('value'),
          fc.boolean(),
        )
        .map(([other, name, { value, tokens }, isFirst]) => {
          const key = `k${name}`;
          const object = isFirst ? { [key]: value, z: other } : { z: other, [key]: value };
          return { value: object as JsonValue, tokens: [key, ...tokens] };
        }),
    ),
  })).value;

  fc.assert(
    fc.property(marked, fc.constantFrom(undefined, 2), ({ value, tokens }, indent) => {
      const text = JSON.stringify(value, null, indent);
      fc.pre(text.split('"MARK"').length === 2);
      expect(pointerOf(text, '"MARK"')).toBe(formatPointer(tokens));
    }),
    { numRuns: 150 },
  );
});

it.each([
  ['{}', 0, 0, 'column 1'],
  ['{}', 0, 1, 'column 2'],
  ['{\n  x', 0, 4, 'line 2, column 3'],
  ['a\r\nb', 0, 3, 'line 2, column 1'],
  ['\n\n', 0, 2, 'line 3, column 1'],
  ['a\nbb\ncc', 2, 6, 'line 2, column 2'],
  ['a\nbb\ncc', 2, 3, 'column 2'],
])('says where in %j, from %d, %d is', (text, start, offset, place) => {
  expect(placeText(encoder.encode(text), start, offset)).toBe(place);
});
