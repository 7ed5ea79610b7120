import type { Command } from 'commander';
import { DriftplaneError } from '../core/errors.ts';
import { parsePlan } from '../core/parse-plan.ts';
import type { PlanDocument } from '../core/plan-schema.ts';
import { printable } from '../core/report/printable.ts';
import type { AppliedPlanResponse, PlanResponse } from '../features/plans/plan-contract.ts';
import { type ApiClient, openApiClient } from './api-client.ts';
import { type PlanText, requireValid } from './config-file.ts';
import { unifiedDiffText } from './plans-diff-text.ts';
import { readPlanFile, withLinesOf } from './plans-file.ts';
import { findPlan } from './plans-find.ts';
import { sayWhatIsPending } from './plans-print.ts';
import type { Terminal } from './terminal.ts';

interface ApplyOptions {
  readonly file: string;
  readonly plan?: string;
  readonly template?: string;
  readonly note?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

const EXIT_CODES = `
Exit codes:
  0  the plan is what the file says; with --dry-run: it is so already
  1  only with --dry-run: something would change
  2  error: the file is not a plan, or it could not be applied; nothing was changed`;

/** Adds `plans apply`. */
export function addPlanApply(plans: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  plans
    .command('apply')
    .description('make a plan what a file says, as often as you like: a second time nothing changes')
    .requiredOption('-f, --file <file>', 'a plan (YAML); - for stdin')
    .option(
      '--plan <plan>',
      'the plan that it is (id or name); without: the one of its name and scope, or a new one',
    )
    .option('--template <id>', 'the template that the file was made of; kept with a plan that is new')
    .option('--note <text>', 'why; kept with the version that it makes')
    .option('--dry-run', 'only say what would be otherwise')
    .option('--json', 'as JSON')
    .addHelpText('after', EXIT_CODES)
    .action(async (options: ApplyOptions) => exitWith(await applyPlan(options, terminal)));
}

async function applyPlan(options: ApplyOptions, terminal: Terminal): Promise<number> {
  const file = await readPlanFile(options.file);
  const api = openApiClient(process.env);
  const { name } = await requireValidPlan(api, file, options);
  const planId = options.plan === undefined ? undefined : (await findPlan(api, options.plan)).planId;
  const body = {
    document: file.content,
    planId,
    templateId: options.template,
    changeNote: options.note,
    dryRun: options.dryRun === true,
  };
  const applied = await withLinesOf(file, () =>
    api.callOnce<AppliedPlanResponse>({ method: 'POST', resource: 'plans', path: ['apply'], body }),
  );
  if (options.json === true) await terminal.write(`${JSON.stringify(applied, null, 2)}\n`);
  else {
    await terminal.write(unifiedDiffText(applied.unifiedDiff, terminal));
    await terminal.write(`${resultText(name, applied)}\n`);
    const plan = applied.plan as PlanResponse | null;
    const isSaid = !applied.isDryRun || (applied.action === 'unchanged' && applied.waitingVersion !== null);
    if (plan !== null && isSaid) sayWhatIsPending(plan, terminal);
    sayWhatIsInForce(applied, terminal);
  }
  return applied.isDryRun && applied.action !== 'unchanged' ? 1 : 0;
}

/**
 * The plan of a file. What is wrong with one that is not valid is asked of the server, who knows of more; where it does
 * not answer, it is what is seen here.
 */
async function requireValidPlan(
  api: ApiClient,
  file: PlanText,
  { plan, template: templateId }: ApplyOptions,
): Promise<PlanDocument> {
  const parsed = parsePlan(file.content);
  if (!parsed.ok) {
    const planId = plan === undefined ? undefined : (await findPlan(api, plan).catch(() => null))?.planId;
    const body = { document: file.content, planId, templateId, dryRun: true };
    const request = { method: 'POST', resource: 'plans', path: ['apply'], body } as const;
    const refusal = await api.callOnce(request).catch((error: unknown) => error);
    if (refusal instanceof DriftplaneError && refusal.code === 'invalid_plan') {
      return requireValid(file, { ok: false, details: refusal.details });
    }
  }
  return requireValid(file, parsed);
}

function resultText(name: string, { action, isDryRun, plan }: AppliedPlanResponse): string {
  const what = `${printable(JSON.stringify(name))}${plan === null ? '' : ` (${plan.planId})`}`;
  if (action === 'unchanged') return `unchanged: ${what}`;
  if (isDryRun) return `would be ${action}: ${what}`;
  // What counts from here on is what people must know first.
  const isInForce = plan?.status === 'active' && plan.version === plan.latest.version;
  return `${action}: ${what}, version ${plan?.latest.version}${isInForce ? ', in force' : ''}`;
}

/** A file whose plan got another name means another plan: whoever only renamed theirs must hear of it. */
function sayWhatIsInForce({ scopeHolder }: AppliedPlanResponse, terminal: Terminal): void {
  if (scopeHolder === null) return;
  const { planId, name } = scopeHolder;
  terminal.say(
    `${printable(JSON.stringify(name))} is in force for the same scope. If the file is that plan under another name: --plan ${planId}`,
  );
}
