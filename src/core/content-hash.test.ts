import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { contentHash } from './content-hash.ts';

it('hashes the canonical form in UTF-8', () => {
  const expected = createHash('sha256').update('{"a":[1,"€"],"b":null}', 'utf8').digest('hex');

  expect(contentHash({ b: null, a: [1, '€'] })).toBe(expected);
});

it('knows an empty object by the SHA-256 of its two bytes', () => {
  expect(contentHash({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
});
