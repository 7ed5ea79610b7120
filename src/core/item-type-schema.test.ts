import { describe, expect, it } from 'vitest';
import { parseItemTypes } from './item-type-registry.ts';
import { itemTypeSchema } from './item-type-schema.ts';

/** What is wrong with one definition, as pointers below it and texts. */
function faultsOf(definition: object): string[][] {
  const result = parseItemTypes({ itemTypes: [{ itemType: 't', ...definition }] });
  if (result.ok) return [];
  return result.details.map(({ pointer, detail }) => [pointer.replace('/itemTypes/0', ''), detail]);
}

describe('an item type', () => {
  it('needs nothing but a name, and says nothing then', () => {
    expect(itemTypeSchema.parse({ itemType: 't' })).toEqual({
      itemType: 't',
      isAbstract: false,
      isCompanion: false,
      isFallback: false,
      guessesIdentity: false,
      match: [],
      identity: [],
      weakIdentity: [],
      label: [],
      absent: [],
      volatile: [],
      keep: [],
      unordered: [],
      ordered: [],
      keyed: [],
      named: [],
      sensitive: [],
      evidence: { show: [], withhold: [] },
      driftTypes: [],
      impact: [],
      presenceImpact: {},
    });
  });

  it('may say all there is to say', () => {
    const definition = {
      itemType: 'Vendor.some_type-2',
      title: 'Some type',
      extends: 'base',
      match: [{ path: '/kind', is: ['A', 'B*'], has: ['/spec'] }, { has: ['/metadata/uid'] }],
      identity: ['/id', '/metadata/uid'],
      weakIdentity: ['/name'],
      label: ['/a/b/c/d'],
      absent: ['null', 'empty_array', 'empty_string'],
      keyed: [{ path: '/**', key: ['/id', '/a/b/c'] }],
      sensitive: [
        '/a',
        { path: '/b', when: { sibling: 'c' } },
        { path: '/b', when: { sibling: 'c', is: ['d'] } },
      ],
      evidence: { show: ['/**'] },
      driftTypes: [{ path: '/a', driftType: 'ownership' }],
      impact: [
        { path: '/a', baseImpact: 0 },
        { path: '/b', baseImpact: 1 },
      ],
      presenceImpact: { removed: 0.9 },
    };

    expect(faultsOf(definition)).toEqual([]);
  });

  it.each(['', '1a', 'a b', 'a/b', 'ä', '-a', 'a'.repeat(101)])('can not be called %j', (itemType) => {
    expect(faultsOf({ itemType }).map(([pointer]) => pointer)).toEqual(['/itemType']);
  });

  it.each([
    [{ volatile: ['a'] }, '/volatile/0', 'a JSON Pointer starts with "/"'],
    [{ keep: ['/a', '/b**'] }, '/keep/1', '"**" stands alone between slashes'],
    [{ identity: ['/a/b/c'] }, '/identity/0', 'at most 2 segments identify an item'],
    [{ identity: [''] }, '/identity/0', 'the pointer is empty'],
    [{ identity: ['/a~b'] }, '/identity/0', null],
    [{ volatile: ['/a~2'] }, '/volatile/0', null],
    [{ label: ['a'] }, '/label/0', 'a JSON Pointer starts with "/"'],
    [{ match: [{}] }, '/match/0', 'a rule needs `path` and `is`, or `has`'],
    [{ match: [{ path: '/a' }] }, '/match/0', '`path` and `is` go together'],
    [{ match: [{ has: ['/a'], is: ['b'] }] }, '/match/0', '`path` and `is` go together'],
    [{ evidence: { hide: [] } }, '/evidence/hide', 'there is no such field'],
    [{ sensitve: [] }, '/sensitve', 'there is no such field'],
    [{ driftTypes: [{ path: '/a', driftType: 'presence' }] }, '/driftTypes/0/driftType', null],
    [{ driftTypes: [{ path: '/a', driftType: 'asignment' }] }, '/driftTypes/0/driftType', null],
    [{ impact: [{ path: '/a', baseImpact: 1.5 }] }, '/impact/0/baseImpact', null],
    [{ presenceImpact: { added: -1 } }, '/presenceImpact/added', null],
    [
      { absent: ['nul'] },
      '/absent/0',
      '"nul" is not one of null, empty_array, empty_string; did you mean "null"?',
    ],
    [{ keyed: [{ path: '/a', key: [] }] }, '/keyed/0/key', null],
    [{ sensitive: [{ path: '/a', when: { sibling: '' } }] }, '/sensitive/0/when/sibling', null],
    [
      { sensitive: [{ path: 'a', when: { sibling: 'b' } }] },
      '/sensitive/0/path',
      'a JSON Pointer starts with "/"',
    ],
    [{ unordered: Array(501).fill('/a') }, '/unordered', null],
  ])('is refused where it says %j', (definition, pointer, detail) => {
    const faults = faultsOf(definition);

    expect(faults.map(([at]) => at)).toEqual([pointer]);
    if (detail !== null) expect(faults[0]?.[1]).toBe(detail);
  });

  it('is told everything that is wrong at once', () => {
    const faults = faultsOf({ itemType: '?', volatile: ['a', '/b', 'c'], identity: ['/a/b/c'], nonsense: 1 });

    expect(faults.map(([pointer]) => pointer).sort()).toEqual([
      '/identity/0',
      '/itemType',
      '/nonsense',
      '/volatile/0',
      '/volatile/2',
    ]);
  });
});

describe('a file of item types', () => {
  it.each([null, [], 'text', {}, { itemTypes: [] }, { itemTypes: {} }])('is not %j', (content) => {
    expect(parseItemTypes(content).ok).toBe(false);
  });

  it('gives its definitions in their order', () => {
    const result = parseItemTypes({ itemTypes: [{ itemType: 'b' }, { itemType: 'a' }] });

    expect(result.ok && result.definitions.map(({ itemType }) => itemType)).toEqual(['b', 'a']);
  });
});
