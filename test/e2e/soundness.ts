import { join } from 'node:path';
import pg from 'pg';
import { expect } from 'vitest';
import type { ApiClient } from '../../src/cli/api-client.ts';
import type { ReplayResponse } from '../../src/features/drift/drift-contract.ts';
import type { FindingSummaryResponse } from '../../src/features/findings/finding-contract.ts';
import type { RunSummaryResponse } from '../../src/features/inventory/sync-run-contract.ts';
import { listAll, settledDrift } from './inventory.ts';
import { makeFolder, runClient, type Server, until } from './product.ts';

/** What must hold of a server at rest, whatever has happened to it. Checked by its API, its clients, and its tables. */
export async function expectSound(server: Server, ownerUrl: string): Promise<void> {
  const { api } = server;
  const executions = await settledDrift(api);
  expect(executions.filter(({ status }) => status !== 'succeeded')).toEqual([]);
  const pairs = executions.map((each) => `${each.baselineRunId} ${each.currentRunId}`);
  expect(new Set(pairs).size).toBe(pairs.length);
  for (const { executionId } of executions) {
    const replayed = await api.call<ReplayResponse>({
      method: 'POST',
      resource: 'executions',
      path: [executionId, 'replay'],
    });
    expect(replayed).toMatchObject({ isSame: true });
  }
  const runs = await listAll<RunSummaryResponse>(api, 'runs');
  expect(runs.filter(({ status }) => status === 'queued' || status === 'running')).toEqual([]);
  await expectWholeTables(ownerUrl);
  await expectIntactTrail(server);
}

/** What is staged of a run is removed behind it; where that was cut short, by the next tick of a worker. */
const staged = `
  select run_id from driftplane_staging.items
  union all select run_id from driftplane_staging.old_forms
  union all select run_id from driftplane_staging.parts`;

/** Each of these finds what must not be. */
const faults: Readonly<Record<string, string>> = {
  'a run that is applied in halves': `
    select r.run_id from driftplane.sync_runs r join driftplane.scopes s using (workspace_id, scope_id)
    where (r.run_seq is not null) <> (r.status in ('succeeded', 'partial')) or r.end_seq > s.head_seq`,
  'intervals that no applied run began or ended': `
    select v.version_id from driftplane.item_versions v join driftplane.scopes s using (workspace_id, scope_id)
    where v.from_seq > s.head_seq or v.to_seq > s.head_seq
      or not exists (select from driftplane.sync_runs r where r.scope_id = v.scope_id and v.from_seq in (r.seq, r.end_seq))
      or v.to_seq is not null
        and not exists (select from driftplane.sync_runs r where r.scope_id = v.scope_id and v.to_seq in (r.seq, r.end_seq))`,
  'versions of an item that overlap': `
    select a.version_id from driftplane.item_versions a join driftplane.item_versions b
      on a.scope_id = b.scope_id and a.identity_hash = b.identity_hash and a.version_id < b.version_id
    where int8range(a.from_seq, a.to_seq) && int8range(b.from_seq, b.to_seq)`,
  'scopes that count other items than they have': `
    select scope_id from driftplane.scopes s where item_count <> (
      select count(*) from driftplane.item_versions v where v.scope_id = s.scope_id and v.to_seq is null)`,
  'scopes whose runs are not numbered one by one': `
    select scope_id from driftplane.scopes s where run_count <> (
      select count(*) from driftplane.sync_runs r where r.scope_id = s.scope_id and r.run_seq is not null)
      or run_count <> (select coalesce(max(run_seq), 0) from driftplane.sync_runs r where r.scope_id = s.scope_id)`,
  'pairs of runs without their execution': `
    select r.run_id from driftplane.sync_runs r
    where r.run_seq > 1 and not exists (
      select from driftplane.executions e join driftplane.sync_runs b on b.run_id = e.baseline_run_id
      where e.current_run_id = r.run_id and b.run_seq = r.run_seq - 1 and b.scope_id = r.scope_id)`,
  'findings twice': `
    select fingerprint from driftplane.findings where state <> 'resolved'
    group by workspace_id, fingerprint having count(*) > 1`,
  'two open findings of one subject': `
    select subject_key from driftplane.findings where state in ('new', 'snoozed')
    group by workspace_id, subject_key having count(*) > 1`,
  'events of the stream that are missing': `
    select workspace_id from driftplane.workspace_heads h where event_seq <> (
      select count(*) from driftplane.stream_events e where e.workspace_id = h.workspace_id)`,
};

async function expectWholeTables(ownerUrl: string): Promise<void> {
  await withOwner(ownerUrl, async (client) => {
    await until(async () => ((await client.query(staged)).rows.length === 0 ? true : undefined));
    const found: Record<string, number> = {};
    for (const [fault, statement] of Object.entries(faults)) {
      found[fault] = (await client.query(statement)).rows.length;
    }
    expect(found).toEqual(Object.fromEntries(Object.keys(faults).map((fault) => [fault, 0])));
  });
}

/** `driftplane audit verify` of what `driftplane audit export` writes. */
async function expectIntactTrail(server: Server): Promise<void> {
  const path = join(makeFolder(), 'audit.ndjson');
  expect(await runClient(server, 'audit', 'export', '--output', path)).toMatchObject({ code: 0 });
  const verdict = await runClient(server, 'audit', 'verify', path);
  expect(verdict).toMatchObject({ code: 0, said: expect.stringContaining('Intact') });
}

/** How our own connections are told from those of the product. */
export const TEST_CONNECTION = 'test';

/** Works as the superuser, whom row-level security does not bind. */
export async function withOwner<T>(ownerUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: TEST_CONNECTION });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Everything of the findings that does not depend on which server made them, and when. */
export async function tellFindings(api: ApiClient, sourceId?: string): Promise<string[]> {
  const findings = await listAll<FindingSummaryResponse>(api, 'findings', { sourceId });
  return findings
    .map((finding) => {
      const { change, driftType, itemType, externalId, label, severity, state, resolution } = finding;
      const { changeSignature, occurrenceCount, isFlapping, revision } = finding;
      const what = [change, driftType, itemType, externalId, label, severity, state, resolution];
      return JSON.stringify([...what, changeSignature, occurrenceCount, isFlapping, revision]);
    })
    .sort();
}

/** The number of the last event of the one workspace. */
export function headOfEvents(ownerUrl: string): Promise<number> {
  return withOwner(ownerUrl, async (client) => {
    const { rows } = await client.query<{ head: string }>(
      'select event_seq as head from driftplane.workspace_heads',
    );
    return Number(rows[0]?.head);
  });
}
