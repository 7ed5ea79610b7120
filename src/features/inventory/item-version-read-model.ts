import { DriftplaneError } from '../../core/errors.ts';
import type { ItemType } from '../../core/item-type.ts';
import type { JsonObject } from '../../core/json-value.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { decodeCursor, encodeCursor } from '../../http/page.ts';
import { type BoundaryRun, findBoundaryRuns, getStateOfRun } from './boundary-runs.ts';
import { RulesByDigest } from './rules-read-model.ts';
import { type ShownDiff, showDiff, showFacts } from './shown-facts.ts';

/** What an item was from one boundary up to another. */
export interface ItemVersion {
  readonly scopeId: string;
  readonly identityHash: string;
  readonly versionId: number;
  readonly itemType: string;
  readonly externalId: string;
  readonly label: string;
  readonly contentHash: string;
  readonly rulesDigest: string;
  readonly opened: VersionEnd;
  /** Null: it is the last observed state. */
  readonly closed: (VersionEnd & { readonly isRemoval: boolean }) | null;
}

/** How a version began or ended: by what a run observed, or because it was brought under new rules. */
export interface VersionEnd {
  readonly by: 'observed' | 'renormalised';
  /** Null where the run is no longer kept. */
  readonly run: BoundaryRun | null;
}

/** An item: the scope and SHA-256 of type and external id, hex. */
export interface ItemRef {
  readonly scopeId: string;
  readonly identityHash: string;
}

export interface ShownItem {
  readonly version: ItemVersion;
  readonly facts: JsonObject;
}

export interface VersionDiff extends ShownDiff {
  readonly from: ItemVersion;
  readonly to: ItemVersion;
  /** Otherwise some of the changes may be of the rules that the facts were normalised by, not of the item. */
  readonly hasSameRules: boolean;
}

/**
 * An item in its last state (the one in which it was last seen, if it is gone), as of a run, or in one version.
 * Throws `item_not_found`, `run_not_found`, and `invalid_request` for a run that has no state or is of another scope.
 */
export async function showItem(
  tx: WorkspaceTransaction,
  item: ItemRef,
  at: { readonly asOfRunId?: string | undefined; readonly versionId?: number | undefined },
): Promise<ShownItem> {
  const row = await findVersion(tx, item, at);
  if (row === undefined) throw itemNotFound();
  const [version] = await toVersions(tx, item.scopeId, [row]);
  return {
    version: version as ItemVersion,
    facts: showFacts(factsOf(row), await latestRules(tx, item)),
  };
}

/** The versions of an item, the last one first. Throws `item_not_found`, `invalid_cursor`. */
export async function listItemHistory(
  tx: WorkspaceTransaction,
  item: ItemRef,
  query: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<{ readonly items: readonly ItemVersion[]; readonly nextCursor: string | null }> {
  const before = query.cursor === undefined ? null : readCursor(query.cursor);
  const rows = await listVersions(tx, item, { beforeSeq: before, limit: query.limit + 1 });
  if (rows.length === 0 && before === null) throw itemNotFound();
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  return {
    items: await toVersions(tx, item.scopeId, page),
    nextCursor:
      rows.length > query.limit && last !== undefined ? encodeCursor('versions', [last.from_seq]) : null,
  };
}

/** What differs between two versions of an item, under the rules of its last one. Throws `item_not_found`. */
export async function diffItemVersions(
  tx: WorkspaceTransaction,
  item: ItemRef,
  versions: { readonly from: number; readonly to: number },
): Promise<VersionDiff> {
  const from = await findVersion(tx, item, { versionId: versions.from });
  const to = await findVersion(tx, item, { versionId: versions.to });
  if (from === undefined || to === undefined) throw itemNotFound();
  const [fromVersion, toVersion] = await toVersions(tx, item.scopeId, [from, to]);
  return {
    from: fromVersion as ItemVersion,
    to: toVersion as ItemVersion,
    hasSameRules: from.rules_digest === to.rules_digest,
    ...showDiff(factsOf(from), factsOf(to), await latestRules(tx, item)),
  };
}

interface VersionRow {
  readonly identity_hash: Buffer;
  readonly version_id: number;
  readonly item_type: string;
  readonly external_id: string;
  readonly label: string;
  readonly content_hash: Buffer;
  readonly rules_digest: string;
  readonly from_seq: number;
  readonly to_seq: number | null;
  readonly opened_by: VersionEnd['by'];
  readonly closed_by: VersionEnd['by'] | null;
  readonly is_followed: boolean;
}

const COLUMNS = `v.identity_hash, v.version_id, v.item_type, v.external_id, v.label, v.content_hash,
  v.rules_digest, v.from_seq, v.to_seq, v.opened_by, v.closed_by,
  exists (
    select from driftplane.item_versions n
    where n.workspace_id = v.workspace_id and n.scope_id = v.scope_id and n.identity_hash = v.identity_hash
      and n.from_seq = v.to_seq
  ) as is_followed`;

const OF_ITEM = 'v.workspace_id = $1 and v.scope_id = $2 and v.identity_hash = $3';

/** The parameters of `OF_ITEM`; null where the reference can be to no item. */
function itemParameters(tx: WorkspaceTransaction, { scopeId, identityHash }: ItemRef): unknown[] | null {
  if (!isUuid(scopeId) || !/^[0-9a-f]{64}$/.test(identityHash)) return null;
  return [tx.workspaceId, scopeId, Buffer.from(identityHash, 'hex')];
}

async function findVersion(
  tx: WorkspaceTransaction,
  item: ItemRef,
  at: { readonly asOfRunId?: string | undefined; readonly versionId?: number | undefined },
): Promise<(VersionRow & { readonly facts: string }) | undefined> {
  const parameters = itemParameters(tx, item);
  if (parameters === null) return undefined;
  let seq: number | null = null;
  if (at.asOfRunId !== undefined) {
    const state = await getStateOfRun(tx, at.asOfRunId);
    if (state.scopeId !== item.scopeId) {
      const detail = 'the run is of another scope';
      throw new DriftplaneError('invalid_request', detail, {
        details: [{ pointer: '/asOfRunId', line: null, detail }],
      });
    }
    seq = state.seq;
  }
  const { rows } = await tx.client.query<VersionRow & { facts: string }>(
    `select ${COLUMNS}, v.facts from driftplane.item_versions v
     where ${OF_ITEM}
       and ($4::bigint is null or v.version_id = $4)
       and ($5::bigint is null or (v.from_seq <= $5 and (v.to_seq is null or v.to_seq > $5)))
     order by v.from_seq desc
     limit 1`,
    [...parameters, at.versionId ?? null, seq],
  );
  return rows[0];
}

async function listVersions(
  tx: WorkspaceTransaction,
  item: ItemRef,
  { beforeSeq, limit }: { readonly beforeSeq: number | null; readonly limit: number },
): Promise<VersionRow[]> {
  const parameters = itemParameters(tx, item);
  if (parameters === null) return [];
  const { rows } = await tx.client.query<VersionRow>(
    `select ${COLUMNS} from driftplane.item_versions v
     where ${OF_ITEM} and ($4::bigint is null or v.from_seq < $4)
     order by v.from_seq desc
     limit $5`,
    [...parameters, beforeSeq, limit],
  );
  return rows;
}

async function toVersions(
  tx: WorkspaceTransaction,
  scopeId: string,
  rows: readonly VersionRow[],
): Promise<ItemVersion[]> {
  const seqs = rows.flatMap((row) => (row.to_seq === null ? [row.from_seq] : [row.from_seq, row.to_seq]));
  const runs = await findBoundaryRuns(tx, scopeId, seqs);
  return rows.map((row) => ({
    scopeId,
    identityHash: row.identity_hash.toString('hex'),
    versionId: row.version_id,
    itemType: row.item_type,
    externalId: row.external_id,
    label: row.label,
    contentHash: row.content_hash.toString('hex'),
    rulesDigest: row.rules_digest,
    opened: { by: row.opened_by, run: runs.get(row.from_seq) ?? null },
    closed:
      row.to_seq === null || row.closed_by === null
        ? null
        : { by: row.closed_by, run: runs.get(row.to_seq) ?? null, isRemoval: !row.is_followed },
  }));
}

/**
 * The rules of the item's last version: what they withhold is withheld in the versions before as well, and two
 * states differ under them exactly where their facts do.
 */
async function latestRules(tx: WorkspaceTransaction, item: ItemRef): Promise<ItemType> {
  const [latest] = await listVersions(tx, item, { beforeSeq: null, limit: 1 });
  if (latest === undefined) throw itemNotFound();
  const rules = new RulesByDigest();
  await rules.load(tx, [latest.rules_digest]);
  return rules.get(latest.rules_digest);
}

function factsOf(row: { readonly facts: string }): JsonObject {
  return JSON.parse(row.facts) as JsonObject;
}

function readCursor(cursor: string): number {
  const [seq] = decodeCursor('versions', cursor, 1);
  if (typeof seq === 'number' && Number.isSafeInteger(seq)) return seq;
  throw new DriftplaneError('invalid_cursor', 'the cursor does not belong to this listing');
}

function itemNotFound(): DriftplaneError {
  return new DriftplaneError('item_not_found', 'there is no such item');
}
