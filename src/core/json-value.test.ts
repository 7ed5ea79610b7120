import { expect, it } from 'vitest';
import { emptyJsonObject, isJsonObject, ownMember } from './json-value.ts';

it('tells an object from what is none', () => {
  expect(isJsonObject({})).toBe(true);
  expect(isJsonObject(emptyJsonObject())).toBe(true);
  for (const other of [null, undefined, [], 'a', 0, true]) expect(isJsonObject(other)).toBe(false);
});

it('finds own members only', () => {
  expect(ownMember(JSON.parse('{"__proto__":1}'), '__proto__')).toBe(1);
  expect(ownMember({}, '__proto__')).toBeUndefined();
  expect(ownMember({}, 'toString')).toBeUndefined();
  expect(ownMember({ a: null }, 'a')).toBeNull();
  expect(ownMember(['a'], '0')).toBeUndefined();
  expect(ownMember('text', 'length')).toBeUndefined();
});

it('makes objects in which any key is an own member', () => {
  const object = emptyJsonObject();
  for (const key of ['__proto__']) object[key] = 1;

  expect(Object.keys(object)).toEqual(['__proto__']);
});
