import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { contentHash } from './content-hash.ts';
import { type ChangedValue, type ChangeKind, fingerprint, type Subject } from './fingerprint.ts';
import type { JsonValue } from './json-value.ts';

const document = readFileSync(new URL('../../docs/fingerprint.md', import.meta.url), 'utf8');

/** The vectors in the fenced block of the specification with this name. */
function vectors<T>(name: string): T[] {
  const block = new RegExp(`\`\`\`json vectors:${name}\\n([\\s\\S]*?)\\n\`\`\``).exec(document);
  return JSON.parse(block?.[1] ?? 'null') as T[];
}

const canonicalVectors = vectors<{ value: JsonValue; canonical: string; sha256: string }>('canonical');
const fingerprintVectors = vectors<{
  subject: Subject;
  change: ChangeKind;
  values: { path: string; before?: JsonValue; after?: JsonValue }[];
  fingerprint: string;
}>('fingerprint');

const changedValues = (values: (typeof fingerprintVectors)[number]['values']): ChangedValue[] =>
  values.map(({ path, before, after }) => ({ path, before, after }));

describe('the specification in docs/fingerprint.md', () => {
  test.each(canonicalVectors)('canonical form of $canonical', ({ value, canonical, sha256 }) => {
    expect(canonicalJson(value)).toBe(canonical);
    expect(contentHash(value)).toBe(sha256);
  });

  test.each(fingerprintVectors)(
    'fingerprint $fingerprint',
    ({ subject, change, values, fingerprint: expected }) => {
      expect(fingerprint(subject, change, changedValues(values))).toBe(expected);
    },
  );
});

const subject: Subject = {
  findingType: 'drift',
  driftType: 'configuration',
  scopeKey: 'offline',
  itemType: 'json',
  externalId: '1',
};

const value = fc.record({
  path: fc.constantFrom('/a', '/b', '/a/b', '/c~1d'),
  before: fc.option(fc.jsonValue() as fc.Arbitrary<JsonValue>, { nil: undefined }),
  after: fc.option(fc.jsonValue() as fc.Arbitrary<JsonValue>, { nil: undefined }),
});

describe('fingerprint', () => {
  test('does not depend on the order in which changes are listed', () => {
    fc.assert(
      fc.property(
        fc
          .array(value, { maxLength: 6 })
          .chain((values) =>
            fc.tuple(fc.constant(values), fc.shuffledSubarray(values, { minLength: values.length })),
          ),
        ([values, shuffled]) => {
          expect(fingerprint(subject, 'changed', shuffled)).toBe(fingerprint(subject, 'changed', values));
        },
      ),
    );
  });

  test('differs when any part of the subject, the change or a value differs', () => {
    const values: ChangedValue[] = [{ path: '/a', before: 1, after: 2 }];
    const others = [
      fingerprint({ ...subject, driftType: 'assignment' }, 'changed', values),
      fingerprint({ ...subject, scopeKey: 'another' }, 'changed', values),
      fingerprint({ ...subject, itemType: 'other' }, 'changed', values),
      fingerprint({ ...subject, externalId: '2' }, 'changed', values),
      fingerprint(subject, 'added', values),
      fingerprint(subject, 'changed', [{ path: '/b', before: 1, after: 2 }]),
      fingerprint(subject, 'changed', [{ path: '/a', before: '1', after: 2 }]),
      fingerprint(subject, 'changed', [{ path: '/a', before: 1, after: 3 }]),
      fingerprint(subject, 'changed', [{ path: '/a', before: null, after: 2 }]),
      fingerprint(subject, 'changed', [{ path: '/a', before: undefined, after: 2 }]),
      fingerprint(subject, 'changed', []),
    ];

    expect(new Set([...others, fingerprint(subject, 'changed', values)]).size).toBe(others.length + 1);
  });
});
