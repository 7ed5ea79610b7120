import { expect, test } from 'vitest';
import { scopeKeyOf } from './scope-key.ts';
import { normaliseSelection } from './selection.ts';
import { sha256Hex } from './sha256.ts';

const sourceId = '6f0c2c1e-3a86-4f5e-9a5e-0e4e9d2f8a11';

test('the key is the hash of exactly these bytes', () => {
  const all = scopeKeyOf({ sourceId, selection: { itemTypes: null } });
  const some = scopeKeyOf({ sourceId, selection: normaliseSelection(['user', 'group']) });

  expect(all).toBe(sha256Hex(`{"selection":{"itemTypes":null},"sourceId":"${sourceId}"}`));
  expect(some).toBe(sha256Hex(`{"selection":{"itemTypes":["group","user"]},"sourceId":"${sourceId}"}`));
});

test('the key that findings have been named by stays the same', () => {
  const key = scopeKeyOf({ sourceId, selection: normaliseSelection(['user', 'group']) });

  expect(key).toBe('190db009e84522c81828db109042db04580f3f0deb88e7d05269ad30ccc0069b');
});
