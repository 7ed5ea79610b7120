import { DriftplaneError } from '../../core/errors.ts';
import { type JsonValue, ownMember } from '../../core/json-value.ts';
import { scopeOfDocument } from '../../core/parse-plan.ts';
import { generatePlanHash } from '../../core/plan-hash.ts';
import { contentOf, type PlanDocument } from '../../core/plan-schema.ts';
import { type PlanStatus, planStatuses } from '../../core/plan-vocabulary.ts';
import { isStorable } from '../../core/storable-text.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { DriftPlan } from './plan.ts';
import { scopeText } from './plan-problems.ts';
import { getDriftPlan } from './plan-service.ts';
import { findPlan, listPlanRows, listPlansNamed } from './plan-store.ts';

/** Which plan a document is: never another one than what it names, for that one's owner has not asked for it. */
export async function findPlanOfFile(
  tx: WorkspaceTransaction,
  document: PlanDocument,
  planId: string | null,
): Promise<DriftPlan | null> {
  if (planId !== null) return getDriftPlan(tx, planId);
  const mayBeDone = document.status === 'archived' ? await listOfScope(tx, document) : [];
  const done = findWithContent(mayBeDone, document);
  if (done !== null) return done;
  const named = await listPlansNamed(tx, document);
  // An archived one of its name says that it is archived.
  if (named.length === 0) return mayBeDone.find(({ name }) => name === document.name) ?? null;
  if (named.length === 1) return named[0] ?? null;
  throw new DriftplaneError(
    'plan_ambiguous',
    `${scopeText(document)} has ${named.length} plans that are called ${JSON.stringify(document.name)}: name one by its id`,
    {
      details: named.map(({ planId: id, status }) => ({
        pointer: '',
        line: null,
        detail: `${id} (${status})`,
      })),
      extensions: { planIds: named.map((plan) => plan.planId) },
    },
  );
}

/** The plans that are for just what a document is for, archived ones too. */
async function listOfScope(tx: WorkspaceTransaction, document: PlanDocument): Promise<DriftPlan[]> {
  const { scopeType, scopeRef, docClass } = document;
  const filter = { scopeType, scopeRef: scopeRef ?? undefined, status: planStatuses };
  const plans = await listPlanRows(tx, filter, { after: null, limit: 1_000 });
  return plans.filter((plan) => scopeType !== 'repo' || plan.docClass === docClass);
}

/** The one of the plans that has the content of a document; one that is archived where no other has. */
function findWithContent(plans: readonly DriftPlan[], document: PlanDocument): DriftPlan | null {
  const hash = generatePlanHash(contentOf(document));
  const same = plans.filter((plan) => plan.versionHash === hash || plan.latest.versionHash === hash);
  return same.find(({ status }) => status !== 'archived') ?? same[0] ?? null;
}

/** Whose scope a document claims that is not valid otherwise, and the status that it has where it says none. */
export async function claimOf(
  tx: WorkspaceTransaction,
  { document, planId }: { readonly document: unknown; readonly planId: string | null },
): Promise<{ readonly exceptId: string | null; readonly status: PlanStatus }> {
  const scope = scopeOfDocument(document);
  const name = ownMember(document as JsonValue, 'name');
  const isNamed = planId === null && scope !== null && typeof name === 'string' && isStorable(name);
  const [named] = isNamed ? await listPlansNamed(tx, { ...scope, name: name.normalize('NFC').trim() }) : [];
  // That there is no plan of this id is told when all else is right.
  const existing = planId === null || !isUuid(planId) ? named : await findPlan(tx, planId);
  return { exceptId: existing?.planId ?? null, status: existing?.status ?? 'draft' };
}
