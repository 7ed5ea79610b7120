import type { PlanSubject, ResolvablePlan } from '../src/core/plan-resolution.ts';
import type { Database } from '../src/db/database.ts';
import { connectOwner } from '../src/db/owner-connection.ts';
import { systemActor, withWorkspace } from '../src/db/workspace-transaction.ts';
import { createDriftPlan } from '../src/features/plans/plan-service.ts';
import { createWorkspace } from '../src/features/workspaces/workspace-service.ts';
import { SeededRandom } from './seeded-random.ts';

/** A workspace full of active plans. */
export interface SeededPlans {
  readonly workspaceId: string;
  readonly plans: readonly ResolvablePlan[];
}

const SERVICE_SHARE = 0.3;
const DOC_CLASSES = ['runbook', 'readme', 'architecture'];

/**
 * Active plans of a new workspace: one for the workspace, three in ten for services, the rest for repositories, of each
 * of which one is for every document class and up to three for one each. All but the first are copies by SQL.
 */
export async function seedPlans(database: Database, count: number): Promise<SeededPlans> {
  const { workspaceId } = await createWorkspace(database.urls.owner, { name: 'bench plans' });
  const options = { workspaceId, actor: systemActor };
  await withWorkspace(database.app, options, (tx) =>
    createDriftPlan(tx, { document: { name: 'default', scopeType: 'workspace', status: 'active' } }),
  );
  const services = Math.floor(count * SERVICE_SHARE);
  await withWorkspace(database.app, options, ({ client }) =>
    client.query(copyPlans, [workspaceId, count - 1, services, DOC_CLASSES]),
  );
  await analyze(database.urls.owner);
  const { rows } = await withWorkspace(database.app, options, ({ client }) =>
    client.query(
      `select id as "planId", name, scope_type as "scopeType", scope_ref as "scopeRef", doc_class as "docClass", version,
         version_hash as "versionHash", created_at as "createdAt"
       from driftplane.drift_plans where workspace_id = $1 order by id`,
      [workspaceId],
    ),
  );
  const plans = rows.map((row) => ({ ...row, createdAt: row.createdAt.toISOString() }));
  return { workspaceId, plans };
}

/** The columns of the first plan, under another scope and hash. */
const copyPlans = `
  insert into driftplane.drift_plans (workspace_id, id, name, status, scope_type, scope_ref, doc_class, input_sources,
    drift_types, allowed_outputs, thresholds, eligibility, section_targets, impact_rules, writeback, noise_controls,
    budgets, doc_targeting, version, version_hash, created_at, updated_at, created_by, updated_by)
  select p.workspace_id, md5('plan ' || n)::uuid, 'plan ' || n, 'active',
    case when n <= $3 then 'service' else 'repo' end,
    case when n <= $3 then 'service-' || n else 'acme/repo-' || (n - $3) / 4 end,
    case when n > $3 then ($4::text[])[(n - $3) % 4] end,
    p.input_sources, p.drift_types, p.allowed_outputs, p.thresholds, p.eligibility, p.section_targets, p.impact_rules,
    p.writeback, p.noise_controls, p.budgets, p.doc_targeting, 1, md5('hash ' || n) || md5('hash' || n),
    p.created_at, p.updated_at, p.created_by, p.updated_by
  from driftplane.drift_plans p, generate_series(1, $2::integer) as n
  where p.workspace_id = $1`;

async function analyze(ownerUrl: string): Promise<void> {
  const client = await connectOwner(ownerUrl);
  try {
    await client.query('vacuum (analyze) driftplane.drift_plans');
  } finally {
    await client.end();
  }
}

/** Subjects that are found in each of the five steps, the same ones for the same seed. */
export function makeSubjects(plans: readonly ResolvablePlan[], count: number): PlanSubject[] {
  const random = new SeededRandom(7, count);
  return Array.from({ length: count }, () => {
    const plan = random.pick(plans);
    const isRepo = plan.scopeType === 'repo';
    return {
      serviceId: plan.scopeType === 'service' ? plan.scopeRef : `service-unknown-${random.below(100)}`,
      repoFullName: isRepo ? plan.scopeRef : null,
      docClass: isRepo ? (plan.docClass ?? random.pick(DOC_CLASSES)) : null,
    };
  });
}
