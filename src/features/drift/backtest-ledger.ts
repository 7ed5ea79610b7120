import type { DriftType } from '../../core/drift-type.ts';
import type { GeneratedFinding } from '../../core/known-finding.ts';
import type { ReconcileContext } from '../../core/reconcile-subject.ts';
import { type DriftOutcome, type ObservedSubject, SubjectLedger } from '../../core/subject-ledger.ts';

/** Most of one scope that is remembered: findings, and the ledgers that they stand in, about a kilobyte each. */
const MAX_SIZE = 150_000;

/** A subject in the next pair of its scope, with what two plans generate of it. */
export interface TriedDrift
  extends Omit<ObservedSubject, 'generated'>,
    Pick<ReconcileContext, 'mode' | 'runSeq'> {
  readonly generated: { readonly before: GeneratedFinding | null; readonly after: GeneratedFinding | null };
}

/** What a ledger knows a subject by, within its scope. */
export interface LedgerSubject {
  readonly driftType: DriftType;
  readonly itemType: string;
  readonly externalId: string;
}

/** One text for a subject: no part of it holds a NUL. */
function ledgerKey({ driftType, itemType, externalId }: LedgerSubject): string {
  return `${driftType}\u0000${itemType}\u0000${externalId}`;
}

function subjectOfKey(key: string): LedgerSubject {
  const [driftType, itemType, externalId] = key.split('\u0000');
  return { driftType, itemType, externalId } as LedgerSubject;
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
  readonly #maxSize: number;
  #scopeId: string | null = null;
  readonly #subjects = new Map<string, TriedSubject>();
  #size = 0;
  #forgotten = 0;

  constructor(maxSize = MAX_SIZE) {
    this.#maxSize = maxSize;
  }

  /** How many subjects were forgotten so far; what of them is a way back is taken for news. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Whether something was generated of the subject. */
  knows(scopeId: string, subject: LedgerSubject): boolean {
    this.#turnTo(scopeId);
    return this.#subjects.has(ledgerKey(subject));
  }

  /** Takes note of a subject of which something is known or generated now. */
  note(scopeId: string, named: LedgerSubject, drift: TriedDrift): TriedOutcome {
    this.#turnTo(scopeId);
    const key = ledgerKey(named);
    const known = this.#subjects.get(key);
    const size = known?.size ?? 0;
    const subject = known ?? new TriedSubject();
    const outcome = subject.note(drift);
    this.#size += subject.size - size;
    // The last one is the one that drifted last.
    this.#subjects.delete(key);
    this.#subjects.set(key, subject);
    if (this.#size > this.#maxSize) this.#forgetOldest(key);
    return outcome;
  }

  /** The subjects of which something was generated in the scope. */
  subjectsOf(scopeId: string): LedgerSubject[] {
    this.#turnTo(scopeId);
    return [...this.#subjects.keys()].map(subjectOfKey);
  }

  /** The value `from` of a subject is written as `to` from now on. */
  renew(
    scopeId: string,
    subject: LedgerSubject,
    values: { readonly from: string; readonly to: string },
  ): void {
    this.#turnTo(scopeId);
    this.#subjects.get(ledgerKey(subject))?.renew(values.from, values.to);
  }

  /** How much it remembers: findings, and the ledgers that they stand in. */
  get size(): number {
    return this.#size;
  }

  #forgetOldest(kept: string): void {
    for (const [oldest, { size: freed }] of this.#subjects) {
      if (this.#size <= this.#maxSize || oldest === kept) return;
      this.#subjects.delete(oldest);
      this.#size -= freed;
      this.#forgotten++;
    }
  }

  #turnTo(scopeId: string): void {
    if (scopeId === this.#scopeId) return;
    this.#scopeId = scopeId;
    this.#subjects.clear();
    this.#size = 0;
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

  renew(from: string, to: string): void {
    this.#before.renew(from, to);
    if (this.#after !== this.#before) this.#after.renew(from, to);
  }

  get size(): number {
    return 1 + this.#before.size + (this.#after === this.#before ? 0 : 1 + this.#after.size);
  }
}
