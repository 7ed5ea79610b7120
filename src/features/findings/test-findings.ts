import { createHash, randomUUID } from 'node:crypto';
import type { FindingState } from '../../core/finding-lifecycle.ts';
import type { Database } from '../../db/database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import { createWorkspace } from '../workspaces/workspace-service.ts';
import { reconcileFindings } from './finding-service.ts';
import type { GeneratedFindingInput, ReconcileCounts, SubjectNow } from './generated-finding.ts';

/** A row of `driftplane.findings` as a test looks at it. */
export interface StoredFinding {
  readonly finding_id: string;
  readonly fingerprint: string;
  readonly subject_key: string;
  readonly state: FindingState;
  readonly resolution: string | null;
  readonly occurrence_count: number;
  readonly revision: number;
  readonly is_flapping: boolean;
  readonly is_undone: boolean;
  readonly linked_finding_id: string | null;
  readonly severity: string;
  readonly label: string;
  readonly last_run_seq: number;
  readonly opened_run_seq: number;
}

export const testActor = { kind: 'token', id: randomUUID(), label: 'tester' } as const;

/** A scope of a workspace of its own, and what happens to its findings. */
export class TestScope {
  readonly database: Database;
  readonly workspaceId: string;
  readonly sourceId = randomUUID();
  readonly scopeId = randomUUID();
  runSeq = 1;
  readonly #values = new Map<string, string | null>();

  private constructor(database: Database, workspaceId: string) {
    this.database = database;
    this.workspaceId = workspaceId;
  }

  static async open(database: Database, workspaceId?: string): Promise<TestScope> {
    const id = workspaceId ?? (await createWorkspace(database.urls.owner, { name: 'test' })).workspaceId;
    const scope = new TestScope(database, id);
    await scope.inWorkspace(async ({ client, now }) => {
      await client.query(
        `insert into driftplane.sources (workspace_id, source_id, kind, name, config, selection, created_at, updated_at)
         values ($1, $2, 'push', 'test ' || $2::uuid, '{}', '{"itemTypes":null}', $3, $3)`,
        [id, scope.sourceId, now],
      );
      await client.query(
        `insert into driftplane.scopes (workspace_id, scope_id, source_id, scope_key, selection, created_at)
         values ($1, $2, $3, 'key ' || $2::uuid, '{"itemTypes":null}', $4)`,
        [id, scope.scopeId, scope.sourceId, now],
      );
    });
    return scope;
  }

  /** Runs `work` in the name of a person's token. */
  inWorkspace<T>(work: (tx: WorkspaceTransaction) => Promise<T>): Promise<T> {
    return withWorkspace(this.database.app, { workspaceId: this.workspaceId, actor: testActor }, work);
  }

  /** A rolling run that saw these values; what has another one than in the run before is generated. */
  async see(values: Readonly<Record<string, string | null>>): Promise<ReconcileCounts> {
    const subjects = Object.entries(values).flatMap(([externalId, value]) => {
      const before = this.#values.get(externalId) ?? null;
      this.#values.set(externalId, value);
      const generated = before === value ? null : this.generated(externalId, before, value);
      return [
        { subjectKey: subjectOf(externalId), valueNow: { kind: 'known', hash: value } as const, generated },
      ];
    });
    return this.reconcile(subjects);
  }

  /** Reconciles the next run. */
  reconcile(
    subjects: Iterable<SubjectNow> | AsyncIterable<SubjectNow>,
    options: { mode?: 'rolling' | 'pinned'; planVersionHash?: string; isRepeated?: boolean } = {},
  ): Promise<ReconcileCounts> {
    if (options.isRepeated !== true) this.runSeq++;
    const context = {
      mode: options.mode ?? 'rolling',
      executionId: randomUUID(),
      runId: randomUUID(),
      runSeq: this.runSeq,
      scopeId: this.scopeId,
      planVersionHash: options.planVersionHash ?? null,
      planId: null,
      planVersion: null,
      hasPlan: options.planVersionHash !== undefined,
      engineVersion: 'test',
    };
    const { workspaceId, database } = this;
    return withWorkspace(database.ingest, { workspaceId, actor: systemActor }, (tx) =>
      reconcileFindings(tx, context, subjects),
    );
  }

  generated(
    externalId: string,
    baselineHash: string | null,
    currentHash: string | null,
    more: Partial<GeneratedFindingInput> = {},
  ): GeneratedFindingInput {
    return {
      fingerprint: fingerprintOf(externalId, baselineHash, currentHash),
      subjectKey: subjectOf(externalId),
      findingType: 'drift',
      driftType: 'configuration',
      change: 'changed',
      scopeId: this.scopeId,
      sourceId: this.sourceId,
      itemType: 'test.policy',
      externalId,
      label: `Policy ${externalId}`,
      severity: 'sev3',
      impact: 0.5,
      score: 0.5,
      baselineHash,
      currentHash,
      changeSignature: `s1:${digest('signature')}`,
      evidence: { changes: [{ path: '/a', op: 'replace', before: baselineHash, after: currentHash }] },
      route: null,
      disposition: null,
      ...more,
    };
  }

  /** All findings, oldest first. */
  async findings(): Promise<StoredFinding[]> {
    const { rows } = await this.inWorkspace(({ client, workspaceId }) =>
      client.query<StoredFinding>(
        `select * from driftplane.findings where workspace_id = $1 and scope_id = $2
         order by first_run_seq, external_id, fingerprint`,
        [workspaceId, this.scopeId],
      ),
    );
    return rows;
  }

  /** The kinds of a finding's events, in order. */
  async events(findingId: string): Promise<string[]> {
    const { rows } = await this.inWorkspace(({ client, workspaceId }) =>
      client.query<{ kind: string }>(
        'select kind from driftplane.finding_events where workspace_id = $1 and finding_id = $2 order by event_no',
        [workspaceId, findingId],
      ),
    );
    return rows.map(({ kind }) => kind);
  }

  /** One finding of each state, by its state. */
  async findingOfEachState(): Promise<Record<FindingState, string>> {
    const ids = {} as Record<FindingState, string>;
    const states: FindingState[] = ['new', 'acknowledged', 'accepted', 'dismissed', 'snoozed', 'resolved'];
    await this.see(Object.fromEntries(states.map((state) => [`of-${state}-${this.runSeq}`, 'B'])));
    const suffix = this.runSeq - 1;
    for (const finding of await this.findings()) {
      const state = states.find((one) => finding.label === `Policy of-${one}-${suffix}`);
      if (state !== undefined) ids[state] = finding.finding_id;
    }
    await this.inWorkspace(async ({ client, workspaceId }) => {
      for (const state of states) {
        await client.query(
          `update driftplane.findings set state = $3,
             snoozed_until = case when $3 = 'snoozed' then now() + interval '1 day' end,
             dismiss_reason = case when $3 = 'dismissed' then 'wont_fix' end,
             resolution = case when $3 = 'resolved' then 'reverted' end,
             resolved_at = case when $3 = 'resolved' then now() end
           where workspace_id = $1 and finding_id = $2`,
          [workspaceId, ids[state], state],
        );
      }
    });
    return ids;
  }
}

export function subjectOf(externalId: string): string {
  return digest(`subject ${externalId}`);
}

export function fingerprintOf(externalId: string, before: string | null, after: string | null): string {
  return `v1:${digest(`${externalId} ${before} ${after}`)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Adds findings of every kind to a scope, by SQL: many of them share an instant. */
export async function seedFindings(scope: TestScope, count: number): Promise<void> {
  await scope.inWorkspace(({ client, workspaceId }) =>
    client.query(
      `insert into driftplane.findings (workspace_id, finding_id, fingerprint, subject_key, finding_type, drift_type,
         change, scope_id, source_id, item_type, external_id, label, label_search, severity, impact, state,
         state_changed_at, snoozed_until, dismiss_reason, resolution, resolved_at, change_signature, evidence, has_plan,
         engine_version, first_execution_id, last_execution_id, first_run_id, last_run_id, first_run_seq, last_run_seq,
         opened_run_seq, first_seen_at, last_seen_at, is_flapping)
       select $1, id, 'v1:' || id, 'subject ' || id, 'drift', drift_type,
         case drift_type when 'presence' then (array['added', 'removed'])[1 + n % 2] else 'changed' end,
         $2, $3, 'type-' || floor(random() * 3), 'item-' || n, 'Größe Policy ' || n, 'größe policy ' || n,
         'sev' || (1 + floor(random() * 4)), 0.5, state, now(),
         case when state = 'snoozed' then now() end, case when state = 'dismissed' then 'wont_fix' end,
         case when state = 'resolved' then 'reverted' end, case when state = 'resolved' then now() end,
         's1:' || floor(random() * 50), '{}', false, 'test', id, id, id, id, 1, 1, 1,
         timestamptz '2026-01-01Z' + floor(random() * 100) * interval '1 day',
         timestamptz '2026-06-01Z' + floor(random() * 100) * interval '1 day', random() < 0.1
       from (
         select n, gen_random_uuid() as id, (array['configuration', 'assignment', 'presence'])[1 + n % 3] as drift_type,
           (array['new', 'acknowledged', 'accepted', 'dismissed', 'snoozed', 'resolved'])[1 + floor(random() * 6)] as state
         from generate_series(1, $4::integer) as n
       ) as seeded`,
      [workspaceId, scope.scopeId, scope.sourceId, count],
    ),
  );
}
