import { Unleash } from 'unleash-client';
import { Operator } from 'unleash-client/lib/strategy/strategy.js';
import { BenchError } from './bench-error.ts';

/** An in-memory client of feature flags that holds so many, each for one user. */
export interface UnleashPeer {
  /** Whether a flag is on for a user, as an application asks on every request. */
  isEnabled(flag: number, userId: string): boolean;
  stop(): void;
}

const READY_MS = 30_000;

/** Starts the peer with its flags handed to it; it asks no server and answers from memory. */
export async function startUnleash(flags: number): Promise<UnleashPeer> {
  const features = Array.from({ length: flags }, (_, index) => ({
    name: `flag-${index}`,
    type: 'release',
    enabled: true,
    project: 'default',
    stale: false,
    impressionData: false,
    variants: [],
    strategies: [
      {
        name: 'default',
        parameters: {},
        constraints: [
          {
            contextName: 'userId',
            operator: Operator.IN,
            values: [`user-${index}`],
            inverted: false,
            caseInsensitive: false,
          },
        ],
      },
    ],
  }));
  const client = new Unleash({
    appName: 'driftplane-bench',
    // Never asked: a refresh interval of 0 and what it is given are all it needs.
    url: 'http://127.0.0.1:9/api',
    bootstrap: { data: features },
    refreshInterval: 0,
    disableMetrics: true,
    skipInstanceCountWarning: true,
    storageProvider: { get: async () => undefined, set: async () => {} },
  });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      client.destroy();
      reject(new BenchError('the flag client did not become ready'));
    }, READY_MS);
    client.once('synchronized', () => {
      clearTimeout(timer);
      resolve();
    });
    client.on('error', () => {});
  });
  return {
    isEnabled: (flag, userId) => client.isEnabled(`flag-${flag}`, { userId }),
    stop: () => client.destroy(),
  };
}
