import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeenSet } from './seen-set.ts';

describe('SeenSet', () => {
  test('is a set of ordinals', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 99 }))), (steps) => {
        const seen = new SeenSet(100);
        const model = new Set<number>();
        for (const [isAdded, ordinal] of steps) {
          if (isAdded) {
            seen.add(ordinal);
            model.add(ordinal);
          } else {
            seen.delete(ordinal);
            model.delete(ordinal);
          }
        }

        expect(seen.size).toBe(model.size);
        for (let ordinal = 0; ordinal < 100; ordinal++) expect(seen.has(ordinal)).toBe(model.has(ordinal));
      }),
    );
  });

  test('says at a merger how many were there already', () => {
    const [one, other] = [new SeenSet(20), new SeenSet(20)];
    for (const ordinal of [0, 7, 8, 19]) one.add(ordinal);
    for (const ordinal of [7, 9, 19]) other.add(ordinal);

    const common = one.merge(other.bits);

    expect(common).toBe(2);
    expect(one.size).toBe(5);
  });
});
