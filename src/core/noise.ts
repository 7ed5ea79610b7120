import { compareText } from './compare-text.ts';
import { combineRules, type NoiseCombination } from './noise-combination.ts';
import { type IgnoreRule, isWorthIt, type NoisyFinding, ruleMatcher, rulesToTry } from './noise-rule.ts';

/** A noisy path with the rule that would ignore it, and what that would have done to the findings that were looked at. */
interface NoisyPath {
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

export interface Noise {
  /** Those that at least three findings have, or 1 %; most findings first. */
  readonly paths: readonly NoisyPath[];
  /** Rules that only together would have removed as many, most first: paths that always change at once. */
  readonly combinations: readonly NoiseCombination[];
}

const MAX_PATHS = 20;
const MAX_COMBINATIONS = 10;
const MAX_EXAMPLES = 3;

/**
 * Which paths are in the most findings, and which rules would have spared people the most of them. Each is tried as a
 * plan would apply it, so its numbers are those of the plan with it, other things being equal. The same findings give
 * the same answer, whatever their order.
 */
export function findNoise(findings: readonly NoisyFinding[]): Noise {
  const byType = Map.groupBy(findings, ({ itemType }) => itemType);
  const rulesByType = Map.groupBy(rulesToTry(byType), ({ itemType }) => itemType);
  const paths: NoisyPath[] = [];
  const combinations: NoiseCombination[] = [];
  for (const [itemType, rules] of rulesByType) {
    const ofType = byType.get(itemType) ?? [];
    const matchesOf = ruleMatcher(rules);
    paths.push(...tryRules(rules, matchesOf, ofType));
    combinations.push(...combineRules(rules, matchesOf, ofType, findings.length));
  }
  return {
    paths: paths
      .filter((path) => isWorthIt(path.findings, findings.length))
      .sort(comparePaths)
      .slice(0, MAX_PATHS),
    combinations: combinations.sort(compareCombinations).slice(0, MAX_COMBINATIONS),
  };
}

/** What each of some rules for one type would have done to the findings of that type. */
function tryRules(
  rules: readonly IgnoreRule[],
  matchesOf: (path: string) => readonly number[],
  findings: readonly NoisyFinding[],
): NoisyPath[] {
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

function comparePaths(one: NoisyPath, other: NoisyPath): number {
  return (
    other.findings - one.findings ||
    other.removed - one.removed ||
    compareText(one.itemType, other.itemType) ||
    compareText(one.path, other.path)
  );
}

function compareCombinations(one: NoiseCombination, other: NoiseCombination): number {
  const text = ({ rules }: NoiseCombination): string => rules.map(({ path }) => path).join('\n');
  return (
    other.removed - one.removed ||
    one.rules.length - other.rules.length ||
    compareText(one.itemType, other.itemType) ||
    compareText(text(one), text(other))
  );
}
