import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentHash } from './content-hash.ts';
import { propertyDriftTypes } from './drift-type.ts';
import { compileItemType } from './item-type.ts';
import { itemTypeSchema } from './item-type-schema.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { normalise } from './normalise.ts';
import { diffProperties } from './property-diff.ts';
import { subjectKeyOf } from './subject.ts';
import { subjectValueHash } from './subject-value.ts';

const policy = compileItemType(
  itemTypeSchema.parse({
    itemType: 'policy',
    absent: ['null', 'empty_array'],
    keyed: [{ path: '/assignments', key: ['/group'] }],
    unordered: ['/tags'],
    driftTypes: [
      { path: '/assignments/**', driftType: 'assignment' },
      { path: '/tags/*', driftType: 'assignment' },
      { path: '/settings/owner', driftType: 'ownership' },
      { path: '/owner', driftType: 'ownership' },
    ],
  }),
);

const factsOf = (object: JsonValue): JsonObject => normalise(object as JsonObject, policy, 'key');
const hash = (object: JsonValue, driftType: Parameters<typeof subjectValueHash>[2]): string | null =>
  subjectValueHash(factsOf(object), policy, driftType);

describe('a subject key', () => {
  const subject = {
    findingType: 'drift',
    driftType: 'configuration',
    scopeKey: 's',
    itemType: 't',
    externalId: '1',
  } as const;

  it('is a SHA-256 of the five fields, whatever else an object holds', () => {
    expect(subjectKeyOf({ ...subject, label: 'x' } as typeof subject)).toBe(contentHash(subject));
  });

  it('differs where any field does', () => {
    const others = [
      { ...subject, driftType: 'assignment' as const },
      { ...subject, scopeKey: 't' },
      { ...subject, itemType: 's' },
      { ...subject, externalId: '2' },
    ];

    expect(new Set([subject, ...others].map(subjectKeyOf)).size).toBe(5);
  });
});

describe('a subject value', () => {
  it('of an absent item is none', () => {
    for (const driftType of ['presence', ...propertyDriftTypes] as const) {
      expect(subjectValueHash(null, policy, driftType)).toBeNull();
    }
  });

  it('of presence is the content hash of the item', () => {
    expect(hash({ a: 1 }, 'presence')).toBe(contentHash({ a: 1 }));
  });

  it('is the part of the facts that has the drift type', () => {
    const item = { a: 1, owner: 'x', assignments: [{ group: 'g', mode: 1 }], settings: { owner: 'y', b: 2 } };

    expect(hash(item, 'configuration')).toBe(contentHash({ a: 1, settings: { b: 2 } }));
    expect(hash(item, 'assignment')).toBe(contentHash({ assignments: [{ group: 'g', mode: 1 }] }));
    expect(hash(item, 'ownership')).toBe(contentHash({ owner: 'x', settings: { owner: 'y' } }));
  });

  it('is none where nothing has the drift type', () => {
    expect(hash({ a: 1 }, 'ownership')).toBeNull();
  });

  it('keeps an empty object of its type', () => {
    expect(hash({ a: {} }, 'configuration')).toBe(contentHash({ a: {} }));
  });

  it('is not changed by an array that is only there for elements of another type', () => {
    expect(hash({ a: 1, tags: ['x'] }, 'configuration')).toBe(hash({ a: 1 }, 'configuration'));
    expect(hash({ a: 1, tags: ['x'] }, 'assignment')).toBe(contentHash({ tags: ['x'] }));
  });

  it('tells one secret from another', () => {
    expect(hash({ password: 'a' }, 'configuration')).not.toBe(hash({ password: 'b' }, 'configuration'));
  });
});

const leaf = fc.constantFrom<JsonValue>(1, 2, 'x', true, '');
const value: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'owner', 'b'), tie('value'), { maxKeys: 3 }),
  ),
})).value;

const item = fc.record(
  {
    a: value,
    owner: value,
    tags: fc.array(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 }),
    settings: fc.dictionary(fc.constantFrom('a', 'owner'), value, { maxKeys: 2 }),
    assignments: fc.uniqueArray(fc.record({ group: fc.constantFrom('g', 'h', 'i'), mode: leaf }), {
      selector: ({ group }) => group,
      maxLength: 3,
    }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;

describe('the values of any two states of an item', () => {
  it('are equal for all drift types exactly where nothing has changed', () => {
    fc.assert(
      fc.property(item, item, (one, other) => {
        const changes = diffProperties(factsOf(one), factsOf(other), policy);
        const changed = propertyDriftTypes.filter(
          (driftType) => hash(one, driftType) !== hash(other, driftType),
        );

        expect(changed.length > 0).toBe(changes.length > 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('differ in the drift type of every change', () => {
    fc.assert(
      fc.property(item, item, (one, other) => {
        for (const { place } of diffProperties(factsOf(one), factsOf(other), policy)) {
          const { driftType } = policy.rulesAt(place);
          expect(hash(one, driftType)).not.toBe(hash(other, driftType));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('differ in one drift type alone where only scalars of it have changed', () => {
    const scalars = fc.record({ a: leaf, owner: leaf, settingsOwner: leaf, mode: leaf });
    const fill = (object: JsonObject, { a, owner, settingsOwner, mode }: Record<string, JsonValue>) => ({
      ...object,
      a: a as JsonValue,
      owner: owner as JsonValue,
      settings: { b: 1, owner: settingsOwner as JsonValue },
      assignments: [{ group: 'g', mode: mode as JsonValue }],
    });
    fc.assert(
      fc.property(item, scalars, scalars, (object, before, after) => {
        const [one, other] = [fill(object, before), fill(object, after)];
        const changes = diffProperties(factsOf(one), factsOf(other), policy);
        const touched = new Set(changes.map(({ place }) => policy.rulesAt(place).driftType));
        for (const driftType of propertyDriftTypes) {
          expect(hash(one, driftType) !== hash(other, driftType)).toBe(touched.has(driftType));
        }
      }),
    );
  });
});
