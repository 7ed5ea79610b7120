import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeString } from './json-lexis.ts';
import { createJsonScanner } from './json-scan.ts';
import { hashName } from './wanted-members.ts';

// MemberNames as the scanner uses it.
const encoder = new TextEncoder();
const scanner = createJsonScanner({ wanted: new Map(), maxDepth: 64 });

function scan(text: string) {
  const bytes = encoder.encode(text);
  return scanner.scan(bytes, 0, bytes.length);
}

/** The names, decoded, that are noted as duplicates. */
function duplicates(text: string): string[] {
  const bytes = encoder.encode(text);
  return scanner.scan(bytes, 0, bytes.length).duplicateKeys.map((offset) => {
    expect(bytes[offset]).toBe(0x22);
    return decodeString(bytes, offset + 1, bytes.indexOf(0x22, offset + 1));
  });
}

it.each([
  ['{"a":1,"b":2}', []],
  ['{"a":1,"a":1}', ['a']],
  ['{"a":1,"a":2,"b":1,"a":3}', ['a', 'a']],
  ['{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}', []],
  ['{"a":{"b":1,"c":1,"b":1},"b":{"c":1}}', ['b']],
  ['[{"x":{},"x":[]}]', ['x']],
  ['{"a":{"b":1},"b":1,"a":1}', ['a']],
  ['{"":1,"":2}', ['']],
  ['{"__proto__":1,"__proto__":2}', ['__proto__']],
])('notes those of %s', (text, names) => {
  expect(duplicates(text)).toEqual(names);
});

it.each([
  [String.raw`{"a":1,"\u0061":2}`, 1],
  [String.raw`{"\u0061":1,"a":2}`, 1],
  [String.raw`{"\/":1,"/":2}`, 1],
  [String.raw`{"\u20AC":1,"€":2,"\u20ac":3}`, 2],
  [String.raw`{"😀":1,"\ud83d\ude00":2}`, 1],
  [String.raw`{"\ud800":1,"\ud801":2,"�":3}`, 0],
  [String.raw`{"\ud800":1,"\uD800":2}`, 1],
  [String.raw`{"\\u0061":1,"a":2}`, 0],
])('sees through escapes in %s', (text, count) => {
  expect(scan(text).duplicateKeys).toHaveLength(count);
});

it('notes as many as JSON.parse loses, in objects small and large', () => {
  const names = fc.array(fc.nat(200).map(String), { maxLength: 120 });

  fc.assert(
    fc.property(names, fc.nat(60), (names, nestedAt) => {
      const members = names.map((name, index) => `"${name}":${index === nestedAt ? '{"1":{"2":0}}' : '0'}`);
      const text = `{${members.join(',')}}`;
      const lost = names.length - Object.keys(JSON.parse(text)).length;

      expect(scan(text).duplicateKeys).toHaveLength(lost);
    }),
    { numRuns: 300 },
  );
});

it('tells names apart that have the same hash', () => {
  // The hash reads the length, four bytes at each end and the middle one.
  const names = Array.from({ length: 40 }, (_, index) => `abcd-${String(index).padStart(3, '0')}-m----wxyz`);
  const bytes = names.map((name) => encoder.encode(name));
  expect(new Set(bytes.map((name) => hashName(name, 0, name.length))).size).toBe(1);

  const text = `{${[...names, names[7]!].map((name) => `"${name}":0`).join(',')}}`;

  expect(duplicates(text)).toEqual([names[7]]);
});

it('takes linear time for an object of names that all have the same hash', () => {
  const count = 20_000;
  const names = Array.from(
    { length: count },
    (_, i) => `"abcd-${String(i).padStart(6, '0')}-m-------wxyz":0`,
  );

  const { duplicateKeys, fault } = scan(`{${names.join(',')},${names[5]}}`);

  expect({ fault, count: duplicateKeys.length }).toEqual({ fault: null, count: 1 });
});

it('forgets the names of an earlier value', () => {
  const many = `{${Array.from({ length: 60 }, (_, index) => `"n${index}":0`).join(',')}}`;

  expect(scan(`[${many},${many}]`).duplicateKeys).toEqual([]);
  expect(scan(many).duplicateKeys).toEqual([]);
});
