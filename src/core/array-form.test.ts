import { describe, expect, it } from 'vitest';
import { arrayForm, asSet, elementKeys, elementPlace } from './array-form.ts';
import { compileItemType, type PlaceRules } from './item-type.ts';
import { itemTypeSchema } from './item-type-schema.ts';
import { digestSensitive } from './redact.ts';

function rulesOf(definition: object): PlaceRules {
  const type = compileItemType(itemTypeSchema.parse({ itemType: 't', ...definition }));
  return type.rulesAt(type.root.next('list'));
}

const keyed = rulesOf({ keyed: [{ path: '/list', key: ['/id', '/a/b'] }] });
const unordered = rulesOf({ unordered: ['/list'] });
const both = rulesOf({ unordered: ['/list'], keyed: [{ path: '/list', key: ['/id'] }] });
const none = rulesOf({});

describe('arrayForm', () => {
  it('is ordered where no rule says otherwise', () => {
    expect(arrayForm([{ id: 1 }, 2], none)).toEqual({ kind: 'ordered' });
  });

  it.each([
    [
      [{ id: 'x' }, { id: 1 }, { id: true }, { a: { b: 'y' } }],
      ['x', '1', 'true', 'y'],
    ],
    [[{ id: null, a: { b: 'y' } }], ['y']],
    [[{ id: '', a: { b: 0 } }], ['0']],
    [[], []],
  ])('of %j is keyed by the first key that an element has', (values, keys) => {
    expect(arrayForm(values, keyed)).toEqual({ kind: 'keyed', keys });
  });

  it.each([
    [[{ id: 'x' }, { name: 'no key' }]],
    [[{ id: 'x' }, { id: 'x' }]],
    [[{ id: 1 }, { id: '1' }]],
    [[{ id: { deep: 1 } }]],
    [[{ id: 'k'.repeat(301) }]],
    [[{ id: digestSensitive('secret', 'key') }]],
  ])('of %j is not keyed', (values) => {
    expect(arrayForm(values, keyed).kind).toBe('unordered');
    expect(arrayForm(values, both).kind).toBe('unordered');
  });

  it('takes each scalar of a set for its own key', () => {
    expect(arrayForm(['b', 1, true], unordered)).toEqual({ kind: 'keyed', keys: ['b', '1', 'true'] });
  });

  it.each([
    [[1, '1']],
    [['']],
    [[null]],
    [[['a']]],
    [['a', {}]],
    [['x'.repeat(301)]],
    [[digestSensitive('a', 'k')]],
  ])('of the set %j is unordered without keys', (values) => {
    expect(arrayForm(values, unordered)).toEqual({ kind: 'unordered' });
  });
});

describe('elementKeys', () => {
  it('does not take members of prototypes for keys', () => {
    expect(elementKeys([{}], [['constructor', 'name']])).toBeNull();
    expect(elementKeys(['text'], [['length']])).toBeNull();
  });
});

describe('elementPlace', () => {
  const type = compileItemType(
    itemTypeSchema.parse({
      itemType: 't',
      keyed: [{ path: '/list', key: ['/id'] }],
      volatile: ['/list/x', '/list/*/y'],
    }),
  );
  const list = type.root.next('list');

  it('is that of the key where the element has one', () => {
    expect(type.rulesAt(elementPlace({ id: 'x' }, list, type.rulesAt(list))).isVolatile).toBe(true);
    expect(type.rulesAt(elementPlace({ id: 'z' }, list, type.rulesAt(list))).isVolatile).toBe(false);
  });

  it('is that of any element where it has none', () => {
    const place = elementPlace('x', list, type.rulesAt(list));

    expect(type.rulesAt(place).isVolatile).toBe(false);
    expect(type.rulesAt(place.next('y')).isVolatile).toBe(true);
  });
});

describe('asSet', () => {
  it('keeps each element once, whatever the order of its members, and sorts them', () => {
    expect(asSet(['b', { y: 1, x: 2 }, 'a', { x: 2, y: 1 }, 'b', null, 1])).toEqual([
      'a',
      'b',
      1,
      null,
      { x: 2, y: 1 },
    ]);
  });
});
