import { expect, it } from 'vitest';
import { nearestWord } from './nearest.ts';

const words = ['configuration', 'assignment', 'presence', 'ownership'];

it.each([
  ['asignment', 'assignment'],
  ['Presence', 'presence'],
  ['confguraton', 'configuration'],
  ['configuraiton', 'configuration'],
  ['configuxxxion', 'configuration'],
  ['configuxxxxon', null],
  ['owner', 'ownership'],
  ['config', 'configuration'],
  ['ship', 'ownership'],
  ['sign', 'assignment'],
  ['own', null],
  ['something else', null],
  ['', null],
  ['x', null],
])('for "%s" suggests %s', (word, nearest) => {
  expect(nearestWord(word, words)).toBe(nearest);
});

it('suggests what a word is a part of only where that is one', () => {
  expect(nearestWord('teams', ['slack', 'microsoft_teams'])).toBe('microsoft_teams');
  expect(nearestWord('issue', ['github_issue', 'jira_issue'])).toBeNull();
});

it.each([
  ['github_pr', 'github_pull_request'],
  ['gitlab-mr', 'gitlab_merge_request'],
  ['ms_teams', 'microsoft_teams'],
  ['GitHubPR', 'github_pull_request'],
  // Of two it could be.
  ['gtis', null],
  // The first letter is another one, and "____" is for none.
  ['hubpr', null],
  ['____', null],
  ['ms_t', 'microsoft_teams'],
])('suggests what "%s" is short for: %s', (word, nearest) => {
  const outputs = [
    'microsoft_teams',
    'github_issue',
    'gitlab_issue',
    'github_pull_request',
    'gitlab_merge_request',
  ];
  expect(nearestWord(word, outputs)).toBe(nearest);
});

it('suggests the nearest, and the first of several that are as near', () => {
  expect(nearestWord('bat', ['cart', 'cat', 'hat'])).toBe('cat');
});

it('has nothing to suggest where there is nothing', () => {
  expect(nearestWord('word', [])).toBeNull();
});

it('takes no time for a word of any length', () => {
  expect(nearestWord('presence'.repeat(100_000), words)).toBeNull();
});
