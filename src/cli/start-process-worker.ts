import { startDriftplaneWorker } from '../worker/start-worker.ts';
import type { StartOptions } from './start-driftplane.ts';

/** The worker of a process, as `serve`, `demo` and `worker` start it. */
export const startProcessWorker: NonNullable<StartOptions['startWorker']> = ({ context, concurrency, log }) =>
  startDriftplaneWorker({
    context,
    concurrency,
    log,
    redactHistory: { run: async () => {}, giveUp: async () => {} },
  });
