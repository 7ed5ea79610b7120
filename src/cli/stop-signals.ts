/** How a process that is told twice to stop ends: as by the signal itself. */
const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

type StopSignal = keyof typeof SIGNAL_EXIT_CODES;

/**
 * Runs `work` with a promise that resolves when SIGINT or SIGTERM asks the process to stop. The second signal ends
 * the process at once. One that comes while `work` still starts is remembered.
 */
export async function untilStopped<T>(work: (stopped: Promise<void>) => Promise<T>): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let hasAsked = false;
  const ask = (signal: StopSignal): void => {
    if (hasAsked) process.exit(SIGNAL_EXIT_CODES[signal]);
    hasAsked = true;
    resolve();
  };
  const signals = Object.keys(SIGNAL_EXIT_CODES) as StopSignal[];
  for (const signal of signals) process.on(signal, ask);
  try {
    return await work(promise);
  } finally {
    for (const signal of signals) process.removeListener(signal, ask);
  }
}
