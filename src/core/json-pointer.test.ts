import fc from 'fast-check';
import { expect, it } from 'vitest';
import { escapePointerToken, formatPointer, parsePointer, pointerFault, valueAt } from './json-pointer.ts';

const tokens = fc.array(fc.string({ unit: fc.constantFrom('~', '/', '0', '1', 'a', ''), maxLength: 5 }));

it('gives back the tokens that a pointer was made of', () => {
  fc.assert(
    fc.property(tokens, (tokens) => {
      expect(parsePointer(formatPointer(tokens))).toEqual(tokens);
    }),
  );
});

it.each([
  ['', []],
  ['/', ['']],
  ['/a~1b', ['a/b']],
  ['/m~0n', ['m~n']],
  ['/~01', ['~1']],
  ['//', ['', '']],
  ['/ /k"l', [' ', 'k"l']],
])('reads the pointer "%s" as RFC 6901 has it', (pointer, expected) => {
  expect(parsePointer(pointer)).toEqual(expected);
});

it('refuses a pointer that does not start with a slash', () => {
  expect(() => parsePointer('a/b')).toThrow(RangeError);
});

it.each([
  ['', true],
  ['/', true],
  ['/a~0b~1c/', true],
  ['a', false],
  ['/a~', false],
  ['/~2', false],
  ['/a/~/b', false],
])('knows whether "%s" is a pointer', (pointer, isPointer) => {
  expect(pointerFault(pointer) === null).toBe(isPointer);
});

it('escapes the tilde before the slash', () => {
  expect(escapePointerToken('~1/')).toBe('~01~1');
  expect(escapePointerToken('plain')).toBe('plain');
});

it('finds a value by going through objects only', () => {
  const value = JSON.parse('{"a":{"b":[{"c":1}],"__proto__":2},"":3}');

  expect(valueAt(value, [])).toBe(value);
  expect(valueAt(value, ['a', 'b'])).toEqual([{ c: 1 }]);
  expect(valueAt(value, ['a', '__proto__'])).toBe(2);
  expect(valueAt(value, [''])).toBe(3);
  expect(valueAt(value, ['a', 'b', '0'])).toBeUndefined();
  expect(valueAt(value, ['a', 'toString'])).toBeUndefined();
  expect(valueAt(value, ['x', 'y'])).toBeUndefined();
});
