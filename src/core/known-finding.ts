import type { FindingState } from './finding-lifecycle.ts';

/** A subject's value in a run that proves it, as `subjectValueHash` gives it. */
export type ProvenValue =
  /** Null: there is an item, and nothing of the kind in it; or, of `presence`, no item. */
  | { readonly kind: 'known'; readonly hash: string | null }
  /** Its item is absent, which `presence` tells of. */
  | { readonly kind: 'gone' };

/** The same in any run. Unknown: the item is ambiguous, or absent without proof. */
export type SubjectValue = ProvenValue | { readonly kind: 'unknown' };

/** A subject's value before and after a change; null where it is absent. */
export interface SubjectChange {
  readonly baselineHash: string | null;
  readonly currentHash: string | null;
}

/**
 * A persisted finding, as far as reconciling needs it. `applyReconcileAction` says how it changes.
 * Its values are those of the change when it was there last.
 */
export interface KnownFinding extends SubjectChange {
  readonly id: string;
  readonly fingerprint: string;
  readonly state: FindingState;
  /** The run in which it was opened, or was there again, last. Orders the findings of a subject. */
  readonly openedRunSeq: number;
  /** Since then the value was back at what it was before this finding. */
  readonly isUndone: boolean;
  /** Runs of its last reversals, newest last, at most ten. */
  readonly flipRunSeqs: readonly number[];
  readonly isFlapping: boolean;
}

/** A person's decision that the subject may have this value. */
export interface KnownAcceptance {
  readonly id: string;
  readonly findingId: string;
  readonly valueHash: string | null;
  /** Instant, ISO 8601 in UTC; null: it does not expire. */
  readonly expiresAt: string | null;
}

/** What was generated of a subject now. */
export interface GeneratedFinding extends SubjectChange {
  readonly fingerprint: string;
}

/** Whether somebody should look at it, or has said that it may stay: neither resolved nor dismissed. */
export function isOpen({ state }: Pick<KnownFinding, 'state'>): boolean {
  return state !== 'resolved' && state !== 'dismissed';
}

/** Whether no person has answered for it yet, so that another value takes its place. */
export function isUnanswered({ state }: Pick<KnownFinding, 'state'>): boolean {
  return state === 'new' || state === 'snoozed';
}
