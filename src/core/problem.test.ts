import { expect, it } from 'vitest';
import { compareProblems, type Problem, problemEffect } from './problem.ts';

const problem = (path: string, code: Problem['code'], detail = ''): Problem => ({
  path,
  code,
  detail,
  itemType: null,
});

it('sorts by path, then code, then detail', () => {
  const sorted = [
    problem('B', 'not_text'),
    problem('a', 'empty_file', '1'),
    problem('a', 'empty_file', '2'),
    problem('a', 'not_text', '0'),
    problem('b', 'duplicate_key'),
  ];

  expect([...sorted].reverse().sort(compareProblems)).toEqual(sorted);
});

it('has the effect that the catalogue gives its code', () => {
  expect(problemEffect(problem('a', 'invalid_json'))).toBe('unread');
  expect(problemEffect(problem('a', 'duplicate_key'))).toBe('excluded');
});
