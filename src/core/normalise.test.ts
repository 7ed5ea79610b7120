import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { contentHash } from './content-hash.ts';
import { compileItemType } from './item-type.ts';
import { itemTypeSchema } from './item-type-schema.ts';
import { emptyJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import { normalise } from './normalise.ts';
import { isSensitiveDigest } from './redact.ts';

const KEY = 'digest key';

/** Any character but a surrogate: fast-check's unit 'binary' takes half a second to prepare. */
const character = fc
  .oneof(fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code));

function facts(object: JsonValue, definition: object = {}, digestKey = KEY): JsonObject {
  const type = compileItemType(itemTypeSchema.parse({ itemType: 't', ...definition }));
  return normalise(object as JsonObject, type, digestKey);
}

/** The facts as they would be sent. */
function plain(object: JsonValue, definition: object = {}): JsonValue {
  return JSON.parse(canonicalJson(facts(object, definition)));
}

describe('volatile members', () => {
  it('are gone, and so is all below them', () => {
    expect(plain({ a: 1, v: { a: 1 }, b: { v: 2, c: 3 } }, { volatile: ['/**/v'] })).toEqual({
      a: 1,
      b: { c: 3 },
    });
  });

  it('are kept where an exception says so', () => {
    const definition = { volatile: ['/**/v'], keep: ['/list/*/v'] };

    expect(plain({ v: 1, list: [{ v: 2 }] }, definition)).toEqual({ list: [{ v: 2 }] });
  });

  it('can be elements of arrays, by their key or all of them', () => {
    const definition = { keyed: [{ path: '/list', key: ['/id'] }], volatile: ['/list/x', '/gone/*'] };

    expect(plain({ list: [{ id: 'x' }, { id: 'y' }], gone: [1, 2] }, definition)).toEqual({
      list: [{ id: 'y' }],
      gone: [],
    });
  });
});

describe('values that mean absence', () => {
  const object = { a: null, b: [], c: '', d: {}, e: 0, f: false, g: [null, [], ''] };

  it('stay where nothing is said', () => {
    expect(plain(object)).toEqual(object);
  });

  it.each([
    ['null', 'a'],
    ['empty_array', 'b'],
    ['empty_string', 'c'],
  ])('are gone as members, but not as elements (%s)', (absent, member) => {
    const { [member]: _, ...rest } = object as Record<string, JsonValue>;

    expect(plain(object, { absent: [absent] })).toEqual(rest);
  });

  it('are gone where they became so, as an array whose elements are volatile', () => {
    expect(plain({ a: [1, 2] }, { absent: ['empty_array'], volatile: ['/a/*'] })).toEqual({});
  });
});

describe('arrays', () => {
  it('keep their order where nothing is said', () => {
    expect(plain({ a: [3, 1, 2, 1] })).toEqual({ a: [3, 1, 2, 1] });
  });

  it('without order are sorted, each element once', () => {
    expect(plain({ a: [3, 1, { y: 1, x: [2, 1] }, 1, { x: [1, 2], y: 1 }] }, { unordered: ['/**'] })).toEqual(
      {
        a: [1, 3, { x: [1, 2], y: 1 }],
      },
    );
  });

  it('keep their order where an exception says so', () => {
    expect(plain({ a: [2, 1], b: [2, 1] }, { unordered: ['/**'], ordered: ['/a'] })).toEqual({
      a: [2, 1],
      b: [1, 2],
    });
  });

  it('with keys are sorted by key', () => {
    const definition = { keyed: [{ path: '/a', key: ['/id'] }] };

    expect(plain({ a: [{ id: 'b' }, { id: 'a', z: 1 }] }, definition)).toEqual({
      a: [{ id: 'a', z: 1 }, { id: 'b' }],
    });
  });

  it.each([[[{ id: 'b' }, { id: 'a' }, {}]], [[{ id: 'b' }, { id: 'a' }, { id: 'b', x: 1 }]]])(
    'with keys that do not tell the elements apart still have no order (%j)',
    (a) => {
      const definition = { keyed: [{ path: '/a', key: ['/id'] }] };

      expect(plain({ a }, definition)).toEqual(plain({ a: [...a].reverse() }, definition));
    },
  );

  it('lose what is volatile before they are compared as sets', () => {
    const definition = { unordered: ['/a'], volatile: ['/a/*/at'] };

    expect(
      plain(
        {
          a: [
            { x: 1, at: 1 },
            { x: 1, at: 2 },
          ],
        },
        definition,
      ),
    ).toEqual({ a: [{ x: 1 }] });
  });
});

describe('secrets', () => {
  const SECRET = 'hunter2-hunter2-hunter2';

  it.each([
    ['by a rule', { a: SECRET }, { sensitive: ['/a'] }],
    ['of any kind by a rule', { a: { b: [SECRET] } }, { sensitive: ['/a'] }],
    ['as elements', { a: [SECRET] }, { sensitive: ['/a/*'] }],
    [
      'as elements with a key',
      { a: [{ id: 'x', b: SECRET }] },
      { sensitive: ['/a/x'], keyed: [{ path: '/a', key: ['/id'] }] },
    ],
    ['under a condition', { a: SECRET, b: true }, { sensitive: [{ path: '/a', when: { sibling: 'b' } }] }],
    [
      'in an element under a condition',
      { l: [{ a: SECRET, b: 'x' }] },
      { sensitive: [{ path: '/l/*/a', when: { sibling: 'b', is: ['x'] } }] },
    ],
    ['under a secret name', { l: [{ clientSecret: SECRET }] }, {}],
    ['of any kind under a secret name', { password: [SECRET], token: { a: SECRET } }, {}],
    ['as numbers', { password: 1234567, pair: { name: 'pwd', value: SECRET } }, {}],
    ['as names', { env: { [`ghp_${'aB3'.repeat(12)}`]: SECRET.length, x: `https://u:${SECRET}@h/` } }, {}],
    ['in a pair with a secret name', { env: [{ name: 'DB_PASSWORD', value: SECRET }] }, {}],
    ['by their shape', { note: [`postgres://user:${SECRET}@host/db`] }, {}],
    [
      'even where all is to be kept and shown',
      { a: SECRET },
      { sensitive: ['/a'], keep: ['/**'], evidence: { show: ['/**'] } },
    ],
  ])('are digests: %s', (_, object, definition) => {
    const text = canonicalJson(facts(object, definition));

    expect(text).not.toContain(SECRET);
    expect(text).not.toMatch(/1234567|ghp_/);
    expect(text).toMatch(/"hmac-sha256:[0-9a-f]{64}"/);
  });

  it('are left alone where the condition does not hold', () => {
    const definition = { sensitive: [{ path: '/a', when: { sibling: 'b' } }] };

    expect(plain({ a: 'x', b: false }, definition)).toEqual({ a: 'x', b: false });
  });

  it('show whether they changed, under the key of one workspace only', () => {
    const definition = { sensitive: ['/a'] };

    expect(facts({ a: 'x' }, definition)).toEqual(facts({ a: 'x' }, definition));
    expect(facts({ a: 'x' }, definition)).not.toEqual(facts({ a: 'y' }, definition));
    expect(facts({ a: 'x' }, definition)).not.toEqual(facts({ a: 'x' }, definition, 'other key'));
  });

  it('that are not set show that they are not', () => {
    expect(plain({ a: null, password: '' }, { sensitive: ['/a'] })).toEqual({ a: null, password: '' });
  });

  it('do not depend on the order of members', () => {
    const definition = { sensitive: ['/a'] };

    expect(facts({ a: { x: 1, y: 2 } }, definition)).toEqual(facts({ a: { y: 2, x: 1 } }, definition));
  });

  it('are told from texts that only say what a secret must be like', () => {
    const object = { passwordMinimumLength: '8', password: true, secret: [], pwd: {}, tokenLifetime: 'PT1H' };

    expect(plain(object)).toEqual(object);
  });
});

describe('any object', () => {
  it('keeps members called like those of Object.prototype, which its facts do not have', () => {
    const object = JSON.parse('{"__proto__":{"x":1},"constructor":{"prototype":{"y":2}}}');

    const result = facts(object);

    expect(Object.getPrototypeOf(result)).toBeNull();
    expect(Object.keys(result)).toEqual(['__proto__', 'constructor']);
    expect(canonicalJson(result)).toBe(canonicalJson(object));
    expect(({} as { y?: number }).y).toBeUndefined();
  });

  it('is left as it was', () => {
    const object = { a: [{ v: 1 }, { b: -0 }], password: 'x', v: 2 };
    const text = JSON.stringify(object);

    facts(object, { volatile: ['/**/v'], unordered: ['/**'] });

    expect(JSON.stringify(object)).toBe(text);
  });

  it('has no negative zero in its facts', () => {
    const { a, b } = facts({ a: -0, b: [-0] });

    expect(Object.is(a, 0)).toBe(true);
    expect(Object.is((b as JsonValue[])[0], 0)).toBe(true);
  });
});

describe('in general', () => {
  const definition = {
    volatile: ['/**/v'],
    keep: ['/keep/v'],
    unordered: ['/**/set'],
    keyed: [{ path: '/**/keyed', key: ['/id'] }],
    absent: ['null', 'empty_array'],
  };

  const scalar = fc.constantFrom<JsonValue>(null, 0, -0, 1, '', 'a', 'b', true);
  /** Objects in which every rule of the definition finds something. */
  function objectOf(depth: number, secret: string): fc.Arbitrary<JsonObject> {
    if (depth === 0) return fc.dictionary(fc.constantFrom('a', 'v', secret), scalar);
    const below = objectOf(depth - 1, secret);
    const value = fc.oneof(scalar, below, fc.array(below, { maxLength: 2 }));
    const list = fc.array(value, { maxLength: 3 });
    const keyed = fc
      .uniqueArray(fc.tuple(fc.constantFrom('x', 'y', 'z'), below), { selector: ([id]) => id })
      .map((entries) => entries.map(([id, rest]) => ({ ...rest, id })));
    const members = { a: value, v: value, keep: value, [secret]: scalar, set: list, keyed, list };
    return fc.record(members, { requiredKeys: [] }).map((object) => object as JsonObject);
  }
  const object = objectOf(2, 'password');

  /** The same meaning written in another way: order, repetition, what is volatile, what means absence. */
  function rewritten(value: JsonValue, random: () => number, name = ''): JsonValue {
    if (Array.isArray(value)) {
      const elements = value.map((element) => rewritten(element, random));
      if (name === 'set' && elements.length > 0) elements.push(elements[0]!);
      return name === 'set' || name === 'keyed' ? shuffled(elements, random) : elements;
    }
    if (typeof value !== 'object' || value === null) return value === 0 ? -value : value;
    const members = Object.entries(value).map(
      ([key, member]) => [key, rewritten(member, random, key)] as const,
    );
    const result = emptyJsonObject();
    for (const [key, member] of shuffled(members, random)) result[key] = member;
    if (random() < 0.5) result.absent = random() < 0.5 ? null : [];
    return result;
  }

  function shuffled<T>(values: readonly T[], random: () => number): T[] {
    return values
      .map((value) => ({ value, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ value }) => value);
  }

  it('the same meaning has the same hash, however it is written', () => {
    fc.assert(
      fc.property(object, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (object, stream) => {
        const random = (): number => stream.next().value;

        expect(contentHash(facts(rewritten(object, random), definition))).toBe(
          contentHash(facts(object, definition)),
        );
      }),
      { numRuns: 150 },
    );
  });

  it('what is volatile never counts', () => {
    fc.assert(
      fc.property(object, scalar, (object, v) => {
        expect(contentHash(facts({ ...object, v }, definition))).toBe(contentHash(facts(object, definition)));
      }),
    );
  });

  it('the facts of facts without secrets are the facts', () => {
    fc.assert(
      fc.property(objectOf(2, 'b'), (object) => {
        const once = facts(object, definition);

        expect(canonicalJson(facts(once, definition))).toBe(canonicalJson(once));
      }),
      { numRuns: 150 },
    );
  });

  it('without rules nothing is lost but secrets', () => {
    const json = fc.dictionary(
      fc.string({ unit: character, maxLength: 5 }),
      fc.jsonValue({ stringUnit: character, maxDepth: 2 }),
    );

    fc.assert(
      fc.property(json, (object) => {
        const result = facts(object as JsonObject);

        fc.pre(!Object.values(result).some(isSensitiveDigest));
        expect(canonicalJson(result)).toBe(canonicalJson(object as JsonObject));
      }),
    );
  });
});

describe('secrets by the names around them', () => {
  it('an odd sibling of a conditional secret is no reason to fail', () => {
    const definition = { sensitive: [{ path: '/value', when: { sibling: 's', is: ['x'] } }] };

    expect(plain({ value: 'v', s: { toString: 1 } }, definition)).toEqual({ value: 'v', s: { toString: 1 } });
  });

  it('hide all texts and numbers below, but not what only names them', () => {
    const { imagePullSecrets, tokens } = facts({
      imagePullSecrets: [{ name: 'registry' }],
      tokens: [{ name: 'prod', text: 'hidden', since: 17, isOld: false }],
    }) as { imagePullSecrets: JsonValue; tokens: JsonObject[] };

    expect(imagePullSecrets).toEqual([{ name: 'registry' }]);
    expect(tokens[0]).toMatchObject({ name: 'prod', isOld: false });
    expect(isSensitiveDigest(tokens[0]?.text as JsonValue)).toBe(true);
    expect(isSensitiveDigest(tokens[0]?.since as JsonValue)).toBe(true);
  });
});
