import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from './product.ts';

/** A client of the event stream as a browser is one: it comes back after a break and says what it had last. */
export interface EventReader {
  /** Numbers of the events in the order in which they came. */
  readonly ids: number[];
  /** Kinds that came, and among them `reset` where the server could not go on from where we were. */
  readonly kinds: Set<string>;
  stop(): Promise<void>;
}

/** Reads from the first event on. */
export async function readEvents({ url, token, api }: Server): Promise<EventReader> {
  const stopping = new AbortController();
  const ids: number[] = [];
  const kinds = new Set<string>();
  const { promise: isConnected, resolve: connected } = Promise.withResolvers<void>();

  const readOnce = async (): Promise<void> => {
    const response = await fetch(`${url}/api/events/${api.workspaceId}`, {
      headers: { authorization: `Bearer ${token}`, 'last-event-id': String(ids.at(-1) ?? 0) },
      signal: stopping.signal,
    });
    if (response.body === null || !response.ok) return;
    connected();
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) take(block);
    }
  };
  const take = (block: string): void => {
    const id = /^id: (\d+)$/m.exec(block)?.[1];
    const kind = /^event: (.+)$/m.exec(block)?.[1];
    if (kind !== undefined) kinds.add(kind);
    if (id !== undefined) ids.push(Number(id));
  };
  const reading = (async () => {
    while (!stopping.signal.aborted) {
      await readOnce().catch(() => {});
      await sleep(20);
    }
  })();
  await isConnected;
  return {
    ids,
    kinds,
    async stop() {
      stopping.abort();
      await reading;
    },
  };
}
