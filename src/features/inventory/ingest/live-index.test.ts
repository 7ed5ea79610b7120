import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LiveIndex, type LiveVersion } from './live-index.ts';

function version(versionId: number, content = `content ${versionId}`, rulesDigest = 'rules'): LiveVersion {
  const rawHash = createHash('sha256').update(content).digest().subarray(0, 16);
  return { versionId, rawHash, rulesDigest };
}

function indexOf(versions: readonly LiveVersion[], headSeq = 1): LiveIndex {
  return new LiveIndex({ headSeq, count: versions.length, versions });
}

describe('LiveIndex', () => {
  test('finds every version by its raw hash, and nothing else', () => {
    const versions = Array.from({ length: 5000 }, (_, index) => version(index * 3 + 1));

    const index = indexOf(versions);

    expect(versions.map(({ rawHash }) => index.find(rawHash))).toEqual(versions.map((_, ordinal) => ordinal));
    expect(index.find(version(2).rawHash)).toBe(-1);
    expect(index.versionIdOf(1)).toBe(4);
  });

  test('keeps by which rules each version was made', () => {
    const index = indexOf([version(1, 'a', 'old'), version(2, 'b', 'new'), version(3, 'c', 'old')]);

    expect([0, 1, 2].map((ordinal) => index.rulesDigestOf(ordinal))).toEqual(['old', 'new', 'old']);
    expect(index.rulesDigests).toEqual(['old', 'new']);
  });

  test('takes at most 96 bytes a version', () => {
    const versions = Array.from({ length: 100_000 }, (_, index) => version(index));

    const { byteLength } = indexOf(versions);

    expect(byteLength / versions.length).toBeLessThanOrEqual(96);
  });

  test('advanced over changes is the index that reading anew would give', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 }),
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        fc.integer({ min: 0, max: 10 }),
        (ids, isClosed, openedCount) => {
          const versions = ids.toSorted((a, b) => a - b).map((id) => version(id));
          const closed = new Set(versions.filter((_, at) => isClosed[at]).map(({ versionId }) => versionId));
          const opened = Array.from({ length: openedCount }, (_, at) => version(100 + at)).reverse();
          const stayed = versions.filter(({ versionId }) => !closed.has(versionId));
          const rehashed = new Map(
            stayed.slice(0, 2).map(({ versionId }) => [versionId, version(0, `new ${versionId}`).rawHash]),
          );

          const advanced = indexOf(versions).advance({ headSeq: 2, closed, opened, rehashed });

          const expected = indexOf(
            [
              ...stayed.map((one) => ({ ...one, rawHash: rehashed.get(one.versionId) ?? one.rawHash })),
              ...opened.toReversed(),
            ],
            2,
          );
          expect(contentsOf(advanced)).toEqual(contentsOf(expected));
          for (const { rawHash } of [...versions, ...opened])
            expect(advanced.find(rawHash)).toBe(expected.find(rawHash));
        },
      ),
    );
  });

  test('refuses another number of versions than was announced', () => {
    expect(() => new LiveIndex({ headSeq: 1, count: 2, versions: [version(1)] })).toThrow(RangeError);
  });
});

function contentsOf(index: LiveIndex): unknown[] {
  return Array.from({ length: index.count }, (_, ordinal) => [
    index.versionIdOf(ordinal),
    index.rulesDigestOf(ordinal),
  ]);
}
