import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { transition, triageEvents } from './finding-lifecycle.ts';
import { reconcile } from './reconcile.ts';
import { actionText, TestSubject } from './test-situation.ts';

/** The subject after its values, one per run; the first is what it had before any finding. */
function walk(values: string, mode: 'rolling' | 'pinned' = 'rolling'): TestSubject {
  const subject = new TestSubject(values[0] ?? null, mode);
  for (const value of values.slice(1)) subject.run(value);
  return subject;
}

const texts = (actions: Parameters<typeof actionText>[0][]): string[] => actions.map(actionText);

describe('a value that changes', () => {
  it('opens a finding', () => {
    const subject = new TestSubject('A');

    expect(texts(subject.run('B'))).toEqual(['open A→B']);
    expect(subject.states).toEqual(['A→B new']);
  });

  it('and stays says nothing more', () => {
    const subject = walk('AB');

    expect(subject.run('B')).toEqual([]);
  });

  it('and is back resolves its finding, and the way back is no finding', () => {
    const subject = walk('AB');

    expect(texts(subject.run('A'))).toEqual(['flip F1', 'F1 reverted', 'record B→A way_back']);
    expect(subject.states).toEqual(['A→B resolved']);
  });

  it('and is back after several steps resolves the earliest finding that it undoes and all later ones', () => {
    const subject = walk('AB');
    subject.triage('F1', 'acknowledged');
    subject.run('C');
    subject.triage('F2', 'acknowledged');
    subject.run('D');

    expect(texts(subject.run('A'))).toEqual([
      'flip F3',
      'F1 reverted',
      'F2 reverted',
      'F3 reverted',
      'record D→A way_back',
    ]);
  });

  it('and is back behind findings that were superseded leaves nothing unresolved', () => {
    const subject = walk('ABCDA');

    expect(subject.states).toEqual(['A→B resolved', 'B→C resolved', 'C→D resolved']);
    expect(subject.findings.every(({ isUndone }) => isUndone)).toBe(true);
  });

  it('and comes half the way back is told by the finding that told it before', () => {
    const subject = walk('ABC');

    expect(texts(subject.run('B'))).toEqual(['flip F2', 'F2 reverted', 'record C→B way_back', 'recur F1']);
    expect(subject.states).toEqual(['A→B new', 'B→C resolved']);
  });

  it('and comes half the way back over a gap of plan noise is told as well', () => {
    const subject = walk('AB');
    subject.run('N', { isHeldBack: true });
    subject.run('C');

    subject.run('N');

    expect(subject.states).toEqual(['A→B new', 'N→C resolved']);
  });

  it('as before, after it was back, is the same finding again', () => {
    const subject = walk('ABA');

    expect(texts(subject.run('B'))).toEqual(['recur F1', 'flip F1']);
    expect(subject.states).toEqual(['A→B new']);
  });

  it('by what the plan holds back supersedes nothing', () => {
    const subject = walk('AB');

    expect(subject.run('C', { isHeldBack: true })).toEqual([]);
    expect(subject.states).toEqual(['A→B new']);
  });

  it('back, by what the plan holds back, is back all the same', () => {
    const subject = walk('AB');

    expect(texts(subject.run('A', { isHeldBack: true }))).toEqual(['flip F1', 'F1 reverted']);
  });

  it('to nothing, told elsewhere, leaves no finding that nobody has answered for', () => {
    const subject = walk('AB');

    expect(texts(subject.runGone())).toEqual(['F1 superseded']);
  });

  it('to nothing, by what the plan holds back, supersedes nothing', () => {
    const subject = walk('AB');

    expect(subject.run(null, { isHeldBack: true })).toEqual([]);
  });
});

describe('a subject that vanishes, told elsewhere, and comes back', () => {
  it('with the value that nobody has answered for is told again', () => {
    const subject = walk('AB');
    subject.runGone();

    expect(texts(subject.run('B'))).toEqual(['recur F1', 'flip F1']);
    expect(subject.states).toEqual(['A→B new']);
  });

  it('half the way back is told by the finding that told it before', () => {
    const subject = walk('ABC');
    subject.runGone();
    subject.run('B');

    expect(subject.states).toEqual(['A→B new', 'B→C resolved']);
  });

  it('with the value before any finding is told by none', () => {
    const subject = walk('AB');
    subject.runGone();
    subject.run('A');

    expect(subject.states).toEqual(['A→B resolved']);
    expect(subject.findings[0]?.isUndone).toBe(true);
  });

  it('with another value begins a new way: what it went before is not told again', () => {
    const subject = walk('BC');
    subject.runGone();
    subject.run('A');
    subject.run('D');

    expect(texts(subject.run('A'))).toEqual(['flip F2', 'F2 reverted', 'record D→A way_back']);
    expect(subject.states).toEqual(['B→C resolved', 'A→D resolved']);
  });

  it('leaves what somebody has answered for as it is', () => {
    const subject = walk('AB');
    subject.triage('F1', 'acknowledged');
    subject.runGone();

    expect(subject.run('D')).toEqual([]);
    expect(subject.states).toEqual(['A→B acknowledged']);
  });
});

it('a way back behind a step that was held back is the same when it is reconciled once more', () => {
  const subject = walk('EA');
  subject.run('C', { isHeldBack: true });
  subject.run('B');
  subject.run('C');
  const after = subject.findings;

  subject.repeat();

  expect(subject.findings).toEqual(after);
  expect(subject.states).toEqual(['E→A new', 'C→B resolved']);
});

describe('without proof of the value', () => {
  it.each(['new', 'acknowledged', 'accepted', 'snoozed', 'dismissed'] as const)(
    'a finding that is %s stays as it is',
    (state) => {
      const subject = walk('AB');
      subject.triage('F1', state);

      expect(subject.runUnknown()).toEqual([]);
      expect(subject.find('F1').state).toBe(state);
    },
  );

  it('a flapping finding is not calmed', () => {
    const subject = walk('ABABA');
    for (let run = 0; run < 12; run++) subject.runUnknown();

    expect(subject.states).toEqual(['A→B new!']);
  });
});

describe('another value', () => {
  it.each([
    ['new', 'resolved'],
    ['snoozed', 'resolved'],
    ['acknowledged', 'acknowledged'],
    ['accepted', 'accepted'],
    ['dismissed', 'dismissed'],
  ] as const)('opens a linked finding beside one that is %s, which is %s then', (state, after) => {
    const subject = walk('AB');
    subject.triage('F1', state);

    subject.run('C');

    expect(subject.states).toEqual([`A→B ${after}`, 'B→C new']);
    expect(subject.links.get('F2')).toBe('F1');
  });

  it('names what took the place of the old one', () => {
    expect(walk('AB').run('C')).toContainEqual({
      subjectKey: 'subject',
      kind: 'resolve',
      findingId: 'F1',
      resolution: 'superseded',
      byFingerprint: 'B→C',
    });
  });

  it('that makes the same drift again is undone by the value it began at then', () => {
    const subject = walk('ABA');
    subject.findings = subject.findings.map((one) => ({ ...one, fingerprint: 'N→M' }));
    subject.run('N', { isHeldBack: true });
    subject.run('M');
    expect(subject.states).toEqual(['N→M new']);

    expect(texts(subject.run('N'))).toContain('record M→N way_back');
  });

  it('is not linked where the subject had gone back before', () => {
    expect(walk('ABAC').links.get('F2')).toBeNull();
  });
});

describe('a finding that was dismissed', () => {
  it('stays dismissed when it is generated again', () => {
    const subject = walk('AB');
    subject.triage('F1', 'dismissed');

    expect(texts(subject.run('A'))).toEqual(['flip F1', 'undo F1', 'record B→A way_back']);
    expect(texts(subject.run('B'))).toEqual(['record A→B dismissed']);
    expect(subject.states).toEqual(['A→B dismissed']);
  });

  it('that is undone is no way back for values of a later way', () => {
    const subject = walk('WX');
    subject.run('Y');
    subject.triage('F2', 'dismissed');
    subject.run('W');
    subject.run('Z');

    expect(texts(subject.run('X'))).toEqual(['open Z→X linked to F3', 'F3 superseded']);
  });
});

describe('a value that was accepted', () => {
  function accepted(expiresAt: string | null = null): TestSubject {
    const subject = walk('AB');
    subject.triage('F1', 'accepted', expiresAt);
    return subject;
  }

  it('stays quiet when it is back from a third value, which is resolved', () => {
    const subject = accepted();
    subject.run('C');

    expect(texts(subject.run('B'))).toEqual(['flip F2', 'F2 reverted', 'record C→B accepted']);
    expect(subject.states).toEqual(['A→B accepted', 'B→C resolved']);
  });

  it('is accepted again when it is back after the value before', () => {
    const subject = accepted();
    subject.run('A');

    expect(subject.states).toEqual(['A→B resolved']);
    expect(texts(subject.run('B'))).toEqual(['record A→B accepted', 'reaccept F1', 'flip F1']);
    expect(subject.states).toEqual(['A→B accepted']);
  });

  it('stays quiet whichever way it is reached', () => {
    const subject = accepted();
    subject.run('A');
    subject.run('C');

    expect(texts(subject.run('B'))).toEqual([
      'record C→B accepted',
      'reaccept F1',
      'flip F1',
      'F2 superseded',
    ]);
  });

  it('that is reached from the value before any finding is undone by it', () => {
    const subject = walk('ADC');
    subject.triage('F2', 'accepted');
    subject.run('A');
    subject.run('C');

    expect(texts(subject.run('A'))).toContain('record C→A way_back');
  });

  it('keeps the value it came from when it is back by the change that first led to it', () => {
    const subject = walk('ADB');
    subject.triage('F2', 'accepted');
    for (const value of ['A', 'B', 'D']) subject.run(value);
    subject.triage('F3', 'dismissed');
    subject.run('B');

    expect(texts(subject.run('A'))).toContain('record B→A way_back');
  });

  it('makes a third value after the value before a linked finding', () => {
    const subject = accepted();
    subject.run('A');
    subject.run('C');

    expect(subject.links.get('F2')).toBe('F1');
  });

  it('is opened again where the acceptance has expired', () => {
    const subject = accepted('2026-01-02T00:00:00.000Z');
    subject.now = Date.parse('2026-01-02T00:00:00.000Z');

    expect(texts(subject.run('B'))).toEqual(['reopen_expired F1']);
    expect(subject.states).toEqual(['A→B new']);
  });

  it('is opened again when it is back after the acceptance has expired', () => {
    const subject = accepted('2026-01-02T00:00:00.000Z');
    subject.run('C');
    subject.now = Date.parse('2026-01-03T00:00:00.000Z');

    subject.run('B');

    expect(subject.states).toEqual(['A→B new', 'B→C resolved']);
  });

  it('is not opened by the end of the acceptance while another value is there', () => {
    const subject = accepted('2026-01-02T00:00:00.000Z');
    subject.run('C');
    subject.now = Date.parse('2026-01-03T00:00:00.000Z');

    expect(subject.run('C')).toEqual([]);
  });

  it('can be its absence', () => {
    const subject = new TestSubject('A');
    subject.run(null);
    subject.triage('F1', 'accepted');
    subject.run('B');

    expect(texts(subject.run(null))).toEqual(['flip F2', 'F2 reverted', 'record B→null accepted']);
  });
});

describe('reversals of what was accepted', () => {
  it('have its finding accepted again, and nothing else is new when it is calm', () => {
    const subject = walk('AC');
    subject.triage('F1', 'accepted');
    for (const value of 'ABAB') subject.run(value);
    expect(subject.states).toEqual(['A→C resolved', 'A→B new!']);

    subject.run('C');
    expect(subject.states).toEqual(['A→C accepted', 'A→B new!']);
    for (let run = 0; run < 11; run++) subject.run('C');

    expect(subject.states).toEqual(['A→C accepted', 'A→B resolved']);
  });

  it('leave it told where the acceptance ends meanwhile', () => {
    const subject = walk('AC');
    subject.triage('F1', 'accepted', new Date(subject.now + 1).toISOString());
    for (const value of 'ABABC') subject.run(value);

    subject.now += 2;
    for (let run = 0; run < 11; run++) subject.run('C');

    expect(subject.states).toEqual(['A→C new', 'A→B resolved']);
  });

  it('leave its finding accepted where that was new, of another change to the value', () => {
    const subject = new TestSubject('A.0');
    for (const value of ['B.0', 'C.0', 'C.1']) subject.run(value);
    subject.triage('F3', 'accepted');
    for (const value of ['B.0', 'B.1', 'C.1']) subject.run(value);

    expect(subject.find('F3').state).toBe('accepted');
    expectSettled(subject);
  });
});

describe('reversals', () => {
  it('make a subject flap at the third within ten runs, and its finding stays unresolved', () => {
    const subject = walk('ABAB');

    expect(texts(subject.run('A'))).toEqual(['flip F1', 'mark_flapping F1', 'record B→A way_back']);
    expect(subject.states).toEqual(['A→B new!']);
  });

  it('make none flap where the third comes later', () => {
    expect(walk('ABBBBABBBBBBBBBBA').states).toEqual(['A→B resolved']);
  });

  it('of a flapping subject are events only', () => {
    const subject = walk('ABABA');
    subject.triage('F1', 'acknowledged');

    expect(texts(subject.run('B'))).toEqual(['flip F1', 'seen_again F1']);
    expect(texts(subject.run('A'))).toEqual(['flip F1', 'record B→A flapping']);
    expect(subject.states).toEqual(['A→B acknowledged!']);
  });

  it('do not hide a value that is new', () => {
    const subject = walk('ABABA');

    expect(texts(subject.run('D'))).toEqual(['open A→D linked to F1']);
    expect(subject.states).toEqual(['A→B new!', 'A→D new']);
  });

  it('do not hide a value that was undone before, where the subject comes to rest', () => {
    const subject = walk('ABACAB');
    expect(subject.states).toEqual(['A→B new!', 'A→C resolved']);

    subject.run('C');
    for (let run = 0; run < 11; run++) subject.run('C');

    expect(subject.states).toEqual(['A→B resolved', 'A→C resolved', 'B→C new']);
  });

  it('end where an earlier finding tells what is there, and that is settled at once', () => {
    const subject = walk('ADADABDCD');
    for (let run = 0; run < 10; run++) subject.run('D');

    expect(subject.states).toEqual(['A→D new', 'A→B resolved', 'D→C resolved']);
    expectSettled(subject);
  });

  it('between three values make it flap as well', () => {
    const subject = walk('ABCABCA');

    expect(subject.findings.filter(({ isFlapping }) => isFlapping)).toHaveLength(1);
  });

  it('end: after ten runs without one, it is calm and what is back is resolved', () => {
    const subject = walk('ABABA');
    for (let run = 0; run < 9; run++) expect(subject.run('A')).toEqual([]);

    expect(texts(subject.run('A'))).toEqual(['calm F1', 'F1 reverted']);
    expect(subject.run('A')).toEqual([]);
  });

  it('end: after ten runs without one, what is there stays', () => {
    const subject = walk('ABABAB');
    for (let run = 0; run < 10; run++) subject.run('B');

    expect(subject.states).toEqual(['A→B new']);
  });

  it('end half the way back, where the finding that told the value is there again', () => {
    const subject = walk('ABCBCB');
    expect(subject.states).toEqual(
      ['A→B resolved', 'B→C new!'].map((text) => text.replace('resolved', subject.find('F1').state)),
    );
    for (let run = 0; run < 10; run++) subject.run('B');

    expect(subject.states).toEqual(['A→B new', 'B→C resolved']);
  });

  it('of a finding that is dismissed are quiet by that alone', () => {
    const subject = walk('ABABA');
    subject.triage('F1', 'dismissed');

    expect(texts(subject.run('B'))).toEqual(['calm F1', 'record A→B dismissed']);
    expect(texts(subject.run('A'))).toEqual(['flip F1', 'undo F1', 'record B→A way_back']);
  });

  it('of a finding that is dismissed half the way back leave the value told', () => {
    const subject = walk('ABABCB');
    const flapping = subject.findings.find(({ isFlapping }) => isFlapping);
    if (flapping !== undefined) subject.triage(flapping.id, 'dismissed');
    subject.run('B');

    expect(flapping).toBeDefined();
    expect(
      subject.findings.some(({ state, currentHash }) => state !== 'resolved' && currentHash === 'B'),
    ).toBe(true);
  });

  it('in the tenth run keep it flapping', () => {
    const subject = walk('ABABA');
    for (let run = 0; run < 9; run++) subject.run('A');

    expect(texts(subject.run('B'))).toEqual(['flip F1', 'seen_again F1']);
    expect(subject.states).toEqual(['A→B new!']);
  });
});

describe('a pinned baseline', () => {
  it('has the same finding seen again in every run', () => {
    const subject = walk('AB', 'pinned');

    expect(texts(subject.run('B'))).toEqual(['seen_again F1']);
  });

  it('resolves what is back', () => {
    const subject = walk('ABB', 'pinned');

    expect(texts(subject.run('A'))).toEqual(['flip F1', 'F1 reverted']);
    expect(subject.run('A')).toEqual([]);
  });

  it('tells each value by its own finding', () => {
    const subject = walk('ABC', 'pinned');
    expect(subject.states).toEqual(['A→B resolved', 'A→C new']);

    expect(texts(subject.run('B'))).toEqual(['recur F1', 'flip F1', 'F2 superseded']);
  });

  it('keeps an accepted value quiet in every run', () => {
    const subject = walk('AB', 'pinned');
    subject.triage('F1', 'accepted');

    expect(texts(subject.run('B'))).toEqual(['record A→B accepted']);
    expect(subject.states).toEqual(['A→B accepted']);
  });

  it('counts reversals, not runs, of a flapping subject', () => {
    const subject = walk('ABABAB', 'pinned');
    expect(subject.states).toEqual(['A→B new!']);

    expect(texts(subject.run('B'))).toEqual(['seen_again F1']);
    expect(texts(subject.run('A'))).toEqual(['flip F1']);
    expect(subject.run('A')).toEqual([]);
  });

  it('moved to the value that is there resolves the findings of the old one', () => {
    const subject = walk('AB', 'pinned');
    const moved = new TestSubject('B', 'pinned');
    moved.findings = subject.findings;

    expect(texts(moved.run('B'))).toEqual(['flip F1', 'F1 reverted']);
  });

  it('resolves again what a person reopened at the pinned value', () => {
    const subject = walk('AB');
    const moved = new TestSubject('B', 'pinned');
    Object.assign(moved, { findings: subject.findings, runSeq: subject.runSeq });
    moved.run('B');
    moved.triage('F1', 'new');

    expect(texts(moved.run('B'))).toEqual(['F1 reverted']);
  });

  it('moved to the value that was accepted needs the acceptance no more', () => {
    const subject = walk('AB');
    subject.triage('F1', 'accepted');
    const moved = new TestSubject('B', 'pinned');
    Object.assign(moved, {
      findings: subject.findings,
      acceptances: subject.acceptances,
      runSeq: subject.runSeq,
    });

    expect(texts(moved.run('B'))).toEqual(['flip F1', 'F1 reverted']);
    expectSettled(moved);
    for (let run = 0; run < 5; run++) expect(moved.run('B')).toEqual([]);
  });
});

it('subjects come in the order of their keys, whatever the order they are named in', () => {
  const subject = (subjectKey: string) => ({
    subjectKey,
    valueNow: { kind: 'known' as const, hash: 'B' },
    findings: [],
    acceptances: [],
    generated: { fingerprint: `f-${subjectKey}`, baselineHash: 'A', currentHash: 'B' },
  });
  const run = (keys: string[]) =>
    reconcile({ mode: 'rolling', runSeq: 2, now: '2026-01-01T00:00:00.000Z', subjects: keys.map(subject) });

  expect(run(['b', 'a', 'c'])).toEqual(run(['a', 'b', 'c']));
});

/** One step of a random life: a run, or what a person does to one of the findings. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ value: fc.constantFrom('A', 'B', 'C', 'D', null) }) },
  { weight: 1, arbitrary: fc.record({ unknown: fc.constant(true) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      event: fc.constantFrom(...triageEvents),
      at: fc.nat(),
      days: fc.constantFrom(null, 1, 5),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const DAY = 86_400_000;

function take(subject: TestSubject, one: Step): void {
  subject.now += DAY;
  if ('value' in one) subject.run(one.value);
  else if ('unknown' in one) subject.runUnknown();
  else if (subject.findings.length > 0) {
    const finding = subject.findings[one.at % subject.findings.length];
    const state = finding === undefined ? null : transition(finding.state, one.event);
    if (finding === undefined || state === null) return;
    // Accepting is of the value that is there.
    if (state === 'accepted' && finding.currentHash !== subject.value) return;
    const expiresAt = one.days === null ? null : new Date(subject.now + one.days * DAY).toISOString();
    subject.triage(finding.id, state, expiresAt);
  }
}

/** That the last run, reconciled once more, does nothing. */
function expectSettled(subject: TestSubject): void {
  const after = subject.findings;

  const kinds = subject.repeat().map(({ kind }) => kind);

  expect(subject.findings).toEqual(after);
  expect(kinds.filter((kind) => kind !== 'record' && kind !== 'seen_again')).toEqual([]);
}

describe.each(['rolling', 'pinned'] as const)('in any life of a subject with a %s baseline', (mode) => {
  const steps = fc.array(step, { maxLength: 40 });
  const isFlapping = ({ findings }: TestSubject): boolean => findings.some((finding) => finding.isFlapping);
  const unresolvedNew = ({ findings }: TestSubject) => findings.filter(({ state }) => state === 'new');
  const inForce = ({ acceptances, now }: TestSubject, value: string | null): boolean =>
    acceptances.some(
      ({ valueHash, expiresAt }) =>
        valueHash === value && (expiresAt === null || Date.parse(expiresAt) > now),
    );

  it('a fingerprint has one finding, and an accepted value opens none', () => {
    fc.assert(
      fc.property(steps, (life) => {
        const subject = new TestSubject('A', mode);
        for (const one of life) {
          const before = subject.findings.length;
          take(subject, one);
          const fingerprints = subject.findings.map(({ fingerprint }) => fingerprint);
          expect(new Set(fingerprints).size).toBe(fingerprints.length);
          if (inForce(subject, subject.value)) expect(subject.findings).toHaveLength(before);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('at most one finding is new after a change, and none that is new tells a value that has gone', () => {
    fc.assert(
      fc.property(steps, (life) => {
        const subject = new TestSubject('A', mode);
        for (const one of life) {
          const before = subject.value;
          take(subject, one);
          if (!('value' in one) || one.value === before || isFlapping(subject)) continue;
          expect(unresolvedNew(subject).length).toBeLessThanOrEqual(1);
          for (const { currentHash } of unresolvedNew(subject)) expect(currentHash).toBe(subject.value);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('nothing is new at the very first value', () => {
    fc.assert(
      fc.property(steps, (life) => {
        const subject = new TestSubject('A', mode);
        for (const one of life) take(subject, one);
        fc.pre(!isFlapping(subject));
        subject.run('A');
        if (!isFlapping(subject)) expect(unresolvedNew(subject)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('a drifted value is told by a finding that is open, dismissed or accepted', () => {
    fc.assert(
      fc.property(steps, (life) => {
        const subject = new TestSubject('A', mode);
        for (const one of life) {
          take(subject, one);
          if (!('value' in one) || one.value === 'A' || isFlapping(subject)) continue;
          const tellers = subject.findings.filter(
            ({ state, currentHash }) => state !== 'resolved' && currentHash === one.value,
          );
          expect(tellers.length > 0 || inForce(subject, one.value)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('a run that is reconciled once more opens, resolves and moves nothing', () => {
    fc.assert(
      fc.property(steps, fc.constantFrom('A', 'B', 'C', null), (life, last) => {
        const subject = new TestSubject('A', mode);
        for (const one of life) take(subject, one);
        subject.run(last);

        expectSettled(subject);
      }),
      { numRuns: 2000 },
    );
  });

  it('nor where changes are held back and items are gone', () => {
    const flags = fc.array(fc.boolean(), { minLength: 41, maxLength: 41 });
    fc.assert(
      fc.property(steps, fc.constantFrom('A', 'B', 'C', null), flags, flags, (life, last, isHeld, isGone) => {
        const subject = new TestSubject('A', mode);
        for (const [at, one] of life.entries()) {
          if ('value' in one && one.value === 'D' && isGone[at] === true) subject.runGone();
          else if ('value' in one) subject.run(one.value, { isHeldBack: isHeld[at] === true });
          // What a person takes back is settled by whichever run comes next, this one or once more.
          else if (!('event' in one) || !['reopen', 'dismiss'].includes(one.event)) take(subject, one);
        }
        subject.run(last, { isHeldBack: isHeld[40] === true });

        expectSettled(subject);
      }),
      { numRuns: 2000 },
    );
  });

  it('after ten runs without a change nothing flaps, and the first value has no open finding', () => {
    fc.assert(
      fc.property(steps, (life) => {
        const subject = new TestSubject('A', mode);
        for (const one of life) take(subject, one);
        for (let run = 0; run < 11; run++) subject.run('A');

        expect(isFlapping(subject)).toBe(false);
        expect(subject.findings.filter(({ state }) => state !== 'resolved' && state !== 'dismissed')).toEqual(
          [],
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('after ten runs without a change whatever is there is told, and nothing else is new', () => {
    // What a person reopens is new for as long as nothing proves the contrary.
    const decided = steps.map((life) => life.filter((one) => !('event' in one) || one.event !== 'reopen'));
    fc.assert(
      fc.property(decided, fc.constantFrom('B', 'C', 'D', null), (life, last) => {
        const subject = new TestSubject('A', mode);
        for (const one of life) take(subject, one);
        for (let run = 0; run < 12; run++) subject.run(last);

        const tellers = subject.findings.filter(
          ({ state, currentHash }) => state !== 'resolved' && currentHash === last,
        );
        expect(tellers.length > 0 || inForce(subject, last)).toBe(true);
        for (const { currentHash } of unresolvedNew(subject)) expect(currentHash).toBe(last);
        expectSettled(subject);
      }),
      { numRuns: 2000 },
    );
  });
});
