import { setTimeout as sleep } from 'node:timers/promises';

/** After so much work others get a turn. */
const TURN_MS = 20;
/** A turn of less than this may have more in it. */
const QUICK_MS = 5;
const MAX_SIZE = 64;

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
 * What is to be worked off, in turns, between which a server that works off its own jobs answers. A plan may take a tenth
 * of a second for one candidate, and a request waits for several turns, as it asks the database several times: where a
 * turn took long, the next one has one element, and others get as long as it took. Nothing of the result may depend on
 * where a turn ends.
 */
export async function* inTurns<T>(
  elements: readonly T[],
  pace: Pace = systemPace,
): AsyncGenerator<readonly T[]> {
  let size = 1;
  let sinceRest = 0;
  for (let from = 0; from < elements.length; ) {
    const startedAt = pace.now();
    yield elements.slice(from, from + size);
    const took = pace.now() - startedAt;
    from += size;
    sinceRest += took;
    size = took > TURN_MS ? 1 : took < QUICK_MS ? Math.min(size * 2, MAX_SIZE) : size;
    if (sinceRest < TURN_MS) continue;
    await pace.rest(took > TURN_MS ? took : 0);
    sinceRest = 0;
  }
}
