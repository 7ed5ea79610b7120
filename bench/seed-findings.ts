import { randomUUID } from 'node:crypto';
import type { Database } from '../src/db/database.ts';
import { connectOwner } from '../src/db/owner-connection.ts';
import { systemActor, withWorkspace } from '../src/db/workspace-transaction.ts';
import { createWorkspace } from '../src/features/workspaces/workspace-service.ts';

/** A workspace full of findings. */
export interface SeededFindings {
  readonly workspaceId: string;
  readonly sourceIds: readonly string[];
  readonly scopeIds: readonly string[];
  readonly itemTypes: readonly string[];
}

const SOURCES = 25;
const SCOPES = 50;
const ITEM_TYPES = 40;
const BATCH = 50_000;

/**
 * Fills a new workspace with findings as they are after a year: most resolved, few severe, some item types and
 * signatures far more frequent than others, and the findings of one run seen at one instant. Written by SQL.
 */
export async function seedFindings(
  database: Database,
  count: number,
  onProgress: (text: string) => void,
): Promise<SeededFindings> {
  const { workspaceId } = await createWorkspace(database.urls.owner, { name: 'bench' });
  const sourceIds = Array.from({ length: SOURCES }, () => randomUUID());
  const scopeIds = Array.from({ length: SCOPES }, () => randomUUID());
  const itemTypes = Array.from({ length: ITEM_TYPES }, (_, index) => `bench.type-${index}`);
  await insertScopes(database, { workspaceId, sourceIds, scopeIds });
  for (let first = 0; first < count; first += BATCH) {
    const values = [workspaceId, scopeIds, sourceIds, first, Math.min(BATCH, count - first)];
    await withWorkspace(database.app, { workspaceId, actor: systemActor }, ({ client }) =>
      client.query(insertBatch, values),
    );
    onProgress(`${Math.min(first + BATCH, count)} of ${count} findings seeded`);
  }
  await vacuum(database.urls.owner);
  return { workspaceId, sourceIds, scopeIds, itemTypes };
}

async function insertScopes(
  database: Database,
  { workspaceId, sourceIds, scopeIds }: Omit<SeededFindings, 'itemTypes'>,
): Promise<void> {
  await withWorkspace(database.app, { workspaceId, actor: systemActor }, async ({ client, now }) => {
    await client.query(
      `insert into driftplane.sources (workspace_id, source_id, kind, name, config, selection, created_at, updated_at)
       select $1, id, 'push', 'source ' || n, '{}', '{}', $3, $3 from unnest($2::uuid[]) with ordinality as s(id, n)`,
      [workspaceId, sourceIds, now],
    );
    await client.query(
      `insert into driftplane.scopes (workspace_id, scope_id, source_id, scope_key, selection, created_at)
       select $1, id, ($3::uuid[])[1 + n % cardinality($3::uuid[])], 'key ' || n, '{}', $4
       from unnest($2::uuid[]) with ordinality as s(id, n)`,
      [workspaceId, scopeIds, sourceIds, now],
    );
  });
}

/** power(random(), 3) makes the first of a list far more frequent than the last. */
const insertBatch = `
  insert into driftplane.findings (workspace_id, finding_id, fingerprint, subject_key, finding_type, drift_type, change,
    scope_id, source_id, item_type, external_id, label, label_search, severity, impact, state, state_changed_at,
    snoozed_until, dismiss_reason, resolution, resolved_at, change_signature, evidence, has_plan, engine_version,
    first_execution_id, last_execution_id, first_run_id, last_run_id, first_run_seq, last_run_seq, opened_run_seq,
    first_seen_at, last_seen_at, is_flapping)
  select $1, id, 'v1:' || encode(sha256(id::text::bytea), 'hex'), encode(sha256(n::text::bytea), 'hex'), 'drift',
    drift_type,
    case when drift_type = 'presence' then (array['added', 'removed'])[1 + n % 2] else 'changed' end,
    ($2::uuid[])[1 + which], ($3::uuid[])[1 + (which + 1) % cardinality($3::uuid[])],
    'bench.type-' || floor(power(random(), 3) * ${ITEM_TYPES}), 'item-' || n % 100000,
    'Policy number ' || n, 'policy number ' || n,
    case when severity < 0.02 then 'sev1' when severity < 0.15 then 'sev2' when severity < 0.75 then 'sev3' else 'sev4' end,
    0.5, state, seen_at + interval '1 hour',
    case when state = 'snoozed' then now() + interval '30 days' end,
    case when state = 'dismissed' then 'wont_fix' end,
    case when state = 'resolved' then (array['reverted', 'superseded'])[1 + n % 2] end,
    case when state = 'resolved' then seen_at + interval '1 hour' end,
    's1:' || encode(sha256((floor(power(random(), 3) * 5000))::text::bytea), 'hex'),
    '{"changes":[{"path":"/settings/value","op":"replace","before":"' || repeat('a', 200) || '","after":"' || n || '"}]}',
    false, 'bench', id, id, id, id, 1, 1, 1, seen_at, seen_at + floor(random() * 100) * interval '1 hour', random() < 0.002
  from (
    select n, gen_random_uuid() as id, random() as severity,
      floor(power(random(), 2) * cardinality($2::uuid[]))::integer as which,
      (array['configuration', 'configuration', 'configuration', 'assignment', 'presence'])[1 + n % 5] as drift_type,
      date_trunc('hour', now() - random() * interval '365 days') as seen_at,
      case when mood < 0.70 then 'resolved' when mood < 0.82 then 'new' when mood < 0.90 then 'acknowledged'
        when mood < 0.95 then 'accepted' when mood < 0.99 then 'dismissed' else 'snoozed' end as state
    from (select n, random() as mood from generate_series($4::integer + 1, $4::integer + $5::integer) as n) as drawn
  ) as seeded`;

/** Brings the statistics and the visibility map to where autovacuum would have brought them. */
async function vacuum(ownerUrl: string): Promise<void> {
  const client = await connectOwner(ownerUrl);
  try {
    await client.query('vacuum (analyze) driftplane.findings');
  } finally {
    await client.end();
  }
}
