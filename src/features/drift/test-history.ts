import { randomUUID } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json.ts';
import { identityKey } from '../../core/compare.ts';
import { contentHash } from '../../core/content-hash.ts';
import { compileItemType, type ItemType } from '../../core/item-type.ts';
import { itemTypeSchema } from '../../core/item-type-schema.ts';
import type { JsonObject, JsonValue } from '../../core/json-value.ts';
import { scopeKeyOf } from '../../core/scope-key.ts';
import { sha256Bytes } from '../../core/sha256.ts';
import type { Database } from '../../db/database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import { createWorkspace } from '../workspaces/workspace-service.ts';
import { requestDrift } from './drift-trigger.ts';

const TEST_TYPE = 'test.policy';

/** Rules of two generations: the second calls `/noise` volatile. */
const rules = {
  first: ruleSet([]),
  second: ruleSet(['/noise']),
};

function ruleSet(volatile: readonly string[]): ItemType {
  return compileItemType(
    itemTypeSchema.parse({
      itemType: TEST_TYPE,
      title: 'Policy',
      match: [{ has: ['/id'] }],
      identity: ['/id'],
      volatile,
      evidence: { show: ['/**'] },
      driftTypes: [{ path: '/assignments/**', driftType: 'assignment' }],
      impact: [{ path: '/secure', baseImpact: 0.9 }],
    }),
  );
}

export interface TestRun {
  readonly runId: string;
  readonly runSeq: number;
  readonly seq: number;
  readonly endSeq: number;
}

interface Live {
  facts: string;
  rules: keyof typeof rules;
}

/** What a run saw: facts by external id. */
export type TestItems = Readonly<Record<string, JsonObject>>;

/** The intervals of one scope, written as the ingest would, run by run. */
export class TestHistory {
  readonly database: Database;
  readonly workspaceId: string;
  readonly sourceId = randomUUID();
  readonly scopeId = randomUUID();
  readonly runs: TestRun[] = [];
  readonly #live = new Map<string, Live>();
  #headSeq = 0;

  private constructor(database: Database, workspaceId: string) {
    this.database = database;
    this.workspaceId = workspaceId;
  }

  /** A scope without runs, in a workspace of its own unless one is given. */
  static async open(database: Database, workspaceId?: string): Promise<TestHistory> {
    const id = workspaceId ?? (await createWorkspace(database.urls.owner, { name: 'test' })).workspaceId;
    const history = new TestHistory(database, id);
    await history.#insertScope();
    return history;
  }

  /** Runs `work` as the system, in the workspace, with the rights of the ingest. */
  inWorkspace<T>(work: (tx: WorkspaceTransaction) => Promise<T>): Promise<T> {
    return withWorkspace(this.database.ingest, { workspaceId: this.workspaceId, actor: systemActor }, work);
  }

  /** The same with the rights of requests and their jobs, who may read and write plans. */
  asApp<T>(work: (tx: WorkspaceTransaction) => Promise<T>): Promise<T> {
    return withWorkspace(this.database.app, { workspaceId: this.workspaceId, actor: systemActor }, work);
  }

  /** Applies a run; its drift is asked for unless `requestsDrift` is false. */
  async run(
    items: TestItems,
    options: {
      isComplete?: boolean;
      rules?: keyof typeof rules;
      ambiguous?: readonly string[];
      requestsDrift?: boolean;
    } = {},
  ): Promise<TestRun> {
    const { isComplete = true, rules: inForce = 'first', ambiguous = [], requestsDrift = true } = options;
    const seq = this.#headSeq + 1;
    const isRenormalising = [...this.#live.values()].some((live) => live.rules !== inForce);
    const run = {
      runId: randomUUID(),
      runSeq: this.runs.length + 1,
      seq,
      endSeq: isRenormalising ? seq + 1 : seq,
    };
    await this.inWorkspace(async (tx) => {
      await this.#writeIntervals(tx, items, { run, inForce, isComplete });
      await this.#writeRun(tx, run, { isComplete, ambiguous });
      if (requestsDrift) await requestDrift(tx, { ...run, scopeId: this.scopeId, sourceId: this.sourceId });
    });
    this.#headSeq = run.endSeq;
    this.runs.push(run);
    return run;
  }

  async #insertScope(): Promise<void> {
    const { workspaceId, sourceId, scopeId } = this;
    await this.inWorkspace(async (tx) => {
      await tx.client.query(
        `insert into driftplane.sources (workspace_id, source_id, kind, name, config, selection, created_at, updated_at)
         values ($1, $2, 'push', $3, '{}', '{"itemTypes":null}', $4, $4)`,
        [workspaceId, sourceId, `source ${sourceId}`, tx.now],
      );
      await tx.client.query(
        `insert into driftplane.scopes (workspace_id, scope_id, source_id, scope_key, selection, created_at)
         values ($1, $2, $3, $4, '{"itemTypes":null}', $5)`,
        [workspaceId, scopeId, sourceId, scopeKeyOf({ sourceId, selection: { itemTypes: null } }), tx.now],
      );
      for (const type of Object.values(rules)) {
        await tx.client.query(
          `insert into driftplane.item_type_versions (workspace_id, rules_digest, item_type, definition, first_used_at)
           values ($1, $2, $3, $4, $5) on conflict do nothing`,
          [
            workspaceId,
            type.rulesDigest,
            TEST_TYPE,
            canonicalJson(type.definition as unknown as JsonValue),
            tx.now,
          ],
        );
      }
    });
  }

  async #writeIntervals(
    tx: WorkspaceTransaction,
    items: TestItems,
    { run, inForce, isComplete }: { run: TestRun; inForce: keyof typeof rules; isComplete: boolean },
  ): Promise<void> {
    const closed = { observed: new Map<string, number>(), renormalised: new Map<string, number>() };
    const opened: OpenedVersion[] = [];
    for (const id of this.#live.keys()) {
      if (Object.hasOwn(items, id) || !isComplete) continue;
      closed.observed.set(id, run.seq);
      this.#live.delete(id);
    }
    for (const [id, raw] of Object.entries(items)) {
      const live = this.#live.get(id);
      const facts = factsUnder(raw, inForce);
      if (live === undefined) {
        opened.push({ id, facts, rules: inForce, from: run.seq, to: null, by: 'observed' });
      } else if (live.rules === inForce) {
        if (live.facts === facts) continue;
        closed.observed.set(id, run.seq);
        opened.push({ id, facts, rules: inForce, from: run.seq, to: null, by: 'observed' });
      } else {
        const oldForm = factsUnder(raw, live.rules);
        if (oldForm === live.facts) closed.renormalised.set(id, run.endSeq);
        else {
          closed.observed.set(id, run.seq);
          opened.push({
            id,
            facts: oldForm,
            rules: live.rules,
            from: run.seq,
            to: run.endSeq,
            by: 'observed',
          });
        }
        opened.push({ id, facts, rules: inForce, from: run.endSeq, to: null, by: 'renormalised' });
      }
      this.#live.set(id, { facts, rules: inForce });
    }
    for (const by of ['observed', 'renormalised'] as const) await this.#close(tx, closed[by], by);
    await this.#open(tx, opened);
  }

  async #close(tx: WorkspaceTransaction, ids: ReadonlyMap<string, number>, by: string): Promise<void> {
    await tx.client.query(
      `update driftplane.item_versions v set to_seq = c.seq, closed_by = $5
       from unnest($3::text[], $4::bigint[]) as c(external_id, seq)
       where v.workspace_id = $1 and v.scope_id = $2 and v.external_id = c.external_id and v.to_seq is null`,
      [this.workspaceId, this.scopeId, [...ids.keys()], [...ids.values()], by],
    );
  }

  async #open(tx: WorkspaceTransaction, versions: readonly OpenedVersion[]): Promise<void> {
    await tx.client.query(
      `insert into driftplane.item_versions (workspace_id, scope_id, identity_hash, item_type, external_id, label,
         facts, content_hash, raw_hash, rules_digest, identity_pointer, from_seq, to_seq, opened_by, closed_by)
       select $1, $2, o.identity_hash, $3, o.external_id, o.external_id, o.facts, o.content_hash, o.content_hash,
         o.rules_digest, '/id', o.from_seq, o.to_seq, o.opened_by,
         case when o.to_seq is null then null else 'renormalised' end
       from unnest($4::bytea[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::bigint[], $10::bigint[], $11::text[])
         as o(identity_hash, external_id, facts, content_hash, rules_digest, from_seq, to_seq, opened_by)`,
      [
        this.workspaceId,
        this.scopeId,
        TEST_TYPE,
        versions.map(({ id }) => sha256Bytes(`${TEST_TYPE}\u0000${id}`)),
        versions.map(({ id }) => id),
        versions.map(({ facts }) => facts),
        versions.map(({ facts }) => Buffer.from(contentHash(JSON.parse(facts)), 'hex')),
        versions.map((version) => rules[version.rules].rulesDigest),
        versions.map(({ from }) => from),
        versions.map(({ to }) => to),
        versions.map(({ by }) => by),
      ],
    );
  }

  async #writeRun(
    tx: WorkspaceTransaction,
    run: TestRun,
    { isComplete, ambiguous }: { isComplete: boolean; ambiguous: readonly string[] },
  ): Promise<void> {
    const { workspaceId, scopeId, sourceId } = this;
    const coverage = [
      { itemType: '*', status: isComplete ? 'complete' : 'partial', reason: isComplete ? null : 'a test' },
    ];
    await tx.client.query(
      `insert into driftplane.sync_runs (workspace_id, run_id, scope_id, source_id, status, trigger, requested_by,
         run_seq, seq, end_seq, coverage, ambiguous_identities, requested_at, finished_at)
       values ($1, $2, $3, $4, $5, 'push', 'test', $6, $7, $8, $9, $10, $11, $11)`,
      [
        workspaceId,
        run.runId,
        scopeId,
        sourceId,
        isComplete ? 'succeeded' : 'partial',
        run.runSeq,
        run.seq,
        run.endSeq,
        JSON.stringify(coverage),
        Buffer.concat(ambiguous.map((id) => sha256Bytes(identityKey(TEST_TYPE, id))).sort(Buffer.compare)),
        tx.now,
      ],
    );
    await tx.client.query(
      `update driftplane.scopes set head_seq = $3, head_run_id = $4, run_count = $5, item_count = $6
       where workspace_id = $1 and scope_id = $2`,
      [workspaceId, scopeId, run.endSeq, run.runId, run.runSeq, this.#live.size],
    );
    if (!isComplete) return;
    await tx.client.query(
      `insert into driftplane.scope_types (workspace_id, scope_id, item_type, complete_since_seq)
       values ($1, $2, '*', $3) on conflict do nothing`,
      [workspaceId, scopeId, run.seq],
    );
  }
}

interface OpenedVersion {
  readonly id: string;
  readonly facts: string;
  readonly rules: keyof typeof rules;
  readonly from: number;
  readonly to: number | null;
  readonly by: 'observed' | 'renormalised';
}

/** What the rules make of an object: the second generation leaves out `noise`. */
function factsUnder(raw: JsonObject, generation: keyof typeof rules): string {
  const { noise, ...rest } = raw;
  return canonicalJson(generation === 'first' && noise !== undefined ? { ...rest, noise } : rest);
}
