import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { isConnectionLost } from '../db/pg-errors.ts';

/** The statements by which the queue's library writes down what became of a job, by their names. */
const SETTLES_JOB = /^(?:complete|fail)_job/;
const PAUSE_MS = 500;

interface QueuePoolOptions {
  /** Aborted: what can not be written down any more is left; whoever finds the worker gone gives its jobs back. */
  readonly stopping: AbortSignal;
  readonly onProblem: (error: unknown) => void;
}

/**
 * The connections of the queue's library. It does not wait for its own word on how a job ended: where that is lost
 * with the connection, or the disk is full, nobody catches the error, which ends the process, and the job stays
 * locked. So these statements, which do the same when they are repeated, are repeated until they work.
 */
export class QueuePool extends pg.Pool {
  readonly #options: QueuePoolOptions;

  constructor(config: pg.PoolConfig, options: QueuePoolOptions) {
    super(config);
    this.#options = options;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Parameters<pg.Pool['connect']>[0]): void;
  override connect(callback?: Parameters<pg.Pool['connect']>[0]): Promise<pg.PoolClient> | undefined {
    if (callback === undefined) return Promise.resolve(lend(() => super.connect(), this.#options));
    super.connect(callback);
    return undefined;
  }
}

/** A client that takes its connection at the first statement, as far as the library uses one: `query`, `release`. */
function lend(take: () => Promise<pg.PoolClient>, { stopping, onProblem }: QueuePoolOptions): pg.PoolClient {
  let client: pg.PoolClient | null = null;
  const giveBack = (isBroken: boolean): void => {
    client?.release(isBroken);
    client = null;
  };
  const lent = {
    async query(statement: string | pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult | null> {
      for (;;) {
        try {
          client ??= await take();
          return await client.query(statement, values);
        } catch (error) {
          // The next statement takes another one: this one may seem to stand for a moment yet.
          if (isConnectionLost(error)) giveBack(true);
          if (typeof statement === 'string' || !SETTLES_JOB.test(statement.name ?? '')) throw error;
          onProblem(error);
          if (stopping.aborted) return null;
          await delay(PAUSE_MS, null, { signal: stopping }).catch(() => {});
        }
      }
    },
    release: () => giveBack(false),
  };
  return lent as unknown as pg.PoolClient;
}
