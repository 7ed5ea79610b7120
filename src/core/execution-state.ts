/** Where an execution stands. */
export const executionStates = ['queued', 'running', 'succeeded', 'failed'] as const;

export type ExecutionState = (typeof executionStates)[number];

/**
 * What happens to an execution:
 * - `start`: a worker takes it; also one that is `running` where the worker that had it is gone;
 * - `fail`: its last attempt has failed;
 * - `retry`: it is tried again, after an attempt that failed or after all of them did;
 * - `release`: the worker stops and gives it back unfinished.
 */
export const executionEvents = ['start', 'succeed', 'fail', 'retry', 'release'] as const;

export type ExecutionEvent = (typeof executionEvents)[number];

/** Every cell is answered: the next state, or null where the event is not allowed. In docs/finding-lifecycle.md too. */
const transitions: Record<ExecutionState, Record<ExecutionEvent, ExecutionState | null>> = {
  queued: { start: 'running', succeed: null, fail: 'failed', retry: null, release: null },
  running: { start: 'running', succeed: 'succeeded', fail: 'failed', retry: 'queued', release: 'queued' },
  succeeded: { start: null, succeed: null, fail: null, retry: null, release: null },
  failed: { start: null, succeed: null, fail: null, retry: 'queued', release: null },
};

/** The state that `event` leads to, or null where it is not allowed in `state`. */
export function nextExecutionState(state: ExecutionState, event: ExecutionEvent): ExecutionState | null {
  return transitions[state][event];
}
