import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createJsonScanner } from './json-scan.ts';
import { countWantedSlots, type WantedMembers } from './wanted-members.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const wanted: WantedMembers = new Map([
  ['id', { slot: 0, members: null }],
  ['meta', { slot: 1, members: new Map([['uid', { slot: 2, members: null }]]) }],
  ['a/b', { slot: 3, members: null }],
  ['', { slot: 4, members: null }],
]);
const scanner = createJsonScanner({ wanted, maxDepth: 64 });

/** The text at each slot; null where there is none. */
function spansOf(text: string): (string | null)[] {
  const bytes = encoder.encode(text);
  const { spans, fault, isIncomplete } = scanner.scan(bytes, 0, bytes.length);
  expect({ fault, isIncomplete }).toEqual({ fault: null, isIncomplete: false });
  return Array.from({ length: spans.length / 2 }, (_, slot) =>
    spans[2 * slot] === -1 ? null : decoder.decode(bytes.subarray(spans[2 * slot], spans[2 * slot + 1])),
  );
}

it.each([
  ['{"id":"x"}', ['"x"', null, null, null, null]],
  ['{ "x" : [ 1 ] , "id" : 12 }', ['12', null, null, null, null]],
  ['{"id":{"uid":1},"meta":{"id":2,"uid":[3]}}', ['{"uid":1}', '{"id":2,"uid":[3]}', '[3]', null, null]],
  ['{"meta":[{"uid":1}],"a/b":null}', [null, '[{"uid":1}]', null, 'null', null]],
  ['{"meta":"uid","":true}', [null, '"uid"', null, null, 'true']],
  [
    '{"x":{"id":1,"meta":{"uid":2}},"meta":{"meta":{"uid":3}}}',
    [null, '{"meta":{"uid":3}}', null, null, null],
  ],
  ['[{"id":1}]', [null, null, null, null, null]],
  ['"id"', [null, null, null, null, null]],
  ['{}', [null, null, null, null, null]],
  [String.raw`{"\u0069d":1,"m\u0065ta":{"ui\u0064":2},"a\/b":3}`, ['1', '{"ui\\u0064":2}', '2', '3', null]],
])('finds those of %s', (text, spans) => {
  expect(spansOf(text)).toEqual(spans);
});

it('takes the last of a member that stands twice, as JSON.parse does', () => {
  expect(spansOf('{"id":1,"meta":{"uid":1,"uid":2},"id":[3]}')).toEqual([
    '[3]',
    '{"uid":1,"uid":2}',
    '2',
    null,
    null,
  ]);
});

it('finds in any object what JSON.parse finds', () => {
  const name = fc.constantFrom('id', 'meta', 'uid', 'a/b', '', 'x', '__proto__');
  const object = fc.dictionary(
    name,
    fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.dictionary(name, fc.jsonValue())),
  );

  fc.assert(
    fc.property(object, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const parsed = JSON.parse(JSON.stringify(value));
      const own = (from: unknown, key: string): unknown =>
        typeof from === 'object' && from !== null && !Array.isArray(from) && Object.hasOwn(from, key)
          ? (from as Record<string, unknown>)[key]
          : undefined;
      const expected = [own(parsed, 'id'), own(parsed, 'meta'), own(own(parsed, 'meta'), 'uid')];

      const found = spansOf(JSON.stringify(value, null, indent));

      expect(found.slice(0, 3).map((text) => (text === null ? undefined : JSON.parse(text)))).toEqual(
        expected,
      );
    }),
    { numRuns: 500 },
  );
});

it('forgets what it found in the value before', () => {
  spansOf('{"id":1,"meta":{"uid":1}}');

  expect(spansOf('{"meta":{}}')).toEqual([null, '{}', null, null, null]);
});

it('needs a slot for each member that is wanted, wherever it stands', () => {
  expect(countWantedSlots(wanted)).toBe(5);
  expect(countWantedSlots(new Map())).toBe(0);
});
