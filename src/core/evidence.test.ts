import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { showValue } from './evidence.ts';
import { compileItemType } from './item-type.ts';
import { itemTypeSchema } from './item-type-schema.ts';
import { parsePointer } from './json-pointer.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { normalise } from './normalise.ts';

/** What is shown of the facts of `value` at `/at`. */
function show(value: JsonValue, definition: object): JsonValue {
  const type = compileItemType(itemTypeSchema.parse({ itemType: 't', ...definition }));
  const { at } = normalise({ at: value }, type, 'key') as { at: JsonValue };
  const place = parsePointer('/at').reduce((state, token) => state.next(token), type.root);
  return JSON.parse(canonicalJson(showValue(at, place, type)));
}

const all = { evidence: { show: ['/**'] } };

describe('showValue', () => {
  it.each(['text', '', 0, true, null, [], {}, { a: [1, { b: null }] }])(
    'shows %j as it is where it may',
    (value) => {
      expect(show(value, all)).toEqual(value);
    },
  );

  it('shows nothing that the type does not allow, but that it is there', () => {
    expect(show({ a: 1, b: ['x', null], c: {} }, {})).toEqual({
      a: '[withheld]',
      b: ['[withheld]', '[withheld]'],
      c: {},
    });
  });

  it('shows what is allowed beside what is not', () => {
    const evidence = { show: ['/at/**'], withhold: ['/at/b/**', '/at/list/x/c'] };
    const keyed = [{ path: '/at/list', key: ['/id'] }];
    const list = [
      { id: 'x', c: 1 },
      { id: 'y', c: 1 },
    ];

    expect(show({ a: 1, b: { c: 2 }, list }, { evidence, keyed })).toEqual({
      a: 1,
      b: { c: '[withheld]' },
      list: [
        { id: 'x', c: '[withheld]' },
        { id: 'y', c: 1 },
      ],
    });
  });

  it('never shows a secret, nor its digest, wherever it stands and whatever is allowed', () => {
    const definition = { ...all, sensitive: ['/at/a', '/at/list/*'] };
    const value = {
      a: { deep: 'x' },
      list: ['x', 'y'],
      password: 'x',
      env: [{ name: 'API_KEY', value: 'x' }],
    };

    expect(show(value, definition)).toEqual({
      a: '[redacted]',
      list: ['[redacted]', '[redacted]'],
      password: '[redacted]',
      env: [{ name: 'API_KEY', value: '[redacted]' }],
    });
    expect(show('x', { ...all, sensitive: ['/at'] })).toBe('[redacted]');
  });

  it('cuts a long text and says how long it is', () => {
    expect(show('x'.repeat(2000), all)).toBe('x'.repeat(2000));
    expect(show(['x'.repeat(2001)], all)).toEqual([`${'x'.repeat(2000)}… [cut: 2001 characters]`]);
  });

  it('does not show a value that is too large, and says how large', () => {
    const texts = (count: number): string[] => Array.from({ length: count }, () => 'x'.repeat(1021));

    expect(show(texts(63), all)).toHaveLength(63);
    expect(show(texts(65), all)).toBe('[too large to show: 66561 characters of JSON]');
  });

  it('sorts members, so that their order in an export changes nothing', () => {
    const type = compileItemType(itemTypeSchema.parse({ itemType: 't', ...all }));

    const shown = showValue({ b: 1, a: { d: 1, c: 2 } }, type.root, type);

    expect(JSON.stringify(shown)).toBe('{"a":{"c":2,"d":1},"b":1}');
  });

  it('does not show a name that is a secret', () => {
    expect(show({ [`ghp_${'aB3'.repeat(12)}`]: 1 }, all)).toEqual({ '[redacted]': 1 });
  });

  it('keeps members called like those of Object.prototype', () => {
    const value = JSON.parse('{"__proto__":{"a":1}}') as JsonObject;

    expect(Object.keys(show(value, all) as JsonObject)).toEqual(['__proto__']);
  });
});
