/** Where a finding stands. All but `resolved` are unresolved. */
export const findingStates = ['new', 'acknowledged', 'accepted', 'dismissed', 'snoozed', 'resolved'] as const;

export type FindingState = (typeof findingStates)[number];

/**
 * What a person may do to a finding. Any of it but `accept` revokes the acceptance that the finding has, also
 * where it is resolved and its acceptance in force: somebody has thought again.
 */
export const triageEvents = ['acknowledge', 'accept', 'dismiss', 'snooze', 'reopen'] as const;

export type TriageEvent = (typeof triageEvents)[number];

/**
 * What the pipeline does to a finding:
 * - `revert`: a run proves that the value is back at what it was before;
 * - `supersede`: another value has taken the place of the one it found;
 * - `recur`: what it found is there again after it was resolved;
 * - `reaccept`: the same, while the acceptance of the value is in force;
 * - `wake`: its snooze has ended;
 * - `expire`: its acceptance has ended while the value is there.
 */
export const pipelineEvents = ['revert', 'supersede', 'recur', 'reaccept', 'wake', 'expire'] as const;

export type PipelineEvent = (typeof pipelineEvents)[number];

export type FindingEvent = TriageEvent | PipelineEvent;

export const findingEvents: readonly FindingEvent[] = [...triageEvents, ...pipelineEvents];

/** Every cell is answered: the next state, or null where the event is not allowed. In docs/finding-lifecycle.md too. */
const transitions: Record<FindingState, Record<FindingEvent, FindingState | null>> = {
  new: {
    acknowledge: 'acknowledged',
    accept: 'accepted',
    dismiss: 'dismissed',
    snooze: 'snoozed',
    reopen: null,
    revert: 'resolved',
    supersede: 'resolved',
    recur: null,
    reaccept: null,
    wake: null,
    expire: null,
  },
  // Somebody works on it: another value is told by another finding, linked to this one.
  acknowledged: {
    acknowledge: null,
    accept: 'accepted',
    dismiss: 'dismissed',
    snooze: 'snoozed',
    reopen: 'new',
    revert: 'resolved',
    supersede: null,
    recur: null,
    reaccept: null,
    wake: null,
    expire: null,
  },
  // Accepting again changes the acceptance.
  accepted: {
    acknowledge: 'acknowledged',
    accept: 'accepted',
    dismiss: 'dismissed',
    snooze: null,
    reopen: 'new',
    revert: 'resolved',
    supersede: null,
    recur: null,
    reaccept: null,
    wake: null,
    expire: 'new',
  },
  // A decision about the fingerprint, whatever the value does: only a person takes it back.
  dismissed: {
    acknowledge: 'acknowledged',
    accept: 'accepted',
    dismiss: 'dismissed',
    snooze: null,
    reopen: 'new',
    revert: null,
    supersede: null,
    recur: null,
    reaccept: null,
    wake: null,
    expire: null,
  },
  snoozed: {
    acknowledge: 'acknowledged',
    accept: 'accepted',
    dismiss: 'dismissed',
    snooze: 'snoozed',
    reopen: 'new',
    revert: 'resolved',
    // A snooze is about the value it was given for; it may not hide another one, nor wake beside its finding.
    supersede: 'resolved',
    recur: null,
    reaccept: null,
    wake: 'new',
    expire: null,
  },
  resolved: {
    acknowledge: null,
    accept: null,
    dismiss: null,
    snooze: null,
    reopen: 'new',
    revert: null,
    supersede: null,
    recur: 'new',
    reaccept: 'accepted',
    wake: null,
    expire: null,
  },
};

/** The state that `event` leads to, or null where it is not allowed in `state`. */
export function transition(state: FindingState, event: FindingEvent): FindingState | null {
  return transitions[state][event];
}

/** What a person may do in `state`: what a refused transition answers with. */
export function allowedEvents(state: FindingState): readonly TriageEvent[] {
  return triageEvents.filter((event) => transitions[state][event] !== null);
}
