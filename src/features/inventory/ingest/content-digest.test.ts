import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ContentDigest } from './content-digest.ts';

const EMPTY = '0'.repeat(64);
const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The definition, with numbers of any size. */
function slowly(items: readonly (readonly [string, string])[]): string {
  const sum = items.reduce((total, [id, content]) => {
    const one = createHash('sha256').update(hash(id)).update(hash(content)).digest('hex');
    return (total + BigInt(`0x${one}`)) % 2n ** 256n;
  }, 0n);
  return sum.toString(16).padStart(64, '0');
}

const items = fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 30 });

describe('ContentDigest', () => {
  test('is the sum modulo 2^256 of the hashes of the items', () => {
    fc.assert(
      fc.property(items, (all) => {
        const digest = new ContentDigest(EMPTY);
        for (const [id, content] of all) digest.add(hash(id), hash(content));

        expect(digest.hex).toBe(slowly(all));
      }),
    );
  });

  test('comes back to where it was when what was added is removed, also from its text', () => {
    fc.assert(
      fc.property(items, items, (kept, passing) => {
        const digest = new ContentDigest(EMPTY);
        for (const [id, content] of [...kept, ...passing]) digest.add(hash(id), hash(content));
        const again = new ContentDigest(digest.hex);
        for (const [id, content] of passing) again.remove(hash(id), hash(content));

        expect(again.hex).toBe(slowly(kept));
      }),
    );
  });
});
