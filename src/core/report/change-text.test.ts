import { expect, test } from 'vitest';
import { briefValue, changeText } from './change-text.ts';

test('an addition shows no value before, a removal none after', () => {
  expect(changeText({ path: '/a', op: 'add', before: null, after: null })).toEqual({
    mark: '+',
    path: '/a',
    before: null,
    after: 'null',
  });
  expect(changeText({ path: '/a', op: 'remove', before: [1, { b: 'x' }], after: null })).toEqual({
    mark: '-',
    path: '/a',
    before: '[1,{"b":"x"}]',
    after: null,
  });
});

test('a change to or from null shows the null', () => {
  expect(changeText({ path: '/a', op: 'replace', before: null, after: 'x' })).toMatchObject({
    mark: '~',
    before: 'null',
    after: '"x"',
  });
});

test('a changed secret does not look like no change', () => {
  const text = changeText({ path: '/a', op: 'replace', before: '[redacted]', after: '[redacted]' });

  expect(text).toMatchObject({ before: '"[redacted]"', after: '(another value)' });
});

test('values that look the same are told apart', () => {
  const accent = changeText({ path: '/a', op: 'replace', before: 'caf\u00e9', after: 'cafe\u0301' });
  const space = changeText({ path: '/a', op: 'replace', before: 'a b', after: 'a\u00a0b' });

  expect(accent).toMatchObject({ before: '"caf\\u00e9"', after: '"cafe\\u0301"' });
  expect(space).toMatchObject({ before: '"a b"', after: '"a\\u00a0b"' });
});

test('what is no scalar is named in a few words', () => {
  expect([[1, 2], { a: 1 }, 'x', null].map(briefValue)).toEqual(['a list of 2', 'an object', '"x"', 'null']);
});
