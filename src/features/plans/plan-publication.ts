import { DriftplaneError } from '../../core/errors.ts';
import { plansAreIdentical } from '../../core/plan-hash.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { DriftPlan } from './plan.ts';
import { archivedPlan, requireNewContent } from './plan-problems.ts';
import { emitChange, getDriftPlan, lockDriftPlan, type ReadPlan } from './plan-service.ts';
import { getVersion, makeVersion, placeNewVersion, putInForce } from './plan-version-service.ts';

/**
 * Puts a version in force, the newest one where none is named. Throws `plan_not_found`, `plan_version_not_found`,
 * `revision_mismatch`, `approval_required`, `invalid_transition`, `plan_exists` and `scope_taken`.
 */
export async function publishPlanVersion(
  tx: WorkspaceTransaction,
  { planId, revision, version }: ReadPlan & { readonly version: number | null },
): Promise<DriftPlan> {
  const before = await openForChange(tx, { planId, revision });
  const wanted = await getVersion(tx, planId, version ?? before.latest.version);
  await putInForce(tx, wanted);
  return changed(tx, before, 'plan.publish', wanted.version);
}

/**
 * Goes back to the content of an earlier version, as a new one: in force at once where no approvals are needed, else a
 * draft. Throws the same, and `invalid_transition` where the newest version has that content already.
 */
export async function rollbackPlan(
  tx: WorkspaceTransaction,
  {
    planId,
    revision,
    version,
    changeNote,
  }: ReadPlan & { readonly version: number; readonly changeNote: string },
): Promise<DriftPlan> {
  const before = await openForChange(tx, { planId, revision });
  const target = await getVersion(tx, planId, version);
  const latest = await getVersion(tx, planId, before.latest.version);
  if (plansAreIdentical(target.content, latest.content)) {
    throw new DriftplaneError(
      'invalid_transition',
      `version ${latest.version}, the newest, has the content of version ${version} already`,
      { extensions: { state: latest.state, version: latest.version } },
    );
  }
  await requireNewContent(tx, target.content, planId);
  const note = changeNote === '' ? `rollback to version ${version}` : changeNote;
  const made = await makeVersion(tx, { planId, latestVersion: latest.version }, target.content, note);
  await placeNewVersion(tx, before, made);
  return changed(tx, before, 'plan.rollback', version);
}

async function openForChange(tx: WorkspaceTransaction, read: ReadPlan): Promise<DriftPlan> {
  const plan = await lockDriftPlan(tx, read);
  if (plan.status === 'archived') throw archivedPlan(plan);
  return plan;
}

async function changed(
  tx: WorkspaceTransaction,
  before: DriftPlan,
  action: 'plan.publish' | 'plan.rollback',
  version: number,
): Promise<DriftPlan> {
  const after = await getDriftPlan(tx, before.planId);
  tx.audit({
    action,
    target: { kind: 'plan', id: before.planId },
    detail: {
      name: after.name,
      version,
      before: { status: before.status, version: before.version, versionHash: before.versionHash },
      after: { status: after.status, version: after.version, versionHash: after.versionHash },
      latestVersion: after.latest.version,
    },
  });
  emitChange(tx, after);
  return after;
}
