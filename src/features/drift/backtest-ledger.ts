import type { GeneratedFinding } from '../../core/known-finding.ts';
import type { ReconcileContext } from '../../core/reconcile-subject.ts';
import { type DriftOutcome, type ObservedSubject, SubjectLedger } from '../../core/subject-ledger.ts';

/** Most subjects of one scope that are remembered; what drifts beyond them is new each time. */
const MAX_SUBJECTS = 200_000;

/** The findings of a subject as they would have become under two plans. */
export class TriedSubject {
  #before = new SubjectLedger();
  /** The same one, until the two plans differ about the subject. */
  #after = this.#before;

  /** The subject in the next pair: what was generated of it under each of the plans, and what that comes to. */
  note(
    values: Omit<ObservedSubject, 'generated'>,
    generated: { readonly before: GeneratedFinding | null; readonly after: GeneratedFinding | null },
    context: Pick<ReconcileContext, 'mode' | 'runSeq'>,
  ): { readonly before: DriftOutcome | null; readonly after: DriftOutcome | null } {
    const isSame = generated.before === generated.after;
    if (this.#after === this.#before && !isSame) this.#after = this.#before.clone();
    const before = this.#before.note({ ...values, generated: generated.before }, context);
    if (this.#after === this.#before) return { before, after: before };
    return { before, after: this.#after.note({ ...values, generated: generated.after }, context) };
  }
}

/** What became of the subjects of one scope so far. Scopes come one after the other, each with its pairs in order. */
export class BacktestLedger {
  #scopeId: string | null = null;
  readonly #subjects = new Map<string, TriedSubject>();

  /** The subject, as far as something is known of it. */
  find(scopeId: string, key: string): TriedSubject | undefined {
    this.#turnTo(scopeId);
    return this.#subjects.get(key);
  }

  /** The subject, remembered from now on. */
  open(scopeId: string, key: string): TriedSubject {
    const known = this.find(scopeId, key);
    if (known !== undefined) return known;
    const subject = new TriedSubject();
    if (this.#subjects.size < MAX_SUBJECTS) this.#subjects.set(key, subject);
    return subject;
  }

  #turnTo(scopeId: string): void {
    if (scopeId === this.#scopeId) return;
    this.#scopeId = scopeId;
    this.#subjects.clear();
  }
}
