import { setTimeout as sleep } from 'node:timers/promises';

/** After so much work others get a turn. */
const TURN_MS = 20;
/** And no longer one than this, whatever the clock says: the machine may have been asleep. */
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
 * where a turn took long, others get as long as it took. Nothing of the result may depend on where a turn ends.
 */
export async function inTurns<T>(
  elements: readonly T[],
  work: (element: T) => void,
  pace: Pace = systemPace,
): Promise<void> {
  let startedAt = pace.now();
  for (const [index, element] of elements.entries()) {
    work(element);
    const took = pace.now() - startedAt;
    if (took < TURN_MS || index === elements.length - 1) continue;
    await pace.rest(took < 2 * TURN_MS ? 0 : Math.min(took, MAX_REST_MS));
    startedAt = pace.now();
  }
}
