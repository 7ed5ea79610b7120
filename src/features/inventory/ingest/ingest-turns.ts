import type { Database } from '../../../db/database.ts';
import { createTurns, type Turns } from '../../../http/turns.ts';

/** How long a client waits for its turn before it is asked to come again. */
const MAX_WAIT_SECONDS = 15;

/**
 * Turns of what clients push: parts and closings, each of which keeps a connection for as long as it takes. Half of
 * the pool, and half of that for one workspace, so that syncs and the other workspaces always find a connection.
 */
export function createIngestTurns({ ingest }: Database): Turns {
  const overall = Math.max(1, Math.floor(ingest.options.max / 2));
  return createTurns({ overall, perKey: Math.ceil(overall / 2), maxWaitSeconds: MAX_WAIT_SECONDS });
}
