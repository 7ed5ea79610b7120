import { DriftplaneError } from '../../core/errors.ts';
import { allowedEvents, type FindingState, type TriageEvent } from '../../core/finding-lifecycle.ts';

export const dismissReasons = ['false_positive', 'wont_fix'] as const;

/** Why a person says that a finding is none. */
export type DismissReason = (typeof dismissReasons)[number];

export const resolutions = ['reverted', 'superseded'] as const;

/** How a finding came to its end. */
export type Resolution = (typeof resolutions)[number];

/** What a person decides about a finding. */
export type FindingDecision = { readonly comment: string | null } & (
  | { readonly event: 'acknowledge' }
  /** Bound to the value that the finding found; null: until somebody revokes it. */
  | { readonly event: 'accept'; readonly expiresAt: Date | null }
  | { readonly event: 'dismiss'; readonly reason: DismissReason }
  | { readonly event: 'snooze'; readonly until: Date }
  | { readonly event: 'reopen' }
);

/** What a finding is after each of them. */
export const participles: Record<TriageEvent, string> = {
  acknowledge: 'acknowledged',
  accept: 'accepted',
  dismiss: 'dismissed',
  snooze: 'snoozed',
  reopen: 'reopened',
};

/** The refusal of a decision, with what the state allows. */
export function refusedDecision(state: FindingState, event: TriageEvent): DriftplaneError {
  const allowed = [...allowedEvents(state)];
  return new DriftplaneError(
    'invalid_transition',
    `a finding that is ${state} can not be ${participles[event]}; it allows: ${allowed.join(', ')}`,
    { extensions: { state, allowed } },
  );
}

/** Throws `invalid_request` for a snooze or an acceptance that would be over before it began. */
export function requireFuture(decision: FindingDecision, now: Date): void {
  const end = decision.event === 'snooze' ? decision.until : endOfAcceptance(decision);
  if (end === null || end > now) return;
  const pointer = decision.event === 'snooze' ? '/until' : '/expiresAt';
  throw new DriftplaneError('invalid_request', 'the time given is over already', {
    details: [{ pointer, line: null, detail: `must be later than ${now.toISOString()}` }],
  });
}

function endOfAcceptance(decision: FindingDecision): Date | null {
  return decision.event === 'accept' ? decision.expiresAt : null;
}
