/**
 * The statements by which a run is applied, one function each. All run in the one transaction of the apply.
 *
 * What the planner knows of staging and of a new scope is nothing, or of other runs: it takes them for one row and
 * would join them by nested loops, each row with each. So joins are among temporary tables that are analysed, rows of
 * the large tables are fetched by their key in lateral subqueries, which `offset 0` keeps as they are, and what an
 * update joins with has an index.
 */

import type { WorkspaceTransaction } from '../../../db/workspace-transaction.ts';
import type { GuessedIds } from './guessed-ids.ts';
import { VersionChanges } from './version-changes.ts';

/** Which run of which scope. */
export interface RunKey {
  readonly runId: string;
  readonly scopeId: string;
}

/** Reads versions that a statement changed: packed into one value, which is many times smaller than rows. */
const PACKED = `select coalesce(string_agg(
    int8send(version_id) || identity_hash || content_hash || raw_hash
      || int4send(coalesce(array_position(RULES::text[], rules_digest), 0)), ''::bytea), ''::bytea) as packed
  from changed`;

/** Runs a statement that ends with `returning v.*` and gives back what it changed. */
async function changing(
  tx: WorkspaceTransaction,
  statement: string,
  values: readonly unknown[],
  rulesDigests: readonly string[] = [],
): Promise<VersionChanges> {
  const packed = PACKED.replace('RULES', `$${values.length + 1}`);
  const { rows } = await tx.client.query<{ packed: Buffer }>(`with changed as (${statement}) ${packed}`, [
    ...values,
    rulesDigests,
  ]);
  return new VersionChanges([rows[0]?.packed ?? Buffer.alloc(0)], rulesDigests);
}

/** Live versions that the run did not see byte for byte, for the other statements of the transaction. */
export async function listUnseen(tx: WorkspaceTransaction, versionIds: readonly number[]): Promise<void> {
  await tx.client.query('create temp table unseen (version_id bigint primary key) on commit drop');
  await tx.client.query('insert into unseen select unnest($1::bigint[])', [versionIds]);
  await tx.client.query('analyze unseen');
}

/**
 * Lists the staged items for the other statements of the transaction, without those of `excluded`. What is staged
 * itself stays as it is: a run that is held has to find it again.
 */
export async function listStaged(
  tx: WorkspaceTransaction,
  { runId }: RunKey,
  excluded: readonly GuessedIds[],
): Promise<void> {
  const { client, workspaceId } = tx;
  await client.query(
    `create temp table staged on commit drop as
     select identity_hash, part_no, ordinal, item_type, identity_pointer, content_hash, rules_digest, is_contradictory
     from driftplane_staging.items where workspace_id = '${workspaceId}' and run_id = '${runId}'`,
  );
  for (const { itemType, pointers } of excluded) {
    await client.query('delete from staged where item_type = $1 and identity_pointer = any($2)', [
      itemType,
      pointers,
    ]);
  }
  await client.query('analyze staged');
}

/**
 * What the staged items are against the live ones, each identity once:
 * - `same`: other bytes, the same facts;
 * - `changed`, `added`;
 * - `renormalised`: the live version was made by rules that are no longer in force. `old_id` is that version, if the
 *   item could be read under these rules too: `is_old_drift` says whether they make something else of it now. Where
 *   several items, or several contents, would be one item under the old rules, these say nothing;
 * - `ambiguous`: the run says two things about it.
 */
export async function judgeIncoming(tx: WorkspaceTransaction, { runId, scopeId }: RunKey): Promise<void> {
  const { client, workspaceId } = tx;
  await client.query(
    `create temp table incoming (
       identity_hash bytea primary key, part_no integer, ordinal integer, item_type text, copies bigint,
       outcome text, live_id bigint, old_id bigint, old_rules text, is_old_drift boolean
     ) on commit drop`,
  );
  await client.query(
    `create temp table claims on commit drop as
     select o.part_no, o.ordinal, s.identity_hash, o.content_hash, o.rules_digest, l.version_id,
       l.content_hash as live_content, l.identity_hash = s.identity_hash
         or l.version_id in (select version_id from unseen)
           and l.identity_hash not in (select identity_hash from staged) as is_free
     from driftplane_staging.old_forms o
     cross join lateral (
       select version_id, identity_hash, content_hash from driftplane.item_versions
       where workspace_id = '${workspaceId}' and scope_id = '${scopeId}' and to_seq is null
         and identity_hash = o.identity_hash and rules_digest = o.rules_digest offset 0
     ) l
     join staged s on s.part_no = o.part_no and s.ordinal = o.ordinal
     where o.workspace_id = '${workspaceId}' and o.run_id = '${runId}'`,
  );
  await client.query('analyze claims');
  await client.query(
    `insert into incoming
     with grouped as (
       select identity_hash, count(*) as copies, count(distinct content_hash) as contents,
         bool_or(is_contradictory) as is_contradictory
       from staged group by identity_hash
     ), picked as (
       select distinct on (identity_hash) identity_hash, part_no, ordinal, item_type, content_hash, rules_digest
       from staged order by identity_hash, part_no, ordinal
     ), unclear as (
       select version_id from claims group by version_id
       having count(distinct content_hash) > 1 or count(distinct identity_hash) > 1
     ), old as (
       select distinct on (part_no, ordinal) * from claims
       order by part_no, ordinal, is_free desc, version_id
     )
     select p.identity_hash, p.part_no, p.ordinal, p.item_type, g.copies,
       case
         when g.is_contradictory or g.contents > 1 then 'ambiguous'
         when live.version_id is not null and live.rules_digest = p.rules_digest then
           case
             when live.content_hash = p.content_hash then 'same'
             when u.version_id is null then 'ambiguous'
             else 'changed'
           end
         when live.version_id is not null or old.version_id is not null then 'renormalised'
         else 'added'
       end,
       live.version_id, case when old.is_free then old.version_id end, old.rules_digest,
       coalesce(old.is_free and old.content_hash <> old.live_content
         and not exists (select from unclear where unclear.version_id = old.version_id), false)
     from picked p
     join grouped g using (identity_hash)
     left join lateral (
       select version_id, rules_digest, content_hash from driftplane.item_versions
       where workspace_id = $1 and scope_id = $2 and to_seq is null and identity_hash = p.identity_hash offset 0
     ) live on true
     left join unseen u on u.version_id = live.version_id
     left join old on old.part_no = p.part_no and old.ordinal = p.ordinal`,
    [workspaceId, scopeId],
  );
  await client.query('create index on incoming (live_id)');
  await client.query('analyze incoming');
}

/**
 * Lists the live versions that are replaced because rules changed, for `renormalise`; how many they are. One whose
 * item is another one under the rules in force goes too, also where that other one has a version already.
 */
export async function listSuperseded(tx: WorkspaceTransaction): Promise<number> {
  await tx.client.query(
    'create temp table superseded (version_id bigint primary key, is_old_drift boolean not null) on commit drop',
  );
  // Its key is an index for the updates.
  const { rowCount } = await tx.client.query(
    `insert into superseded
     select version_id, bool_or(is_old_drift) from (
       select old_id as version_id, outcome = 'renormalised' and is_old_drift as is_old_drift
       from incoming where outcome in ('renormalised', 'same', 'changed') and old_id is distinct from
         case when outcome <> 'renormalised' then live_id end
       union all
       select live_id, false from incoming where outcome = 'renormalised'
     ) replaced
     where version_id is not null group by version_id`,
  );
  return rowCount ?? 0;
}

/** Live versions of a type of which a run said nothing at all. */
export interface GoneVersions {
  readonly itemType: string;
  /** All of them. */
  readonly gone: number;
  /** Those that were named by a guess, and are named anew since real ids have come. */
  readonly renamed: number;
}

/** Lists the live versions of which the run said nothing at all, for other statements; how many they are. */
export async function findGone(
  tx: WorkspaceTransaction,
  { scopeId }: RunKey,
  renamed: readonly GuessedIds[],
): Promise<GoneVersions[]> {
  const { client, workspaceId } = tx;
  await client.query(
    `create temp table gone (
       version_id bigint primary key, item_type text not null, is_renamed boolean not null
     ) on commit drop`,
  );
  const ids = renamed.flatMap(({ itemType, pointers }) => pointers.map((pointer) => ({ itemType, pointer })));
  await client.query(
    `insert into gone
     select l.version_id, l.item_type, (l.item_type, l.identity_pointer) in (
       select r.item_type, r.pointer from unnest($3::text[], $4::text[]) as r(item_type, pointer)
     )
     from unseen u
     cross join lateral (
       select version_id, item_type, identity_pointer from driftplane.item_versions
       where workspace_id = $1 and scope_id = $2 and version_id = u.version_id offset 0
     ) l
     where not exists (select from incoming i where i.live_id = u.version_id)
       and not exists (select from incoming i where i.old_id = u.version_id)`,
    [workspaceId, scopeId, ids.map(({ itemType }) => itemType), ids.map(({ pointer }) => pointer)],
  );
  const { rows } = await client.query<{ item_type: string; gone: number; renamed: number }>(
    `select item_type, count(*) as gone, count(*) filter (where is_renamed) as renamed
     from gone group by item_type order by item_type collate "C"`,
  );
  return rows.map((row) => ({ itemType: row.item_type, gone: row.gone, renamed: row.renamed }));
}

export async function countLive(
  tx: WorkspaceTransaction,
  scopeId: string,
  itemTypes: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await tx.client.query<{ item_type: string; count: number }>(
    `select item_type, count(*) as count from driftplane.item_versions
     where workspace_id = $1 and scope_id = $2 and to_seq is null and item_type = any($3) group by item_type`,
    [tx.workspaceId, scopeId, itemTypes],
  );
  return new Map(rows.map((row) => [row.item_type, row.count]));
}

/** Closes what is gone of these types at a boundary: as observed, or where `isRenamed` what is named anew. */
export async function closeGone(
  tx: WorkspaceTransaction,
  options: { scopeId: string; itemTypes: readonly string[]; seq: number; isRenamed: boolean },
): Promise<VersionChanges> {
  return changing(
    tx,
    `update driftplane.item_versions v set to_seq = $4,
       closed_by = case when g.is_renamed then 'renormalised' else 'observed' end
     from gone g
     where v.workspace_id = $1 and v.scope_id = $2 and v.version_id = g.version_id and g.item_type = any($3)
       and g.is_renamed = $5
     returning v.*`,
    [tx.workspaceId, options.scopeId, options.itemTypes, options.seq, options.isRenamed],
  );
}

/** Closes the live versions of items that changed. */
export async function closeChanged(
  tx: WorkspaceTransaction,
  options: { scopeId: string; seq: number },
): Promise<VersionChanges> {
  return changing(
    tx,
    `update driftplane.item_versions v set to_seq = $3, closed_by = 'observed'
     from incoming i
     where v.workspace_id = $1 and v.scope_id = $2 and i.outcome = 'changed' and v.version_id = i.live_id
     returning v.*`,
    [tx.workspaceId, options.scopeId, options.seq],
  );
}

/** Opens the staged form of the items with this outcome, of all types or all but some. */
export async function openStaged(
  tx: WorkspaceTransaction,
  options: RunKey & {
    outcomes: readonly string[];
    seq: number;
    by: 'observed' | 'renormalised';
    itemTypes?: { readonly names: readonly string[]; readonly isExcluded: boolean };
    /** Digests of the rules in force. */
    rulesDigests: readonly string[];
  },
): Promise<VersionChanges> {
  const { names = [], isExcluded = true } = options.itemTypes ?? {};
  return changing(
    tx,
    `insert into driftplane.item_versions as v (workspace_id, scope_id, identity_hash, item_type, external_id, label,
       facts, content_hash, raw_hash, rules_digest, identity_pointer, from_seq, opened_by)
     select s.workspace_id, $3, s.identity_hash, s.item_type, s.external_id, s.label,
       s.facts, s.content_hash, s.raw_hash, s.rules_digest, s.identity_pointer, $4, $5
     from incoming i
     cross join lateral (
       select * from driftplane_staging.items
       where workspace_id = $1 and run_id = $2 and part_no = i.part_no and ordinal = i.ordinal offset 0
     ) s
     where i.outcome = any($6) and (i.item_type = any($7)) <> $8
     returning v.*`,
    [
      tx.workspaceId,
      options.runId,
      options.scopeId,
      options.seq,
      options.by,
      options.outcomes,
      names,
      isExcluded,
    ],
    options.rulesDigests,
  );
}

/** Notes the new bytes of items whose facts stayed, so that the next run knows them at sight. */
export async function renewRawHashes(
  tx: WorkspaceTransaction,
  { runId, scopeId }: RunKey,
): Promise<VersionChanges> {
  return changing(
    tx,
    `update driftplane.item_versions v set raw_hash = s.raw_hash
     from incoming i
     cross join lateral (
       select * from driftplane_staging.items
       where workspace_id = $1 and run_id = $2 and part_no = i.part_no and ordinal = i.ordinal offset 0
     ) s
     where v.workspace_id = $1 and v.scope_id = $3 and i.outcome = 'same' and v.version_id = i.live_id
     returning v.*`,
    [tx.workspaceId, runId, scopeId],
  );
}

/**
 * Brings items under the rules in force: what drifted under the old ones is kept in its old form for the one
 * boundary at which it was observed, so that it is compared under the rules of its past.
 */
export async function renormalise(
  tx: WorkspaceTransaction,
  options: RunKey & { seq: number; endSeq: number; rulesDigests: readonly string[] },
): Promise<{ closed: VersionChanges; opened: VersionChanges; drifted: number }> {
  const { client, workspaceId } = tx;
  const { runId, scopeId, seq, endSeq } = options;
  const closed = await changing(
    tx,
    `update driftplane.item_versions v
     set to_seq = case when s.is_old_drift then $3::bigint else $4::bigint end,
       closed_by = case when s.is_old_drift then 'observed' else 'renormalised' end
     from superseded s
     where v.workspace_id = $1 and v.scope_id = $2 and v.version_id = s.version_id
     returning v.*`,
    [workspaceId, scopeId, seq, endSeq],
  );
  const between = await client.query(
    `insert into driftplane.item_versions (workspace_id, scope_id, identity_hash, item_type, external_id, label,
       facts, content_hash, raw_hash, rules_digest, identity_pointer, from_seq, to_seq, opened_by, closed_by)
     select o.workspace_id, $3, o.identity_hash, o.item_type, o.external_id, o.label,
       o.facts, o.content_hash, s.raw_hash, o.rules_digest, o.identity_pointer, $4, $5, 'observed', 'renormalised'
     from incoming i
     cross join lateral (
       select * from driftplane_staging.old_forms
       where workspace_id = $1 and run_id = $2 and part_no = i.part_no and ordinal = i.ordinal
         and rules_digest = i.old_rules offset 0
     ) o
     cross join lateral (
       select * from driftplane_staging.items
       where workspace_id = $1 and run_id = $2 and part_no = i.part_no and ordinal = i.ordinal offset 0
     ) s
     where i.outcome = 'renormalised' and i.is_old_drift`,
    [workspaceId, runId, scopeId, seq, endSeq],
  );
  const opened = await openStaged(tx, {
    runId,
    scopeId,
    outcomes: ['renormalised'],
    seq: endSeq,
    by: 'renormalised',
    rulesDigests: options.rulesDigests,
  });
  return { closed, opened, drifted: between.rowCount ?? 0 };
}

/** How many items of each type are new to the scope. */
export async function countAdded(tx: WorkspaceTransaction): Promise<Map<string, number>> {
  const { rows } = await tx.client.query<{ item_type: string; count: number }>(
    `select item_type, count(*) as count from incoming where outcome = 'added' group by item_type`,
  );
  return new Map(rows.map((row) => [row.item_type, row.count]));
}

/** How many identities have which outcome; `repetitions`: how often one came again with the same facts. */
export async function countOutcomes(
  tx: WorkspaceTransaction,
): Promise<{ byOutcome: Map<string, number>; repetitions: number }> {
  const { rows } = await tx.client.query<{ outcome: string; count: number; again: number }>(
    'select outcome, count(*) as count, sum(copies - 1)::bigint as again from incoming group by outcome',
  );
  return {
    byOutcome: new Map(rows.map((row) => [row.outcome, row.count])),
    repetitions: rows.reduce((sum, row) => sum + (row.outcome === 'ambiguous' ? 0 : row.again), 0),
  };
}

/** An identity of a run with where it stood, for lists that people read. */
export interface NamedPlace {
  readonly itemType: string;
  readonly externalId: string;
  readonly label: string;
  readonly paths: readonly string[];
  readonly copies: number;
}

/** Staged items with this outcome, or repeated ones; the first of them by type and id. */
export async function listIncoming(
  tx: WorkspaceTransaction,
  options: RunKey & { which: 'ambiguous' | 'repeated'; limit: number },
): Promise<NamedPlace[]> {
  const { rows } = await tx.client.query<{
    item_type: string;
    external_id: string;
    label: string;
    paths: string[];
    copies: number;
  }>(
    `select s.item_type, s.external_id, min(s.label) as label, i.copies,
       (array_agg(s.place order by s.part_no, s.ordinal))[1:10] as paths
     from (
       select identity_hash, copies from incoming
       where case when $3 = 'ambiguous' then outcome = 'ambiguous' else outcome <> 'ambiguous' and copies > 1 end
     ) i
     join staged t on t.identity_hash = i.identity_hash
     cross join lateral (
       select * from driftplane_staging.items
       where workspace_id = $1 and run_id = $2 and part_no = t.part_no and ordinal = t.ordinal offset 0
     ) s
     group by s.item_type, s.external_id, i.copies
     order by s.item_type collate "C", s.external_id collate "C" limit $4`,
    [tx.workspaceId, options.runId, options.which, options.limit],
  );
  return rows.map((row) => ({
    itemType: row.item_type,
    externalId: row.external_id,
    label: row.label,
    paths: row.paths,
    copies: row.copies,
  }));
}

/** Keeps which items the run said two things about: all of them, as what it lists ends somewhere. */
export async function recordAmbiguous(tx: WorkspaceTransaction, runId: string): Promise<void> {
  await tx.client.query(
    `update driftplane.sync_runs set ambiguous_identities = (
       select string_agg(identity_hash, ''::bytea order by identity_hash) from incoming where outcome = 'ambiguous'
     ) where workspace_id = $1 and run_id = $2`,
    [tx.workspaceId, runId],
  );
}

/** Items of these types that are gone without proof; the first of them by type and id. */
export async function listGone(
  tx: WorkspaceTransaction,
  options: { scopeId: string; itemTypes: readonly string[]; limit: number },
): Promise<{ itemType: string; externalId: string; label: string }[]> {
  const { rows } = await tx.client.query<{ item_type: string; external_id: string; label: string }>(
    `select v.item_type, v.external_id, v.label
     from gone g
     cross join lateral (
       select * from driftplane.item_versions
       where workspace_id = $1 and scope_id = $2 and version_id = g.version_id offset 0
     ) v
     where g.item_type = any($3)
     order by v.item_type collate "C", v.external_id collate "C" limit $4`,
    [tx.workspaceId, options.scopeId, options.itemTypes, options.limit],
  );
  return rows.map((row) => ({ itemType: row.item_type, externalId: row.external_id, label: row.label }));
}
