import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPointer, parsePointer } from './json-pointer.ts';
import {
  compilePatterns,
  matchesGlob,
  type PathState,
  patternFault,
  patternMatcher,
} from './path-pattern.ts';

/** A step from a place to one below it. */
type Step =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'element'; readonly key: string | null };

/** Whether a pattern matches, by trying everything: the oracle. */
function matchesNaively(tokens: readonly string[], steps: readonly Step[], afterDeep = false): boolean {
  const [token, ...tokensLeft] = tokens;
  const [step, ...stepsLeft] = steps;
  if (token === undefined) return step === undefined;
  if (token === '**') {
    return (
      matchesNaively(tokensLeft, steps, true) || (step !== undefined && matchesNaively(tokens, stepsLeft))
    );
  }
  if (step === undefined) return false;
  const isMatch =
    step.kind === 'member'
      ? matchesGlobNaively(token, step.name)
      : token === '*' || (step.key !== null && !afterDeep && matchesGlobNaively(token, step.key));
  return isMatch && matchesNaively(tokensLeft, stepsLeft);
}

function matchesGlobNaively(glob: string, text: string): boolean {
  if (glob === '') return text === '';
  if (glob[0] === '*') {
    return (
      matchesGlobNaively(glob.slice(1), text) || (text !== '' && matchesGlobNaively(glob, text.slice(1)))
    );
  }
  return text !== '' && glob[0] === text[0] && matchesGlobNaively(glob.slice(1), text.slice(1));
}

const shortText = fc.string({ unit: fc.constantFrom('a', 'b', '/', '~'), maxLength: 3 });
const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 5 });
const token = fc.oneof(
  fc.constant('**'),
  glob.filter((text) => !text.includes('**')),
  shortText,
);
const tokens = fc.array(token, { maxLength: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  shortText.map((name): Step => ({ kind: 'member', name })),
  fc.option(shortText).map((key): Step => ({ kind: 'element', key })),
);

function walk(root: PathState, steps: readonly Step[]): PathState {
  let place = root;
  for (const one of steps) place = one.kind === 'member' ? place.next(one.name) : place.element(one.key);
  return place;
}

function place(patterns: readonly string[], pointer: string): PathState {
  return walk(
    compilePatterns(patterns),
    parsePointer(pointer).map((name) => ({ kind: 'member', name })),
  );
}

describe('matchesGlob', () => {
  it('takes * for any characters, none included', () => {
    fc.assert(
      fc.property(glob, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 6 }), (glob, text) => {
        expect(matchesGlob(glob, text)).toBe(matchesGlobNaively(glob, text));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*b*b*', 'ab', false],
    ['*', '', true],
    ['a.c', 'abc', false],
    ['*microsoft.graph.*', '#microsoft.graph.x', true],
    ['A', 'a', false],
  ])('says whether %s fits %s', (glob, text, isMatch) => {
    expect(matchesGlob(glob, text)).toBe(isMatch);
  });

  it('takes no time for many stars and a long text', () => {
    expect(matchesGlob('*a'.repeat(40), `${'a'.repeat(50_000)}b`)).toBe(false);
  });
});

describe('compilePatterns', () => {
  it('matches what trying everything matches, however the patterns share their states', () => {
    fc.assert(
      fc.property(fc.array(tokens, { maxLength: 4 }), fc.array(step, { maxLength: 5 }), (patterns, steps) => {
        const expected = patterns.flatMap((pattern, index) =>
          matchesNaively(pattern, steps) ? [index] : [],
        );

        expect(walk(compilePatterns(patterns.map(formatPointer)), steps).matches).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });

  it('comes to the same place by the same way', () => {
    const root = compilePatterns(['/a/*/b', '/**/c']);

    expect(root.next('a').next('x')).toBe(root.next('a').next('y'));
    expect(root.next('a').element('x')).toBe(root.next('a').element(null));
  });

  it('finds nothing for no patterns', () => {
    expect(compilePatterns([])).toMatchObject({ matches: [] });
  });
});

describe('elements of arrays', () => {
  const element = (pattern: string, key: string | null): boolean =>
    compilePatterns([pattern]).next('settings').element(key).matches.length > 0;

  it('names an element by its key where the pattern names the array', () => {
    expect(element('/settings/wifi', 'wifi')).toBe(true);
    expect(element('/settings/w*', 'wifi')).toBe(true);
    expect(element('/settings/wifi', 'lan')).toBe(false);
    expect(element('/settings/wifi', null)).toBe(false);
  });

  it('means any element by a star, keyed or not', () => {
    expect(element('/settings/*', 'wifi')).toBe(true);
    expect(element('/settings/*', null)).toBe(true);
    expect(element('/**/*', null)).toBe(true);
    expect(element('/**', null)).toBe(true);
  });

  it('never takes a key for the member that a pattern looks for at any depth', () => {
    expect(element('/**/createdDateTime', 'createdDateTime')).toBe(false);
    expect(element('/**/created*', 'createdDateTime')).toBe(false);
    expect(element('/**/settings/wifi', 'wifi')).toBe(true);
  });

  it('finds the member again below an element', () => {
    const below = compilePatterns(['/**/createdDateTime']).next('settings').element('createdDateTime');

    expect(below.next('createdDateTime').matches).toEqual([0]);
  });
});

describe('patternFault', () => {
  it.each(['', '/a', '/**', '/a/**/b*c/*', '/a~1b/~0', '/', '/*@odata.*', `${'/a'.repeat(64)}`])(
    'finds nothing wrong with %j',
    (pattern) => {
      expect(patternFault(pattern)).toBeNull();
    },
  );

  it.each([
    ['a', 'a JSON Pointer starts with "/"'],
    ['**', 'a JSON Pointer starts with "/"'],
    ['/a~b', 'in a JSON Pointer "~" is written ~0, and "/" within a name ~1'],
    ['/a**', '"**" stands alone between slashes'],
    ['/x/**b/c', '"**" stands alone between slashes'],
    ['/***', '"**" stands alone between slashes'],
    ['/a'.repeat(65), 'a path pattern has at most 64 segments'],
  ])('says what is wrong with %j', (pattern, fault) => {
    expect(patternFault(pattern)).toBe(fault);
  });

  it('allows as many segments as can be told apart', () => {
    const patterns = ['/a'.repeat(64), '/**'.repeat(64), '/b'];

    expect(place(patterns, '/a'.repeat(64)).matches).toEqual([0, 1]);
    expect(place(patterns, '/a'.repeat(63)).matches).toEqual([1]);
    expect(place(patterns, '').matches).toEqual([1]);
  });
});

describe('bounds', () => {
  it('matches rightly beyond the number of segments that are remembered', () => {
    const root = compilePatterns(['/a/*', '/a/x4999']);

    const matches = Array.from({ length: 5000 }, (_, index) => root.next('a').next(`x${index}`).matches);

    expect(matches[0]).toEqual([0]);
    expect(matches[4999]).toEqual([0, 1]);
    expect(root.next('a').next('x4999').matches).toEqual([0, 1]);
  });

  it('matches rightly beyond the number of states that are remembered', () => {
    const names = Array.from({ length: 14 }, (_, index) => `n${index}`);
    const root = compilePatterns(names.map((name) => `/**/${name}/**`));

    // Every subset of the names that have been passed is a state of its own: 16,384 of them.
    let states = [root];
    for (const name of names) states = states.flatMap((state) => [state, state.next(name)]);

    expect(states.at(-1)?.matches).toHaveLength(14);
    expect(states.every((state, index) => state.matches.length === bitCount(index))).toBe(true);
  });
});

function bitCount(value: number): number {
  return value.toString(2).replaceAll('0', '').length;
}

describe('patternMatcher', () => {
  it.each([
    ['/a/*', '/a/b', true],
    ['/a/*', '/a', false],
    ['/a/**', '/a', true],
    ['', '', true],
    ['', '/a', false],
    ['/**', '', true],
    ['/a~1b', '/a~1b', true],
    ['/a~1b', '/a/b', false],
  ])('says whether %j fits the pointer %j', (pattern, pointer, isMatch) => {
    expect(patternMatcher(pattern)(pointer)).toBe(isMatch);
  });
});
