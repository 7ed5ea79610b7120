/** The manager of drift plans: create, read, change, archive. Changes of content make versions by themselves. */

import { randomUUID } from 'node:crypto';
import { DriftplaneError } from '../../core/errors.ts';
import { parsePlan } from '../../core/parse-plan.ts';
import { generatePlanHash } from '../../core/plan-hash.ts';
import { contentOf, type PlanDocument } from '../../core/plan-schema.ts';
import { requiresNewVersion } from '../../core/plan-version.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { requireRevision } from '../../http/revision.ts';
import type { CreatePlanArgs, DriftPlan, PlanVersion } from './plan.ts';
import { echoFaults } from './plan-echo.ts';
import { requireParent } from './plan-parent.ts';
import {
  archivedPlan,
  invalidPlan,
  requireApprovals,
  requireFreeScope,
  requireNewContent,
  takenScopeFaults,
} from './plan-problems.ts';
import {
  findPlan,
  insertPlan,
  listPlanRows,
  lockPlanWrites,
  type PlanFilter,
  updatePlan,
} from './plan-store.ts';
import { completeFromTemplate } from './plan-template-use.ts';
import {
  getVersion,
  makeVersion,
  moveVersion,
  placeNewVersion,
  putInForce,
  requireVersionApprovals,
} from './plan-version-service.ts';

/** Throws `plan_not_found`. */
export async function getDriftPlan(tx: WorkspaceTransaction, planId: string): Promise<DriftPlan> {
  const plan = isUuid(planId) ? await findPlan(tx, planId) : undefined;
  if (plan === undefined) throw new DriftplaneError('plan_not_found', 'there is no such plan');
  return plan;
}

/** A plan as a client has read it. */
export interface ReadPlan {
  readonly planId: string;
  /** Null: at whatever revision it is. */
  readonly revision: number | null;
}

/** The plan, with the workspace's plan writes locked. Throws `plan_not_found` and `revision_mismatch`. */
export async function lockDriftPlan(
  tx: WorkspaceTransaction,
  { planId, revision }: ReadPlan,
): Promise<DriftPlan> {
  await lockPlanWrites(tx);
  const plan = await getDriftPlan(tx, planId);
  if (revision !== null) requireRevision(revision, plan.revision);
  return plan;
}

/** In the order in which they were made, behind the one named. */
export function listDriftPlans(
  tx: WorkspaceTransaction,
  filter: PlanFilter,
  page: {
    readonly after: { readonly createdAt: Date; readonly planId: string } | null;
    readonly limit: number;
  },
): Promise<DriftPlan[]> {
  return listPlanRows(tx, filter, page);
}

/**
 * Creates a plan: a draft, or in force at once where it says so and no approvals are needed. Throws `invalid_plan` with
 * all that is wrong, `plan_exists`, `scope_taken` and `approval_required`; nothing is stored then.
 */
export async function createDriftPlan(tx: WorkspaceTransaction, args: CreatePlanArgs): Promise<DriftPlan> {
  const { templateId = null, parentId = null, changeNote = '' } = args;
  const completed = completeFromTemplate(args.document, templateId);
  const parsed = parsePlan(completed.document);
  await lockPlanWrites(tx);
  const details = [
    ...completed.details,
    ...(parsed.ok ? [] : parsed.details),
    ...(await requireParent(tx, { planId: null, parentId })),
    ...(parsed.ok && parsed.plan.status === 'archived'
      ? [{ pointer: '/status', line: null, detail: 'a new plan is a draft or active' }]
      : []),
  ];
  if (!parsed.ok || details.length > 0) {
    const claim = { exceptId: null, status: 'draft' } as const;
    throw invalidPlan([...details, ...(await takenScopeFaults(tx, completed.document, claim))]);
  }
  const { description, status = 'draft' } = parsed.plan;
  const content = contentOf(parsed.plan);
  if (status === 'active') await requireApprovals(tx, 0, 'an active plan');
  await requireNewContent(tx, content, null);
  if (status === 'active') await requireFreeScope(tx, content, null);
  const planId = randomUUID();
  await insertFirst(tx, { planId, description, document: parsed.plan, parentId, templateId, changeNote });
  const plan = await getDriftPlan(tx, planId);
  tx.audit({
    action: 'plan.create',
    target: { kind: 'plan', id: planId },
    detail: { name: plan.name, status: plan.status, version: 1, versionHash: plan.versionHash, templateId },
  });
  emitChange(tx, plan);
  return plan;
}

async function insertFirst(
  tx: WorkspaceTransaction,
  first: {
    readonly planId: string;
    readonly description: string;
    readonly document: PlanDocument;
    readonly parentId: string | null;
    readonly templateId: string | null;
    readonly changeNote: string;
  },
): Promise<void> {
  const { planId, description, document, parentId, templateId, changeNote } = first;
  const content = contentOf(document);
  await insertPlan(tx, {
    planId,
    description,
    status: document.status ?? 'draft',
    content,
    version: 1,
    versionHash: generatePlanHash(content),
    parentId,
    templateId,
  });
  const version = await makeVersion(tx, { planId, latestVersion: null }, content, changeNote);
  // That it may be in force was asked before anything was written.
  if (document.status === 'active') await moveVersion(tx, version, 'publish');
}

export interface PlanUpdate {
  /** The whole plan, as people write it, not validated yet. */
  readonly document: unknown;
  /** The revision that was read; null: whatever it is at. */
  readonly revision: number | null;
  /** Undefined: as it is. */
  readonly parentId?: string | null | undefined;
  readonly changeNote?: string | undefined;
  /** Members that only the server sets, where they are said all the same: they have to be what they are. */
  readonly echoed?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Makes a plan what the document says. A change of content makes a new version: in force at once where no approvals
 * are needed, else a draft beside the version in force. A change of description or status does not, nor does the
 * content that is in force while a newer version waits. What is not said of the description, which is no part of the
 * content, stays. A plan is archived alone, without another change. Throws
 * `plan_not_found`, `revision_mismatch`, `invalid_transition` and what `createDriftPlan` throws.
 */
export async function updateDriftPlan(
  tx: WorkspaceTransaction,
  planId: string,
  update: PlanUpdate,
): Promise<DriftPlan> {
  const before = await lockDriftPlan(tx, { planId, revision: update.revision });
  const parsed = parsePlan(update.document);
  const details = [
    ...(parsed.ok ? [] : parsed.details),
    ...(await requireParent(tx, { planId, parentId: update.parentId ?? null })),
    ...echoFaults(before, update.echoed ?? {}),
  ];
  if (!parsed.ok || details.length > 0) {
    const claim = { exceptId: planId, status: before.status };
    throw invalidPlan([...details, ...(await takenScopeFaults(tx, update.document, claim))]);
  }
  const wanted = withDescription(parsed.plan, update.document, before);
  const { parentId = before.parentId } = update;
  if (wanted.status === 'archived') return archiveAlone(tx, before, { wanted, parentId });
  if (before.status === 'archived') throw archivedPlan(before);
  if (wanted.status === 'draft' && before.status === 'active') throw noWayBack(before);
  await changeContent(tx, before, wanted, update.changeNote ?? '');
  const { description } = wanted;
  if (description !== before.description || parentId !== before.parentId) {
    await updatePlan(tx, planId, { description, parentId });
  }
  const after = await getDriftPlan(tx, planId);
  if (after.revision !== before.revision || after.latest.version !== before.latest.version) {
    auditUpdate(tx, before, after);
    emitChange(tx, after);
  }
  return after;
}

/** The plan with the description that it has, where the document says nothing of one. */
export function withDescription(
  plan: PlanDocument,
  document: unknown,
  { description }: Pick<DriftPlan, 'description'>,
): PlanDocument {
  return Object.hasOwn(document as object, 'description') ? plan : { ...plan, description };
}

/** Archives a plan where nothing else is wanted of it; of one that is archived and so already, nothing changes. */
async function archiveAlone(
  tx: WorkspaceTransaction,
  before: DriftPlan,
  { wanted, parentId }: { readonly wanted: PlanDocument; readonly parentId: string | null },
): Promise<DriftPlan> {
  const hash = generatePlanHash(contentOf(wanted));
  const isAlone =
    (hash === before.versionHash || hash === before.latest.versionHash) &&
    wanted.description === before.description &&
    parentId === before.parentId;
  if (isAlone) return deleteDriftPlan(tx, { planId: before.planId, revision: null });
  if (before.status === 'archived') throw archivedPlan(before);
  const detail = 'archive it alone: nothing else of the plan can change at the same time';
  throw invalidPlan([{ pointer: '/status', line: null, detail }]);
}

async function changeContent(
  tx: WorkspaceTransaction,
  plan: DriftPlan,
  wanted: PlanDocument,
  changeNote: string,
): Promise<void> {
  const { planId, latest } = plan;
  const content = contentOf(wanted);
  const isActive = plan.status === 'active';
  // It is in force. A newer version that waits for approval is somebody's work: only a rollback is meant to replace it.
  if (isActive && generatePlanHash(content) === plan.versionHash) return;
  let version = await getVersion(tx, planId, latest.version);
  if (requiresNewVersion(version.content, content)) {
    await requireNewContent(tx, content, planId);
    if (isActive) await requireFreeScope(tx, content, planId);
    version = await makeVersion(tx, { planId, latestVersion: latest.version }, content, changeNote);
    await placeNewVersion(tx, plan, version);
  }
  if (wanted.status === 'active' && !isActive) await putInForce(tx, version);
}

/**
 * Takes a plan out of force and archives it: nothing that findings were made by is ever lost, and it can be restored.
 * Again it changes nothing. Throws `plan_not_found` and `revision_mismatch`.
 */
export async function deleteDriftPlan(tx: WorkspaceTransaction, read: ReadPlan): Promise<DriftPlan> {
  const before = await lockDriftPlan(tx, read);
  const { planId } = before;
  if (before.status === 'archived') return before;
  await updatePlan(tx, planId, { status: 'archived' });
  return changedStatus(tx, before, 'plan.archive');
}

/**
 * Makes an archived plan what it was: in force where a version of it had been published, else a draft; or `asDraft` a
 * draft in any case, whose newest version has what was in force, so that it can go through review. Throws
 * `plan_not_found`, `revision_mismatch`, `invalid_transition` where it is not archived, and what publishing would:
 * `approval_required` and `scope_taken`.
 */
export async function restoreDriftPlan(
  tx: WorkspaceTransaction,
  { asDraft = false, ...read }: ReadPlan & { readonly asDraft?: boolean },
): Promise<DriftPlan> {
  const before = await lockDriftPlan(tx, read);
  const { planId } = before;
  if (before.status !== 'archived') {
    throw new DriftplaneError(
      'invalid_transition',
      `only an archived plan can be restored; it is ${before.status}`,
      {
        extensions: { state: before.status, allowed: [] },
      },
    );
  }
  const head = await getVersion(tx, planId, before.version);
  if (head.state !== 'published') await updatePlan(tx, planId, { status: 'draft' });
  else if (asDraft) await restoreAsDraft(tx, before, head);
  else {
    await requireVersionApprovals(tx, head, 'restoring');
    await requireFreeScope(tx, head.content, planId);
    await updatePlan(tx, planId, { status: 'active' });
  }
  return changedStatus(tx, before, 'plan.restore');
}

/** No version goes back to where it was before it was published: a new one of the same content takes its place. */
async function restoreAsDraft(
  tx: WorkspaceTransaction,
  plan: DriftPlan,
  published: PlanVersion,
): Promise<void> {
  const { planId, latest } = plan;
  const note = `restored as a draft, with what version ${published.version} said`;
  const draft = await makeVersion(tx, { planId, latestVersion: latest.version }, published.content, note);
  await moveVersion(tx, published, 'supersede', `version ${draft.version} was made`);
  await updatePlan(tx, planId, { status: 'draft', head: draft });
}

async function changedStatus(
  tx: WorkspaceTransaction,
  before: DriftPlan,
  action: 'plan.archive' | 'plan.restore',
): Promise<DriftPlan> {
  const after = await getDriftPlan(tx, before.planId);
  tx.audit({
    action,
    target: { kind: 'plan', id: before.planId },
    detail: { name: before.name, before: { status: before.status }, after: { status: after.status } },
  });
  emitChange(tx, after);
  return after;
}

function noWayBack({ planId, name }: DriftPlan): DriftplaneError {
  return new DriftplaneError(
    'invalid_transition',
    `the plan ${JSON.stringify(name)} is in force: it can be archived, not made a draft again`,
    { extensions: { planId, state: 'active', allowed: ['archive'] } },
  );
}

function auditUpdate(tx: WorkspaceTransaction, before: DriftPlan, after: DriftPlan): void {
  const shown = ({ name, status, description, version, versionHash, parentId, latest }: DriftPlan) => ({
    name,
    status,
    description,
    version,
    versionHash,
    parentId,
    latestVersion: latest.version,
    latestHash: latest.versionHash,
  });
  tx.audit({
    action: 'plan.update',
    target: { kind: 'plan', id: after.planId },
    detail: { before: shown(before), after: shown(after) },
  });
}

/** Tells the readers of the event stream. */
export function emitChange(tx: WorkspaceTransaction, { planId, status, version }: DriftPlan): void {
  tx.emit({ kind: 'plan.changed', payload: { planId, status, version } });
}
