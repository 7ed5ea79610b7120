import { expect, it } from 'vitest';
import { hmacSha256Hex, sha256Hex, sha256Packed } from './sha256.ts';

it('gives the SHA-256 of a text in UTF-8 and of bytes', () => {
  // FIPS 180-2, appendix B.1
  const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

  expect(sha256Hex('abc')).toBe(expected);
  expect(sha256Hex(Buffer.from('abc'))).toBe(expected);
  expect(sha256Hex('é')).toBe(sha256Hex(Buffer.from([0xc3, 0xa9])));
});

it('packs the digest into 32 characters, one for each byte', () => {
  const packed = sha256Packed(Buffer.from('abc'));

  expect(packed).toHaveLength(32);
  expect(Buffer.from(packed, 'latin1').toString('hex')).toBe(sha256Hex('abc'));
});

it('gives the HMAC-SHA-256 of a text under a key', () => {
  // RFC 4231, test case 2
  expect(hmacSha256Hex('Jefe', 'what do ya want for nothing?')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});
