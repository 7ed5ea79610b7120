import { DriftplaneError, type ErrorDetail } from '../../core/errors.ts';
import { scopeOfDocument } from '../../core/parse-plan.ts';
import { generatePlanHash } from '../../core/plan-hash.ts';
import type { PlanContent } from '../../core/plan-schema.ts';
import type { PlanStatus } from '../../core/plan-vocabulary.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { DriftPlan } from './plan.ts';
import { findPlanByHash, findScopeHolder, getRequiredApprovals } from './plan-store.ts';

export function invalidPlan(details: readonly ErrorDetail[]): DriftplaneError {
  return new DriftplaneError('invalid_plan', 'the plan is not valid', { details });
}

/** Throws `plan_exists` where another plan has this content, an archived one too: it may be restored instead. */
export async function requireNewContent(
  tx: WorkspaceTransaction,
  content: PlanContent,
  exceptId: string | null,
): Promise<void> {
  const twin = await findPlanByHash(tx, generatePlanHash(content), exceptId);
  if (twin === undefined) return;
  const { planId, name, status } = twin;
  const isArchived = status === 'archived';
  throw new DriftplaneError(
    'plan_exists',
    `the plan ${JSON.stringify(name)} (${planId}) has the same content${isArchived ? ' and is archived: restore it instead' : ''}`,
    { extensions: { planId, planName: name, planStatus: status, mayRestore: isArchived } },
  );
}

/** Throws `scope_taken` where another plan in force claims what this one would. */
export async function requireFreeScope(
  tx: WorkspaceTransaction,
  content: Pick<PlanContent, 'scopeType' | 'scopeRef' | 'docClass'>,
  exceptId: string | null,
): Promise<void> {
  const holder = await findScopeHolder(tx, content, exceptId);
  if (holder === undefined) return;
  throw new DriftplaneError(
    'scope_taken',
    `${scopeText(content)} has an active plan already: ${JSON.stringify(holder.name)} (${holder.planId}); change that one, or archive it first`,
    {
      details: [takenScope(content, holder)],
      extensions: { planId: holder.planId, planName: holder.name },
    },
  );
}

/**
 * Says that another plan in force claims what a document would, for one that is not valid otherwise: all its faults are
 * told at once. `status` counts where the document says none.
 */
export async function takenScopeFaults(
  tx: WorkspaceTransaction,
  document: unknown,
  { exceptId, status }: { readonly exceptId: string | null; readonly status: PlanStatus },
): Promise<ErrorDetail[]> {
  const claim = scopeOfDocument(document);
  if (claim === null || (claim.status ?? status) !== 'active') return [];
  const holder = await findScopeHolder(tx, claim, exceptId);
  return holder === undefined ? [] : [takenScope(claim, holder)];
}

function takenScope(
  { scopeType }: Pick<PlanContent, 'scopeType'>,
  { planId, name }: { readonly planId: string; readonly name: string },
): ErrorDetail {
  const pointer = scopeType === 'workspace' ? '/scopeType' : '/scopeRef';
  return { pointer, line: null, detail: `the plan ${JSON.stringify(name)} (${planId}) is in force for it` };
}

/** Throws `approval_required` where the workspace wants more approvals than there are. */
export async function requireApprovals(
  tx: WorkspaceTransaction,
  given: number,
  what: string,
  hint = '',
): Promise<void> {
  const required = await getRequiredApprovals(tx);
  if (given >= required) return;
  throw new DriftplaneError(
    'approval_required',
    `${what} needs ${required} ${required === 1 ? 'approval' : 'approvals'} and has ${given}${hint}`,
    { extensions: { requiredApprovals: required, givenApprovals: given } },
  );
}

export function scopeText({
  scopeType,
  scopeRef,
  docClass,
}: Pick<PlanContent, 'scopeType' | 'scopeRef' | 'docClass'>): string {
  if (scopeType === 'workspace') return 'the workspace';
  if (scopeType === 'service') return `the service ${scopeRef}`;
  return `the repository ${scopeRef}${docClass === null ? '' : ` with document class ${docClass}`}`;
}

export function archivedPlan({ planId, name }: DriftPlan): DriftplaneError {
  return new DriftplaneError(
    'invalid_transition',
    `the plan ${JSON.stringify(name)} is archived: restore it first`,
    {
      extensions: { planId, state: 'archived', allowed: ['restore'] },
    },
  );
}
