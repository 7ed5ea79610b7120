import { DriftplaneError } from '../core/errors.ts';

/** Lets so many things be done at once, and so many of them for one key (a workspace); the others wait. */
export interface Turns {
  /** Does `work` when its turn has come. Throws `rate_limited` or `overloaded` where that takes too long. */
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
}

export interface TurnLimits {
  readonly perKey: number;
  readonly overall: number;
  readonly maxWaitSeconds: number;
}

interface Waiter {
  readonly key: string;
  begin(): void;
}

/** Whose key has the fewest turns at the moment is next, so that a key that asks for many keeps no other from its own. */
export function createTurns({ perKey, overall, maxWaitSeconds }: TurnLimits): Turns {
  const taken = new Map<string, number>();
  const waiting = new Set<Waiter>();
  let total = 0;
  const takenBy = (key: string): number => taken.get(key) ?? 0;
  const isFree = (key: string): boolean => total < overall && takenBy(key) < perKey;

  function take(key: string): void {
    total++;
    taken.set(key, takenBy(key) + 1);
  }

  function giveBack(key: string): void {
    total--;
    const left = takenBy(key) - 1;
    if (left === 0) taken.delete(key);
    else taken.set(key, left);
    let next: Waiter | null = null;
    for (const waiter of waiting) {
      if (isFree(waiter.key) && (next === null || takenBy(waiter.key) < takenBy(next.key))) next = waiter;
    }
    if (next === null) return;
    waiting.delete(next);
    take(next.key);
    next.begin();
  }

  function wait(key: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        waiting.delete(waiter);
        reject(
          takenBy(key) >= perKey
            ? new DriftplaneError('rate_limited', `the workspace has ${perKey} such requests in hand already`)
            : new DriftplaneError('overloaded', `${overall} such requests are in hand already`),
        );
      };
      const timer = setTimeout(giveUp, maxWaitSeconds * 1000);
      const waiter: Waiter = {
        key,
        begin() {
          clearTimeout(timer);
          resolve();
        },
      };
      waiting.add(waiter);
    });
  }

  return {
    async run(key, work) {
      if (isFree(key)) take(key);
      else await wait(key);
      try {
        return await work();
      } finally {
        giveBack(key);
      }
    },
  };
}
