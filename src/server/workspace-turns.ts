import type { Database } from '../db/database.ts';
import type { Api } from '../http/api.ts';
import { createTurns } from '../http/turns.ts';

/** As long as a request waits for a connection. */
const MAX_WAIT_SECONDS = 15;
const MAX_EXPENSIVE_PER_WORKSPACE = 2;

/** One workspace has half of the connections of requests at most, and expensive reads of all of them half. */
export function limitWorkspaces(api: Api, { app }: Database): void {
  const { max } = app.options;
  const half = Math.ceil(max / 2);
  const limit = (perKey: number, overall: number) =>
    createTurns({ perKey, overall, maxWaitSeconds: MAX_WAIT_SECONDS });
  api.decorate('workspaceTurns', {
    transactions: limit(half, max),
    expensive: limit(Math.min(half, MAX_EXPENSIVE_PER_WORKSPACE), half),
  });
}
