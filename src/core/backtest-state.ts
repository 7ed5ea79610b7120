/** Where a backtest stands. */
export const backtestStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;

export type BacktestState = (typeof backtestStates)[number];

/**
 * What happens to a backtest:
 * - `start`: a worker takes it; also one that is `running` where the worker that had it is gone;
 * - `fail`: its last attempt has failed;
 * - `release`: it goes back into the queue, as an attempt failed that is not the last, or the worker stops;
 * - `cancel`: a person does not want it any more. One that runs is told so and ends soon.
 */
export const backtestEvents = ['start', 'succeed', 'fail', 'release', 'cancel'] as const;

export type BacktestEvent = (typeof backtestEvents)[number];

/** Every cell is answered: the next state, or null where the event is not allowed. In docs/finding-lifecycle.md too. */
const transitions: Record<BacktestState, Record<BacktestEvent, BacktestState | null>> = {
  queued: { start: 'running', succeed: null, fail: 'failed', release: null, cancel: 'cancelled' },
  running: {
    start: 'running',
    succeed: 'succeeded',
    fail: 'failed',
    release: 'queued',
    cancel: 'cancelled',
  },
  succeeded: { start: null, succeed: null, fail: null, release: null, cancel: null },
  failed: { start: null, succeed: null, fail: null, release: null, cancel: null },
  cancelled: { start: null, succeed: null, fail: null, release: null, cancel: null },
};

/** The state that `event` leads to, or null where it is not allowed in `state`. */
export function nextBacktestState(state: BacktestState, event: BacktestEvent): BacktestState | null {
  return transitions[state][event];
}
