import { expect, test } from 'vitest';
import { identityKey } from '../../core/compare.ts';
import { sha256Bytes } from '../../core/sha256.ts';
import { IdentityList } from './identity-list.ts';

test('a list of identities knows each of them, and no other', () => {
  const names = Array.from({ length: 100 }, (_, index) => `id ${index}`);
  const hashes = names.map((name) => Buffer.from(sha256Bytes(identityKey('box', name))));

  for (const length of [1, 2, 3, 100]) {
    const list = new IdentityList(Buffer.concat(hashes.slice(0, length).sort(Buffer.compare)));

    expect(names.map((name) => list.has('box', name))).toEqual(names.map((_, index) => index < length));
    expect(list.has('crate', 'id 0')).toBe(false);
  }
});

test('a run without ambiguous items has an empty list', () => {
  const list = new IdentityList(null);

  expect(list.has('box', 'a')).toBe(false);
});
