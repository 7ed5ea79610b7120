import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeString } from './json-lexis.ts';
import { literal } from './test-json-text.ts';

it('gives the text that JSON.parse gives', () => {
  fc.assert(
    fc.property(literal, (text) => {
      const bytes = new TextEncoder().encode(text);
      expect(decodeString(bytes, 1, bytes.length - 1)).toBe(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});
