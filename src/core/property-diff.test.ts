import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { compileItemType } from './item-type.ts';
import { itemTypeSchema } from './item-type-schema.ts';
import { parsePointer } from './json-pointer.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import { normalise } from './normalise.ts';
import { diffProperties, type PropertyChange } from './property-diff.ts';

/** The changes between two objects under a definition, without their places. */
function diff(before: JsonValue, after: JsonValue, definition: object = {}): Omit<PropertyChange, 'place'>[] {
  const type = compileItemType(itemTypeSchema.parse({ itemType: 't', ...definition }));
  const facts = (object: JsonValue): JsonObject => normalise(object as JsonObject, type, 'key');
  return diffProperties(facts(before), facts(after), type).map(({ place: _, ...change }) => change);
}

/** The changes as one text each. */
function lines(before: JsonValue, after: JsonValue, definition: object = {}): string[] {
  const text = (value: JsonValue | undefined): string => (value === undefined ? '' : canonicalJson(value));
  return diff(before, after, definition).map(
    ({ op, path, before, after }) => `${op} ${path} ${text(before)}→${text(after)}`,
  );
}

describe('members', () => {
  it.each([
    [{}, {}, []],
    [{ a: 1 }, { a: 2 }, ['replace /a 1→2']],
    [{ a: 1 }, {}, ['remove /a 1→']],
    [{}, { a: null }, ['add /a →null']],
    [{ a: null }, { a: 0 }, ['replace /a null→0']],
    [{ a: '1' }, { a: 1 }, ['replace /a "1"→1']],
    [{ a: { b: { c: 1, d: 2 } } }, { a: { b: { c: 3, d: 2 } } }, ['replace /a/b/c 1→3']],
    [{ a: { b: 1 } }, { a: [1] }, ['replace /a {"b":1}→[1]']],
    [{ a: {} }, { a: { b: 1 } }, ['add /a/b →1']],
    [{ a: {} }, {}, ['remove /a {}→']],
    [
      { 'a/b': 1, '~': 1, '': 1 },
      { 'a/b': 2, '~': 2, '': 2 },
      ['replace / 1→2', 'replace /a~1b 1→2', 'replace /~0 1→2'],
    ],
  ])('from %j to %j', (before, after, expected) => {
    expect(lines(before, after)).toEqual(expected);
  });

  it('called like those of Object.prototype are members like others', () => {
    const before = JSON.parse('{"__proto__":{"a":1}}');
    const after = JSON.parse('{"__proto__":{"a":2},"toString":1}');

    expect(lines(before, after)).toEqual(['replace /__proto__/a 1→2', 'add /toString →1']);
  });
});

describe('keyed arrays', () => {
  const definition = { keyed: [{ path: '/**', key: ['/id'] }] };
  const setting = (id: string, rest: object = {}): JsonObject => ({ id, ...rest });

  it('take one setting in the middle for one addition, named by its key', () => {
    const ids = Array.from({ length: 30 }, (_, index) => `s${String(index * 2).padStart(2, '0')}`);
    const before = { settings: ids.map((id) => setting(id)) };
    const after = {
      settings: [...before.settings.slice(0, 15), setting('s29'), ...before.settings.slice(15)],
    };

    expect(lines(before, after, definition)).toEqual(['add /settings/s29 →{"id":"s29"}']);
    expect(lines(after, before, definition)).toEqual(['remove /settings/s29 {"id":"s29"}→']);
  });

  it('take a change within an element for one change', () => {
    const before = { settings: [setting('a', { value: 1 }), setting('b')] };
    const after = { settings: [setting('b'), setting('a', { value: 2 })] };

    expect(lines(before, after, definition)).toEqual(['replace /settings/a/value 1→2']);
  });

  it('can lie in each other, with any text for a key', () => {
    const before = { list: [setting('a/b', { list: [setting('', { x: 1 }), setting('~', { x: 1 })] })] };
    const nested = { list: [setting('a/b', { children: [setting('~', { x: 1 })] })] };
    const changed = { list: [setting('a/b', { children: [setting('~', { x: 2 }), setting('0')] })] };

    expect(lines(nested, changed, definition)).toEqual([
      'add /list/a~1b/children/0 →{"id":"0"}',
      'replace /list/a~1b/children/~0/x 1→2',
    ]);
    expect(lines(before, before, definition)).toEqual([]);
  });

  it('are compared as lists where keys do not tell the elements apart', () => {
    const before = { list: [setting('a', { x: 1 }), setting('a', { x: 2 })] };
    const after = { list: [setting('a', { x: 1 }), setting('a', { x: 3 })] };

    expect(lines(before, after, definition)).toEqual(['replace /list/1/x 2→3']);
  });

  it('are compared as lists where one side lost its keys', () => {
    expect(lines({ list: [setting('a')] }, { list: [{ x: 1 }] }, definition)).toEqual([
      'remove /list/0/id "a"→',
      'add /list/0/x →1',
    ]);
  });
});

describe('arrays without order', () => {
  const definition = { unordered: ['/**'] };

  it('of scalars name each by itself', () => {
    expect(lines({ a: ['x', 'y'] }, { a: ['z', 'y', 1] }, definition)).toEqual([
      'add /a/1 →1',
      'remove /a/x "x"→',
      'add /a/z →"z"',
    ]);
  });

  it('of objects say what changed within the most alike', () => {
    const before = {
      a: [
        { n: 1, x: 1, y: 1 },
        { n: 2, x: 2, y: 2 },
      ],
    };
    const after = {
      a: [
        { n: 2, x: 2, y: 3 },
        { n: 1, x: 1, y: 1 },
      ],
    };

    expect(lines(before, after, definition)).toEqual(['replace /a/1/y 2→3']);
  });
});

describe('lists', () => {
  it('take an insertion for one addition', () => {
    expect(lines({ a: [1, 2, 3, 4] }, { a: [1, 9, 2, 3, 4] })).toEqual(['add /a/1 →9']);
  });

  it('tell another order', () => {
    expect(lines({ a: [1, 2] }, { a: [2, 1] })).not.toEqual([]);
  });

  it('of lists are compared within', () => {
    expect(
      lines(
        { a: [[1, 2], [3]] },
        {
          a: [
            [1, 2],
            [3, 4],
          ],
        },
      ),
    ).toEqual(['add /a/1/1 →4']);
  });
});

describe('an array that comes or goes', () => {
  const absent = { absent: ['empty_array'] };

  it('is one change where an empty array is something else than none', () => {
    expect(lines({}, { a: ['x', 'y'] }, { unordered: ['/**'] })).toEqual(['add /a →["x","y"]']);
    expect(lines({ a: [] }, {}, { unordered: ['/**'] })).toEqual(['remove /a []→']);
  });

  it('is the coming or going of its elements where an empty array is none', () => {
    expect(lines({}, { a: ['x', 'y'] }, { unordered: ['/**'], ...absent })).toEqual([
      'add /a/x →"x"',
      'add /a/y →"y"',
    ]);
    expect(lines({ a: [{ id: 'x' }] }, {}, { keyed: [{ path: '/a', key: ['/id'] }], ...absent })).toEqual([
      'remove /a/x {"id":"x"}→',
    ]);
  });

  it('is one change where its elements have an order', () => {
    expect(lines({}, { a: ['x', 'y'] }, absent)).toEqual(['add /a →["x","y"]']);
  });
});

describe('secrets', () => {
  it('that changed are one change of one value', () => {
    const [change, ...others] = diff({ a: { x: 1 } }, { a: { x: 2 } }, { sensitive: ['/a'] });

    expect(others).toEqual([]);
    expect(change).toMatchObject({ path: '/a', op: 'replace' });
    expect(JSON.stringify(change)).not.toMatch(/"x"/);
  });

  it('that did not change are none, wherever they stand', () => {
    const object = { password: 'x', list: [{ token: 'y' }, 'z'] };

    expect(diff(object, object, { sensitive: ['/list/*'], unordered: ['/**'] })).toEqual([]);
  });

  it('that became visible are a change', () => {
    const sensitive = [{ path: '/a', when: { sibling: 'b' } }];

    expect(diff({ a: 'x', b: true }, { a: 'x', b: false }, { sensitive }).map(({ path }) => path)).toEqual([
      '/a',
      '/b',
    ]);
  });
});

describe('in general', () => {
  const scalar = fc.constantFrom<JsonValue>(null, 0, 1, '', 'a', 'b', '1', true);
  const object = objectOf(3);
  function objectOf(depth: number): fc.Arbitrary<JsonObject> {
    const value = depth === 0 ? scalar : fc.oneof(scalar, objectOf(depth - 1), fc.array(objectOf(depth - 1)));
    const values = fc.oneof(
      value,
      fc.array(fc.oneof(value, fc.array(scalar, { maxLength: 2 })), { maxLength: 3 }),
    );
    return fc.dictionary(fc.constantFrom('a', 'b', 'id', '__proto__', 'x/y'), values, { maxKeys: 3 });
  }
  const definitions = fc.constantFrom(
    {},
    { absent: ['null', 'empty_string'] },
    { unordered: ['/**'] },
    { keyed: [{ path: '/**', key: ['/id', '/a'] }] },
    { keyed: [{ path: '/**', key: ['/id'] }], unordered: ['/**'], ordered: ['/b'] },
  );

  it('there is no change exactly where the canonical forms are equal', () => {
    fc.assert(
      fc.property(object, object, definitions, (before, after, definition) => {
        const type = compileItemType(itemTypeSchema.parse({ itemType: 't', ...definition }));
        const isSame =
          canonicalJson(normalise(before, type, 'key')) === canonicalJson(normalise(after, type, 'key'));

        expect(diff(before, after, definition).length === 0).toBe(isSame);
        expect(diff(before, before, definition)).toEqual([]);
      }),
      { numRuns: 600 },
    );
  });

  it('no path stands twice with the same operation, and the changes are sorted', () => {
    fc.assert(
      fc.property(object, object, definitions, (before, after, definition) => {
        const changes = diff(before, after, definition).map(({ path, op }) => `${path} ${op}`);

        expect(new Set(changes).size).toBe(changes.length);
        const paths = diff(before, after, definition).map(({ path }) => path);
        expect(paths).toEqual([...paths].sort());
      }),
      { numRuns: 150 },
    );
  });

  it('the way back has the same changes the other way round, where no array is matched up by likeness', () => {
    const back = { add: 'remove', remove: 'add', replace: 'replace' } as const;
    const keyed = { keyed: [{ path: '/**', key: ['/id'] }] };
    const flat = fc.array(
      fc.record({ id: fc.constantFrom('x', 'y', 'z'), a: scalar, b: fc.constantFrom({ c: 1 }, { c: 2 }, 3) }),
    );

    fc.assert(
      fc.property(fc.uniqueArray(flat, { maxLength: 2, minLength: 2 }), ([one = [], other = []]) => {
        const unique = (list: { id: string }[]): JsonValue =>
          [...new Map(list.map((element) => [element.id, element])).values()] as JsonValue;
        const before = { list: unique(one) };
        const after = { list: unique(other) };

        const reversed = diff(after, before, keyed).map(({ path, shownPath, op, before, after }) => ({
          path,
          shownPath,
          op: back[op],
          before: after,
          after: before,
        }));

        expect(reversed).toEqual(diff(before, after, keyed));
      }),
    );
  });

  it('in keyed data each change has the values that stand at its path, and none lies within another', () => {
    const keyed = { keyed: [{ path: '/**', key: ['/id'] }] };
    const node = (depth: number): fc.Arbitrary<JsonObject> => {
      if (depth === 0) return fc.record({ a: scalar });
      const children = fc
        .uniqueArray(fc.tuple(fc.constantFrom('x', 'y/', '0'), node(depth - 1)), { selector: ([id]) => id })
        .map((entries) => entries.map(([id, node]): JsonValue => ({ ...node, id })));
      return fc.record({ a: scalar, children }, { requiredKeys: ['a'] }) as fc.Arbitrary<JsonObject>;
    };
    const tree = node(3);
    const at = (facts: JsonValue, path: string): JsonValue | undefined =>
      parsePointer(path).reduce<JsonValue | undefined>((value, token) => {
        if (Array.isArray(value))
          return value.find((element) => isJsonObject(element) && element.id === token);
        return isJsonObject(value) ? value[token] : undefined;
      }, facts);

    fc.assert(
      fc.property(tree, tree, (before, after) => {
        const changes = diff(before, after, keyed);

        for (const change of changes) {
          expect(shown(change.before)).toBe(shown(at(before, change.path)));
          expect(shown(change.after)).toBe(shown(at(after, change.path)));
          expect(changes.filter(({ path }) => path.startsWith(`${change.path}/`))).toEqual([]);
        }
      }),
      { numRuns: 150 },
    );

    function shown(value: JsonValue | undefined): string {
      const type = compileItemType(itemTypeSchema.parse({ itemType: 't', ...keyed }));
      return value === undefined ? 'none' : canonicalJson(normalise({ value }, type, 'key').value!);
    }
  });

  it('the order of elements without order has no influence', () => {
    const elements = fc.array(fc.record({ a: fc.nat(2), b: fc.nat(2), c: fc.nat(2) }), { maxLength: 5 });
    const definition = { unordered: ['/**'] };

    fc.assert(
      fc.property(elements, elements, fc.func(fc.nat()), (before, after, place) => {
        const shuffle = <T>(values: T[]): T[] => values.toSorted((a, b) => place(a) - place(b));

        expect(diff({ list: shuffle(before) }, { list: shuffle(after) }, definition)).toEqual(
          diff({ list: before }, { list: after }, definition),
        );
      }),
      { numRuns: 150 },
    );
  });
});

describe('what was missed or shown once', () => {
  const graph = { absent: ['empty_array'], unordered: ['/**'] };

  it('an empty array that comes or goes as an element is a change', () => {
    expect(lines({ a: [[1]] }, { a: [[1], []] }, graph)).toHaveLength(1);
    expect(lines({}, { a: [[]] }, graph)).toHaveLength(1);
    expect(lines({ a: [] }, {}, graph)).toEqual([]);
  });

  it('a key that may not be shown is not shown in the path either', () => {
    const definition = {
      unordered: ['/tags'],
      keyed: [{ path: '/list', key: ['/k'] }],
      evidence: { show: ['/list/*/n'] },
    };
    const changes = diff(
      { tags: [], list: [{ k: 'key', n: 1 }] },
      { tags: ['text'], list: [{ k: 'key', n: 2 }] },
      definition,
    );

    expect(changes.map(({ shownPath }) => shownPath)).toEqual(['/list/[withheld]/n', '/tags/[withheld]']);
    expect(changes.map(({ path }) => path)).toEqual(['/list/key/n', '/tags/text']);
  });
});

describe('arrays of named elements', () => {
  const named = { named: [{ path: '/**', key: ['/name'] }] };
  const rules = (...names: string[]) => ({ l: names.map((name) => ({ name, n: 1 })) });

  it('name what changed by the name, wherever it stands', () => {
    const before = {
      l: [
        { name: 'a', n: 1 },
        { name: 'b', n: 1 },
      ],
    };
    const after = {
      l: [
        { name: 'new', n: 1 },
        { name: 'a', n: 1 },
        { name: 'b', n: 2 },
      ],
    };

    expect(lines(before, after, named)).toEqual(['replace /l/b/n 1→2', 'add /l/new →{"n":1,"name":"new"}']);
  });

  it('have an order, and another one is one change', () => {
    expect(lines(rules('a', 'b', 'c'), rules('c', 'a', 'b'), named)).toEqual([
      'replace /l ["a","b","c"]→["c","a","b"]',
    ]);
    expect(lines(rules('a', 'b'), rules('a', 'b'), named)).toEqual([]);
  });

  it('are compared by position where names repeat', () => {
    expect(lines(rules('a', 'a'), rules('a', 'a', 'a'), named)).toHaveLength(1);
  });
});
