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

/** A rule for `noiseControls.ignoreChanges`, and what it would have done to the findings that were looked at. */
export interface NoiseProposal {
  readonly itemType: string;
  /** Pattern; empty: that items come and go. */
  readonly path: string;
  /** Findings with a change that it matches; those with others too would have shown less. */
  readonly findings: number;
  /** Findings that would not have been there: all of their changes are matched. */
  readonly removed: number;
  readonly reduced: number;
  /** Paths that it matches, and the first of them. */
  readonly distinctPaths: number;
  readonly examples: readonly string[];
}

const MAX_PROPOSALS = 20;
const MAX_EXAMPLES = 3;
/** Patterns that are tried, those of the most findings first. */
const MAX_TRIED = 200;
/** What happened once is no noise. */
const MIN_REMOVED = 2;
const ENOUGH_REMOVED = 3;
const ENOUGH_SHARE = 0.01;

/**
 * Which rules would have spared people the most findings: those that would have removed at least three of them, or 1 %, most
 * first. Each is tried as a plan would apply it, so its numbers are those of the plan with it, other things being equal.
 * The same findings give the same proposals, whatever their order.
 */
export function proposeIgnoreRules(findings: readonly NoisyFinding[]): NoiseProposal[] {
  const byType = Map.groupBy(findings, ({ itemType }) => itemType);
  const rulesByType = Map.groupBy(rulesToTry(byType), ({ itemType }) => itemType);
  return [...rulesByType]
    .flatMap(([itemType, rules]) => tryRules(rules, byType.get(itemType) ?? []))
    .filter(({ removed }) => isWorthIt(removed, findings.length))
    .sort(compareProposals)
    .slice(0, MAX_PROPOSALS);
}

/** What each of some rules for one type would have done to the findings of that type. */
function tryRules(rules: readonly IgnoreRule[], findings: readonly NoisyFinding[]): NoiseProposal[] {
  const matchesOf = ruleMatcher(rules);
  const tallies = rules.map((rule) => ({ rule, removed: 0, reduced: 0, paths: new Set<string>() }));
  for (const { paths, isWhole } of findings) {
    const matched = new Map<RuleTally, number>();
    for (const path of paths) {
      for (const index of matchesOf(path)) {
        const tally = tallies[index] as RuleTally;
        tally.paths.add(path);
        matched.set(tally, (matched.get(tally) ?? 0) + 1);
      }
    }
    for (const [tally, changes] of matched) {
      if (isWhole && changes === paths.length) tally.removed++;
      else tally.reduced++;
    }
  }
  return tallies.map(({ rule: { itemType, path }, removed, reduced, paths }) => ({
    itemType,
    path,
    findings: removed + reduced,
    removed,
    reduced,
    distinctPaths: paths.size,
    examples: [...paths].sort(compareText).slice(0, MAX_EXAMPLES),
  }));
}

interface RuleTally {
  readonly rule: IgnoreRule;
  removed: number;
  reduced: number;
  readonly paths: Set<string>;
}

/** The indices of the rules that a path matches, as a plan with all of them finds them. */
function ruleMatcher(rules: readonly IgnoreRule[]): (path: string) => readonly number[] {
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

function isWorthIt(removed: number, total: number): boolean {
  return removed >= MIN_REMOVED && (removed >= ENOUGH_REMOVED || removed >= total * ENOUGH_SHARE);
}

function compareProposals(one: NoiseProposal, other: NoiseProposal): number {
  return (
    other.removed - one.removed ||
    other.reduced - one.reduced ||
    compareText(one.itemType, other.itemType) ||
    compareText(one.path, other.path)
  );
}

type IgnoreRule = (typeof builtInPlan)['noiseControls']['ignoreChanges'][number];

/** Rules of the patterns that most findings have, as far as a plan can have them. */
function rulesToTry(byType: ReadonlyMap<string, readonly NoisyFinding[]>): IgnoreRule[] {
  return [...byType]
    .flatMap(([itemType, findings]) =>
      [...countPatterns(findings)].map(([path, count]) => ({ itemType, path, count })),
    )
    .filter(({ count }) => count >= MIN_REMOVED)
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
