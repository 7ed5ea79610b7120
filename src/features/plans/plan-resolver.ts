import {
  comparePreference,
  createPlanIndex,
  normalSubject,
  type PlanSubject,
  type Resolution,
  type ResolvablePlan,
  resolutionOf,
} from '../../core/plan-resolution.ts';
import type { PlanScopeType } from '../../core/plan-vocabulary.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { PlanResolutionResult, ResolvePlanArgs } from './plan.ts';

interface MatchRow {
  ordinal: number;
  id: string;
  name: string;
  scope_type: PlanScopeType;
  scope_ref: string | null;
  doc_class: string | null;
  version: number;
  version_hash: string;
  created_at: Date;
}

/** Each arm is one look-up in the index of scopes. */
const MATCHES = `
  select p.id, p.name, p.scope_type, p.scope_ref, p.doc_class, p.version, p.version_hash, p.created_at
  from driftplane.drift_plans p
  where p.workspace_id = $1 and p.status = 'active' and p.scope_type = 'repo' and p.scope_ref = s.repo
  union all
  select p.id, p.name, p.scope_type, p.scope_ref, p.doc_class, p.version, p.version_hash, p.created_at
  from driftplane.drift_plans p
  where p.workspace_id = $1 and p.status = 'active' and p.scope_type = 'service' and p.scope_ref = s.service
  union all
  select p.id, p.name, p.scope_type, p.scope_ref, p.doc_class, p.version, p.version_hash, p.created_at
  from driftplane.drift_plans p
  where p.workspace_id = $1 and p.status = 'active' and p.scope_type = 'workspace' and p.scope_ref is null`;

/** The plan for a subject, as `resolveDriftPlan` of the core finds it, in one round trip to the database. */
export async function resolvePlanFor(
  tx: WorkspaceTransaction,
  subject: ResolvePlanArgs,
): Promise<PlanResolutionResult> {
  const [resolution] = await resolvePlansFor(tx, [subject]);
  return resolution as PlanResolutionResult;
}

/**
 * The same for many subjects, in one round trip; in their order. `asIf` is taken to be in force too, in place of the
 * plan with its id and of the one that is for the same.
 */
export async function resolvePlansFor(
  tx: WorkspaceTransaction,
  subjects: readonly ResolvePlanArgs[],
  asIf: ResolvablePlan | null = null,
): Promise<PlanResolutionResult[]> {
  if (subjects.length === 0) return [];
  const asked = subjects.map(subjectOf);
  const { rows } = await tx.client.query<MatchRow>({
    name: 'resolve plans',
    text: `select s.ordinal::integer as ordinal, m.*
      from unnest($2::text[], $3::text[]) with ordinality as s(repo, service, ordinal)
      cross join lateral (${MATCHES}) as m`,
    values: [
      tx.workspaceId,
      asked.map(({ repoFullName }) => repoFullName),
      asked.map(({ serviceId }) => serviceId),
    ],
  });
  const bySubject = Map.groupBy(rows, ({ ordinal }) => ordinal);
  return asked.map((subject, index) => {
    const found = (bySubject.get(index + 1) ?? []).map(fromRow);
    return resolve(subject, asIf === null ? found : withPlan(found, asIf, subject));
  });
}

function subjectOf({ serviceId = null, repoFullName = null, docClass = null }: ResolvePlanArgs): PlanSubject {
  return normalSubject({ serviceId, repoFullName, docClass });
}

/** The plans that match a subject, were this one in force too. */
function withPlan(
  found: readonly ResolvablePlan[],
  plan: ResolvablePlan,
  subject: PlanSubject,
): ResolvablePlan[] {
  const claimOf = ({ scopeType, scopeRef, docClass }: ResolvablePlan): string =>
    JSON.stringify([scopeType, scopeRef, scopeType === 'repo' ? docClass : null]);
  const others = found.filter((other) => other.planId !== plan.planId && claimOf(other) !== claimOf(plan));
  return createPlanIndex([plan]).resolve(subject).hasPlan ? [...others, plan] : others;
}

function resolve({ docClass }: PlanSubject, plans: readonly ResolvablePlan[]): Resolution {
  const of = (scopeType: PlanScopeType): ResolvablePlan[] =>
    plans.filter((plan) => plan.scopeType === scopeType).sort(comparePreference);
  const repo = of('repo');
  const isExact = (plan: ResolvablePlan): boolean => docClass !== null && plan.docClass === docClass;
  return resolutionOf([
    repo.filter(isExact),
    repo.filter((plan) => !isExact(plan)),
    of('service'),
    of('workspace'),
  ]);
}

function fromRow(row: MatchRow): ResolvablePlan {
  return {
    planId: row.id,
    name: row.name,
    scopeType: row.scope_type,
    scopeRef: row.scope_ref,
    docClass: row.doc_class,
    version: row.version,
    versionHash: row.version_hash,
    createdAt: row.created_at.toISOString(),
  };
}
