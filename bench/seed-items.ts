import { randomUUID } from 'node:crypto';
import type { Database } from '../src/db/database.ts';
import { connectOwner } from '../src/db/owner-connection.ts';
import { systemActor, withWorkspace } from '../src/db/workspace-transaction.ts';
import { createWorkspace } from '../src/features/workspaces/workspace-service.ts';

/** A scope with two runs, at the boundaries 1 and 2. */
export interface SeededItems {
  readonly workspaceId: string;
  readonly scopeId: string;
  readonly items: number;
  /** Identities that differ between the two runs. */
  readonly drifted: number;
}

/** Of so many items one drifts. */
const ITEMS_PER_DRIFT = 1000;
const BATCH = 50_000;

/**
 * Fills a new workspace with the intervals that two runs leave: of every 1,000 items one drifted, of ten of these one
 * went, one came, and eight changed. Facts have about 300 bytes. Written by SQL.
 */
export async function seedItems(
  database: Database,
  items: number,
  onProgress: (text: string) => void,
): Promise<SeededItems> {
  const { workspaceId } = await createWorkspace(database.urls.owner, { name: 'bench items' });
  const scopeId = randomUUID();
  await insertRuns(database, { workspaceId, scopeId });
  for (let first = 0; first < items; first += BATCH) {
    const values = [workspaceId, scopeId, first, Math.min(BATCH, items - first)];
    await withWorkspace(database.ingest, { workspaceId, actor: systemActor }, ({ client }) =>
      client.query(insertBatch, values),
    );
    onProgress(`${Math.min(first + BATCH, items)} of ${items} items seeded`);
  }
  await vacuum(database.urls.owner);
  return { workspaceId, scopeId, items, drifted: Math.floor(items / ITEMS_PER_DRIFT) };
}

async function insertRuns(
  database: Database,
  { workspaceId, scopeId }: Pick<SeededItems, 'workspaceId' | 'scopeId'>,
): Promise<void> {
  const sourceId = randomUUID();
  await withWorkspace(database.ingest, { workspaceId, actor: systemActor }, async ({ client, now }) => {
    await client.query(
      `insert into driftplane.sources (workspace_id, source_id, kind, name, config, selection, created_at, updated_at)
       values ($1, $2, 'push', 'bench', '{}', '{"itemTypes":null}', $3, $3)`,
      [workspaceId, sourceId, now],
    );
    await client.query(
      `insert into driftplane.scopes (workspace_id, scope_id, source_id, scope_key, selection, head_seq, run_count, created_at)
       values ($1, $2, $3, 'bench', '{"itemTypes":null}', 2, 2, $4)`,
      [workspaceId, scopeId, sourceId, now],
    );
    await client.query(
      `insert into driftplane.sync_runs (workspace_id, run_id, scope_id, source_id, status, trigger, requested_by,
         run_seq, seq, end_seq, requested_at, finished_at)
       select $1, gen_random_uuid(), $2, $3, 'succeeded', 'push', 'bench', n, n, n, $4, $4
       from generate_series(1, 2) as n`,
      [workspaceId, scopeId, sourceId, now],
    );
  });
}

/**
 * Each item has one row; one that changed has two: what it was and what it is. `fate` is the remainder that tells
 * what an item that drifted did: 0 it went, 1 it came, else it changed.
 */
const insertBatch = `
  insert into driftplane.item_versions (workspace_id, scope_id, identity_hash, item_type, external_id, label, facts,
    content_hash, raw_hash, rules_digest, identity_pointer, from_seq, to_seq, opened_by, closed_by)
  select $1, $2, sha256(convert_to(item_type, 'UTF8') || '\\x00'::bytea || convert_to(external_id, 'UTF8')),
    item_type, external_id, 'Policy number ' || n, facts, sha256(convert_to(facts, 'UTF8')),
    sha256(convert_to(facts || ' ', 'UTF8')), 'bench', '/id', from_seq, to_seq, 'observed',
    case when to_seq is not null then 'observed' end
  from (
    select n, 'bench.type-' || n % 40 as item_type, md5(n::text) as external_id, from_seq, to_seq,
      '{"displayName":"Policy number ' || n || '","id":"' || md5(n::text) || '","settings":["' || md5(n || 'a') || '","'
        || md5(n || 'b') || '","' || md5(n || 'c') || '","' || md5(n || 'd') || '","' || md5(n || 'e') || '"],"version":'
        || from_seq || '}' as facts
    from (
      select n, case when n % ${ITEMS_PER_DRIFT} = 0 then n / ${ITEMS_PER_DRIFT} % 10 end as fate
      from generate_series($3::integer + 1, $3::integer + $4::integer) as n
    ) as numbered
    cross join lateral (
      select 1 as from_seq, case when fate is not null then 2 end as to_seq where fate is distinct from 1
      union all
      select 2, null where fate > 0
    ) as interval
  ) as seeded`;

/** Brings the statistics and the visibility map to where autovacuum would have brought them. */
async function vacuum(ownerUrl: string): Promise<void> {
  const client = await connectOwner(ownerUrl);
  try {
    await client.query('vacuum (analyze) driftplane.item_versions');
  } finally {
    await client.end();
  }
}
