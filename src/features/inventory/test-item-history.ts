import { randomUUID } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json.ts';
import { contentHash } from '../../core/content-hash.ts';
import { compileItemType, type ItemType } from '../../core/item-type.ts';
import { parseItemTypes } from '../../core/item-type-registry.ts';
import type { JsonObject } from '../../core/json-value.ts';
import { sha256Hex } from '../../core/sha256.ts';
import type { Database } from '../../db/database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';

/** An item as a test writes it. */
export interface WrittenItem {
  readonly itemType: string;
  readonly externalId: string;
  readonly label?: string;
  readonly facts: JsonObject;
}

export interface WrittenRun {
  readonly runId: string;
  readonly seq: number;
  readonly endSeq: number;
}

export function identityHashOf({ itemType, externalId }: { itemType: string; externalId: string }): string {
  return sha256Hex(`${itemType}\0${externalId}`);
}

/** A type of the test's own: what is in `rules` is as in a file of item types. */
export function makeType(itemType: string, rules: JsonObject = {}): ItemType {
  const evidence = { show: ['/**'] };
  const parsed = parseItemTypes({
    itemTypes: [{ itemType, match: [{ has: ['/id'] }], identity: ['/id'], evidence, ...rules }],
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.details));
  return compileItemType(parsed.definitions[0] as Parameters<typeof compileItemType>[0]);
}

/** A scope whose runs a test writes itself, as an ingest would have left them. */
export interface WrittenScope {
  readonly workspaceId: string;
  readonly sourceId: string;
  readonly scopeId: string;
  /** A run that found just these items. With `types`, first under the rules before, then brought under these. */
  apply(items: readonly WrittenItem[], rules?: { readonly types: readonly ItemType[] }): Promise<WrittenRun>;
}

export async function writeScope(
  database: Database,
  workspaceId: string,
  types: readonly ItemType[],
  given: { readonly sourceId?: string; readonly scopeKey?: string } = {},
): Promise<WrittenScope> {
  const scopeId = randomUUID();
  const sourceId = given.sourceId ?? randomUUID();
  const inIngest = <T>(work: (tx: WorkspaceTransaction) => Promise<T>): Promise<T> =>
    withWorkspace(database.ingest, { workspaceId, actor: systemActor }, work);
  const rules = new Map<string, ItemType>();
  let head = 0;
  let runSeq = 0;
  await inIngest(async (tx) => {
    if (given.sourceId === undefined) {
      await tx.client.query(
        `insert into driftplane.sources (workspace_id, source_id, kind, name, config, selection, created_at, updated_at)
         values ($1, $2::uuid, 'push', $2::text, '{}', '{"itemTypes":null}', $3, $3)`,
        [workspaceId, sourceId, tx.now],
      );
    }
    await tx.client.query(
      `insert into driftplane.scopes (workspace_id, scope_id, source_id, scope_key, selection, created_at)
       values ($1, $2, $3, $4, '{"itemTypes":null}', $5)`,
      [workspaceId, scopeId, sourceId, given.scopeKey ?? scopeId, tx.now],
    );
    await takeRules(tx, types);
  });

  async function takeRules(tx: WorkspaceTransaction, taken: readonly ItemType[]): Promise<void> {
    for (const type of taken) {
      rules.set(type.name, type);
      await tx.client.query(
        `insert into driftplane.item_type_versions (workspace_id, rules_digest, item_type, definition, first_used_at)
         values ($1, $2, $3, $4, $5) on conflict do nothing`,
        [
          workspaceId,
          type.rulesDigest,
          type.name,
          canonicalJson(type.definition as unknown as JsonObject),
          tx.now,
        ],
      );
    }
  }

  async function write(
    tx: WorkspaceTransaction,
    items: readonly WrittenItem[],
    boundary: { readonly seq: number; readonly by: 'observed' | 'renormalised' },
  ): Promise<void> {
    const { rows } = await tx.client.query<{ version_id: number; identity: string; state: string }>(
      `select version_id, encode(identity_hash, 'hex') as identity,
         encode(content_hash, 'hex') || rules_digest as state
       from driftplane.item_versions where workspace_id = $1 and scope_id = $2 and to_seq is null`,
      [workspaceId, scopeId],
    );
    const live = new Map(rows.map((row) => [row.identity, row]));
    const changed = items.filter((item) => {
      const state = contentHash(item.facts) + rulesOf(item).rulesDigest;
      return live.get(identityHashOf(item))?.state !== state;
    });
    const kept = new Set(items.filter((item) => !changed.includes(item)).map(identityHashOf));
    const closed = rows.filter((row) => !kept.has(row.identity)).map((row) => row.version_id);
    await tx.client.query(
      `update driftplane.item_versions set to_seq = $3, closed_by = $4
       where workspace_id = $1 and scope_id = $2 and version_id = any($5::bigint[])`,
      [workspaceId, scopeId, boundary.seq, boundary.by, closed],
    );
    for (const item of changed) {
      await tx.client.query(
        `insert into driftplane.item_versions (workspace_id, scope_id, identity_hash, item_type, external_id, label,
           facts, content_hash, raw_hash, rules_digest, identity_pointer, from_seq, opened_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, '/id', $10, $11)`,
        [
          workspaceId,
          scopeId,
          Buffer.from(identityHashOf(item), 'hex'),
          item.itemType,
          item.externalId,
          item.label ?? item.externalId,
          canonicalJson(item.facts),
          Buffer.from(contentHash(item.facts), 'hex'),
          rulesOf(item).rulesDigest,
          boundary.seq,
          boundary.by,
        ],
      );
    }
  }

  function rulesOf({ itemType }: WrittenItem): ItemType {
    const type = rules.get(itemType);
    if (type === undefined) throw new Error(`the test has no type ${itemType}`);
    return type;
  }

  return {
    workspaceId,
    sourceId,
    scopeId,
    apply: (items, newRules) =>
      inIngest(async (tx) => {
        const seq = head + 1;
        const endSeq = newRules === undefined ? seq : seq + 1;
        const runId = randomUUID();
        await tx.client.query(
          `insert into driftplane.sync_runs (workspace_id, run_id, scope_id, source_id, status, trigger, requested_by,
             run_seq, seq, end_seq, requested_at, finished_at)
           values ($1, $2, $3, $4, 'succeeded', 'push', 'test', $5, $6, $7, $8, $8)`,
          [workspaceId, runId, scopeId, sourceId, runSeq + 1, seq, endSeq, tx.now],
        );
        await write(tx, items, { seq, by: 'observed' });
        if (newRules !== undefined) {
          await takeRules(tx, newRules.types);
          await write(tx, items, { seq: endSeq, by: 'renormalised' });
        }
        await tx.client.query(
          'update driftplane.scopes set head_seq = $3, head_run_id = $4 where workspace_id = $1 and scope_id = $2',
          [workspaceId, scopeId, endSeq, runId],
        );
        head = endSeq;
        runSeq++;
        return { runId, seq, endSeq };
      }),
  };
}
