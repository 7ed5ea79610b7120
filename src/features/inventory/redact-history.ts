/**
 * When the definition of a type begins to call a value sensitive, the versions that were made before still hold it.
 * A job digests it in them; what else was derived from them (findings, executions) is for its handler.
 */

import { canonicalJson } from '../../core/canonical-json.ts';
import { callsMoreSensitive, digestNewlySensitive } from '../../core/digest-newly-sensitive.ts';
import { compileItemType, type ItemType } from '../../core/item-type.ts';
import type { ItemTypeRegistry } from '../../core/item-type-registry.ts';
import type { JsonObject } from '../../core/json-value.ts';
import { labelOf } from '../../core/read-item.ts';
import { sha256Hex } from '../../core/sha256.ts';
import { enqueueJob } from '../../db/job-queue.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { findDefinitions } from './ingest/rules-in-force.ts';
import { RulesByDigest } from './rules-read-model.ts';
import { getDigestKey } from './sync-run-store.ts';

/** Which history is redacted. */
export interface HistoryKey {
  readonly scopeId: string;
  readonly itemType: string;
}

/**
 * Has the history of the types redacted of which a run closed versions that were made by rules that knew less to be
 * sensitive. In the transaction that applies the run, before its drift is asked for: both share the scope's queue.
 */
export async function requestRedactions(
  tx: WorkspaceTransaction,
  run: { scopeId: string; seq: number; endSeq: number; registry: ItemTypeRegistry },
): Promise<void> {
  const { scopeId, seq, endSeq, registry } = run;
  const { rows } = await tx.client.query<{ item_type: string; rules_digest: string }>(
    `select distinct item_type, rules_digest from driftplane.item_versions
     where workspace_id = $1 and scope_id = $2 and to_seq between $3 and $4 and rules_digest <> all($5)
     order by item_type, rules_digest`,
    [tx.workspaceId, scopeId, seq, endSeq, registry.types.map((type) => type.rulesDigest)],
  );
  const rules = new RulesByDigest();
  await rules.load(
    tx,
    rows.map((row) => row.rules_digest),
  );
  const itemTypes = rows.flatMap((row) => {
    const inForce = registry.get(row.item_type);
    const isMore =
      inForce !== undefined && callsMoreSensitive({ made: rules.get(row.rules_digest), inForce });
    return isMore ? [row.item_type] : [];
  });
  for (const itemType of new Set(itemTypes)) {
    await enqueueJob(tx, {
      kind: 'inventory.redact_history',
      payload: { scopeId, itemType },
      jobKey: `redact:${tx.workspaceId}:${scopeId}:${itemType}`,
      queueName: `drift:${scopeId}`,
    });
  }
}

/** The definition of a type by which the scope was read last; null where it is no longer known. */
export async function findTypeInForce(
  tx: WorkspaceTransaction,
  { scopeId, itemType }: HistoryKey,
): Promise<ItemType | null> {
  const { rows } = await tx.client.query<{ rules_digest: string }>(
    `select t.rules_digest
     from driftplane.scopes s
     join driftplane.registry_versions r on r.workspace_id = $1 and r.registry_digest = s.registry_digest
     join driftplane.item_type_versions t on t.workspace_id = $1 and t.item_type = $3
       and r.rules_digests::jsonb ? t.rules_digest
     where s.workspace_id = $1 and s.scope_id = $2`,
    [tx.workspaceId, scopeId, itemType],
  );
  const [definition] = await findDefinitions(
    tx,
    rows.map((row) => row.rules_digest),
  );
  return definition === undefined ? null : compileItemType(definition);
}

/** Every other definition of the type that the workspace has ever used. */
export async function listFormerTypes(tx: WorkspaceTransaction, inForce: ItemType): Promise<ItemType[]> {
  const { rows } = await tx.client.query<{ rules_digest: string }>(
    `select rules_digest from driftplane.item_type_versions
     where workspace_id = $1 and item_type = $2 and rules_digest <> $3 order by rules_digest`,
    [tx.workspaceId, inForce.name, inForce.rulesDigest],
  );
  const definitions = await findDefinitions(
    tx,
    rows.map((row) => row.rules_digest),
  );
  return definitions.map(compileItemType);
}

/** A version whose facts were rewritten. */
export interface RedactedVersion {
  readonly externalId: string;
  readonly type: ItemType;
  readonly before: JsonObject;
  readonly after: JsonObject;
  readonly fromSeq: number;
  readonly toSeq: number;
}

/**
 * Rewrites closed versions that were made by other rules, at most `limit` of them behind `after`. Live ones that a run
 * has not seen since stay as they are until it does, or the next run would take the digest for a change. Doing it again
 * changes nothing. `next` is null where there are no more.
 */
export async function redactVersions(
  tx: WorkspaceTransaction,
  key: HistoryKey & { inForce: ItemType; after: number; limit: number },
): Promise<{ redacted: RedactedVersion[]; next: number | null }> {
  const { scopeId, itemType, inForce, after, limit } = key;
  const { rows } = await tx.client.query<{
    version_id: number;
    external_id: string;
    label: string;
    facts: string;
    rules_digest: string;
    from_seq: number;
    to_seq: number;
  }>(
    `select version_id, external_id, label, facts, rules_digest, from_seq, to_seq from driftplane.item_versions
     where workspace_id = $1 and scope_id = $2 and item_type = $3 and to_seq is not null and rules_digest <> $4
       and version_id > $5
     order by version_id limit $6`,
    [tx.workspaceId, scopeId, itemType, inForce.rulesDigest, after, limit],
  );
  const rules = new RulesByDigest();
  await rules.load(
    tx,
    rows.map((row) => row.rules_digest),
  );
  const digestKey = await getDigestKey(tx);
  const changes = rows.flatMap((row) => {
    const type = rules.get(row.rules_digest);
    const before = JSON.parse(row.facts) as JsonObject;
    const redacted = digestNewlySensitive(before, { made: type, inForce }, digestKey);
    if (redacted === before) return [];
    const facts = canonicalJson(redacted);
    return [{ row, type, before, redacted, facts, label: labelOf(redacted, type) ?? row.external_id }];
  });
  await tx.client.query(
    `update driftplane.item_versions v set facts = r.facts, content_hash = r.content_hash, label = r.label
     from unnest($3::bigint[], $4::text[], $5::bytea[], $6::text[]) as r(version_id, facts, content_hash, label)
     where v.workspace_id = $1 and v.scope_id = $2 and v.version_id = r.version_id`,
    [
      tx.workspaceId,
      scopeId,
      changes.map(({ row }) => row.version_id),
      changes.map(({ facts }) => facts),
      changes.map(({ facts }) => Buffer.from(sha256Hex(facts), 'hex')),
      changes.map(({ row, label }) => (label === '[redacted]' ? label : row.label)),
    ],
  );
  return {
    redacted: changes.map(({ row, type, before, redacted }) => ({
      externalId: row.external_id,
      type,
      before,
      after: redacted,
      fromSeq: row.from_seq,
      toSeq: row.to_seq,
    })),
    next: rows.length < limit ? null : (rows.at(-1)?.version_id ?? null),
  };
}
