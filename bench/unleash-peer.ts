import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Unleash } from 'unleash-client';
import { BenchError } from './bench-error.ts';

/** An in-memory client of feature flags that holds so many, each for one user. */
export interface UnleashPeer {
  /** Whether a flag is on for a user, as an application asks on every request. */
  isEnabled(flag: number, userId: string): boolean;
  stop(): Promise<void>;
}

const READY_MS = 30_000;

/** Starts the peer with its flags from a server in this process; from then on it answers from memory. */
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
          { contextName: 'userId', operator: 'IN', values: [`user-${index}`], inverted: false, caseInsensitive: false },
        ],
      },
    ],
  }));
  const body = JSON.stringify({ version: 2, features });
  const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new Unleash({
    appName: 'driftplane-bench',
    url: `http://127.0.0.1:${port}/api`,
    refreshInterval: 0,
    disableMetrics: true,
    skipInstanceCountWarning: true,
    storageProvider: { get: async () => undefined, set: async () => {} },
  });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new BenchError('the flag client did not become ready')), READY_MS);
    client.once('synchronized', () => {
      clearTimeout(timer);
      resolve();
    });
    client.on('error', () => {});
  });
  return {
    isEnabled: (flag, userId) => client.isEnabled(`flag-${flag}`, { userId }),
    async stop() {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
