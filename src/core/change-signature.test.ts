import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { changeSignature } from './change-signature.ts';
import type { JsonValue } from './json-value.ts';
import { digestSensitive } from './redact.ts';

interface Vector {
  readonly itemType: string;
  readonly driftType: 'configuration' | 'assignment' | 'presence';
  readonly change: 'added' | 'removed' | 'changed';
  readonly properties: readonly { path: string; before?: JsonValue; after?: JsonValue }[];
  readonly signature: string;
}

const document = readFileSync(new URL('../../docs/fingerprint.md', import.meta.url), 'utf8');
const block = /```json vectors:signature\n([\s\S]*?)\n```/.exec(document)?.[1] ?? 'null';
const vectors = JSON.parse(block) as Vector[];

function sign({ properties, ...rest }: Omit<Vector, 'signature'>): string {
  const values = properties.map(({ path, before, after }) => ({ path, before, after }));
  return changeSignature({ ...rest, properties: values });
}

const base = { itemType: 'policy', driftType: 'configuration', change: 'changed' } as const;

describe('a change signature', () => {
  it.each(vectors)('is the one of docs/fingerprint.md: $signature', (vector) => {
    expect(sign(vector)).toBe(vector.signature);
  });

  it('is the same under any digest key, wherever the secret stands', () => {
    const signed = (key: string, secret: string): string => {
      const digest = digestSensitive(secret, key);
      const name = String(digest.$sensitive);
      return sign({
        ...base,
        properties: [
          { path: `/env/${name}`, before: { [name]: 1 }, after: [digest] },
          { path: '/password', before: digest, after: digestSensitive('z', key) },
        ],
      });
    };

    expect(signed('one', 'a')).toBe(signed('two', 'b'));
  });

  it('does not depend on the order in which changes are listed', () => {
    const properties = [
      { path: '/b', after: 1 },
      { path: '/a', before: 1 },
      { path: '/a', after: 1 },
    ];

    expect(sign({ ...base, properties: properties.toReversed() })).toBe(sign({ ...base, properties }));
  });

  it('differs where anything of the change does', () => {
    const properties = [{ path: '/a', before: 1, after: 2 }];
    const others = [
      sign({ ...base, itemType: 'other', properties }),
      sign({ ...base, driftType: 'assignment', properties }),
      sign({ ...base, change: 'added', properties }),
      sign({ ...base, properties: [{ path: '/b', before: 1, after: 2 }] }),
      sign({ ...base, properties: [{ path: '/a', before: 1, after: 3 }] }),
      sign({ ...base, properties: [{ path: '/a', before: null, after: 2 }] }),
      sign({ ...base, properties: [{ path: '/a', after: 2 }] }),
      sign({ ...base, properties: [] }),
    ];

    expect(new Set([...others, sign({ ...base, properties })]).size).toBe(others.length + 1);
  });
});
