import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generalisePaths } from './generalise-paths.ts';
import { formatPointer } from './json-pointer.ts';
import { patternFault, patternMatcher } from './path-pattern.ts';

const of = (paths: readonly string[]) => Object.fromEntries(generalisePaths(paths));

/** Distinct patterns, sorted. */
const patternsOf = (paths: readonly string[]) => [...new Set(generalisePaths(paths).values())].sort();

const letters = Array.from('abcdefghijklmnopqrstuvwxyz');

describe('generalisePaths', () => {
  it('leaves paths as they are where few keys occur', () => {
    expect(of(['', '/a', '/settings/wifi/value', '/settings/vpn/value', '/list/0', '/list/1'])).toEqual({
      '': '',
      '/a': '/a',
      '/settings/wifi/value': '/settings/wifi/value',
      '/settings/vpn/value': '/settings/vpn/value',
      '/list/0': '/list/0',
      '/list/1': '/list/1',
    });
  });

  it('takes many names with the same name below them for keys', () => {
    const settings = letters.slice(0, 5).map((letter) => `/settings/${letter}/value`);

    expect(patternsOf([...settings, '/settings/version'])).toEqual([
      '/settings/*/value',
      '/settings/version',
    ]);
  });

  it('takes many ids and places in a list for keys, and joins what is below them', () => {
    const ids = ['0a8e1a0c-3e5f-4f0a-9a53-0f6b8c1d2e3f', '1a8e1a0c-3e5f-4f0a-9a53-0f6b8c1d2e3f', '17'];

    expect(
      patternsOf([`/groups/${ids[0]}/a`, `/groups/${ids[1]}/b`, `/groups/${ids[2]}`, '/groups/name']),
    ).toEqual(['/groups/*', '/groups/*/a', '/groups/*/b', '/groups/name']);
  });

  it('keeps a key that is an asterisk among others', () => {
    expect(patternsOf(['/list/0', '/list/1', '/list/2', '/list/*'])).toEqual(['/list/*']);
  });

  it('takes names that end a path for keys only where there are very many', () => {
    const few = letters.slice(0, 19).map((letter) => `/tags/${letter}`);

    expect(patternsOf(few)).toHaveLength(19);
    expect(patternsOf([...few, '/tags/z'])).toEqual(['/tags/*']);
  });

  it('never takes the members of an item for keys', () => {
    const members = letters.map((letter) => `/${letter}/value`);

    expect(patternsOf(members)).toEqual(members.sort());
  });

  it('puts * where the true key is not shown or no pattern can have it', () => {
    expect(
      of([
        '/a/[withheld]/b',
        '/a/x[redacted]/c',
        '/a/**/d',
        '/a/b**/e',
        '/a/\ud800/f',
        '/a/\0/g',
        '/[redacted]',
      ]),
    ).toEqual({
      '/a/[withheld]/b': '/a/*/b',
      '/a/x[redacted]/c': '/a/*/c',
      '/a/**/d': '/a/*/d',
      '/a/b**/e': '/a/*/e',
      '/a/\ud800/f': '/a/*/f',
      '/a/\0/g': '/a/*/g',
      '/[redacted]': null,
    });
  });

  it('has no pattern for a path that is deeper than patterns are', () => {
    const deep = '/a'.repeat(65);

    expect(of([deep, '/a'])).toEqual({ [deep]: null, '/a': '/a' });
  });

  const token = fc.oneof(
    fc.constantFrom(
      'a',
      'b',
      'c',
      'settings',
      '*',
      '**',
      'x*',
      '',
      '~',
      '/',
      '[withheld]',
      'cafe\u0301',
      '\ud800',
    ),
    fc.nat({ max: 5 }).map(String),
    fc.uuid(),
    fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 2 }),
  );
  const path = fc.array(token, { maxLength: 4 }).map(formatPointer);

  it('gives a pattern that plans may have and that matches, the same in whatever order', () => {
    fc.assert(
      fc.property(fc.array(path, { maxLength: 60 }), (paths) => {
        const patterns = generalisePaths(paths);

        expect([...patterns.keys()].sort()).toEqual([...new Set(paths)].sort());
        for (const [each, pattern] of patterns) {
          if (pattern === null) continue;
          expect(patternFault(pattern)).toBeNull();
          expect(patternMatcher(pattern)(each.normalize('NFC')), `${pattern} of ${each}`).toBe(true);
        }
        expect(generalisePaths([...paths].reverse())).toEqual(patterns);
      }),
    );
  });
});
