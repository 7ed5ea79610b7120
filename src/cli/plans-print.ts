import type { PlanDocument } from '../core/plan-schema.ts';
import { planToYaml } from '../core/plan-yaml.ts';
import { printable } from '../core/report/printable.ts';
import type { PlanResponse } from '../features/plans/plan-contract.ts';
import { printRecord } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

/** What a plan is for, in a few words. */
export function scopeText({
  scopeType,
  scopeRef,
  docClass,
}: Pick<PlanDocument, 'scopeType' | 'scopeRef' | 'docClass'>): string {
  if (scopeType === 'workspace') return 'workspace';
  return `${scopeType} ${scopeRef}${docClass === null ? '' : `, document class ${docClass}`}`;
}

/** Writes what a plan is and what of it is in force, or all of it as JSON. */
export function printPlan(
  plan: PlanResponse,
  options: { readonly json?: true | undefined },
  terminal: Terminal,
): Promise<void> {
  const { latest, parentId, templateId } = plan;
  const fields = [
    ['plan', plan.planId],
    ['name', plan.name],
    ['description', plan.description === '' ? null : plan.description],
    ['scope', scopeText(plan)],
    ['status', plan.status],
    ['in force', inForceText(plan)],
    ['latest version', `${latest.version}, ${latest.state} (${latest.versionHash})`],
    ['made of', parentId === null ? templateId && `template ${templateId}` : `plan ${parentId}`],
    ['revision', plan.revision],
    ['created', `${plan.createdAt} by ${plan.createdBy}`],
    ['updated', `${plan.updatedAt} by ${plan.updatedBy}`],
    ['archived', plan.archivedAt],
  ] as const;
  return printRecord(plan, fields, options, terminal);
}

function inForceText({ status, version, versionHash }: PlanResponse): string {
  if (status === 'active') return `version ${version} (${versionHash})`;
  return status === 'draft' ? 'nothing: it is a draft' : 'nothing: it is archived';
}

/** Says so where the newest version of a plan is not in force, and what would put it there. */
export function sayWhatIsPending({ status, latest, planId }: PlanResponse, terminal: Terminal): void {
  if (status === 'archived' || latest.state === 'published') return;
  const next = {
    draft: `driftplane plans publish ${planId}, or plans submit for review`,
    rejected: `driftplane plans reviews ${planId}`,
    in_review: `driftplane plans approve ${planId} ${latest.version}, by somebody else`,
    approved: `driftplane plans publish ${planId}`,
    superseded: `driftplane plans versions ${planId}`,
  }[latest.state];
  terminal.say(`Version ${latest.version} is not in force, it is ${latest.state}. Next: ${next}`);
}

/** A plan as YAML, made harmless to a terminal: for reading. What is read back is `planToYaml` itself. */
export function shownYaml(plan: PlanDocument): string {
  return `${planToYaml(plan).trimEnd().split('\n').map(printable).join('\n')}\n`;
}
