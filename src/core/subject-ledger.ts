import type { GeneratedFinding, KnownFinding, ProvenValue } from './known-finding.ts';
import { applyReconcileAction, openedFinding } from './reconcile-action.ts';
import { type ReconcileContext, reconcileSubject } from './reconcile-subject.ts';
import { FLAPPING_RUNS, isConsidered, lastReversal } from './reversals.ts';

/**
 * What drift of a subject comes to that a plan lets through: it `opens` a finding, or is none, as it is there already or
 * again (`known`), undoes what was found (`way_back`), or goes to and fro (`flapping`).
 */
export type DriftOutcome = 'opens' | 'known' | 'way_back' | 'flapping';

/** A subject in one pair of runs. */
export interface ObservedSubject {
  /** Its value in the current run. */
  readonly value: ProvenValue;
  readonly valueAtBaseline: ProvenValue;
  /** Null: a plan held its drift back. For the fingerprint anything may stand that is the same for the same drift. */
  readonly generated: GeneratedFinding | null;
}

/** Steps of a subject that are remembered at least, and at most. */
const KEPT_STEPS = 50;
const MAX_STEPS = 100;

/** No person has decided anything, so nothing expires. */
const now = new Date(0).toISOString();

/**
 * What `reconcile` makes of one subject through many pairs, in memory, from no finding on and without any decision of
 * people. A return to a value of more than fifty findings ago is not recognised.
 */
export class SubjectLedger {
  #findings: KnownFinding[] = [];
  /** Values and fingerprints of the findings. */
  readonly #familiar = new Set<string | null>();
  #isFlapping = false;
  /** Those before it are answered for, or resolved. */
  #firstNew = 0;
  #opened = 0;

  /** The subject in the next pair. Null where nothing was generated of it. */
  note(
    subject: ObservedSubject,
    { mode, runSeq }: Pick<ReconcileContext, 'mode' | 'runSeq'>,
  ): DriftOutcome | null {
    const { generated } = subject;
    if (this.#isFlapping && mode === 'rolling') this.#comeToRest(subject.valueAtBaseline, runSeq);
    const outcome = this.#isNews(subject, mode)
      ? this.#noteNews(generated, runSeq)
      : this.#reconcile(subject, { mode, runSeq, now });
    if (this.size > MAX_STEPS) this.forget(KEPT_STEPS);
    return outcome;
  }

  /** How many findings it remembers. */
  get size(): number {
    return this.#findings.length;
  }

  /** Remembers no more than the last of its findings, to need less memory; a return to a value before is news then. */
  forget(kept: number): void {
    this.#findings = this.#findings.slice(-kept);
    this.#firstNew = 0;
    this.#familiar.clear();
    for (const finding of this.#findings) this.#recognise(finding);
  }

  /** The value `from` is written as `to` from now on, as where rules are new. */
  renew(from: string, to: string): void {
    const renewed = (hash: string | null) => (hash === from ? to : hash);
    this.#findings = this.#findings.map((finding) => ({
      ...finding,
      baselineHash: renewed(finding.baselineHash),
      currentHash: renewed(finding.currentHash),
    }));
    for (const finding of this.#findings) this.#recognise(finding);
  }

  /** Most drift leads to a value that the subject never had: all before it gives way, and nothing is looked for. */
  #isNews({ value, valueAtBaseline, generated }: ObservedSubject, mode: ReconcileContext['mode']): boolean {
    return (
      mode === 'rolling' &&
      value.kind === 'known' &&
      value.hash !== null &&
      !this.#familiar.has(value.hash) &&
      // Where its item was gone, its way may begin anew.
      valueAtBaseline.kind !== 'gone' &&
      !this.#isFlapping &&
      (generated === null || !this.#familiar.has(generated.fingerprint))
    );
  }

  #noteNews(generated: GeneratedFinding | null, runSeq: number): DriftOutcome | null {
    if (generated === null) return null;
    const findings = this.#findings;
    for (let index = this.#firstNew; index < findings.length; index++) {
      const finding = findings[index] as KnownFinding;
      if (finding.state === 'new') findings[index] = { ...finding, state: 'resolved' };
    }
    this.#firstNew = findings.length;
    this.#open(generated, runSeq);
    return 'opens';
  }

  /** Runs in which nothing changed are told to nobody; the tenth of them is the one in which the subject is calm. */
  #comeToRest(value: ProvenValue, runSeq: number): void {
    const calmAt = lastReversal(this.#findings) + FLAPPING_RUNS;
    if (calmAt >= runSeq) return;
    this.#reconcile(
      { value, valueAtBaseline: value, generated: null },
      { mode: 'rolling', runSeq: calmAt, now },
    );
  }

  #reconcile(
    { value, valueAtBaseline, generated }: ObservedSubject,
    context: ReconcileContext,
  ): DriftOutcome | null {
    const { runSeq } = context;
    const asked = { generated: generated?.fingerprint ?? null, runSeq, isAccepted: false };
    const actions = reconcileSubject(
      {
        subjectKey: '',
        valueNow: value,
        valueAtBaseline,
        findings: this.#findings.filter((finding) => isConsidered(finding, asked)),
        acceptances: [],
        generated,
      },
      context,
    );
    let outcome: DriftOutcome | null = null;
    for (const action of actions) {
      if (action.kind === 'open' && generated !== null) {
        this.#open(generated, context.runSeq);
        outcome = 'opens';
      } else if (action.kind === 'record') {
        outcome = action.because === 'way_back' || action.because === 'flapping' ? action.because : 'known';
      }
      this.#findings = this.#findings.map((finding) => applyReconcileAction(finding, action, context.runSeq));
    }
    // What is there again may have come from another value.
    for (const finding of this.#findings) this.#recognise(finding);
    this.#isFlapping = this.#findings.some(({ isFlapping }) => isFlapping);
    this.#firstNew = 0;
    // Neither opened nor recorded: its finding is there, or there again.
    return generated === null ? null : (outcome ?? 'known');
  }

  /** Another ledger with the same past. */
  clone(): SubjectLedger {
    const clone = new SubjectLedger();
    clone.#findings = [...this.#findings];
    for (const known of this.#familiar) clone.#familiar.add(known);
    clone.#isFlapping = this.#isFlapping;
    clone.#firstNew = this.#firstNew;
    clone.#opened = this.#opened;
    return clone;
  }

  #open(generated: GeneratedFinding, runSeq: number): void {
    this.#findings.push(openedFinding({ id: `${++this.#opened}`, generated, runSeq }));
    this.#recognise(generated);
  }

  #recognise({ fingerprint, baselineHash, currentHash }: GeneratedFinding): void {
    for (const known of [fingerprint, baselineHash, currentHash]) this.#familiar.add(known);
  }
}
