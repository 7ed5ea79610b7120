import { setTimeout as sleep } from 'node:timers/promises';

/** After so much work others get a turn, also whoever reads from the database what is to be worked on next. */
const MIN_TURN_MS = 0.25;
/** Where others are busy, a turn is as long as theirs was, and never longer than this. */
const MAX_TURN_MS = 20;
/** What takes so long is slow: requests that wait for several such turns would be, too. */
const SLOW_MS = 15;
/** Nobody rests longer than this, whatever the clock says: the machine may have been asleep. */
const MAX_REST_MS = 200;

/** The clock, and how others get their turn. */
export interface Pace {
  now(): number;
  /** Lets others work, for `ms` or, where that is 0, once. */
  rest(ms: number): Promise<void>;
}

const systemPace: Pace = {
  now: () => performance.now(),
  rest: (ms) => (ms === 0 ? new Promise((resolve) => void setImmediate(resolve)) : sleep(ms)),
};

/**
 * Does `work` for each element, in turns, between which a server that works off its own jobs answers. A plan may take a
 * tenth of a second for one candidate, and a request waits for several turns, as it asks the database several times:
 * where something is slow, others get as long as it took. Nothing of the result may depend on where a turn ends. Between
 * turns `isStopped` is asked whether it is wanted any more; throws what that throws.
 */
export async function inTurns<T>(
  elements: readonly T[],
  work: (element: T) => void,
  { isStopped, pace = systemPace }: { readonly isStopped: () => boolean; readonly pace?: Pace },
): Promise<void> {
  let turnAt = pace.now();
  let turnMs = MIN_TURN_MS;
  let now = turnAt;
  for (const [index, element] of elements.entries()) {
    const startedAt = now;
    work(element);
    now = pace.now();
    const isSlow = now - startedAt >= SLOW_MS;
    const took = now - turnAt;
    if ((took < turnMs && !isSlow) || index === elements.length - 1) continue;
    await pace.rest(isSlow ? Math.min(took, MAX_REST_MS) : 0);
    if (isStopped()) return;
    turnAt = pace.now();
    turnMs = isSlow ? MIN_TURN_MS : Math.min(Math.max(turnAt - now, MIN_TURN_MS), MAX_TURN_MS);
    now = turnAt;
  }
}
