import { expect, test } from 'vitest';
import { BacktestLedger, type LedgerSubject, type TriedDrift } from './backtest-ledger.ts';

function named(externalId: string): LedgerSubject {
  return { driftType: 'configuration', itemType: 'test.policy', externalId };
}

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
    value: { kind: 'known', hash: to },
    valueAtBaseline: { kind: 'known', hash: from },
    generated: { before: by === 'after' ? null : generated, after: by === 'before' ? null : generated },
  };
}

test('the findings of a subject are those of each plan', () => {
  const ledger = new BacktestLedger();

  expect(ledger.note('scope', named('x'), drift('A', 'B', 2))).toEqual({ before: 'opens', after: 'opens' });
  expect(ledger.note('scope', named('x'), drift('B', 'C', 3, 'before'))).toEqual({
    before: 'opens',
    after: null,
  });
  expect(ledger.note('scope', named('x'), drift('C', 'B', 4))).toEqual({
    before: 'way_back',
    after: 'way_back',
  });
  expect(ledger.note('scope', named('x'), drift('B', 'C', 5, 'after'))).toEqual({
    before: null,
    after: 'opens',
  });
});

test('each scope begins with nothing', () => {
  const ledger = new BacktestLedger();
  ledger.note('one', named('x'), drift('A', 'B', 2));

  expect(ledger.note('two', named('x'), drift('B', 'A', 3))).toEqual({ before: 'opens', after: 'opens' });
});

test('however much drifts, no more than so many findings are remembered: the oldest subjects are forgotten', () => {
  const ledger = new BacktestLedger(200);
  const names = Array.from({ length: 150 }, (_, at) => `${at}`);
  for (const name of names) {
    ledger.note('scope', named(name), drift('A', 'B', 2));
    expect(ledger.size).toBeLessThanOrEqual(200);
  }

  expect(ledger.forgotten).toBe(50);
  expect(names.filter((name) => ledger.knows('scope', named(name)))).toEqual(names.slice(50));
  expect(ledger.note('scope', named('149'), drift('B', 'A', 3)).before).toBe('way_back');
  expect(ledger.note('scope', named('49'), drift('B', 'A', 3)).before).toBe('opens');
});

test('also where the two plans come to differ about subjects', () => {
  const ledger = new BacktestLedger(200);
  const names = Array.from({ length: 100 }, (_, at) => `${at}`);
  for (const name of names) ledger.note('scope', named(name), drift('A', 'B', 2));
  for (const name of names.slice(0, 60)) {
    ledger.note('scope', named(name), drift('B', 'C', 3, 'after'));
    expect(ledger.size).toBeLessThanOrEqual(200);
  }

  expect(ledger.knows('scope', named('59'))).toBe(true);
  expect(ledger.forgotten).toBeGreaterThan(50);
});

test('a subject is known from its first finding on, in its scope', () => {
  const ledger = new BacktestLedger();
  expect(ledger.knows('scope', named('x'))).toBe(false);

  ledger.note('scope', named('x'), drift('A', 'B', 2, 'after'));

  expect([ledger.knows('scope', named('x')), ledger.knows('scope', named('y')), ledger.size]).toEqual([
    true,
    false,
    3,
  ]);
  expect(ledger.knows('other', named('x'))).toBe(false);
});

test('a value that new rules write in another way is the same value', () => {
  const ledger = new BacktestLedger();
  ledger.note('scope', named('x'), drift('A', 'B', 2));
  ledger.note('scope', named('y'), drift('A', 'B', 2, 'after'));
  ledger.note('scope', named('y'), drift('B', 'C', 3, 'after'));
  expect(ledger.subjectsOf('scope')).toEqual([named('x'), named('y')]);

  for (const name of ['x', 'y']) ledger.renew('scope', named(name), { from: 'B', to: 'B2' });

  ledger.note('scope', named('x'), drift('B2', 'C', 3));
  expect(ledger.note('scope', named('x'), drift('C', 'B2', 4))).toEqual({
    before: 'way_back',
    after: 'way_back',
  });
  expect(ledger.note('scope', named('y'), drift('C', 'B2', 4))).toEqual({
    before: 'opens',
    after: 'way_back',
  });
  expect(ledger.subjectsOf('other')).toEqual([]);
});
