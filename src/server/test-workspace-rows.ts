import { createHash, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { canonicalJson } from '../core/canonical-json.ts';
import { builtInPlan } from '../core/parse-plan.ts';
import { generatePlanHash, hashedContent } from '../core/plan-hash.ts';
import { contentOf } from '../core/plan-schema.ts';
import { connectOwner } from '../db/owner-connection.ts';

/** The ids of one of each thing that a workspace has, by the name that paths, queries and bodies give them. */
export type WorkspaceIds = Readonly<Record<string, string>>;

/**
 * One of each thing, every text of it with `marker` in it, written as the owner of a test database (a superuser),
 * past the row-level security.
 */
export async function insertOneOfEach(
  ownerUrl: string,
  { workspaceId, marker }: { readonly workspaceId: string; readonly marker: string },
): Promise<WorkspaceIds> {
  const client = await connectOwner(ownerUrl);
  try {
    const { rows } = await client.query<{ token_id: string }>(
      'select token_id from driftplane.api_tokens where workspace_id = $1 order by created_at limit 1',
      [workspaceId],
    );
    const identityHash = createHash('sha256').update(marker).digest();
    const ids = {
      workspaceId,
      tokenId: rows[0]?.token_id ?? '',
      sourceId: randomUUID(),
      scopeId: randomUUID(),
      baselineRunId: randomUUID(),
      runId: randomUUID(),
      executionId: randomUUID(),
      findingId: randomUUID(),
      incidentId: randomUUID(),
      planId: randomUUID(),
      backtestId: randomUUID(),
      identityHash: identityHash.toString('hex'),
      marker,
    };
    await insertInventory(client, ids);
    await insertFindings(client, ids);
    await insertPlan(client, ids);
    await insertRow(client, 'incidents', { workspace_id: workspaceId, incident_id: ids.incidentId }, marker);
    const { marker: _, baselineRunId, ...shown } = ids;
    return { ...shown, baselineRunId, currentRunId: ids.runId, asOfRunId: ids.runId };
  } finally {
    await client.end();
  }
}

type Ids = Readonly<
  Record<
    | 'workspaceId'
    | 'sourceId'
    | 'scopeId'
    | 'baselineRunId'
    | 'runId'
    | 'executionId'
    | 'findingId'
    | 'incidentId'
    | 'planId'
    | 'backtestId'
    | 'identityHash'
    | 'marker',
    string
  >
>;

async function insertInventory(client: pg.Client, ids: Ids): Promise<void> {
  const { workspaceId, sourceId, scopeId, marker } = ids;
  const insert = (table: string, values: Row) =>
    insertRow(client, table, { workspace_id: workspaceId, ...values }, marker);
  await insert('sources', {
    source_id: sourceId,
    kind: 'push',
    config: '{"kind":"push"}',
    selection: '{"itemTypes":null}',
  });
  await insert('scopes', {
    scope_id: scopeId,
    source_id: sourceId,
    scope_key: createHash('sha256').update(scopeId).digest('hex'),
    selection: '{"itemTypes":null}',
    head_seq: 2,
    run_count: 2,
    item_count: 1,
  });
  for (const [runId, seq] of [
    [ids.baselineRunId, 1],
    [ids.runId, 2],
  ] as const) {
    await insert('sync_runs', {
      run_id: runId,
      scope_id: scopeId,
      source_id: sourceId,
      status: 'succeeded',
      trigger: 'push',
      run_seq: seq,
      seq,
      end_seq: seq,
      base_seq: seq - 1,
    });
  }
  await client.query(
    'update driftplane.scopes set head_run_id = $3 where workspace_id = $1 and scope_id = $2',
    [workspaceId, scopeId, ids.runId],
  );
  await insert('item_versions', {
    scope_id: scopeId,
    identity_hash: Buffer.from(ids.identityHash, 'hex'),
    facts: '{}',
    from_seq: 1,
    opened_by: 'observed',
  });
}

async function insertFindings(client: pg.Client, ids: Ids): Promise<void> {
  const { workspaceId, scopeId, marker } = ids;
  const common = { workspace_id: workspaceId, scope_id: scopeId, source_id: ids.sourceId };
  await insertRow(
    client,
    'executions',
    {
      ...common,
      execution_id: ids.executionId,
      generator: 'drift',
      baseline_mode: 'rolling',
      baseline_run_id: ids.baselineRunId,
      current_run_id: ids.runId,
      status: 'failed',
      error_code: 'internal_error',
    },
    marker,
  );
  await insertRow(
    client,
    'findings',
    {
      ...common,
      finding_id: ids.findingId,
      finding_type: 'drift',
      drift_type: 'configuration',
      change: 'changed',
      severity: 'sev3',
      state: 'new',
      evidence: '{}',
      first_execution_id: ids.executionId,
      last_execution_id: ids.executionId,
      first_run_id: ids.runId,
      last_run_id: ids.runId,
    },
    marker,
  );
}

/** An active plan, and a backtest of it that waits. */
async function insertPlan(client: pg.Client, ids: Ids): Promise<void> {
  const { workspaceId, planId, backtestId, scopeId, marker } = ids;
  const insert = (table: string, values: Row) =>
    insertRow(client, table, { workspace_id: workspaceId, ...values }, marker);
  const plan = contentOf({ ...builtInPlan, name: marker, scopeType: 'service', scopeRef: marker });
  const versionHash = generatePlanHash(plan);
  await insert('drift_plans', {
    id: planId,
    description: marker,
    status: 'active',
    scope_type: plan.scopeType,
    input_sources: [...plan.inputSources],
    drift_types: [...plan.driftTypes],
    allowed_outputs: [...plan.allowedOutputs],
    thresholds: JSON.stringify(plan.thresholds),
    eligibility: JSON.stringify(plan.eligibility),
    section_targets: JSON.stringify(plan.sectionTargets),
    impact_rules: JSON.stringify(plan.impactRules),
    writeback: JSON.stringify(plan.writeback),
    noise_controls: JSON.stringify(plan.noiseControls),
    budgets: JSON.stringify(plan.budgets),
    doc_targeting: JSON.stringify(plan.docTargeting),
    scope_ref: marker,
    version_hash: versionHash,
  });
  const version = { plan_id: planId, version: 1 };
  await insert('drift_plan_versions', {
    ...version,
    version_hash: versionHash,
    content: canonicalJson(hashedContent(plan)),
  });
  await insert('plan_reviews', { ...version, state: 'published' });
  await insert('plan_review_events', {
    ...version,
    kind: 'create',
    to_state: 'draft',
    version_hash: versionHash,
  });
  await insert('plan_backtests', {
    backtest_id: backtestId,
    plan_id: planId,
    plan_version: 1,
    version_hash: versionHash,
    content: canonicalJson(hashedContent(plan)),
    status: 'queued',
  });
  await insert('plan_backtest_changes', {
    backtest_id: backtestId,
    effect: 'appears',
    scope_id: scopeId,
    execution_id: ids.executionId,
    detail: JSON.stringify({ effects: ['appears'], label: marker }),
  });
}

type Row = Readonly<Record<string, string | number | boolean | Date | Buffer | string[]>>;

/** One row; columns that need a value and are not given one get the marker, or what their type has. */
async function insertRow(client: pg.Client, table: string, given: Row, marker: string): Promise<void> {
  const { rows } = await client.query<{ column_name: string; data_type: string }>(
    `select column_name, data_type from information_schema.columns
     where table_schema = 'driftplane' and table_name = $1
       and is_nullable = 'NO' and column_default is null and is_identity = 'NO' and is_generated = 'NEVER'`,
    [table],
  );
  const values: Record<string, unknown> = { ...given };
  for (const { column_name: column, data_type: type } of rows) values[column] ??= defaultOf(type, marker);
  const columns = Object.keys(values);
  await client.query(
    `insert into driftplane.${table} (${columns.join(', ')}) values (${columns.map((_, index) => `$${index + 1}`).join(', ')})`,
    Object.values(values),
  );
}

function defaultOf(type: string, marker: string): unknown {
  switch (type) {
    case 'text':
      return marker;
    case 'bytea':
      return Buffer.alloc(32);
    case 'boolean':
      return false;
    case 'uuid':
      return randomUUID();
    case 'timestamp with time zone':
      return new Date();
    default:
      return 1;
  }
}
