import { compareText } from './compare-text.ts';
import { compilePlan } from './compiled-plan.ts';
import { generalisePaths } from './generalise-paths.ts';
import { builtInPlan } from './parse-plan.ts';
import { planConfigFields } from './plan-config-schema.ts';

/** What of a finding tells how noisy paths are. */
export interface NoisyFinding {
  readonly itemType: string;
  /** Of its changes, as it shows them. */
  readonly paths: readonly string[];
  /** False: it keeps only a part of its changes, so no rule is known to remove it. */
  readonly isWhole: boolean;
}

/** A rule for `noiseControls.ignoreChanges`. */
export type IgnoreRule = (typeof builtInPlan)['noiseControls']['ignoreChanges'][number];

/** Patterns that are tried, those of the most findings first. */
const MAX_TRIED = 200;
/** What happened once is no noise. */
const MIN_FINDINGS = 2;
const ENOUGH_FINDINGS = 3;
const ENOUGH_SHARE = 0.01;

/** Whether so many of all findings are worth a rule: at least three, or 1 %. */
export function isWorthIt(findings: number, total: number): boolean {
  return findings >= MIN_FINDINGS && (findings >= ENOUGH_FINDINGS || findings >= total * ENOUGH_SHARE);
}

/** Rules of the patterns that most findings have, as far as a plan can have them; most findings first. */
export function rulesToTry(byType: ReadonlyMap<string, readonly NoisyFinding[]>): IgnoreRule[] {
  return [...byType]
    .flatMap(([itemType, findings]) =>
      [...countPatterns(findings)].map(([path, count]) => ({ itemType, path, count })),
    )
    .filter(({ count }) => count >= MIN_FINDINGS)
    .sort((a, b) => b.count - a.count || compareText(a.itemType, b.itemType) || compareText(a.path, b.path))
    .slice(0, MAX_TRIED)
    .flatMap(({ itemType, path }) => ignoreRule(itemType, path) ?? []);
}

/** How many findings of one type have a change of each pattern. */
function countPatterns(findings: readonly NoisyFinding[]): Map<string, number> {
  const distinct = new Set<string>();
  for (const { paths } of findings) for (const path of paths) distinct.add(path);
  const patterns = generalisePaths(distinct);
  const counts = new Map<string, number>();
  for (const { paths } of findings) {
    const ofFinding = new Set(paths.map((path) => patterns.get(path) ?? null));
    for (const pattern of ofFinding) {
      if (pattern !== null) counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
    }
  }
  return counts;
}

/** The rule as a plan has it; null where no plan can. */
function ignoreRule(itemType: string, path: string): IgnoreRule | null {
  const parsed = planConfigFields.noiseControls.safeParse({ ignoreChanges: [{ itemType, path }] });
  const rule = parsed.data?.ignoreChanges[0] ?? null;
  // A type that a plan can't name as it is would be another one.
  return rule?.itemType === itemType && !itemType.includes('*') ? rule : null;
}

/** The indices of the rules that a path matches, as a plan with all of them finds them. */
export function ruleMatcher(rules: readonly IgnoreRule[]): (path: string) => readonly number[] {
  const itemType = rules[0]?.itemType ?? '';
  const { noiseControls } = builtInPlan;
  const plan = compilePlan({
    ...builtInPlan,
    noiseControls: { ...noiseControls, ignoreChanges: [...rules] },
  });
  // Findings repeat their paths.
  const known = new Map<string, readonly number[]>();
  return (path) => {
    const indices =
      known.get(path) ??
      plan.ignoreChangesAt(itemType, path).map(({ rule }) => Number(rule.slice(rule.lastIndexOf('/') + 1)));
    known.set(path, indices);
    return indices;
  };
}
