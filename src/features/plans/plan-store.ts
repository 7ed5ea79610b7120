import { normalisePlan } from '../../core/plan-normalise.ts';
import type { PlanReviewState } from '../../core/plan-review-state.ts';
import type { PlanContent } from '../../core/plan-schema.ts';
import { repoKey } from '../../core/plan-text.ts';
import type { PlanScopeType, PlanStatus } from '../../core/plan-vocabulary.ts';
import { SqlParams } from '../../db/sql-params.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { DriftPlan } from './plan.ts';

interface PlanRow {
  id: string;
  name: string;
  description: string;
  status: PlanStatus;
  scope_type: PlanScopeType;
  scope_ref: string | null;
  primary_doc_id: string | null;
  primary_doc_system: PlanContent['primaryDocSystem'];
  doc_class: string | null;
  input_sources: PlanContent['inputSources'];
  drift_types: PlanContent['driftTypes'];
  allowed_outputs: PlanContent['allowedOutputs'];
  thresholds: PlanContent['thresholds'];
  eligibility: PlanContent['eligibility'];
  section_targets: PlanContent['sectionTargets'];
  impact_rules: PlanContent['impactRules'];
  writeback: PlanContent['writeback'];
  noise_controls: PlanContent['noiseControls'];
  budgets: PlanContent['budgets'];
  doc_targeting: PlanContent['docTargeting'];
  version: number;
  version_hash: string;
  parent_id: string | null;
  template_id: string | null;
  revision: number;
  created_at: Date;
  updated_at: Date;
  created_by: string;
  updated_by: string;
  archived_at: Date | null;
  latest_version: number;
  latest_hash: string;
  latest_state: PlanReviewState;
}

/** Of `p`, the plan, with its newest version. */
const SELECT = `
  select p.id, p.name, p.description, p.status, p.scope_type, p.scope_ref, p.primary_doc_id, p.primary_doc_system,
    p.doc_class, p.input_sources, p.drift_types, p.allowed_outputs, p.thresholds, p.eligibility, p.section_targets,
    p.impact_rules, p.writeback, p.noise_controls, p.budgets, p.doc_targeting, p.version, p.version_hash, p.parent_id,
    p.template_id, p.revision, p.created_at, p.updated_at, p.created_by, p.updated_by, p.archived_at,
    l.version as latest_version, l.version_hash as latest_hash, l.state as latest_state
  from driftplane.drift_plans p
  cross join lateral (
    select v.version, v.version_hash, r.state
    from driftplane.drift_plan_versions v
    join driftplane.plan_reviews r
      on r.workspace_id = v.workspace_id and r.plan_id = v.plan_id and r.version = v.version
    where v.workspace_id = p.workspace_id and v.plan_id = p.id
    order by v.version desc limit 1
  ) as l`;

function fromRow(row: PlanRow): DriftPlan {
  const content: PlanContent = {
    name: row.name,
    scopeType: row.scope_type,
    scopeRef: row.scope_ref,
    docClass: row.doc_class,
    primaryDocId: row.primary_doc_id,
    primaryDocSystem: row.primary_doc_system,
    inputSources: row.input_sources,
    driftTypes: row.drift_types,
    allowedOutputs: row.allowed_outputs,
    thresholds: row.thresholds,
    eligibility: row.eligibility,
    sectionTargets: row.section_targets,
    impactRules: row.impact_rules,
    writeback: row.writeback,
    noiseControls: row.noise_controls,
    budgets: row.budgets,
    docTargeting: row.doc_targeting,
  };
  return {
    planId: row.id,
    description: row.description,
    status: row.status,
    ...normalisePlan(content),
    version: row.version,
    versionHash: row.version_hash,
    parentId: row.parent_id,
    templateId: row.template_id,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    createdBy: row.created_by,
    updatedBy: row.updated_by,
    archivedAt: row.archived_at,
    latest: { version: row.latest_version, versionHash: row.latest_hash, state: row.latest_state },
  };
}

/** The columns that a plan's content is kept in. */
function contentColumns(content: PlanContent): Record<string, unknown> {
  const json = (value: unknown): string => JSON.stringify(value);
  return {
    name: content.name,
    scope_type: content.scopeType,
    scope_ref: content.scopeRef,
    primary_doc_id: content.primaryDocId,
    primary_doc_system: content.primaryDocSystem,
    doc_class: content.docClass,
    input_sources: content.inputSources,
    drift_types: content.driftTypes,
    allowed_outputs: content.allowedOutputs,
    thresholds: json(content.thresholds),
    eligibility: json(content.eligibility),
    section_targets: json(content.sectionTargets),
    impact_rules: json(content.impactRules),
    writeback: json(content.writeback),
    noise_controls: json(content.noiseControls),
    budgets: json(content.budgets),
    doc_targeting: json(content.docTargeting),
  };
}

/** One writer of plans in a workspace at a time, so that what was looked at before a write still holds. */
export async function lockPlanWrites(tx: WorkspaceTransaction): Promise<void> {
  await tx.client.query("select pg_advisory_xact_lock(hashtextextended('driftplane.plans:' || $1, 0))", [
    tx.workspaceId,
  ]);
}

export async function findPlan(tx: WorkspaceTransaction, planId: string): Promise<DriftPlan | undefined> {
  const { rows } = await tx.client.query<PlanRow>(`${SELECT} where p.workspace_id = $1 and p.id = $2`, [
    tx.workspaceId,
    planId,
  ]);
  return rows[0] === undefined ? undefined : fromRow(rows[0]);
}

export interface PlanFilter {
  readonly status?: readonly PlanStatus[] | undefined;
  readonly scopeType?: PlanScopeType | undefined;
  readonly scopeRef?: string | undefined;
  readonly templateId?: string | undefined;
  /** Of the newest version. */
  readonly latestState?: PlanReviewState | undefined;
}

/** In the order in which they were made, behind the one named. */
export async function listPlanRows(
  tx: WorkspaceTransaction,
  filter: PlanFilter,
  page: {
    readonly after: { readonly createdAt: Date; readonly planId: string } | null;
    readonly limit: number;
  },
): Promise<DriftPlan[]> {
  const params = new SqlParams([tx.workspaceId]);
  const conditions = ['p.workspace_id = $1'];
  const { status, scopeType, scopeRef, templateId, latestState } = filter;
  if (status !== undefined) conditions.push(`p.status = any(${params.add(status)}::text[])`);
  if (scopeType !== undefined) conditions.push(`p.scope_type = ${params.add(scopeType)}`);
  // Repositories are kept in lower case, services as they are.
  if (scopeRef !== undefined) {
    const [repo, service] = [params.add(repoKey(scopeRef)), params.add(scopeRef.normalize('NFC').trim())];
    conditions.push(`p.scope_ref = case p.scope_type when 'repo' then ${repo} else ${service} end`);
  }
  if (templateId !== undefined) conditions.push(`p.template_id = ${params.add(templateId)}`);
  if (latestState !== undefined) conditions.push(`l.state = ${params.add(latestState)}`);
  const { after } = page;
  if (after !== null) {
    conditions.push(
      `(p.created_at, p.id) > (${params.add(after.createdAt)}, ${params.add(after.planId)}::uuid)`,
    );
  }
  const { rows } = await tx.client.query<PlanRow>(
    `${SELECT} where ${conditions.join(' and ')} order by p.created_at, p.id limit ${params.add(page.limit)}`,
    params.values,
  );
  return rows.map(fromRow);
}

/**
 * The plans that are not archived and are called so and for the same scope, by what is in force of them or by a newer
 * version on its way there; in the order in which they were made.
 */
export async function listPlansNamed(
  tx: WorkspaceTransaction,
  { name, scopeType, scopeRef, docClass }: Pick<PlanContent, 'name' | 'scopeType' | 'scopeRef' | 'docClass'>,
): Promise<DriftPlan[]> {
  const { rows } = await tx.client.query<PlanRow>(
    `${SELECT}
     where p.workspace_id = $1 and p.status <> 'archived' and (
       (p.name = $2 and p.scope_type = $3 and p.scope_ref is not distinct from $4
         and p.doc_class is not distinct from $5)
       or (l.version > p.version and l.state in ('draft', 'in_review', 'approved') and exists (
         select from driftplane.drift_plan_versions v
         where v.workspace_id = p.workspace_id and v.plan_id = p.id and v.version = l.version
           and v.content::jsonb ->> 'name' = $2 and v.content::jsonb ->> 'scopeType' = $3
           and v.content::jsonb ->> 'scopeRef' is not distinct from $4
           and v.content::jsonb ->> 'docClass' is not distinct from $5)))
     order by p.created_at, p.id`,
    [tx.workspaceId, name, scopeType, scopeRef, docClass],
  );
  return rows.map(fromRow);
}

/** A plan as it is inserted: its head is its first version. */
export interface NewPlan {
  readonly planId: string;
  readonly description: string;
  readonly status: PlanStatus;
  readonly content: PlanContent;
  readonly version: number;
  readonly versionHash: string;
  readonly parentId: string | null;
  readonly templateId: string | null;
}

export async function insertPlan(tx: WorkspaceTransaction, plan: NewPlan): Promise<void> {
  const columns: Record<string, unknown> = {
    workspace_id: tx.workspaceId,
    id: plan.planId,
    description: plan.description,
    status: plan.status,
    ...contentColumns(plan.content),
    version: plan.version,
    version_hash: plan.versionHash,
    parent_id: plan.parentId,
    template_id: plan.templateId,
    created_at: tx.now,
    updated_at: tx.now,
    created_by: tx.actor.label,
    updated_by: tx.actor.label,
  };
  const places = Object.keys(columns).map((_, index) => `$${index + 1}`);
  await tx.client.query(
    `insert into driftplane.drift_plans (${Object.keys(columns).join(', ')}) values (${places.join(', ')})`,
    Object.values(columns),
  );
}

/** What of a plan's head changes; what is not named stays. */
export interface PlanHeadChange {
  readonly description?: string;
  readonly status?: PlanStatus;
  readonly parentId?: string | null;
  /** Another version becomes the head. */
  readonly head?: { readonly content: PlanContent; readonly version: number; readonly versionHash: string };
}

/** Writes a change and counts the revision up. */
export async function updatePlan(
  tx: WorkspaceTransaction,
  planId: string,
  { description, status, parentId, head }: PlanHeadChange,
): Promise<void> {
  const columns: Record<string, unknown> = {
    ...(description === undefined ? {} : { description }),
    ...(status === undefined ? {} : { status, archived_at: status === 'archived' ? tx.now : null }),
    ...(parentId === undefined ? {} : { parent_id: parentId }),
    ...(head === undefined
      ? {}
      : { ...contentColumns(head.content), version: head.version, version_hash: head.versionHash }),
    updated_at: tx.now,
    updated_by: tx.actor.label,
  };
  const settings = Object.keys(columns).map((column, index) => `${column} = $${index + 3}`);
  await tx.client.query(
    `update driftplane.drift_plans set ${settings.join(', ')}, revision = revision + 1
     where workspace_id = $1 and id = $2`,
    [tx.workspaceId, planId, ...Object.values(columns)],
  );
}

interface Conflict {
  readonly planId: string;
  readonly name: string;
  readonly status: PlanStatus;
}

/** The other plan whose head has this content; archived ones too. */
export async function findPlanByHash(
  tx: WorkspaceTransaction,
  versionHash: string,
  exceptId: string | null,
): Promise<Conflict | undefined> {
  const { rows } = await tx.client.query<Conflict>(
    `select id as "planId", name, status from driftplane.drift_plans
     where workspace_id = $1 and version_hash = $2 and ($3::uuid is null or id <> $3)`,
    [tx.workspaceId, versionHash, exceptId],
  );
  return rows[0];
}

/** The other plan in force that claims the same scope. */
export async function findScopeHolder(
  tx: WorkspaceTransaction,
  { scopeType, scopeRef, docClass }: Pick<PlanContent, 'scopeType' | 'scopeRef' | 'docClass'>,
  exceptId: string | null,
): Promise<Conflict | undefined> {
  const { rows } = await tx.client.query<Conflict>(
    `select id as "planId", name, status from driftplane.drift_plans
     where workspace_id = $1 and status = 'active' and scope_type = $2 and scope_ref is not distinct from $3
       and ($2 <> 'repo' or doc_class is not distinct from $4) and ($5::uuid is null or id <> $5)`,
    [tx.workspaceId, scopeType, scopeRef, docClass, exceptId],
  );
  return rows[0];
}

/** The plan and all that it was made of, as far as they are there. */
export async function listAncestors(tx: WorkspaceTransaction, planId: string): Promise<string[]> {
  const { rows } = await tx.client.query<{ id: string }>(
    `with recursive line(id, parent_id) as (
       select id, parent_id from driftplane.drift_plans where workspace_id = $1 and id = $2
       union
       select p.id, p.parent_id from line join driftplane.drift_plans p on p.workspace_id = $1 and p.id = line.parent_id
     )
     select id from line`,
    [tx.workspaceId, planId],
  );
  return rows.map(({ id }) => id);
}

export async function getRequiredApprovals(tx: WorkspaceTransaction): Promise<number> {
  const { rows } = await tx.client.query<{ required: number }>(
    'select required_plan_approvals as required from driftplane.workspaces where workspace_id = $1',
    [tx.workspaceId],
  );
  return rows[0]?.required ?? 0;
}
