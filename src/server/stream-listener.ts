import pg from 'pg';
import { STREAM_CHANNEL } from '../db/workspace-heads.ts';

export interface StreamListener {
  /** Calls `wake` when the workspace may have new events; returns what ends that. */
  subscribe(workspaceId: string, wake: () => void): () => void;
  stop(): Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/**
 * One connection of this process that listens for new stream events of all workspaces, from the first subscriber
 * on. A broken one is made again, and then everybody is woken: what was missed is in the table.
 */
export function createStreamListener(
  connectionString: string,
  options: { readonly onError: (error: unknown) => void },
): StreamListener {
  const subscribers = new Map<string, Set<() => void>>();
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | null = null;
  let pauseMs = FIRST_PAUSE_MS;
  let isStarted = false;
  let isStopped = false;
  let connecting: Promise<void> = Promise.resolve();

  function wake(workspaceId: string): void {
    for (const each of subscribers.get(workspaceId) ?? []) each();
  }

  async function connect(): Promise<void> {
    const next = new pg.Client({
      connectionString,
      application_name: 'driftplane events',
      keepAlive: true,
      connectionTimeoutMillis: LONGEST_PAUSE_MS,
    });
    let isOver = false;
    const connectAgain = (error?: unknown): void => {
      if (isOver) return;
      isOver = true;
      if (client === next) client = null;
      next.end().catch(() => {});
      if (isStopped) return;
      if (error !== undefined) options.onError(error);
      timer = setTimeout(() => {
        connecting = connect();
      }, pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    };
    next.on('error', connectAgain);
    next.on('end', () => connectAgain());
    next.on('notification', ({ payload }) => wake((payload ?? '').split(':')[0] ?? ''));
    try {
      await next.connect();
      await next.query(`listen ${STREAM_CHANNEL}`);
      client = next;
      pauseMs = FIRST_PAUSE_MS;
      for (const workspaceId of subscribers.keys()) wake(workspaceId);
    } catch (error) {
      connectAgain(error);
    }
  }

  return {
    subscribe(workspaceId, wakeOne) {
      if (!isStarted) {
        isStarted = true;
        connecting = connect();
      }
      const ofWorkspace = subscribers.get(workspaceId) ?? new Set();
      subscribers.set(workspaceId, ofWorkspace);
      ofWorkspace.add(wakeOne);
      return () => {
        ofWorkspace.delete(wakeOne);
        if (ofWorkspace.size === 0) subscribers.delete(workspaceId);
      };
    },
    async stop() {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      await connecting;
      await client?.end().catch(() => {});
    },
  };
}
