import { describe, expect, it } from 'vitest';
import type { ShownChange } from './generate.ts';
import { compileItemType, type ItemType } from './item-type.ts';
import { itemTypeSchema } from './item-type-schema.ts';
import { isLabelSensitive, newlySensitiveType, redactShownChange } from './redact-shown-change.ts';

function typeOf(definition: object): ItemType {
  return compileItemType(itemTypeSchema.parse({ itemType: 't', ...definition }));
}

const change = (
  path: string,
  before: ShownChange['before'],
  after: ShownChange['after'] = null,
): ShownChange => ({
  path,
  op: 'replace',
  before,
  after,
});
const hidden = '[redacted]';

describe('a shown change', () => {
  it.each([
    ['the value', change('/a', 'x', 'y'), { sensitive: ['/a'] }, change('/a', hidden, hidden)],
    ['what lies below', change('/a/b', 'x', 1), { sensitive: ['/a'] }, change('/a/b', hidden, hidden)],
    [
      'members of a value',
      change('', { a: 'x', b: [{ c: 'y', d: 1 }] }),
      { sensitive: ['/a', '/b/*/c'] },
      change('', { a: hidden, b: [{ c: hidden, d: 1 }] }),
    ],
    [
      'elements, by key and by index',
      change('/l/wifi/v', 'x', 'y'),
      { sensitive: ['/l/*/v'], keyed: [{ path: '/l', key: ['/id'] }] },
      change('/l/wifi/v', hidden, hidden),
    ],
    [
      'keys that name elements',
      change('/l/wifi/v', 1, 2),
      { sensitive: ['/l/*/id'], keyed: [{ path: '/l', key: ['/id'] }] },
      change('/l/[redacted]/v', 1, 2),
    ],
    [
      'the order of names',
      change('/l', ['a', 'b'], ['b', 'a']),
      { sensitive: ['/l/*/name'], named: [{ path: '/l', key: ['/name'] }] },
      change('/l', hidden, hidden),
    ],
    [
      'what only a sibling could tell',
      change('/v', 'x', 'y'),
      { sensitive: [{ path: '/v', when: { sibling: 'k' } }] },
      change('/v', hidden, hidden),
    ],
  ])('loses %s, and again nothing', (_, given, definition, expected) => {
    const type = typeOf(definition);

    const redacted = redactShownChange(given, type);

    expect(redacted).toEqual(expected);
    expect(redactShownChange(redacted, type)).toBe(redacted);
  });

  it('stays the same object where nothing is sensitive', () => {
    const given = change('/a/0/b', { c: ['x'] }, 'y');

    expect(redactShownChange(given, typeOf({ sensitive: ['/b', '/a/*/d'] }))).toBe(given);
  });
});

describe('what is newly sensitive', () => {
  it('is what some former definition did not call so', () => {
    const inForce = typeOf({ sensitive: ['/a', '/b', '/c'] });
    const former = [typeOf({ sensitive: ['/a', '/b'] }), typeOf({ sensitive: ['/b'] })];

    expect(newlySensitiveType(inForce, former)?.definition.sensitive).toEqual(['/a', '/c']);
    expect(newlySensitiveType(inForce, [inForce])).toBeNull();
  });

  it('can be the label', () => {
    expect(isLabelSensitive(typeOf({ label: ['/x', '/a/b'], sensitive: ['/a'] }))).toBe(true);
    expect(isLabelSensitive(typeOf({ label: ['/x'], sensitive: ['/a'] }))).toBe(false);
  });
});
