import { describe, expect, test } from 'vitest';
import type { BacktestChange, BacktestSide } from '../executions/backtest.ts';
import { BacktestTally, type TriedSide } from './backtest-tally.ts';

const side = { severity: 'sev3', route: 'notify', score: 0.5 } as const;

function change(externalId: string, more: Partial<BacktestChange> = {}): Omit<BacktestChange, 'reasonCount'> {
  return {
    effects: ['disappears'],
    scopeId: 'scope',
    executionId: 'execution',
    fingerprint: `v1:${externalId}`,
    driftType: 'configuration',
    change: 'changed',
    itemType: 'type',
    externalId,
    label: externalId,
    before: side,
    after: null,
    absence: 'held_back',
    reasons: [],
    ...more,
  };
}

function triedOf(finding: BacktestSide | null): TriedSide {
  return finding === null ? { finding, absence: 'held_back' } : { finding, absence: null };
}

function tallyOf(changes: readonly Omit<BacktestChange, 'reasonCount'>[]) {
  const tally = new BacktestTally();
  for (const each of changes) {
    tally.addSubject(triedOf(each.before), triedOf(each.after), each.effects);
    tally.addChange(each);
  }
  return tally.result();
}

describe('the tally of a backtest', () => {
  test('keeps the first ten thousand changes, and counts and digests all of them', () => {
    const changes = Array.from({ length: 10_002 }, (_, index) => change(String(index)));

    const all = tallyOf(changes);
    const other = tallyOf([...changes.slice(0, -1), change('another')]);

    expect(all.kept).toHaveLength(10_000);
    expect(all.summary).toMatchObject({ changes: 10_002, changesKept: 10_000, disappears: 10_002 });
    expect(other.kept).toEqual(all.kept);
    expect(other.resultDigest).not.toBe(all.resultDigest);
  });

  test('keeps less where they are long, and nothing behind what had no room', () => {
    const long = (externalId: string) => change(externalId, { label: 'x'.repeat(5 * 1024 * 1024) });

    const { kept, summary } = tallyOf([...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(long), change('short')]);

    expect(kept.map(({ fingerprint }) => fingerprint)).toEqual(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => `v1:${id}`),
    );
    expect(summary).toMatchObject({ changes: 8, changesKept: 6 });
  });

  test('digests the same whatever plans are in force, and another where a pair was left out', () => {
    const used = { planVersionHash: 'hash', planId: null, planVersion: null };
    const digestOf = (isForPlan: boolean, isSkipped: boolean): string => {
      const tally = new BacktestTally();
      tally.addPair(used, isForPlan);
      if (isSkipped) tally.skipPair('retention');
      return tally.result().resultDigest;
    };

    expect(digestOf(true, false)).toBe(digestOf(false, false));
    expect(digestOf(true, true)).not.toBe(digestOf(true, false));
  });

  test('tells of a hundred plans of then, in a fixed order, and counts the pairs of each', () => {
    const tally = new BacktestTally();
    for (let index = 150; index > 0; index--) {
      tally.addPair(
        { planVersionHash: String(index).padStart(3, '0'), planId: null, planVersion: null },
        true,
      );
    }
    tally.addPair({ planVersionHash: '001', planId: null, planVersion: null }, true);

    const { plans } = tally.result().summary.heldBack.before;

    expect(plans).toHaveLength(100);
    expect(plans.slice(0, 2)).toMatchObject([
      { planVersionHash: '001', pairs: 2 },
      { planVersionHash: '002', pairs: 1 },
    ]);
  });
});
