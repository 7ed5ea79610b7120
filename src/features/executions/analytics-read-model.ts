import { compareText } from '../../core/compare-text.ts';
import { type CompiledPlan, compilePlan } from '../../core/compiled-plan.ts';
import { withinTime } from '../../db/time-limit.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { DriftPlan, PlanVersion } from '../plans/plan.ts';
import { listPlanNames, listPlanVersionsByNumber, type PlanName } from '../plans/plan-read-model.ts';
import { getDriftPlan } from '../plans/plan-service.ts';
import { findPathNoise, type PathNoise } from './analytics-noise.ts';
import { type RuleUse, ruleUses } from './analytics-rules.ts';
import { type ExecutionTotals, totalsOf } from './analytics-totals.ts';
import { noTriage, sumTriage, type TriageSums, type TriageTotals } from './analytics-triage.ts';
import { type AnalyticsWindow, analyticsWindow, daysOf } from './analytics-window.ts';
import { type ExecutionSums, sumExecutions } from './execution-sums.ts';
import { listScopesWithoutPlan, type ScopeWithoutPlan } from './scopes-without-plan.ts';

/** Seconds that one answer may take. */
const MAX_SECONDS = 20;
const MAX_VERSIONS = 100;
const MAX_RULES = 100;
const MAX_PLANS = 1_000;
const MAX_SCOPES = 1_000;

export interface PlanTotals extends ExecutionTotals {
  readonly triage: TriageTotals;
}

/** What a plan did to drift, and what people made of the rest. */
export interface PlanAnalytics {
  readonly plan: DriftPlan;
  readonly window: AnalyticsWindow;
  readonly totals: PlanTotals;
  /** With executions in the window, newest first. */
  readonly versions: readonly VersionAnalytics[];
  readonly omittedVersions: number;
  /** Every UTC day of the window. */
  readonly trend: readonly DayAnalytics[];
  readonly noise: Noise;
  /** Those that held something back, most first. */
  readonly rules: Listed<RuleUse>;
  /** Those in force that held nothing back. */
  readonly deadRules: Listed<RuleUse>;
}

interface VersionAnalytics extends PlanTotals {
  readonly version: number;
  readonly rules: Listed<Pick<RuleUse, 'code' | 'rule' | 'text' | 'candidates' | 'changes'>>;
}

interface DayAnalytics {
  readonly day: string;
  readonly executions: number;
  readonly candidates: number;
  readonly letThrough: number;
  readonly heldBack: number;
  readonly opened: number;
  readonly firstTriaged: number;
}

export interface Noise extends PathNoise {
  readonly omittedFindings: number;
}

/** The first of a list, and how many more there are. */
interface Listed<T> {
  readonly items: readonly T[];
  readonly omitted: number;
}

/** Whether the plan ignores every change of this kind, whatever else holds. */
function alwaysIgnores(plan: CompiledPlan, itemType: string, path: string): boolean {
  return (
    plan.ignorePathsAt(path).length > 0 ||
    plan.ignoreChangesAt(itemType, path).some(({ condition }) => condition === null)
  );
}

/** What a plan did in the last days. Throws `plan_not_found` and `query_too_broad`. */
export async function analysePlan(
  tx: WorkspaceTransaction,
  planId: string,
  days: number,
): Promise<PlanAnalytics> {
  const plan = await getDriftPlan(tx, planId);
  const window = await analyticsWindow(tx, days);
  const of = { since: window.since, planId };
  return withinTime(tx, MAX_SECONDS, async (requireTime) => {
    const sums = await sumExecutions(tx, of, requireTime);
    requireTime();
    const triage = await sumTriage(tx, of);
    const inForce = plan.status === 'active' ? compilePlan(plan) : null;
    const paths = await findPathNoise(
      tx,
      of,
      requireTime,
      (itemType, path) => inForce !== null && alwaysIgnores(inForce, itemType, path),
    );
    const used = [...sums.byKey.keys()].map(Number).sort((a, b) => b - a);
    const shown = used.slice(0, MAX_VERSIONS);
    const contents = await listPlanVersionsByNumber(tx, planId, [...new Set([...shown, plan.version])]);
    const uses = ruleUses(contents, sums.byKey, plan.status === 'active' ? plan.version : null);
    return {
      plan,
      window,
      totals: { ...totalsOf([...sums.byKey.values()]), triage: triage.all },
      versions: shown.map((version) => versionAnalytics(version, contents, { sums, triage })),
      omittedVersions: used.length - shown.length,
      trend: trendOf(window, sums, triage),
      noise: { ...paths, omittedFindings: triage.all.findings - paths.findings },
      rules: firstOf(uses.filter(isUsed), MAX_RULES),
      deadRules: firstOf(
        uses.filter((use) => use.isInForce && !isUsed(use)),
        MAX_RULES,
      ),
    };
  });
}

function isUsed({ candidates, changes }: Pick<RuleUse, 'candidates' | 'changes'>): boolean {
  return candidates > 0 || changes > 0;
}

function versionAnalytics(
  version: number,
  contents: readonly PlanVersion[],
  { sums, triage }: { readonly sums: ExecutionSums; readonly triage: TriageSums },
): VersionAnalytics {
  const key = String(version);
  const uses = ruleUses(
    contents.filter((content) => content.version === version),
    sums.byKey,
    null,
  );
  const rules = uses
    .filter(isUsed)
    .map(({ code, rule, text, candidates, changes }) => ({ code, rule, text, candidates, changes }));
  return { version, ...planTotals(key, { sums, triage }), rules: firstOf(rules, MAX_RULES) };
}

function planTotals(
  key: string | null,
  { sums, triage }: { readonly sums: ExecutionSums; readonly triage: TriageSums },
): PlanTotals {
  const group = sums.byKey.get(key);
  return { ...totalsOf(group === undefined ? [] : [group]), triage: triage.byKey.get(key) ?? noTriage };
}

function trendOf(window: AnalyticsWindow, sums: ExecutionSums, triage: TriageSums): DayAnalytics[] {
  return daysOf(window).map((day) => {
    const {
      executions = 0,
      candidates = 0,
      letThrough = 0,
      heldBack = 0,
      opened = 0,
    } = sums.byDay.get(day) ?? {};
    const firstTriaged = triage.firstTriagedByDay.get(day) ?? 0;
    return { day, executions, candidates, letThrough, heldBack, opened, firstTriaged };
  });
}

function firstOf<T>(all: readonly T[], most: number): Listed<T> {
  return { items: all.slice(0, most), omitted: Math.max(0, all.length - most) };
}

/** What all plans did, and what is without one. */
export interface WorkspaceAnalytics {
  readonly window: AnalyticsWindow;
  /** In force or with executions in the window, those that opened the most findings first. */
  readonly plans: Listed<PlanName & PlanTotals>;
  readonly withoutPlan: PlanTotals;
  readonly scopesWithoutPlan: Listed<ScopeWithoutPlan>;
  /** Over all findings. */
  readonly noise: Noise;
}

/** What the plans of a workspace did in the last days. Throws `query_too_broad`. */
export async function analyseWorkspace(tx: WorkspaceTransaction, days: number): Promise<WorkspaceAnalytics> {
  const window = await analyticsWindow(tx, days);
  const { since } = window;
  const of = { since, planId: null };
  return withinTime(tx, MAX_SECONDS, async (requireTime) => {
    const sums = await sumExecutions(tx, of, requireTime);
    requireTime();
    const triage = await sumTriage(tx, of);
    requireTime();
    const planIds = [...sums.byKey.keys()].filter((key) => key !== null);
    const names = await listPlanNames(tx, planIds);
    const scopes = await listScopesWithoutPlan(tx, since, requireTime);
    const paths = await findPathNoise(tx, of, requireTime);
    const plans = names
      .map((name) => ({ ...name, ...planTotals(name.planId, { sums, triage }) }))
      .sort(compareLines);
    return {
      window,
      plans: firstOf(plans, MAX_PLANS),
      withoutPlan: planTotals(null, { sums, triage }),
      scopesWithoutPlan: firstOf(scopes, MAX_SCOPES),
      noise: { ...paths, omittedFindings: (await countFindings(tx, since)) - paths.findings },
    };
  });
}

function compareLines(one: PlanName & PlanTotals, other: PlanName & PlanTotals): number {
  return (
    other.opened - one.opened ||
    other.executions - one.executions ||
    compareText(one.name, other.name) ||
    compareText(one.planId, other.planId)
  );
}

async function countFindings(tx: WorkspaceTransaction, since: Date): Promise<number> {
  const { rows } = await tx.client.query<{ count: number }>(
    'select count(*) as count from driftplane.findings where workspace_id = $1 and first_seen_at >= $2',
    [tx.workspaceId, since],
  );
  return rows[0]?.count ?? 0;
}
