import { DriftplaneError } from '../../core/errors.ts';
import { parsePlan } from '../../core/parse-plan.ts';
import { comparePlans } from '../../core/plan-comparison.ts';
import { generatePlanHash } from '../../core/plan-hash.ts';
import { contentOf, type PlanContent, type PlanDocument } from '../../core/plan-schema.ts';
import { planToYaml } from '../../core/plan-yaml.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { requireRevision } from '../../http/revision.ts';
import type { DriftPlan } from './plan.ts';
import { claimOf, findPlanOfFile } from './plan-of-file.ts';
import { invalidPlan, takenScopeFaults } from './plan-problems.ts';
import type { PlanComparison } from './plan-read-model.ts';
import { createDriftPlan, updateDriftPlan, withDescription } from './plan-service.ts';
import { findScopeHolder, lockPlanWrites } from './plan-store.ts';
import { templateFaults } from './plan-template-use.ts';
import { getVersion } from './plan-version-service.ts';
import { unifiedDiff } from './unified-diff.ts';

export interface PlanApplication {
  /** As it stands in the file, not validated yet. */
  readonly document: unknown;
  /** The plan that it is; null: the one of its name and scope, or a new one. */
  readonly planId: string | null;
  /** The template that it was made of, kept with a new plan. */
  readonly templateId: string | null;
  /** The revision of that plan that was read; null: whatever it is at. */
  readonly revision: number | null;
  readonly changeNote: string;
  readonly isDryRun: boolean;
}

export interface AppliedPlan extends PlanComparison {
  readonly action: 'created' | 'updated' | 'unchanged';
  readonly isDryRun: boolean;
  /** Null where a plan would be created. */
  readonly plan: DriftPlan | null;
  /** A newer version than the one in force, which waits to be approved or published. */
  readonly waitingVersion: number | null;
  /** Another plan, in force for the scope of one that is new and is not. */
  readonly scopeHolder: { readonly planId: string; readonly name: string } | null;
}

/**
 * Makes a plan what a document says, as often as one likes: a second time it changes nothing, and the content that is
 * in force replaces no version that waits. A dry run finds the same problems and says what would be otherwise, and
 * nothing stays of it. Throws what creating and updating throw, and `plan_ambiguous` where several plans of the
 * document's scope have its name.
 */
export async function applyPlan(tx: WorkspaceTransaction, wanted: PlanApplication): Promise<AppliedPlan> {
  const parsed = parsePlan(wanted.document);
  const details = [...templateFaults(wanted.templateId), ...(parsed.ok ? [] : parsed.details)];
  if (!parsed.ok || details.length > 0) {
    throw invalidPlan([
      ...details,
      ...(await takenScopeFaults(tx, wanted.document, await claimOf(tx, wanted))),
    ]);
  }
  await lockPlanWrites(tx);
  const existing = await findPlanOfFile(tx, parsed.plan, wanted.planId);
  if (wanted.revision !== null) {
    if (existing === null)
      throw new DriftplaneError('revision_mismatch', 'there is no such plan to be at it');
    requireRevision(wanted.revision, existing.revision);
  }
  const document = withUnsaid(parsed.plan, wanted.document, existing);
  const comparison = await compareWith(tx, existing, document);
  const apply = async (on: WorkspaceTransaction): Promise<DriftPlan> => {
    const { changeNote } = wanted;
    if (existing === null) {
      return createDriftPlan(on, { document, changeNote, templateId: wanted.templateId ?? undefined });
    }
    return updateDriftPlan(on, existing.planId, { document, revision: null, changeNote });
  };
  const scopeHolder = existing === null ? ((await findScopeHolder(tx, document, null)) ?? null) : null;
  const rest = {
    ...comparison,
    scopeHolder: scopeHolder && { planId: scopeHolder.planId, name: scopeHolder.name },
  };
  if (!wanted.isDryRun) {
    const plan = await apply(tx);
    return { ...outcomeOf(existing, plan), isDryRun: false, plan, ...rest };
  }
  const tried = await tryOut(tx, apply);
  return { ...outcomeOf(existing, tried), isDryRun: true, plan: existing, ...rest };
}

/** What a file does not say of the status and the description, which are no part of a plan's content, stays as it is. */
function withUnsaid(plan: PlanDocument, document: unknown, existing: DriftPlan | null): PlanDocument {
  if (existing === null) return plan;
  return { ...withDescription(plan, document, existing), status: plan.status ?? existing.status };
}

/** Does it and takes it back, the audit trail and the event stream included. */
async function tryOut(
  tx: WorkspaceTransaction,
  work: (silent: WorkspaceTransaction) => Promise<DriftPlan>,
): Promise<DriftPlan> {
  await tx.client.query('savepoint dry_run');
  const plan = await work({ ...tx, audit() {}, emit() {} });
  await tx.client.query('rollback to savepoint dry_run');
  return plan;
}

function outcomeOf(
  before: DriftPlan | null,
  after: DriftPlan,
): Pick<AppliedPlan, 'action' | 'waitingVersion'> {
  const isSame = before?.revision === after.revision && before.latest.version === after.latest.version;
  const isWaiting = after.status === 'active' && after.latest.version !== after.version;
  return {
    action: before === null ? 'created' : isSame ? 'unchanged' : 'updated',
    waitingVersion: isWaiting ? after.latest.version : null,
  };
}

async function compareWith(
  tx: WorkspaceTransaction,
  existing: DriftPlan | null,
  document: PlanDocument,
): Promise<PlanComparison> {
  if (existing === null) {
    const text = planToYaml(document);
    return { changes: [], unifiedDiff: unifiedDiff('', text, ['/dev/null', document.name]) };
  }
  const content = contentOf(document);
  const isInForce = existing.status !== 'draft' && existing.versionHash === generatePlanHash(content);
  const number = isInForce ? existing.version : existing.latest.version;
  const version = await getVersion(tx, existing.planId, number);
  const before = documentOf(existing, version.content);
  return {
    changes: comparePlans(version.content, content),
    // With description and status, which the comparison of two versions has not.
    unifiedDiff: unifiedDiff(planToYaml(before), planToYaml(document), [`version ${number}`, 'the file']),
  };
}

function documentOf({ description, status }: DriftPlan, content: PlanContent): PlanDocument {
  return { ...content, description, status };
}
