import { expect, test } from 'vitest';
import { BacktestLedger, type TriedDrift } from './backtest-ledger.ts';

/** A subject that goes from one value to another, let through by the plans that are named. */
function drift(
  from: string,
  to: string,
  runSeq: number,
  by: 'both' | 'before' | 'after' = 'both',
): TriedDrift {
  const generated = { fingerprint: `${from}→${to}`, baselineHash: from, currentHash: to };
  return {
    mode: 'rolling',
    runSeq,
    value: to,
    valueAtBaseline: from,
    generated: { before: by === 'after' ? null : generated, after: by === 'before' ? null : generated },
  };
}

test('the findings of a subject are those of each plan', () => {
  const ledger = new BacktestLedger();

  expect(ledger.note('scope', 'x', drift('A', 'B', 2))).toEqual({ before: 'opens', after: 'opens' });
  expect(ledger.note('scope', 'x', drift('B', 'C', 3, 'before'))).toEqual({ before: 'opens', after: null });
  expect(ledger.note('scope', 'x', drift('C', 'B', 4))).toEqual({ before: 'way_back', after: 'way_back' });
  expect(ledger.note('scope', 'x', drift('B', 'C', 5, 'after'))).toEqual({ before: null, after: 'opens' });
});

test('each scope begins with nothing', () => {
  const ledger = new BacktestLedger();
  ledger.note('one', 'x', drift('A', 'B', 2));

  expect(ledger.note('two', 'x', drift('B', 'A', 3))).toEqual({ before: 'opens', after: 'opens' });
});

test('however much drifts, no more than so many findings are remembered: the oldest subjects are forgotten', () => {
  const ledger = new BacktestLedger(100);
  const names = Array.from({ length: 150 }, (_, at) => `${at}`);
  for (const name of names) {
    ledger.note('scope', name, drift('A', 'B', 2));
    expect(ledger.size).toBeLessThanOrEqual(100);
  }

  expect(ledger.forgotten).toBe(50);
  expect(names.filter((name) => ledger.knows('scope', name))).toEqual(names.slice(50));
  expect(ledger.note('scope', '149', drift('B', 'A', 3)).before).toBe('way_back');
  expect(ledger.note('scope', '49', drift('B', 'A', 3)).before).toBe('opens');
});

test('also where the two plans come to differ about subjects', () => {
  const ledger = new BacktestLedger(100);
  const names = Array.from({ length: 100 }, (_, at) => `${at}`);
  for (const name of names) ledger.note('scope', name, drift('A', 'B', 2));
  for (const name of names.slice(0, 60)) {
    ledger.note('scope', name, drift('B', 'C', 3, 'after'));
    expect(ledger.size).toBeLessThanOrEqual(100);
  }

  expect(ledger.knows('scope', '59')).toBe(true);
  expect(ledger.forgotten).toBeGreaterThan(50);
});

test('a subject is known from its first finding on, in its scope', () => {
  const ledger = new BacktestLedger();
  expect(ledger.knows('scope', 'x')).toBe(false);

  ledger.note('scope', 'x', drift('A', 'B', 2, 'after'));

  expect([ledger.knows('scope', 'x'), ledger.knows('scope', 'y'), ledger.size]).toEqual([true, false, 1]);
  expect(ledger.knows('other', 'x')).toBe(false);
});
