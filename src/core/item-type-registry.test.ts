import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  asExternalId,
  createItemTypeRegistry,
  type ItemTypeRegistry,
  parseItemTypes,
} from './item-type-registry.ts';
import { type ItemTypeDefinition, itemTypeSchema } from './item-type-schema.ts';
import type { JsonObject } from './json-value.ts';
import { parseYaml } from './yaml-document.ts';

/** A definition that can stand alone, but for what is said of it. */
function define(itemType: string, definition: object = {}): ItemTypeDefinition {
  const match = [{ path: '/type', is: [itemType] }];
  return itemTypeSchema.parse({ itemType, identity: ['/id'], match, ...definition });
}

const fallback = define('json', { isFallback: true, match: [], identity: ['/id', '/name'] });

function registryOf(own: readonly ItemTypeDefinition[], builtIn = [fallback]): ItemTypeRegistry {
  const result = createItemTypeRegistry({ own, builtIn });
  if (!result.ok) throw new Error(JSON.stringify(result.details));
  return result.registry;
}

function faultsOf(own: readonly ItemTypeDefinition[], builtIn = [fallback]): string[][] {
  const result = createItemTypeRegistry({ own, builtIn });
  return result.ok ? [] : result.details.map(({ pointer, detail }) => [pointer, detail]);
}

describe('what may not be', () => {
  it('says of all definitions what does not fit together', () => {
    const own = [
      define('a', { extends: 'nothing' }),
      define('b', { identity: [] }),
      define('c', { match: [] }),
      define('d', { sensitive: ['/**'] }),
      define('d'),
    ];

    expect(faultsOf(own)).toEqual([
      ['/itemTypes/0/extends', 'there is no item type "nothing"'],
      ['/itemTypes/1/identity', 'an item type needs at least one identity'],
      ['/itemTypes/2/match', 'without a rule in `match` nothing can be of this type'],
      ['/itemTypes/3/sensitive', 'the identity /id can not be sensitive'],
      ['/itemTypes/4/itemType', '"d" is defined twice'],
    ]);
  });

  it.each([
    ['itself', [define('a', { extends: 'a' })], ['/itemTypes/0/extends', 'there is no item type "a"']],
    [
      'one that extends it',
      [define('a', { extends: 'b' }), define('b', { extends: 'a' })],
      ['/itemTypes/0/extends', '"a" extends itself'],
      ['/itemTypes/1/extends', '"b" extends itself'],
    ],
    [
      'what it extends by the way of a third',
      [define('a', { extends: 'b' }), define('b', { extends: 'c' }), define('c', { extends: 'b' })],
      ['/itemTypes/0/extends', '"b" extends itself'],
      ['/itemTypes/1/extends', '"b" extends itself'],
      ['/itemTypes/2/extends', '"c" extends itself'],
    ],
    [
      'one whose own parent is missing',
      [define('a', { extends: 'b' }), define('b', { extends: 'c' })],
      ['/itemTypes/0/extends', 'there is no item type "c"'],
      ['/itemTypes/1/extends', 'there is no item type "c"'],
    ],
  ] as [string, ItemTypeDefinition[], ...string[][]][])(
    'does not let a type extend %s',
    (_, own, ...faults) => {
      expect(faultsOf(own)).toEqual(faults);
    },
  );

  it('calls a built-in type that extends itself circular', () => {
    const result = createItemTypeRegistry({ own: [], builtIn: [define('a', { extends: 'a' }), fallback] });

    expect(result.ok ? [] : result.details.map(({ detail }) => detail)).toEqual(['"a" extends itself']);
  });

  it('finds an identity sensitive by an inherited rule, under a condition too', () => {
    const base = define('base', {
      isAbstract: true,
      sensitive: [{ path: '/meta/*', when: { sibling: 'x' } }],
    });
    const own = [base, define('a', { extends: 'base', identity: ['/meta/uid'] })];

    expect(faultsOf(own)).toEqual([
      ['/itemTypes/1/sensitive', 'the identity /meta/uid can not be sensitive'],
    ]);
  });

  it('lets what stands beside the items lack an identity', () => {
    expect(faultsOf([define('a', { identity: [], isCompanion: true })])).toEqual([]);
  });

  it('lets an abstract type lack what others need', () => {
    const base = define('base', { isAbstract: true, identity: [], match: [] });

    expect(faultsOf([base, define('a', { extends: 'base' })])).toEqual([]);
    expect(registryOf([base, define('a', { extends: 'base' })]).get('base')).toBeUndefined();
  });
});

describe('extends', () => {
  const base = define('base', {
    isAbstract: true,
    title: 'Base',
    match: [{ path: '/type', is: ['base'] }],
    identity: ['/uid'],
    weakIdentity: ['/name'],
    label: ['/title'],
    absent: ['null'],
    volatile: ['/v'],
    keyed: [{ path: '/k', key: ['/b'] }],
    evidence: { show: ['/**'], withhold: ['/w'] },
    driftTypes: [{ path: '/**', driftType: 'ownership' }],
    impact: [{ path: '/**', baseImpact: 0.1 }],
    presenceImpact: { added: 0.1, removed: 0.2 },
  });

  it('adds the rules of the extended type behind its own, and takes over what it lacks', () => {
    const own = define('a', {
      extends: 'base',
      identity: [],
      label: ['/label'],
      absent: ['empty_array'],
      volatile: ['/x'],
      keyed: [{ path: '/k', key: ['/a'] }],
      presenceImpact: { removed: 0.9 },
    });

    expect(registryOf([base, own]).get('a')?.definition).toMatchObject({
      identity: ['/uid'],
      weakIdentity: ['/name'],
      label: ['/label'],
      absent: ['empty_array', 'null'],
      volatile: ['/x', '/v'],
      keyed: [{ key: ['/a'] }, { key: ['/b'] }],
      evidence: { show: ['/**'], withhold: ['/w'] },
      presenceImpact: { added: 0.1, removed: 0.9 },
    });
  });

  it('takes over neither match nor title of another type', () => {
    const type = registryOf([base, define('a', { extends: 'base' })]).get('a');

    expect(type).toMatchObject({ title: 'a', definition: { match: [{ path: '/type', is: ['a'] }] } });
  });

  it('goes through several levels', () => {
    const middle = define('middle', { isAbstract: true, extends: 'base', volatile: ['/m'], identity: [] });

    const type = registryOf([define('a', { extends: 'middle', identity: [] }), middle, base]).get('a');

    expect(type?.definition).toMatchObject({ identity: ['/uid'], volatile: ['/m', '/v'] });
  });

  it('lets a type of the user extend the built-in one of its name, with match, title and rank', () => {
    const builtIn = define('a', { title: 'Built in', volatile: ['/v'], guessesIdentity: true });
    const own = define('a', { extends: 'a', match: [{ has: ['/mine'] }], volatile: ['/x'] });

    const registry = registryOf([own], [builtIn, fallback]);

    expect(registry.types.map(({ name }) => name)).toEqual(['a', 'json']);
    expect(registry.get('a')).toMatchObject({
      title: 'Built in',
      definition: {
        match: [{ has: ['/mine'] }, { path: '/type', is: ['a'] }],
        volatile: ['/x', '/v'],
        guessesIdentity: true,
      },
    });
    expect(registry.identify({ type: 'a', id: '1' }, null).type.name).toBe('a');
  });

  it('lets built-in types inherit what the user said of the type they extend', () => {
    const builtIn = [base, define('a', { extends: 'base' }), fallback];
    const own = define('base', { isAbstract: true, extends: 'base', match: [], volatile: ['/mine'] });

    expect(registryOf([own], builtIn).get('a')?.definition.volatile).toEqual(['/mine', '/v']);
  });

  it('replaces a built-in type where it does not extend it', () => {
    const builtIn = define('a', { volatile: ['/v'] });

    expect(
      registryOf([define('a', { volatile: ['/x'] })], [builtIn, fallback]).get('a')?.definition.volatile,
    ).toEqual(['/x']);
  });
});

describe('digest', () => {
  it('is the same for the same rules and another for others', () => {
    const digestOf = (own: ItemTypeDefinition[]): string => registryOf(own).digest;
    const a = define('a');
    const b = define('b');

    expect(digestOf([define('a'), b])).toBe(digestOf([a, define('b')]));
    expect(new Set([[a], [a, b], [b, a], [define('a', { volatile: ['/x'] })]].map(digestOf)).size).toBe(4);
  });

  it('of a type covers what it extends', () => {
    const digestOf = (volatile: string[]): string | undefined =>
      registryOf([define('base', { isAbstract: true, volatile }), define('a', { extends: 'base' })]).get('a')
        ?.rulesDigest;

    expect(digestOf(['/x'])).toBe(digestOf(['/x']));
    expect(digestOf(['/x'])).not.toBe(digestOf(['/y']));
  });
});

describe('identify', () => {
  function typeOf(
    registry: ItemTypeRegistry,
    object: JsonObject,
    inherited: JsonObject | null = null,
  ): string {
    return registry.identify(object, inherited).type.name;
  }

  it('takes the first type that fits: the own before the built-in ones, fallbacks last', () => {
    const any = { match: [{ has: ['/id'] }] };
    const registry = registryOf(
      [define('early', { ...any, isFallback: true }), define('own'), define('own2', any)],
      [define('own-like', any), fallback],
    );

    expect(registry.types.map(({ name }) => name)).toEqual(['own', 'own2', 'own-like', 'early', 'json']);
    expect(typeOf(registry, { id: '1', type: 'own' })).toBe('own');
    expect(typeOf(registry, { id: '1' })).toBe('own2');
    expect(typeOf(registry, { type: 'unknown' })).toBe('json');
  });

  it.each([
    [{ path: '/a', is: ['x', 'y*'] }, { a: 'yes' }, true],
    [{ path: '/a', is: ['x', 'y*'] }, { a: 'no' }, false],
    [{ path: '/a', is: ['*'] }, { a: 1 }, false],
    [{ path: '/a', is: ['*'] }, { a: null }, false],
    [{ path: '/a', is: ['*'] }, {}, false],
    [{ path: '/a/b', is: ['*'] }, { a: { b: '' } }, true],
    [{ path: '/a/b', is: ['*'] }, { a: [{ b: '' }] }, false],
    [{ has: ['/a', '/b/c'] }, { a: 0, b: { c: false } }, true],
    [{ has: ['/a', '/b/c'] }, { a: 0, b: { c: null } }, false],
    [{ has: ['/a', '/b/c'] }, { a: 0, b: {} }, false],
    [{ has: ['/toString'] }, {}, false],
    [{ path: '/a', is: ['x'], has: ['/b'] }, { a: 'x', b: [] }, true],
    [{ path: '/a', is: ['x'], has: ['/b'] }, { a: 'x' }, false],
  ])('by the rule %j takes %j: %s', (rule, object, isMatch) => {
    expect(typeOf(registryOf([define('t', { match: [rule] })]), object)).toBe(isMatch ? 't' : 'json');
  });

  it('takes texts over from the list that the object stood in, but not what must be in the object itself', () => {
    const rules = [{ path: '/@odata.context', is: ['*#things'] }, { has: ['/own'] }];
    const registry = registryOf([define('thing', { match: rules })]);

    expect(typeOf(registry, { id: '1' }, { '@odata.context': 'x#things' })).toBe('thing');
    expect(typeOf(registry, { '@odata.context': 'y' }, { '@odata.context': 'x#things' })).toBe('json');
    expect(typeOf(registry, { id: '1' }, { own: 'x' })).toBe('json');
  });

  it('finds the id at the first place that has one, and says where', () => {
    const registry = registryOf([define('t', { identity: ['/id', '/meta/uid'], weakIdentity: ['/name'] })]);
    const find = (object: JsonObject) => {
      const { externalId, pointer, type } = registry.identify({ type: 't', ...object }, null);
      return [externalId, pointer, pointer === null ? null : type.isWeakIdentity(pointer)];
    };

    expect(find({ id: 'a', name: 'n' })).toEqual(['a', '/id', false]);
    expect(find({ id: '', meta: { uid: 'u' } })).toEqual(['u', '/meta/uid', false]);
    expect(find({ id: {}, meta: [{ uid: 'u' }], name: 'n' })).toEqual(['n', '/name', true]);
    expect(find({ id: null })).toEqual([null, null, null]);
  });

  it('does not take an id from the list around the object', () => {
    expect(registryOf([]).identify({}, { id: 'x' }).externalId).toBeNull();
  });
});

describe('asExternalId', () => {
  it.each([
    ['a', 'a'],
    [' ', ' '],
    [17, '17'],
    [-0, '0'],
    [0.1, '0.1'],
    ['', null],
    [null, null],
    [true, null],
    [['a'], null],
    [undefined, null],
    ['x'.repeat(1024), 'x'.repeat(1024)],
    ['x'.repeat(1025), null],
  ])('of %j is %j', (value, id) => {
    expect(asExternalId(value)).toBe(id);
  });
});

describe('the definitions that come with the product', () => {
  const folder = new URL('../../item-types/', import.meta.url);
  const builtIn = readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const yaml = parseYaml(readFileSync(new URL(name, folder), 'utf8'));
      const parsed = yaml.ok ? parseItemTypes(yaml.value) : yaml;
      if (!parsed.ok) throw new Error(`${name}: ${JSON.stringify(parsed.details)}`);
      return parsed.definitions;
    });

  it('fit together and end with a fallback for everything', () => {
    expect(faultsOf([], builtIn)).toEqual([]);
    expect(registryOf([], builtIn).identify({}, null).type.name).toBe('json');
  });

  it('hold no type that another one hides', () => {
    const registry = registryOf([], builtIn);
    const texts = registry.types.flatMap((type) =>
      type.definition.match.flatMap(({ path, is = [], has = [] }) =>
        path === '/@odata.type' && has.length === 0 ? is.map((text) => ({ type, text })) : [],
      ),
    );

    const hidden = texts.filter(({ type, text }) => {
      const found = registry.identify({ '@odata.type': text.replaceAll('*', 'Zz'), id: '1' }, null).type;
      return found !== type;
    });

    expect(texts.length).toBeGreaterThan(50);
    expect(hidden.map(({ type, text }) => `${type.name}: ${text}`)).toEqual([]);
  });
});

it('an identity below something sensitive is refused: it would be shown', () => {
  expect(faultsOf([define('a', { identity: ['/a/id'], sensitive: ['/a'] })])).toEqual([
    ['/itemTypes/0/sensitive', 'the identity /a/id can not be sensitive'],
  ]);
});

it('a title of the user wins over that of the built-in type it extends', () => {
  const builtIn = [define('a', { title: 'Built in' }), fallback];
  const own = [define('a', { extends: 'a', title: 'Mine' })];

  expect(registryOf(own, builtIn).get('a')?.title).toBe('Mine');
});
