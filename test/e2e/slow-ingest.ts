import pg from 'pg';
import { until } from './product.ts';
import { TEST_CONNECTION } from './soundness.ts';

/** Where a sync is kept: at its first row, with most of a large file unread, or when all rows of it are there. */
type Moment = 'first row' | 'all rows';

/** A sync that is kept in the middle, however fast it is; its transaction has not ended. */
export interface HeldIngest {
  /** Until a sync has come so far. */
  reached(): Promise<void>;
  release(): Promise<void>;
}

/** What waits for the table that is locked; reading it goes on. */
const moments: Readonly<Record<Moment, { lock: string; waits: string }>> = {
  'first row': {
    lock: 'driftplane_staging.items',
    waits: `select from pg_locks where relation = 'driftplane_staging.items'::regclass and not granted`,
  },
  'all rows': {
    lock: 'driftplane_staging.parts',
    waits: `select from pg_locks l join pg_locks staged using (pid)
      where l.relation = 'driftplane_staging.parts'::regclass and not l.granted
        and staged.relation = 'driftplane_staging.items'::regclass and staged.mode = 'RowExclusiveLock'`,
  },
};

/** Keeps the next sync at this moment until `release`. */
export async function holdIngest(ownerUrl: string, moment: Moment): Promise<HeldIngest> {
  const { lock, waits } = moments[moment];
  const client = new pg.Client({ connectionString: ownerUrl, application_name: TEST_CONNECTION });
  // The server may be killed under it.
  client.on('error', () => {});
  await client.connect();
  await client.query(`begin; lock table ${lock} in share mode`);
  return {
    async reached() {
      await until(async () => ((await client.query(waits)).rows.length > 0 ? true : undefined));
    },
    async release() {
      await client.end().catch(() => {});
    },
  };
}
