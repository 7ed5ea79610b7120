import { randomUUID } from 'node:crypto';
import { canonicalJson } from '../src/core/canonical-json.ts';
import { ENGINE_VERSION } from '../src/core/engine-version.ts';
import { compileItemType } from '../src/core/item-type.ts';
import { itemTypeSchema } from '../src/core/item-type-schema.ts';
import type { JsonValue } from '../src/core/json-value.ts';
import { builtInPlan } from '../src/core/parse-plan.ts';
import { generatePlanHash } from '../src/core/plan-hash.ts';
import type { Database } from '../src/db/database.ts';
import { connectOwner } from '../src/db/owner-connection.ts';
import { systemActor, withWorkspace } from '../src/db/workspace-transaction.ts';
import { digestInputs } from '../src/features/drift/drift-tally.ts';
import { loadRunPair } from '../src/features/drift/run-pair.ts';
import { createWorkspace } from '../src/features/workspaces/workspace-service.ts';

/** A scope whose runs were all compared with the one before. */
export interface SeededHistory {
  readonly workspaceId: string;
  readonly scopeId: string;
  readonly pairs: number;
  /** Subjects that drifted, over all pairs. */
  readonly candidates: number;
}

const TYPE = 'bench.policy';

/**
 * Fills a new workspace with a scope of so many pairs of runs, in each of which the same items changed: a setting, a
 * description, and of every tenth item who it is assigned to. Facts have about 400 bytes. Written by SQL, the
 * executions as the default plan would have left them.
 */
export async function seedHistory(
  database: Database,
  { pairs, changesPerPair }: { readonly pairs: number; readonly changesPerPair: number },
): Promise<SeededHistory> {
  const { workspaceId } = await createWorkspace(database.urls.owner, { name: 'bench history' });
  const [sourceId, scopeId] = [randomUUID(), randomUUID()];
  const type = compileItemType(
    itemTypeSchema.parse({
      itemType: TYPE,
      match: [{ has: ['/id'] }],
      identity: ['/id'],
      evidence: { show: ['/**'] },
      driftTypes: [{ path: '/assignments/**', driftType: 'assignment' }],
      impact: [{ path: '/description', baseImpact: 0.1 }],
    }),
  );
  await withWorkspace(database.ingest, { workspaceId, actor: systemActor }, async ({ client, now }) => {
    await client.query(
      `insert into driftplane.item_type_versions (workspace_id, rules_digest, item_type, definition, first_used_at)
       values ($1, $2, $3, $4, $5)`,
      [workspaceId, type.rulesDigest, TYPE, canonicalJson(type.definition as unknown as JsonValue), now],
    );
    await client.query(
      `insert into driftplane.sources (workspace_id, source_id, kind, name, config, selection, created_at, updated_at)
       values ($1, $2, 'push', 'bench', '{}', '{"itemTypes":null}', $3, $3)`,
      [workspaceId, sourceId, now],
    );
    await client.query(
      `insert into driftplane.scopes (workspace_id, scope_id, source_id, scope_key, selection, head_seq, run_count, created_at)
       values ($1, $2, $3, 'bench', '{"itemTypes":null}', $4::integer, $4::integer, $5)`,
      [workspaceId, scopeId, sourceId, pairs + 1, now],
    );
    await client.query(
      `insert into driftplane.scope_types (workspace_id, scope_id, item_type, complete_since_seq) values ($1, $2, '*', 1)`,
      [workspaceId, scopeId],
    );
    await client.query(
      `insert into driftplane.sync_runs (workspace_id, run_id, scope_id, source_id, status, trigger, requested_by,
         run_seq, seq, end_seq, coverage, requested_at, finished_at)
       select $1, md5($2::uuid::text || n)::uuid, $2::uuid, $3::uuid, 'succeeded', 'push', 'bench', n, n, n,
         '[{"itemType":"*","status":"complete","reason":null}]', at, at
       from generate_series(1, $4::integer) as n
       cross join lateral (select $5::timestamptz - make_interval(mins => $4::integer - n) as at) as moment`,
      [workspaceId, scopeId, sourceId, pairs + 1, now],
    );
    await client.query(insertVersions, [
      workspaceId,
      scopeId,
      TYPE,
      pairs + 1,
      changesPerPair,
      type.rulesDigest,
    ]);
    await client.query(
      `insert into driftplane.executions (workspace_id, execution_id, generator, scope_id, source_id, baseline_mode,
         baseline_run_id, current_run_id, status, plan_version_hash, has_plan, engine_version, inputs_digest,
         findings_digest, max_attempts, queued_at, finished_at)
       select $1, md5('execution' || $2::uuid::text || n)::uuid, 'drift', $2::uuid, $3::uuid, 'rolling', md5($2::uuid::text || n)::uuid,
         md5($2::uuid::text || n + 1)::uuid, 'succeeded', $5, false, $6, 'bench', 'bench', 8, $7, $7
       from generate_series(1, $4::integer) as n`,
      [workspaceId, scopeId, sourceId, pairs, generatePlanHash(builtInPlan), ENGINE_VERSION, now],
    );
  });
  await recordInputs(database, workspaceId);
  await vacuum(database.urls.owner);
  const assigned = Math.floor(changesPerPair / 10);
  return { workspaceId, scopeId, pairs, candidates: pairs * (changesPerPair + assigned) };
}

/** What an execution was made of is checked before it is computed again. */
async function recordInputs(database: Database, workspaceId: string): Promise<void> {
  await withWorkspace(database.app, { workspaceId, actor: systemActor }, async (tx) => {
    const { rows } = await tx.client.query<{ id: string; baselineRunId: string; currentRunId: string }>(
      `select execution_id as id, baseline_run_id as "baselineRunId", current_run_id as "currentRunId"
       from driftplane.executions where workspace_id = $1`,
      [workspaceId],
    );
    const digests: string[] = [];
    for (const pair of rows)
      digests.push(digestInputs(await loadRunPair(tx, pair), generatePlanHash(builtInPlan)));
    await tx.client.query(
      `update driftplane.executions e set inputs_digest = d.digest
       from unnest($2::uuid[], $3::text[]) as d(id, digest) where e.workspace_id = $1 and e.execution_id = d.id`,
      [workspaceId, rows.map(({ id }) => id), digests],
    );
  });
}

/** Every item has a version of its own for every run. */
const insertVersions = `
  insert into driftplane.item_versions (workspace_id, scope_id, identity_hash, item_type, external_id, label, facts,
    content_hash, raw_hash, rules_digest, identity_pointer, from_seq, to_seq, opened_by, closed_by)
  select $1, $2, sha256(convert_to($3, 'UTF8') || '\\x00'::bytea || convert_to(external_id, 'UTF8')), $3, external_id,
    'Policy ' || n, facts, sha256(convert_to(facts, 'UTF8')), sha256(convert_to(facts || ' ', 'UTF8')), $6, '/id', run,
    case when run < $4::integer then run + 1 end, 'observed', case when run < $4::integer then 'observed' end
  from (
    select n, run, md5(n::text) as external_id,
      '{"assignments":["group-' || (case when n % 10 = 0 then run else 0 end) || '"],"description":"as of run ' || run
        || '","id":"' || md5(n::text) || '","settings":{"a":"' || md5(n || 'a') || '","b":"' || md5(n || 'b')
        || '","c":"' || md5(n || 'c') || '","limit":' || run || '},"version":"1.0"}' as facts
    from generate_series(1, $5::integer) as n, generate_series(1, $4::integer) as run
  ) as seeded`;

async function vacuum(ownerUrl: string): Promise<void> {
  const client = await connectOwner(ownerUrl);
  try {
    await client.query('vacuum (analyze) driftplane.item_versions');
  } finally {
    await client.end();
  }
}
