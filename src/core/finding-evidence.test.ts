import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { capEvidence, isCutPath, MAX_EVIDENCE_BYTES } from './finding-evidence.ts';
import type { ShownChange } from './generate.ts';
import type { JsonValue } from './json-value.ts';

const change = (path: string, after: JsonValue = 1): ShownChange => ({
  path,
  op: 'add',
  before: null,
  after,
});
const bytesOf = (value: unknown): number =>
  new TextEncoder().encode(canonicalJson(value as JsonValue)).length;

describe('capEvidence', () => {
  it('keeps what fits as it is', () => {
    const changes = [change('/a'), change('/b')];

    expect(capEvidence(changes)).toEqual({ changes, truncated: null });
    expect(capEvidence(changes, bytesOf(changes))).toEqual({ changes, truncated: null });
    expect(capEvidence([])).toEqual({ changes: [], truncated: null });
  });

  it('keeps whole changes in their order and says what is missing', () => {
    const changes = [change('/a'), change('/b', 'x'.repeat(40)), change('/c')];

    expect(capEvidence(changes, bytesOf(changes) - 1)).toEqual({
      changes: changes.slice(0, 2),
      truncated: { shownChanges: 2, totalChanges: 3, omittedBytes: bytesOf(changes[2]) },
    });
    expect(capEvidence(changes, bytesOf(changes.slice(0, 2)) - 1).changes).toEqual([changes[0]]);
  });

  it('keeps a change that is too large by itself with marks for its values, and goes on', () => {
    const large = change('/large', '€'.repeat(30_000));

    const { changes, truncated } = capEvidence([change('/a'), large, change('/z')]);

    expect(changes).toEqual([
      change('/a'),
      change('/large', '[too large to keep: 90002 bytes of JSON]'),
      change('/z'),
    ]);
    expect(truncated).toMatchObject({ shownChanges: 2, totalChanges: 3 });
  });

  it('cuts a path that is too long', () => {
    const { changes } = capEvidence([change(`/${'p'.repeat(MAX_EVIDENCE_BYTES)}`)]);

    expect(changes[0]?.path).toBe(`/${'p'.repeat(299)}… [cut: 65537 characters]`);
    expect(isCutPath(changes[0]?.path ?? '')).toBe(true);
    expect(isCutPath('/p… [cut: 65537 characters]')).toBe(false);
  });

  it('never exceeds the cap, keeps an order, and its figures add up', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constant('\ud800€😀'));
    const anyChange = fc.record({
      path: text,
      op: fc.constantFrom('add' as const, 'remove' as const, 'replace' as const),
      before: text as fc.Arbitrary<JsonValue>,
      after: fc.oneof(text, fc.array(text, { maxLength: 8 })) as fc.Arbitrary<JsonValue>,
    });
    fc.assert(
      fc.property(
        fc.array(anyChange, { maxLength: 8 }),
        fc.integer({ min: 2, max: 900 }),
        (all, maxBytes) => {
          const { changes, truncated } = capEvidence(all, maxBytes);

          expect(bytesOf(changes)).toBeLessThanOrEqual(maxBytes);
          expect(truncated === null).toBe(bytesOf(all) <= maxBytes);
          if (truncated === null) return;
          const sum = (list: readonly ShownChange[]) => list.reduce((total, one) => total + bytesOf(one), 0);
          expect(truncated.totalChanges).toBe(all.length);
          expect(truncated.omittedBytes).toBe(sum(all) - sum(changes));
          expect(changes.filter((kept) => all.includes(kept)).length).toBe(truncated.shownChanges);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
