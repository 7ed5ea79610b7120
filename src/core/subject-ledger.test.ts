import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProvenValue } from './known-finding.ts';
import type { ReconcileAction } from './reconcile-action.ts';
import { type DriftOutcome, SubjectLedger } from './subject-ledger.ts';
import { generatedOf, TestSubject } from './test-situation.ts';

/** The same runs of one subject, told to a ledger and to a store. */
class Both {
  readonly store: TestSubject;
  ledger = new SubjectLedger();

  constructor(mode: 'rolling' | 'pinned', first = 'A') {
    this.store = new TestSubject(first, mode);
  }

  /** A run in which nothing changed: nobody tells a ledger, and a store hears of what flaps. */
  rest(): void {
    const { store } = this;
    const isNamed = store.findings.some(({ isFlapping }) => isFlapping);
    if (!isNamed) store.runSeq++;
    else if (store.isGone) store.runGone();
    else store.run(store.value);
  }

  run(
    value: string | null,
    isHeldBack = false,
  ): { actions: ReconcileAction[]; outcome: DriftOutcome | null; fingerprint: string | null } {
    const { store } = this;
    const valueAtBaseline = this.#baseline();
    const isDrift = valueAtBaseline.kind === 'known' && value !== valueAtBaseline.hash && !isHeldBack;
    const generated = isDrift ? generatedOf(valueAtBaseline.hash, value) : null;
    const actions = store.run(value, { isHeldBack });
    const { mode, runSeq } = store;
    const subject = { value: { kind: 'known', hash: value }, valueAtBaseline, generated } as const;
    const outcome = this.ledger.note(subject, { mode, runSeq });
    return { actions, outcome, fingerprint: generated?.fingerprint ?? null };
  }

  /** A run in which its item is gone. */
  runGone(): void {
    const { store } = this;
    const valueAtBaseline = this.#baseline();
    store.runGone();
    const { mode, runSeq } = store;
    this.ledger.note({ value: { kind: 'gone' }, valueAtBaseline, generated: null }, { mode, runSeq });
  }

  #baseline(): ProvenValue {
    const { store } = this;
    if (store.mode === 'pinned') return { kind: 'known', hash: store.pin };
    return store.isGone ? { kind: 'gone' } : { kind: 'known', hash: store.value };
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

  it('knows the values of what is there again, from another value', () => {
    const both = new Both('rolling', 'A.0');

    expect(['B.0', 'C.0', 'A.1', 'B.1', 'C.1', 'B.1'].map((value) => both.run(value).outcome)).toEqual([
      'opens',
      'opens',
      'opens',
      'known',
      'known',
      'way_back',
    ]);
  });

  it('is at rest after ten runs of which it heard nothing', () => {
    const both = new Both('rolling');
    for (const value of ['B', 'A', 'B', 'A', 'B']) both.run(value);
    for (let quiet = 0; quiet < 10; quiet++) both.rest();

    const { actions, outcome } = both.run('C');
    expect(outcome).toBe(outcomeOf(actions, 'B→C'));
    const back = both.run('B');
    expect(back.outcome).toBe(outcomeOf(back.actions, 'C→B'));
  });

  // Values of two parts make the same fingerprint between different values. Some are there often, so that they flap.
  it.each([
    ['A', ['A', 'A', 'A', 'B', 'B', 'B', 'C', 'D', 'E']],
    ['A.0', ['A.0', 'A.0', 'A.0', 'B.0', 'B.0', 'B.0', 'C.0', 'A.1', 'B.1', 'C.1']],
  ])('says what reconciling says, whatever happens, from %s on', (first, values) => {
    const seen = new Set<DriftOutcome | null>();
    const step = fc.tuple(
      fc.constantFrom(...values, 'fresh', 'gone', null),
      fc.constantFrom(false, false, true),
      fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 10, 11),
    );
    fc.assert(
      fc.property(
        fc.constantFrom<'rolling' | 'pinned'>('rolling', 'pinned'),
        fc.array(step, { minLength: 1, maxLength: 40 }),
        (mode, steps) => {
          const both = new Both(mode, first);
          for (const [at, [known, isHeldBack, quietRuns]] of steps.entries()) {
            const value = known === 'fresh' ? `fresh${at}` : known;
            // Another ledger with the same past goes on in its place.
            if (at % 2 === 0) both.ledger = both.ledger.clone();
            for (let quiet = 0; quiet < quietRuns && mode === 'rolling'; quiet++) both.rest();
            if (known === 'gone') {
              if (both.store.isGone) both.rest();
              else both.runGone();
              continue;
            }
            const before = mode === 'rolling' ? both.store.value : both.store.pin;
            if (before === value && !both.store.isGone) {
              // Of what is back at the pin a store hears as long as something is unresolved.
              if (mode === 'rolling') both.rest();
              else both.store.run(value);
              continue;
            }
            const { actions, outcome, fingerprint } = both.run(value, isHeldBack);
            const expected = fingerprint === null ? null : outcomeOf(actions, fingerprint);

            if (mode === 'rolling') expect(outcome).toBe(expected);
            else expect(outcome === 'opens').toBe(expected === 'opens');
            seen.add(outcome);
          }
        },
      ),
      { numRuns: 3000 },
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
