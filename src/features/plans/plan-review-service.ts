import { DriftplaneError } from '../../core/errors.ts';
import { allowedReviewEvents, type PlanReviewEvent } from '../../core/plan-review-state.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { listTokensInSameHands } from '../workspaces/token-service.ts';
import type { PlanVersion } from './plan.ts';
import { archivedPlan } from './plan-problems.ts';
import { listApprovers } from './plan-review-store.ts';
import { emitChange, getDriftPlan } from './plan-service.ts';
import { getRequiredApprovals, lockPlanWrites } from './plan-store.ts';
import { getVersion, moveVersion } from './plan-version-service.ts';

/** What people say of a version. */
export const reviewActions = ['submit', 'approve', 'reject', 'withdraw'] as const;

export type ReviewAction = (typeof reviewActions)[number];

export interface ReviewDecision {
  readonly planId: string;
  readonly version: number;
  readonly action: ReviewAction;
  readonly comment: string;
  /** The content that was looked at; null: whatever the version has. */
  readonly versionHash: string | null;
}

/** Where a version stands after a decision. */
export interface ReviewStanding {
  readonly version: PlanVersion;
  readonly requiredApprovals: number;
  readonly givenApprovals: number;
}

/**
 * Moves a version on its way to being published. Who made a version can't approve it, and nobody counts twice. Throws
 * `plan_not_found`, `plan_version_not_found`, `invalid_transition`, `own_plan_version`, and `revision_mismatch` where
 * another content was looked at.
 */
export async function reviewPlanVersion(
  tx: WorkspaceTransaction,
  decision: ReviewDecision,
): Promise<ReviewStanding> {
  const { planId, action, comment, versionHash } = decision;
  await lockPlanWrites(tx);
  const plan = await getDriftPlan(tx, planId);
  if (plan.status === 'archived') throw archivedPlan(plan);
  const version = await getVersion(tx, planId, decision.version);
  if (versionHash !== null && versionHash !== version.versionHash) {
    throw new DriftplaneError(
      'revision_mismatch',
      `version ${version.version} has the hash ${version.versionHash}, not the one that was looked at`,
    );
  }
  const event = action === 'approve' ? await approval(tx, version) : action;
  requireAllowed(version, event);
  const moved = await moveVersion(tx, version, event, comment);
  tx.audit({
    action: `plan.${action}`,
    target: { kind: 'plan', id: planId },
    detail: {
      version: version.version,
      versionHash: version.versionHash,
      before: { state: version.state },
      after: { state: moved.state },
    },
  });
  emitChange(tx, plan);
  return standingOf(tx, moved);
}

/** How far a version is from being published. */
async function standingOf(tx: WorkspaceTransaction, version: PlanVersion): Promise<ReviewStanding> {
  const approvers = await listApprovers(tx, version);
  return { version, requiredApprovals: await getRequiredApprovals(tx), givenApprovals: approvers.length };
}

/** The event that another approval is: the last one that is needed, or one on the way. */
async function approval(tx: WorkspaceTransaction, version: PlanVersion): Promise<PlanReviewEvent> {
  const another = version.state === 'approved' ? 'approve_last' : 'approve';
  // Where nobody can approve it, that is what there is to say, whoever asks.
  requireAllowed(version, another);
  const approvers = await listApprovers(tx, version);
  await requireOtherHands(tx, version, approvers);
  if (version.state !== 'in_review') return another;
  const required = Math.max(1, await getRequiredApprovals(tx));
  return approvers.length + 1 >= required ? 'approve_last' : 'approve';
}

/** Nobody approves a version of their own, or one twice; neither with another token that they made. */
async function requireOtherHands(
  tx: WorkspaceTransaction,
  { version, state, createdBy, createdById }: PlanVersion,
  approvers: readonly string[],
): Promise<void> {
  const { id } = tx.actor;
  if (id === null || id === createdById) {
    throw new DriftplaneError(
      'own_plan_version',
      `version ${version} was made by ${createdBy}: somebody else has to approve it`,
    );
  }
  const others = createdById === null ? approvers : [createdById, ...approvers];
  const same = await listTokensInSameHands(tx, id, others);
  if (createdById !== null && same.includes(createdById)) {
    throw new DriftplaneError(
      'own_plan_version',
      `version ${version} was made by ${createdBy}, and one of your two tokens was created with the other: somebody with a token of another line has to approve it`,
    );
  }
  if (approvers.includes(id) || same.length > 0) {
    const whose = approvers.includes(id)
      ? 'your approval'
      : 'the approval of a token of the same line as yours';
    throw new DriftplaneError('invalid_transition', `version ${version} has ${whose} already`, {
      extensions: { state, allowed: [] },
    });
  }
}

function requireAllowed({ version, state }: PlanVersion, event: PlanReviewEvent): void {
  const allowed = allowedReviewEvents(state);
  if (allowed.includes(event)) return;
  const actions = reviewActions.filter((action) =>
    action === 'approve'
      ? allowed.includes('approve') || allowed.includes('approve_last')
      : allowed.includes(action),
  );
  const hint = actions.length === 0 ? '' : `; it takes: ${actions.join(', ')}`;
  throw new DriftplaneError('invalid_transition', `version ${version} is ${state}${hint}`, {
    extensions: { state, version, allowed: actions },
  });
}
