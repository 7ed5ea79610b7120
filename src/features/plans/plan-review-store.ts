import type { PlanReviewEvent, PlanReviewState } from '../../core/plan-review-state.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { PlanVersion } from './plan.ts';

/** What happened to a version. */
export interface PlanReviewEntry {
  readonly version: number;
  readonly eventNo: number;
  readonly kind: PlanReviewEvent | 'create';
  readonly fromState: PlanReviewState | null;
  readonly toState: PlanReviewState;
  readonly versionHash: string;
  readonly at: Date;
  readonly actor: { readonly kind: string; readonly id: string | null; readonly label: string };
  readonly comment: string;
}

/** Moves a version on and writes down who did it, with what comment. */
export async function writeReviewEvent(
  tx: WorkspaceTransaction,
  version: Pick<PlanVersion, 'planId' | 'version' | 'versionHash'>,
  event: {
    readonly kind: PlanReviewEntry['kind'];
    readonly from: PlanReviewState | null;
    readonly to: PlanReviewState;
    readonly comment: string;
  },
): Promise<void> {
  const { planId, version: number, versionHash } = version;
  await tx.client.query(
    `update driftplane.plan_reviews set state = $4, updated_at = $5,
       published_at = case when $4 = 'published' then $5 else published_at end
     where workspace_id = $1 and plan_id = $2 and version = $3`,
    [tx.workspaceId, planId, number, event.to, tx.now],
  );
  await tx.client.query(
    `insert into driftplane.plan_review_events (workspace_id, plan_id, version, event_no, kind, from_state, to_state,
       version_hash, at, actor_kind, actor_id, actor_label, comment)
     select $1, $2, $3, 1 + coalesce(max(event_no), 0), $4, $5, $6, $7, $8, $9, $10, $11, $12
     from driftplane.plan_review_events where workspace_id = $1 and plan_id = $2 and version = $3`,
    [
      tx.workspaceId,
      planId,
      number,
      event.kind,
      event.from,
      event.to,
      versionHash,
      tx.now,
      tx.actor.kind,
      tx.actor.id,
      tx.actor.label,
      event.comment,
    ],
  );
}

/** Who has approved this very content since it was last submitted, each once. */
export async function listApprovers(
  tx: WorkspaceTransaction,
  { planId, version, versionHash }: Pick<PlanVersion, 'planId' | 'version' | 'versionHash'>,
): Promise<string[]> {
  const { rows } = await tx.client.query<{ actor_id: string }>(
    `select distinct actor_id from driftplane.plan_review_events
     where workspace_id = $1 and plan_id = $2 and version = $3 and version_hash = $4
       and kind in ('approve', 'approve_last') and actor_id is not null
       and event_no > (
         select coalesce(max(event_no), 0) from driftplane.plan_review_events
         where workspace_id = $1 and plan_id = $2 and version = $3 and kind in ('submit', 'reject', 'withdraw')
       )`,
    [tx.workspaceId, planId, version, versionHash],
  );
  return rows.map((row) => row.actor_id);
}

/** What happened to the versions of a plan, or to one of them, newest first. */
export async function listReviewEvents(
  tx: WorkspaceTransaction,
  query: {
    readonly planId: string;
    readonly version: number | null;
    readonly before: { readonly version: number; readonly eventNo: number } | null;
    readonly limit: number;
  },
): Promise<PlanReviewEntry[]> {
  const { rows } = await tx.client.query<
    Omit<PlanReviewEntry, 'actor'> & { actorKind: string; actorId: string | null; actorLabel: string }
  >(
    `select version, event_no as "eventNo", kind, from_state as "fromState", to_state as "toState",
       version_hash as "versionHash", at, actor_kind as "actorKind", actor_id as "actorId",
       actor_label as "actorLabel", comment
     from driftplane.plan_review_events
     where workspace_id = $1 and plan_id = $2 and ($3::integer is null or version = $3)
       and ($4::integer is null or (version, event_no) < ($4, $5::integer))
     order by version desc, event_no desc limit $6`,
    [
      tx.workspaceId,
      query.planId,
      query.version,
      query.before?.version ?? null,
      query.before?.eventNo ?? null,
      query.limit,
    ],
  );
  return rows.map(({ actorKind, actorId, actorLabel, ...row }) => ({
    ...row,
    actor: { kind: actorKind, id: actorId, label: actorLabel },
  }));
}
