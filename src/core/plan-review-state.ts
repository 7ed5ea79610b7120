/** Where a version of a plan stands on its way into force. */
export const planReviewStates = [
  'draft',
  'in_review',
  'approved',
  'published',
  'rejected',
  'superseded',
] as const;

export type PlanReviewState = (typeof planReviewStates)[number];

/** Of a version that has not come into force, and may: a newer one supersedes it. */
export const waitingReviewStates: readonly PlanReviewState[] = ['draft', 'in_review', 'approved', 'rejected'];

/**
 * What happens to a version:
 * - `submit`: its author asks for review; again after it was rejected or withdrawn;
 * - `approve`: a reviewer agrees, and more agree than before but not yet enough;
 * - `approve_last`: the same, and now enough do;
 * - `reject`: a reviewer does not agree; what was said before counts no more;
 * - `withdraw`: it is taken back from review;
 * - `publish`: it is put in force; only where enough approvals of this very content are there;
 * - `supersede`: a newer version was made, or another one was published.
 */
export const planReviewEvents = [
  'submit',
  'approve',
  'approve_last',
  'reject',
  'withdraw',
  'publish',
  'supersede',
] as const;

export type PlanReviewEvent = (typeof planReviewEvents)[number];

/**
 * Every cell is answered: the next state, or null where the event is not allowed. In docs/plans.md too. A draft may be
 * published where no approvals are needed; whether there are enough is asked besides.
 */
const transitions: Record<PlanReviewState, Record<PlanReviewEvent, PlanReviewState | null>> = {
  draft: {
    submit: 'in_review',
    approve: null,
    approve_last: null,
    reject: null,
    withdraw: null,
    publish: 'published',
    supersede: 'superseded',
  },
  in_review: {
    submit: null,
    approve: 'in_review',
    approve_last: 'approved',
    reject: 'rejected',
    withdraw: 'draft',
    publish: 'published',
    supersede: 'superseded',
  },
  approved: {
    submit: null,
    // More than are needed do no harm.
    approve: null,
    approve_last: 'approved',
    reject: 'rejected',
    withdraw: 'draft',
    publish: 'published',
    supersede: 'superseded',
  },
  // In force. What takes its place supersedes it; a rollback makes a new version of it.
  published: {
    submit: null,
    approve: null,
    approve_last: null,
    reject: null,
    withdraw: null,
    publish: null,
    supersede: 'superseded',
  },
  rejected: {
    submit: 'in_review',
    approve: null,
    approve_last: null,
    reject: null,
    withdraw: null,
    publish: null,
    supersede: 'superseded',
  },
  superseded: {
    submit: null,
    approve: null,
    approve_last: null,
    reject: null,
    withdraw: null,
    publish: null,
    supersede: null,
  },
};

/** The state that `event` leads to, or null where it is not allowed in `state`. */
export function nextReviewState(state: PlanReviewState, event: PlanReviewEvent): PlanReviewState | null {
  return transitions[state][event];
}

/** What is allowed in `state`: what a refused event answers with. */
export function allowedReviewEvents(state: PlanReviewState): PlanReviewEvent[] {
  return planReviewEvents.filter((event) => transitions[state][event] !== null);
}
