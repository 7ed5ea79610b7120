import { describe, expect, it } from 'vitest';
import { compileItemType, type ItemType, isSensitive, type PlaceRules } from './item-type.ts';
import { itemTypeSchema } from './item-type-schema.ts';
import { parsePointer } from './json-pointer.ts';

function typeOf(definition: object): ItemType {
  return compileItemType(itemTypeSchema.parse({ itemType: 't', ...definition }));
}

function rulesAt(definition: object, pointer: string): PlaceRules {
  const type = typeOf(definition);
  return type.rulesAt(parsePointer(pointer).reduce((place, token) => place.next(token), type.root));
}

describe('the rules at a place', () => {
  it('are harmless where nothing is said', () => {
    expect(rulesAt({}, '/a')).toEqual({
      isVolatile: false,
      keys: null,
      names: null,
      isUnordered: false,
      sensitive: null,
      isShown: false,
      driftType: 'configuration',
      baseImpact: 0.5,
    });
  });

  it('let an exception win, whichever stands first', () => {
    const definition = {
      volatile: ['/**'],
      keep: ['/a'],
      unordered: ['/**'],
      ordered: ['/a'],
      keyed: [{ path: '/**', key: ['/id'] }],
      evidence: { show: ['/**'], withhold: ['/a'] },
    };

    expect(rulesAt(definition, '/a')).toMatchObject({
      isVolatile: false,
      isUnordered: false,
      keys: null,
      isShown: false,
    });
    expect(rulesAt(definition, '/b')).toMatchObject({
      isVolatile: true,
      isUnordered: true,
      keys: [['id']],
      isShown: true,
    });
  });

  it('are the first that fit, of those of which only one can count', () => {
    const definition = {
      keyed: [
        { path: '/a', key: ['/x/y', '/z'] },
        { path: '/**', key: ['/id'] },
      ],
      driftTypes: [
        { path: '/a/**', driftType: 'assignment' },
        { path: '/**', driftType: 'ownership' },
      ],
      impact: [
        { path: '/*', baseImpact: 0 },
        { path: '/a', baseImpact: 1 },
      ],
    };

    expect(rulesAt(definition, '/a')).toMatchObject({
      keys: [['x', 'y'], ['z']],
      driftType: 'assignment',
      baseImpact: 0,
    });
    expect(rulesAt(definition, '/b/c')).toMatchObject({
      keys: [['id']],
      driftType: 'ownership',
      baseImpact: 0.5,
    });
  });

  it('are the same object at the same place', () => {
    const type = typeOf({ volatile: ['/a'] });

    expect(type.rulesAt(type.root.next('a'))).toBe(type.rulesAt(type.root.next('a')));
  });
});

describe('isSensitive', () => {
  const isAt = (sensitive: unknown[], holder: unknown): boolean =>
    isSensitive(rulesAt({ sensitive }, '/value'), JSON.parse(JSON.stringify(holder)));

  it('is what a rule says without a condition', () => {
    expect(isAt(['/value'], {})).toBe(true);
    expect(isAt(['/other'], {})).toBe(false);
  });

  it.each([
    [{ state: 'x' }, true],
    [{ state: '' }, true],
    [{ state: 0 }, true],
    [{ state: true }, true],
    [{ state: false }, false],
    [{ state: null }, false],
    [{}, false],
    [{ other: 'x' }, false],
    [['state'], false],
  ])('under the condition that a sibling says something: %j is %s', (holder, expected) => {
    expect(isAt([{ path: '/value', when: { sibling: 'state' } }], holder)).toBe(expected);
  });

  it.each([
    [{ name: 'dbSecret' }, true],
    [{ name: 'true' }, true],
    [{ name: true }, true],
    [{ name: 17 }, true],
    [{ name: 'secret' }, false],
    [{ name: null }, false],
    [{}, false],
  ])('under the condition that a sibling says a certain thing: %j is %s', (holder, expected) => {
    const when = { sibling: 'name', is: ['*Secret', 'true', '17'] };

    expect(isAt([{ path: '/value', when }], holder)).toBe(expected);
  });

  it('is enough under any of several conditions', () => {
    const conditions = [
      { path: '/value', when: { sibling: 'a' } },
      { path: '/*', when: { sibling: 'b' } },
    ];

    expect(isAt(conditions, { b: 1 })).toBe(true);
    expect(isAt(conditions, { c: 1 })).toBe(false);
  });

  it('does not take a member of Object.prototype for a sibling', () => {
    expect(isAt([{ path: '/value', when: { sibling: 'toString' } }], {})).toBe(false);
  });
});

describe('compileItemType', () => {
  it('looks for an id at the identity and then at the weak one', () => {
    const type = typeOf({ identity: ['/id', '/meta/uid'], weakIdentity: ['/name'], label: ['/a~1b'] });

    expect(type).toMatchObject({
      identityPointers: ['/id', '/meta/uid', '/name'],
      identity: [['id'], ['meta', 'uid'], ['name']],
      label: [['a/b']],
    });
    expect(type.identityPointers.map((pointer) => type.isWeakIdentity(pointer))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('is called by its title, or else by its name', () => {
    expect(typeOf({ title: 'Thing' }).title).toBe('Thing');
    expect(typeOf({}).title).toBe('t');
  });
});
