import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { callsMoreSensitive, digestNewlySensitive } from './digest-newly-sensitive.ts';
import { compileItemType, type ItemType } from './item-type.ts';
import { itemTypeSchema } from './item-type-schema.ts';
import type { JsonObject } from './json-value.ts';
import { normalise } from './normalise.ts';
import { digestSensitive } from './redact.ts';

const KEY = 'digest key';

function typeOf(definition: object): ItemType {
  return compileItemType(itemTypeSchema.parse({ itemType: 't', ...definition }));
}

/** Facts made under `made`, and what they become when `inForce` takes its place. */
function become(object: object, made: object, inForce: object): { before: JsonObject; after: JsonObject } {
  const rules = { made: typeOf(made), inForce: typeOf(inForce) };
  const before = normalise(object as JsonObject, rules.made, KEY);
  return { before, after: digestNewlySensitive(before, rules, KEY) };
}

describe('facts of which more is sensitive now', () => {
  it.each([
    ['a member', { a: 'x', b: 1 }, {}, ['/a']],
    ['a number and a truth value', { a: 1, b: true, c: 2 }, {}, ['/a', '/b']],
    ['an empty text', { a: '' }, {}, ['/a']],
    ['a whole object', { a: { b: ['x'] } }, {}, ['/a']],
    ['members deep below', { l: [{ a: 'x' }, { a: 'y', b: 1 }] }, {}, ['/l/*/a']],
    ['elements', { a: ['x', 'y'] }, {}, ['/a/*']],
    [
      'elements of a set, in the order of their digests',
      { a: ['x', 'y', 'z'] },
      { unordered: ['/a'] },
      ['/a/*'],
    ],
    [
      'an element by its key',
      {
        l: [
          { id: 'x', v: 1 },
          { id: 'y', v: 2 },
        ],
      },
      { keyed: [{ path: '/l', key: ['/id'] }] },
      ['/l/x/v'],
    ],
    ['keys', { l: [{ id: 'b' }, { id: 'a' }] }, { keyed: [{ path: '/l', key: ['/id'] }] }, ['/l/*/id']],
    [
      'what a sibling says',
      { l: [{ v: 'x', isSecret: true }, { v: 'y', isSecret: false }, { v: 'z' }] },
      {},
      [{ path: '/l/*/v', when: { sibling: 'isSecret' } }],
    ],
    [
      'what the text of a sibling says',
      {
        l: [
          { v: 'x', kind: 'secret' },
          { v: 'y', kind: 'other' },
        ],
      },
      {},
      [{ path: '/l/*/v', when: { sibling: 'kind', is: ['sec*'] } }],
    ],
    ['members with names like __proto__', JSON.parse('{"__proto__":{"a":"x"}}'), {}, ['/__proto__/a']],
  ])('have digests in place of %s, as if they were made now', (_, object, made, sensitive) => {
    const { before, after } = become(object, made, { ...made, sensitive });

    expect(canonicalJson(after)).toBe(
      canonicalJson(normalise(object as JsonObject, typeOf({ ...made, sensitive }), KEY)),
    );
    expect(after).not.toBe(before);
  });

  it('stay the same object where nothing is to be digested', () => {
    const { before, after } = become({ a: null, b: { c: [1, 2] } }, {}, { sensitive: ['/a', '/x'] });

    expect(after).toBe(before);
  });

  it('keep the digests that they have, under names that are secrets too', () => {
    const object = { password: 'hunter2', a: 'x', b: 'y' };

    const { before, after } = become(object, { sensitive: ['/a'] }, { sensitive: ['/a', '/b', '/password'] });

    expect(after).toEqual({ ...before, b: digestSensitive('y', KEY) });
  });

  it('keep what only the old rules called sensitive as it is', () => {
    const { before, after } = become({ a: 'x', b: 'y' }, { sensitive: ['/a'] }, { sensitive: ['/b'] });

    expect(after).toEqual({ a: before.a, b: digestSensitive('y', KEY) });
  });

  it('keep members that are volatile now, and their own order of arrays', () => {
    const { after } = become(
      { v: 1, l: [3, 1, 2], s: 'x' },
      {},
      { volatile: ['/v'], unordered: ['/l'], sensitive: ['/s'] },
    );

    expect(after).toEqual({ v: 1, l: [3, 1, 2], s: digestSensitive('x', KEY) });
  });

  it.each([
    ['was not kept', { volatile: ['/k'] }],
    ['is a digest itself', { sensitive: ['/k'] }],
  ])('are digested where the sibling that decides %s', (_, made) => {
    const inForce = { sensitive: [{ path: '/v', when: { sibling: 'k', is: ['secret'] } }] };

    const { after } = become({ v: 'x', k: 'secret' }, made, inForce);

    expect(after.v).toEqual(digestSensitive('x', KEY));
  });

  it('are the same when they are digested again', () => {
    const patterns = fc.subarray(['/a', '/b/*', '/b/*/a', '/**/c', '/a/b'], { minLength: 1 });
    const forms = fc.constantFrom({}, { unordered: ['/b'] }, { keyed: [{ path: '/b', key: ['/c'] }] });
    const object = fc.object({
      key: fc.constantFrom('a', 'b', 'c'),
      maxDepth: 3,
      values: [fc.constantFrom('x', 1, null)],
    });

    fc.assert(
      fc.property(object, forms, patterns, (given, form, sensitive) => {
        const rules = { made: typeOf(form), inForce: typeOf({ ...form, sensitive }) };
        const before = normalise(JSON.parse(JSON.stringify(given)), rules.made, KEY);

        const once = digestNewlySensitive(before, rules, KEY);

        expect(digestNewlySensitive(once, rules, KEY)).toBe(once);
        expect(canonicalJson(once)).toBe(
          canonicalJson(normalise(JSON.parse(JSON.stringify(given)), rules.inForce, KEY)),
        );
      }),
    );
  });
});

describe('a definition', () => {
  it.each([
    [['/a'], ['/a'], false],
    [['/a', '/b'], ['/b'], false],
    [['/a'], ['/a', '/b'], true],
    [[{ path: '/a', when: { sibling: 'b' } }], ['/a'], true],
    [[{ path: '/a', when: { sibling: 'b' } }], [{ path: '/a', when: { sibling: 'b' } }], false],
  ])('with %j calls more sensitive when it becomes %j: %s', (made, inForce, expected) => {
    const rules = { made: typeOf({ sensitive: made }), inForce: typeOf({ sensitive: inForce }) };

    expect(callsMoreSensitive(rules)).toBe(expected);
  });
});
