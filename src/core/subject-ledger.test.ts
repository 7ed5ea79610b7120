import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReconcileAction } from './reconcile-action.ts';
import { type DriftOutcome, SubjectLedger } from './subject-ledger.ts';
import { TestSubject } from './test-situation.ts';

/** The same runs of one subject, told to a ledger and to a store. */
class Both {
  readonly store: TestSubject;
  readonly ledger = new SubjectLedger();

  constructor(mode: 'rolling' | 'pinned') {
    this.store = new TestSubject('A', mode);
  }

  run(
    value: string | null,
    isHeldBack = false,
  ): { actions: ReconcileAction[]; outcome: DriftOutcome | null } {
    const { store } = this;
    const valueAtBaseline = store.mode === 'rolling' ? store.value : store.pin;
    const actions = store.run(value, { isHeldBack });
    const generated =
      isHeldBack || value === valueAtBaseline
        ? null
        : { fingerprint: `${valueAtBaseline}→${value}`, baselineHash: valueAtBaseline, currentHash: value };
    const { mode, runSeq } = store;
    return { actions, outcome: this.ledger.note({ value, valueAtBaseline, generated }, { mode, runSeq }) };
  }
}

function outcomeOf(actions: readonly ReconcileAction[], fingerprint: string): DriftOutcome {
  for (const action of actions) {
    if (action.kind === 'open') return 'opens';
    if (action.kind === 'record' && action.fingerprint === fingerprint) {
      if (action.because === 'way_back' || action.because === 'flapping') return action.because;
    }
  }
  return 'known';
}

describe('SubjectLedger', () => {
  it('tells what opens a finding from the way back, and from what is there again', () => {
    const both = new Both('rolling');

    expect(['B', 'A', 'B', 'C', 'A'].map((value) => both.run(value).outcome)).toEqual([
      'opens',
      'way_back',
      'known',
      'opens',
      'way_back',
    ]);
  });

  it('takes a change for no way back of what was held back', () => {
    const both = new Both('rolling');

    expect([both.run('B', true).outcome, both.run('A').outcome]).toEqual([null, 'opens']);
  });

  it('finds what a pinned baseline tells again and again once', () => {
    const both = new Both('pinned');

    expect(['B', 'B', 'A', 'C', 'B'].map((value) => both.run(value).outcome)).toEqual([
      'opens',
      'known',
      null,
      'opens',
      'known',
    ]);
  });

  it('says what reconciling says, whatever happens', () => {
    const seen = new Set<DriftOutcome | null>();
    const step = fc.tuple(fc.constantFrom('A', 'B', 'C', 'D', 'E', null), fc.boolean());
    fc.assert(
      fc.property(
        fc.constantFrom<'rolling' | 'pinned'>('rolling', 'pinned'),
        fc.array(step, { minLength: 1, maxLength: 40 }),
        (mode, steps) => {
          const both = new Both(mode);
          for (const [value, isHeldBack] of steps) {
            const before = mode === 'rolling' ? both.store.value : both.store.pin;
            // Without drift nobody tells a ledger; a store hears of what is back at the pin.
            if (before === value) {
              if (mode === 'pinned') both.store.run(value);
              continue;
            }
            const { actions, outcome } = both.run(value, isHeldBack);
            const expected = isHeldBack ? null : outcomeOf(actions, `${before}→${value}`);

            if (mode === 'rolling') expect(outcome).toBe(expected);
            else expect(outcome === 'opens').toBe(expected === 'opens');
            seen.add(outcome);
          }
        },
      ),
      { numRuns: 1000 },
    );
    expect(seen).toEqual(new Set(['opens', 'known', 'way_back', 'flapping', null]));
  });

  it('forgets what lies more than a hundred findings back, at the latest', () => {
    const both = new Both('rolling');
    const values = Array.from({ length: 250 }, (_, at) => `V${at}`);
    for (const value of values) expect(both.run(value).outcome).toBe('opens');

    expect(both.run('V200').outcome).toBe('way_back');
    expect(both.run('V3').outcome).toBe('opens');
  });
});
