import { describe, expect, it } from 'vitest';
import { coverageOf, joinCoverage } from './coverage.ts';
import { errorCatalogue, type ProblemCode } from './errors.ts';
import type { Problem } from './problem.ts';

const problem = (code: ProblemCode, itemType: string | null = null): Problem => ({
  code,
  path: 'file',
  detail: 'detail',
  itemType,
});

describe('coverageOf', () => {
  it('is complete for every type where nothing is wrong', () => {
    const coverage = coverageOf([]);

    expect(coverage.isComplete('t')).toBe(true);
    expect(coverage.reason('t')).toBeNull();
    expect(coverage.reasonForEveryType).toBeNull();
  });

  it('leaves every type incomplete where something unread may be of any', () => {
    const coverage = coverageOf([
      problem('invalid_json'),
      problem('unreadable_file'),
      problem('invalid_json'),
    ]);

    expect(coverage.isComplete('t')).toBe(false);
    expect(coverage.reason('t')).toBe('1 × unreadable_file, 2 × invalid_json');
    expect(coverage.reasonForEveryType).toBe('1 × unreadable_file, 2 × invalid_json');
  });

  it('leaves every type incomplete even where the type of what is unread was guessed', () => {
    expect(coverageOf([problem('item_too_large', 't')]).isComplete('u')).toBe(false);
  });

  it('leaves only one type incomplete where that is known', () => {
    const coverage = coverageOf([problem('missing_identity', 't'), problem('incomplete_pages', 't')]);

    expect(coverage.isComplete('t')).toBe(false);
    expect(coverage.reason('t')).toBe('1 × incomplete_pages, 1 × missing_identity');
    expect(coverage.isComplete('u')).toBe(true);
    expect(coverage.reasonForEveryType).toBeNull();
  });

  it('leaves every type incomplete where the one type is not known', () => {
    expect(coverageOf([problem('missing_identity')]).isComplete('t')).toBe(false);
  });

  it('sums up both reasons of a type', () => {
    const coverage = coverageOf([problem('missing_identity', 't'), problem('not_text')]);

    expect(coverage.reason('t')).toBe('1 × missing_identity, 1 × not_text');
    expect(coverage.reason('u')).toBe('1 × not_text');
  });

  it('is what the catalogue says of every code', () => {
    for (const [code, entry] of Object.entries(errorCatalogue)) {
      if (entry.kind !== 'problem') continue;
      const coverage = coverageOf([problem(code as ProblemCode, 't')]);

      expect([code, coverage.isComplete('t'), coverage.isComplete('u')]).toEqual([
        code,
        !['unread', 'type_unread'].includes(entry.effect),
        entry.effect !== 'unread',
      ]);
    }
  });
});

describe('joinCoverage', () => {
  const complete = coverageOf([]);
  const broken = coverageOf([problem('invalid_json')]);

  it('lists each type once, sorted, with the reasons of both sides', () => {
    const current = coverageOf([problem('missing_identity', 'b')]);

    expect(joinCoverage(['b', 'a', 'b'], complete, current)).toEqual([
      { itemType: 'a', status: 'complete', reason: null },
      { itemType: 'b', status: 'partial', reason: 'current: 1 × missing_identity' },
    ]);
    expect(joinCoverage(['b'], broken, current)).toEqual([
      {
        itemType: 'b',
        status: 'partial',
        reason: 'baseline: 1 × invalid_json; current: 1 × missing_identity',
      },
    ]);
  });

  it('says that all failed where there is no item and something could not be read', () => {
    expect(joinCoverage([], complete, broken)).toEqual([
      { itemType: '*', status: 'failed', reason: 'current: 1 × invalid_json' },
    ]);
    expect(joinCoverage([], broken, broken)).toEqual([
      { itemType: '*', status: 'failed', reason: 'baseline: 1 × invalid_json; current: 1 × invalid_json' },
    ]);
    expect(joinCoverage([], complete, complete)).toEqual([]);
  });
});
