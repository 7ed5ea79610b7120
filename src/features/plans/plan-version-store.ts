import { canonicalJson } from '../../core/canonical-json.ts';
import { hashedContent } from '../../core/plan-hash.ts';
import type { PlanReviewState } from '../../core/plan-review-state.ts';
import type { PlanContent } from '../../core/plan-schema.ts';
import type { PlanVersionMetadata } from '../../core/plan-version.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { PlanVersion } from './plan.ts';

interface VersionRow {
  plan_id: string;
  version: number;
  version_hash: string;
  content: string;
  parent_version: number | null;
  change_note: string;
  created_at: Date;
  created_by: string;
  created_by_id: string | null;
  state: PlanReviewState;
  published_at: Date | null;
}

const SELECT = `
  select v.plan_id, v.version, v.version_hash, v.content, v.parent_version, v.change_note, v.created_at, v.created_by,
    v.created_by_id, r.state, r.published_at
  from driftplane.drift_plan_versions v
  join driftplane.plan_reviews r
    on r.workspace_id = v.workspace_id and r.plan_id = v.plan_id and r.version = v.version`;

function fromRow(row: VersionRow): PlanVersion {
  return {
    planId: row.plan_id,
    version: row.version,
    versionHash: row.version_hash,
    content: JSON.parse(row.content) as PlanContent,
    parentVersion: row.parent_version,
    changeNote: row.change_note,
    createdAt: row.created_at,
    createdBy: row.created_by,
    createdById: row.created_by_id,
    state: row.state,
    publishedAt: row.published_at,
  };
}

/** Stores a version as a draft. */
export async function insertVersion(
  tx: WorkspaceTransaction,
  version: {
    readonly planId: string;
    readonly content: PlanContent;
    readonly metadata: PlanVersionMetadata;
    readonly changeNote: string;
  },
): Promise<void> {
  const { planId, content, metadata, changeNote } = version;
  await tx.client.query(
    `insert into driftplane.drift_plan_versions (workspace_id, plan_id, version, version_hash, content, parent_version,
       change_note, created_at, created_by, created_by_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      tx.workspaceId,
      planId,
      metadata.version,
      metadata.versionHash,
      canonicalJson(hashedContent(content)),
      metadata.parentVersion,
      changeNote,
      metadata.createdAt,
      metadata.createdBy,
      tx.actor.id,
    ],
  );
  await tx.client.query(
    `insert into driftplane.plan_reviews (workspace_id, plan_id, version, state, updated_at)
     values ($1, $2, $3, 'draft', $4)`,
    [tx.workspaceId, planId, metadata.version, tx.now],
  );
}

export async function findVersion(
  tx: WorkspaceTransaction,
  planId: string,
  version: number,
): Promise<PlanVersion | undefined> {
  const { rows } = await tx.client.query<VersionRow>(
    `${SELECT} where v.workspace_id = $1 and v.plan_id = $2 and v.version = $3`,
    [tx.workspaceId, planId, version],
  );
  return rows[0] === undefined ? undefined : fromRow(rows[0]);
}

/** A version with this content, of whatever plan: any of them behaves the same. */
export async function findVersionByHash(
  tx: WorkspaceTransaction,
  versionHash: string,
): Promise<PlanVersion | undefined> {
  const { rows } = await tx.client.query<VersionRow>(
    `${SELECT} where v.workspace_id = $1 and v.version_hash = $2 order by v.created_at, v.plan_id, v.version limit 1`,
    [tx.workspaceId, versionHash],
  );
  return rows[0] === undefined ? undefined : fromRow(rows[0]);
}

/** Newest first, older than `before`. */
export async function listVersionRows(
  tx: WorkspaceTransaction,
  planId: string,
  page: { readonly before: number | null; readonly limit: number },
): Promise<PlanVersion[]> {
  const { rows } = await tx.client.query<VersionRow>(
    `${SELECT} where v.workspace_id = $1 and v.plan_id = $2 and ($3::integer is null or v.version < $3)
     order by v.version desc limit $4`,
    [tx.workspaceId, planId, page.before, page.limit],
  );
  return rows.map(fromRow);
}

/** Those of these numbers that there are, newest first. */
export async function listVersionsByNumber(
  tx: WorkspaceTransaction,
  planId: string,
  versions: readonly number[],
): Promise<PlanVersion[]> {
  const { rows } = await tx.client.query<VersionRow>(
    `${SELECT} where v.workspace_id = $1 and v.plan_id = $2 and v.version = any($3::integer[])
     order by v.version desc`,
    [tx.workspaceId, planId, versions],
  );
  return rows.map(fromRow);
}

/** The versions of a plan in one of these states, oldest first. */
export async function listVersionsInStates(
  tx: WorkspaceTransaction,
  planId: string,
  states: readonly PlanReviewState[],
): Promise<PlanVersion[]> {
  const { rows } = await tx.client.query<VersionRow>(
    `${SELECT} where v.workspace_id = $1 and v.plan_id = $2 and r.state = any($3::text[]) order by v.version`,
    [tx.workspaceId, planId, states],
  );
  return rows.map(fromRow);
}
