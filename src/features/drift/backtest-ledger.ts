import type { GeneratedFinding } from '../../core/known-finding.ts';
import type { ReconcileContext } from '../../core/reconcile-subject.ts';
import { type DriftOutcome, type ObservedSubject, SubjectLedger } from '../../core/subject-ledger.ts';

/** Most findings of one scope that are remembered, a kilobyte each at most. */
const MAX_FINDINGS = 150_000;

/** A subject in the next pair of its scope, with what two plans generate of it. */
export interface TriedDrift
  extends Omit<ObservedSubject, 'generated'>,
    Pick<ReconcileContext, 'mode' | 'runSeq'> {
  readonly generated: { readonly before: GeneratedFinding | null; readonly after: GeneratedFinding | null };
}

/** What it comes to under each of them; null where nothing was generated. */
export interface TriedOutcome {
  readonly before: DriftOutcome | null;
  readonly after: DriftOutcome | null;
}

/**
 * What the findings of one scope would have become under two plans. Scopes come one after the other, each with its pairs
 * in order. Memory is bounded: where very much drifts, the subjects that drifted longest ago are forgotten.
 */
export class BacktestLedger {
  readonly #maxFindings: number;
  #scopeId: string | null = null;
  readonly #subjects = new Map<string, TriedSubject>();
  #findings = 0;
  #forgotten = 0;

  constructor(maxFindings = MAX_FINDINGS) {
    this.#maxFindings = maxFindings;
  }

  /** How many subjects were forgotten so far; what of them is a way back is taken for news. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Whether something was generated of the subject. */
  knows(scopeId: string, key: string): boolean {
    this.#turnTo(scopeId);
    return this.#subjects.has(key);
  }

  /** Takes note of a subject of which something is known or generated now. */
  note(scopeId: string, key: string, drift: TriedDrift): TriedOutcome {
    this.#turnTo(scopeId);
    const subject = this.#subjects.get(key) ?? new TriedSubject();
    const size = subject.size;
    const outcome = subject.note(drift);
    this.#findings += subject.size - size;
    // The last one is the one that drifted last.
    this.#subjects.delete(key);
    this.#subjects.set(key, subject);
    for (const [oldest, { size: freed }] of this.#subjects) {
      if (this.#findings <= this.#maxFindings || oldest === key) break;
      this.#subjects.delete(oldest);
      this.#findings -= freed;
      this.#forgotten++;
    }
    return outcome;
  }

  /** How many findings it remembers. */
  get size(): number {
    return this.#findings;
  }

  #turnTo(scopeId: string): void {
    if (scopeId === this.#scopeId) return;
    this.#scopeId = scopeId;
    this.#subjects.clear();
    this.#findings = 0;
  }
}

/** One subject under both plans. */
class TriedSubject {
  readonly #before = new SubjectLedger();
  /** The same one, until the two plans differ about the subject. */
  #after = this.#before;

  note({ generated, mode, runSeq, ...values }: TriedDrift): TriedOutcome {
    const context = { mode, runSeq };
    const isSame = generated.before === generated.after;
    if (this.#after === this.#before && !isSame) this.#after = this.#before.clone();
    const before = this.#before.note({ ...values, generated: generated.before }, context);
    if (this.#after === this.#before) return { before, after: before };
    return { before, after: this.#after.note({ ...values, generated: generated.after }, context) };
  }

  get size(): number {
    return this.#before.size + (this.#after === this.#before ? 0 : this.#after.size);
  }
}
