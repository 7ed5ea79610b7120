/**
 * The versions of a plan: made of every change of content, published or waiting for approval. Everything here is
 * called with the workspace's plan writes locked.
 */

import { DriftplaneError } from '../../core/errors.ts';
import { nextReviewState, type PlanReviewEvent, waitingReviewStates } from '../../core/plan-review-state.ts';
import type { PlanContent } from '../../core/plan-schema.ts';
import { createVersionMetadata } from '../../core/plan-version.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { DriftPlan, PlanVersion } from './plan.ts';
import { requireApprovals, requireFreeScope, requireNewContent } from './plan-problems.ts';
import { listApprovers, writeReviewEvent } from './plan-review-store.ts';
import { getRequiredApprovals, updatePlan } from './plan-store.ts';
import { findVersion, insertVersion, listVersionsInStates } from './plan-version-store.ts';

/** Throws `plan_version_not_found`. */
export async function getVersion(
  tx: WorkspaceTransaction,
  planId: string,
  version: number,
): Promise<PlanVersion> {
  const found = await findVersion(tx, planId, version);
  if (found === undefined) {
    throw new DriftplaneError('plan_version_not_found', `the plan has no version ${version}`);
  }
  return found;
}

/**
 * Makes a version of a plan, as a draft. Those that wait for approval are superseded: what was said of them was said
 * of another content.
 */
export async function makeVersion(
  tx: WorkspaceTransaction,
  plan: { readonly planId: string; readonly latestVersion: number | null },
  content: PlanContent,
  changeNote: string,
): Promise<PlanVersion> {
  const { planId, latestVersion } = plan;
  const metadata = createVersionMetadata({
    content,
    latest: latestVersion,
    now: tx.now.toISOString(),
    createdBy: tx.actor.label,
  });
  const waiting = await listVersionsInStates(tx, planId, waitingReviewStates);
  for (const version of waiting) {
    await moveVersion(tx, version, 'supersede', `version ${metadata.version} was made`);
  }
  await insertVersion(tx, { planId, content, metadata, changeNote });
  const version = await getVersion(tx, planId, metadata.version);
  await writeReviewEvent(tx, version, { kind: 'create', from: null, to: 'draft', comment: changeNote });
  return version;
}

/** Throws `invalid_transition` where the state of the version does not allow the event. */
export async function moveVersion(
  tx: WorkspaceTransaction,
  version: PlanVersion,
  event: PlanReviewEvent,
  comment = '',
): Promise<PlanVersion> {
  const to = nextReviewState(version.state, event);
  if (to === null) throw noTransition(version, event);
  await writeReviewEvent(tx, version, { kind: event, from: version.state, to, comment });
  return { ...version, state: to };
}

function noTransition({ version, state }: PlanVersion, event: PlanReviewEvent): DriftplaneError {
  return new DriftplaneError('invalid_transition', `version ${version} is ${state}: no ${event}`, {
    extensions: { state, version },
  });
}

/**
 * Puts a version in force: it becomes the head of its plan, and the plan active. Throws `approval_required`,
 * `invalid_transition`, `plan_exists` and `scope_taken`.
 */
export async function putInForce(tx: WorkspaceTransaction, version: PlanVersion): Promise<void> {
  const { planId } = version;
  // Whatever approvals it may lack by now: it is what it is to become.
  if (version.state === 'published') throw noTransition(version, 'publish');
  await requireVersionApprovals(tx, version, 'publishing');
  await requireNewContent(tx, version.content, planId);
  await requireFreeScope(tx, version.content, planId);
  for (const former of await listVersionsInStates(tx, planId, ['published'])) {
    await moveVersion(tx, former, 'supersede', `version ${version.version} was published`);
  }
  await moveVersion(tx, version, 'publish');
  await updatePlan(tx, planId, { status: 'active', head: version });
}

/**
 * Where a version goes that was just made of a plan: it is the head of a plan that is not in force; of one that is, it
 * comes into force where no approvals are needed, and else waits. One that waits is news too: whoever read the plan
 * before has not seen it, and would supersede it. Throws what `putInForce` throws.
 */
export async function placeNewVersion(
  tx: WorkspaceTransaction,
  { status }: Pick<DriftPlan, 'status'>,
  version: PlanVersion,
): Promise<void> {
  if (status !== 'active') await updatePlan(tx, version.planId, { head: version });
  else if ((await getRequiredApprovals(tx)) === 0) await putInForce(tx, version);
  else await updatePlan(tx, version.planId, {});
}

/** Throws `approval_required` where a version has not been approved by as many as the workspace wants now. */
export async function requireVersionApprovals(
  tx: WorkspaceTransaction,
  version: PlanVersion,
  verb: 'publishing' | 'restoring',
): Promise<void> {
  const approvers = await listApprovers(tx, version);
  const hint = verb === 'restoring' ? '; it can be restored as a draft and submitted' : '';
  await requireApprovals(tx, approvers.length, `${verb} version ${version.version}`, hint);
}
