/** Where a sync run stands. */
export const runStates = [
  'queued',
  'running',
  'held',
  'succeeded',
  'partial',
  'failed',
  'cancelled',
  'rejected',
] as const;

export type RunState = (typeof runStates)[number];

/**
 * What happens to a sync run:
 * - `succeed`, `finish_partially`: applied, with every selected type complete, or at least one;
 * - `hold`: the mass-removal safeguard has stopped it; its staged rows wait;
 * - `confirm`, `confirm_partially`: a person lets a held run be applied;
 * - `reject`: a person drops a held run;
 * - `expire`: it was held for longer than seven days;
 * - `replace`: the next sync of the scope takes the place of a held run.
 */
export const runEvents = [
  'start',
  'succeed',
  'finish_partially',
  'fail',
  'cancel',
  'hold',
  'confirm',
  'confirm_partially',
  'reject',
  'expire',
  'replace',
] as const;

export type RunEvent = (typeof runEvents)[number];

/** What is refused everywhere, so that each row below names what its state allows. */
const none = {
  start: null,
  succeed: null,
  finish_partially: null,
  fail: null,
  cancel: null,
  hold: null,
  confirm: null,
  confirm_partially: null,
  reject: null,
  expire: null,
  replace: null,
} as const satisfies Record<RunEvent, null>;

/** Every cell is answered: the next state, or null where the event is not allowed. In docs/finding-lifecycle.md too. */
const transitions: Record<RunState, Record<RunEvent, RunState | null>> = {
  queued: { ...none, start: 'running', fail: 'failed', cancel: 'cancelled' },
  running: {
    ...none,
    succeed: 'succeeded',
    finish_partially: 'partial',
    fail: 'failed',
    cancel: 'cancelled',
    hold: 'held',
  },
  // Not cancelled: whoever does not want it rejects it, which says that the removals were looked at.
  held: {
    ...none,
    confirm: 'succeeded',
    confirm_partially: 'partial',
    reject: 'rejected',
    expire: 'rejected',
    replace: 'rejected',
  },
  succeeded: none,
  partial: none,
  failed: none,
  cancelled: none,
  rejected: none,
};

/** The state that `event` leads to, or null where it is not allowed in `state`. */
export function nextRunState(state: RunState, event: RunEvent): RunState | null {
  return transitions[state][event];
}

/** What may happen to a run in `state`. */
export function allowedRunEvents(state: RunState): readonly RunEvent[] {
  return runEvents.filter((event) => transitions[state][event] !== null);
}

/** Whether nothing can happen to it any more. */
export function isSettled(state: RunState): boolean {
  return allowedRunEvents(state).length === 0;
}

/** Whether what it saw is the observed state of its scope: it has a sequence number and can be compared. */
export function isApplied(state: RunState): boolean {
  return state === 'succeeded' || state === 'partial';
}
