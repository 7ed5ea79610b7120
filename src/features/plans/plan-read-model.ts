import { DriftplaneError } from '../../core/errors.ts';
import { comparePlans, type PlanChange } from '../../core/plan-comparison.ts';
import { validatePlanHash } from '../../core/plan-hash.ts';
import type { PlanContent } from '../../core/plan-schema.ts';
import type { PlanStatus } from '../../core/plan-vocabulary.ts';
import { planToYaml } from '../../core/plan-yaml.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { cutPage, decodeCursor, encodeCursor } from '../../http/page.ts';
import type { PlanVersion } from './plan.ts';
import { listReviewEvents, type PlanReviewEntry } from './plan-review-store.ts';
import { getDriftPlan } from './plan-service.ts';
import { getVersion } from './plan-version-service.ts';
import { findVersionByHash, listVersionRows, listVersionsByNumber } from './plan-version-store.ts';
import { unifiedDiff } from './unified-diff.ts';

const VERSIONS_CURSOR = 'plan_versions';
const REVIEWS_CURSOR = 'plan_reviews';

interface PageQuery {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** The versions of a plan, newest first. Throws `plan_not_found` and `invalid_cursor`. */
export async function listPlanVersions(
  tx: WorkspaceTransaction,
  planId: string,
  { cursor, limit }: PageQuery,
): Promise<{ items: PlanVersion[]; nextCursor: string | null }> {
  await getDriftPlan(tx, planId);
  const [before = null] = cursor === undefined ? [] : readNumbers(VERSIONS_CURSOR, cursor, 1);
  const found = await listVersionRows(tx, planId, { before, limit: limit + 1 });
  return cutPage(found, limit, (last) => encodeCursor(VERSIONS_CURSOR, [last.version]));
}

/** Throws `plan_not_found` and `plan_version_not_found`. */
export async function getPlanVersion(
  tx: WorkspaceTransaction,
  planId: string,
  version: number,
): Promise<PlanVersion> {
  await getDriftPlan(tx, planId);
  return getVersion(tx, planId, version);
}

/** Those of these versions of a plan that there are, newest first. */
export function listPlanVersionsByNumber(
  tx: WorkspaceTransaction,
  planId: string,
  versions: readonly number[],
): Promise<PlanVersion[]> {
  return listVersionsByNumber(tx, planId, versions);
}

/** A plan by its name, without its content. */
export interface PlanName {
  readonly planId: string;
  readonly name: string;
  readonly status: PlanStatus;
  readonly version: number;
}

/** The plans in force, and those of these ids, in no order. */
export async function listPlanNames(
  tx: WorkspaceTransaction,
  planIds: readonly string[],
): Promise<PlanName[]> {
  const { rows } = await tx.client.query<PlanName>(
    `select id as "planId", name, status, version from driftplane.drift_plans
     where workspace_id = $1 and (status = 'active' or id = any($2::uuid[]))`,
    [tx.workspaceId, planIds],
  );
  return rows;
}

/** What happened to the versions of a plan, newest first. Throws `plan_not_found` and `invalid_cursor`. */
export async function listPlanReviews(
  tx: WorkspaceTransaction,
  planId: string,
  { cursor, limit, version }: PageQuery & { readonly version: number | null },
): Promise<{ items: PlanReviewEntry[]; nextCursor: string | null }> {
  await getDriftPlan(tx, planId);
  const place = cursor === undefined ? null : readNumbers(REVIEWS_CURSOR, cursor, 2);
  const before = place === null ? null : { version: place[0] ?? 0, eventNo: place[1] ?? 0 };
  const found = await listReviewEvents(tx, { planId, version, before, limit: limit + 1 });
  return cutPage(found, limit, (last) => encodeCursor(REVIEWS_CURSOR, [last.version, last.eventNo]));
}

/** PostgreSQL's integer. */
const MAX_INTEGER = 2 ** 31 - 1;

function readNumbers(kind: string, cursor: string, length: number): number[] {
  const fields = decodeCursor(kind, cursor, length);
  const isOurs = fields.every((field) => Number.isInteger(field) && Math.abs(field as number) <= MAX_INTEGER);
  if (!isOurs) throw new DriftplaneError('invalid_cursor', 'the cursor does not belong to this listing');
  return fields as number[];
}

export interface PlanComparison {
  readonly changes: readonly PlanChange[];
  /** Of the two as YAML; empty where they behave the same. */
  readonly unifiedDiff: string;
}

/** Two versions of a plan. Throws `plan_not_found` and `plan_version_not_found`. */
export async function comparePlanVersions(
  tx: WorkspaceTransaction,
  planId: string,
  versions: { readonly from: number; readonly to: number },
): Promise<PlanComparison & { readonly from: PlanVersion; readonly to: PlanVersion }> {
  await getDriftPlan(tx, planId);
  const from = await getVersion(tx, planId, versions.from);
  const to = await getVersion(tx, planId, versions.to);
  const yamlOf = ({ content }: PlanVersion): string => planToYaml({ ...content, description: '' });
  return {
    from,
    to,
    changes: comparePlans(from.content, to.content),
    unifiedDiff: unifiedDiff(yamlOf(from), yamlOf(to), [`version ${from.version}`, `version ${to.version}`]),
  };
}

/**
 * The content of the versions of plans that have a hash. Undefined where no such version is kept, or what is kept does
 * not have that hash.
 */
export async function findContentByHash(
  tx: WorkspaceTransaction,
  versionHash: string,
): Promise<PlanContent | undefined> {
  const found = await findVersionByHash(tx, versionHash);
  return found !== undefined && validatePlanHash(found.content, versionHash) ? found.content : undefined;
}
