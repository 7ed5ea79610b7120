import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AlignedPair, alignKeyed, alignOrdered, alignUnordered } from './array-alignment.ts';
import { canonicalJson } from './canonical-json.ts';
import type { JsonValue } from './json-value.ts';

const letters = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 10 });

/** Length of a longest common subsequence, by trying everything: the oracle. */
function commonLength(one: readonly string[], other: readonly string[]): number {
  if (one.length === 0 || other.length === 0) return 0;
  const [a, ...ones] = one;
  const [b, ...others] = other;
  return a === b
    ? 1 + commonLength(ones, others)
    : Math.max(commonLength(ones, other), commonLength(one, others));
}

/** What is left of an array when the indices in pairs are taken away. */
function unpaired<T>(values: readonly T[], indices: readonly (number | null)[]): T[] {
  return values.filter((_, index) => !indices.includes(index));
}

describe('alignOrdered', () => {
  it('leaves out the same elements on both sides, in the same order', () => {
    fc.assert(
      fc.property(letters, letters, (before, after) => {
        const pairs = alignOrdered(before, after);

        const left = unpaired(
          before,
          pairs.map((pair) => pair.before),
        );
        expect(left).toEqual(
          unpaired(
            after,
            pairs.map((pair) => pair.after),
          ),
        );
        expect(left).toHaveLength(commonLength(before, after));
      }),
      { numRuns: 500 },
    );
  });

  it('names every other element once, in the order of each side, and never nothing with nothing', () => {
    fc.assert(
      fc.property(letters, letters, (before, after) => {
        const pairs = alignOrdered(before, after);

        for (const side of ['before', 'after'] as const) {
          const indices = pairs.flatMap((pair) => pair[side] ?? []);
          expect(indices).toEqual([...new Set(indices)].sort((a, b) => a - b));
        }
        expect(pairs).not.toContainEqual({ before: null, after: null });
      }),
    );
  });

  it('makes the other array of the one when the pairs are applied', () => {
    fc.assert(
      fc.property(letters, letters, (before, after) => {
        const rebuilt: string[] = [];
        const pairs = alignOrdered(before, after);
        const gone = new Set(pairs.map((pair) => pair.before));
        const kept = before.filter((_, index) => !gone.has(index));
        const come = new Set(pairs.flatMap((pair) => pair.after ?? []));

        for (let index = 0; index < after.length; index++)
          rebuilt.push(come.has(index) ? after[index]! : kept.shift()!);

        expect(rebuilt).toEqual(after);
      }),
    );
  });

  it('takes an insertion anywhere for one pair and moves nothing', () => {
    fc.assert(
      fc.property(letters, fc.nat(10), (before, at) => {
        const after = [...before.slice(0, at), 'new', ...before.slice(at)];

        expect(alignOrdered(before, after)).toEqual([{ before: null, after: Math.min(at, before.length) }]);
        expect(alignOrdered(after, before)).toEqual([{ before: Math.min(at, before.length), after: null }]);
      }),
    );
  });

  it('pairs what was and what is between equal elements', () => {
    expect(alignOrdered(['a', 'old', 'b', 'x'], ['a', 'new', 'newer', 'b'])).toEqual([
      { before: 1, after: 1 },
      { before: null, after: 2 },
      { before: 3, after: null },
    ]);
  });

  it('takes elements for equal whatever the order of their members', () => {
    expect(alignOrdered([{ a: 1, b: 2 }], [{ b: 2, a: 1 }])).toEqual([]);
  });

  it('lists the elements of arrays that are too long to be matched up, and still knows their equal ends', () => {
    const before = ['same', ...Array.from({ length: 2100 }, (_, index) => `b${index}`), 'same'];
    const after = ['same', ...Array.from({ length: 2100 }, (_, index) => `a${index}`), 'same'];

    const pairs = alignOrdered(before, after);

    expect(pairs).toHaveLength(2100);
    expect(pairs[0]).toEqual({ before: 1, after: 1 });
    expect(pairs.at(-1)).toEqual({ before: 2100, after: 2100 });
  });
});

describe('alignKeyed', () => {
  it('pairs the same keys and sorts by key', () => {
    expect(alignKeyed(['b', 'a', 'd'], ['c', 'b'])).toEqual([
      { key: 'a', pair: { before: 1, after: null } },
      { key: 'b', pair: { before: 0, after: 1 } },
      { key: 'c', pair: { before: null, after: 0 } },
      { key: 'd', pair: { before: 2, after: null } },
    ]);
  });

  it('copes with keys that are called like members of Object.prototype', () => {
    expect(alignKeyed(['__proto__'], ['toString', '__proto__'])).toEqual([
      { key: '__proto__', pair: { before: 0, after: 1 } },
      { key: 'toString', pair: { before: null, after: 0 } },
    ]);
  });
});

describe('alignUnordered', () => {
  const element = fc.record({ a: fc.nat(2), b: fc.nat(2), c: fc.nat(2) });
  const set = fc.uniqueArray(element, { maxLength: 6, selector: canonicalJson });

  function show(
    before: readonly JsonValue[],
    after: readonly JsonValue[],
    pairs: readonly AlignedPair[],
  ): string[] {
    const text = (values: readonly JsonValue[], index: number | null): string =>
      index === null ? '-' : canonicalJson(values[index]!);
    return pairs.map((pair) => `${text(before, pair.before)} → ${text(after, pair.after)}`).sort();
  }

  it('leaves out what is on both sides, and names everything else once', () => {
    fc.assert(
      fc.property(set, set, (before, after) => {
        const pairs = alignUnordered(before, after);
        const texts = (values: readonly JsonValue[]): string[] => values.map(canonicalJson);

        const inBoth = new Set(texts(before).filter((text) => texts(after).includes(text)));
        for (const [values, indices] of [
          [before, pairs.flatMap((pair) => pair.before ?? [])],
          [after, pairs.flatMap((pair) => pair.after ?? [])],
        ] as const) {
          expect(indices).toHaveLength(new Set(indices).size);
          expect(new Set(texts(unpaired(values, indices)))).toEqual(inBoth);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('does not depend on where elements stand, where no two pairs are equally alike', () => {
    const before = [
      { id: 1, a: 1, b: 1, c: 1, d: 1 },
      { id: 2, a: 2, b: 2, c: 2, d: 2 },
      { id: 3, a: 3, b: 3, c: 3, d: 3 },
    ];
    const after = [
      { id: 1, a: 1, b: 1, c: 1, d: 9 },
      { id: 2, a: 2, b: 2, c: 9, d: 9 },
      { id: 4, a: 4, b: 4, c: 4, d: 4 },
    ];
    const expected = show(before, after, alignUnordered(before, after));

    fc.assert(
      fc.property(
        fc.shuffledSubarray(before, { minLength: 3 }),
        fc.shuffledSubarray(after, { minLength: 3 }),
        (one, other) => {
          expect(show(one, other, alignUnordered(one, other))).toEqual(expected);
        },
      ),
    );
    expect(expected).toHaveLength(4);
  });

  it('gives the lower index the first choice where several are equally alike', () => {
    const before = [{ a: 1, b: 1, x: 0 }];
    const after = [
      { a: 1, b: 1, x: 1 },
      { a: 1, b: 1, x: 2 },
    ];

    expect(alignUnordered(before, after)).toEqual([
      { before: 0, after: 0 },
      { before: null, after: 1 },
    ]);
  });

  it('pairs the most alike before the less alike', () => {
    const before = [
      { a: 1, b: 1, c: 0 },
      { a: 1, b: 1, c: 1, d: 1 },
    ];
    const after = [
      { a: 1, b: 1, c: 1, d: 2 },
      { a: 5, b: 1, c: 0 },
    ];

    expect(alignUnordered(before, after)).toEqual([
      { before: 0, after: 1 },
      { before: 1, after: 0 },
    ]);
  });

  it('does not pair what shares less than half of what the smaller one says', () => {
    const before = [{ a: 1, b: 1, c: 1 }, { z: 1 }];
    const after = [{ a: 1, b: 2, c: 2 }, { y: 1 }];

    expect(alignUnordered(before, after).every((pair) => pair.before === null || pair.after === null)).toBe(
      true,
    );
  });

  it('pairs the only one that went with the only one that came', () => {
    expect(alignUnordered(['same', 'old'], ['new', 'same'])).toEqual([{ before: 1, after: 0 }]);
  });

  it('lists the elements of sets that are too large to be matched up', () => {
    const side = (name: string): JsonValue[] =>
      Array.from({ length: 2001 }, (_, id) => ({ x: 1, [name]: id }));

    const pairs = alignUnordered(side('before'), side('after'));

    expect(pairs).toHaveLength(4002);
    expect(pairs.slice(2000, 2002)).toEqual([
      { before: 2000, after: null },
      { before: null, after: 0 },
    ]);
  });
});
