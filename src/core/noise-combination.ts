import { compareText } from './compare-text.ts';
import { type IgnoreRule, isWorthIt, type NoisyFinding } from './noise-rule.ts';

/** Rules for one item type, and what a plan with all of them would have done to the findings that were looked at. */
export interface NoiseCombination {
  readonly itemType: string;
  /** By path; without any of them less would have gone. */
  readonly rules: readonly { readonly itemType: string; readonly path: string }[];
  readonly findings: number;
  readonly removed: number;
  readonly reduced: number;
}

const MAX_RULES = 10;
/** Sets that are tried for one type, those of the most findings first. */
const MAX_SHAPES_TRIED = 20;

/** Findings whose changes the same rules match. */
interface Shape {
  /** For each change the rules that match it, without repetitions. */
  readonly changes: readonly (readonly number[])[];
  readonly isWhole: boolean;
  /** How many findings. */
  count: number;
}

interface Tried {
  readonly set: readonly number[];
  readonly outcome: Outcome;
}

type Outcome = Pick<NoiseCombination, 'findings' | 'removed' | 'reduced'>;

/**
 * The sets of at most ten rules that together would have removed findings which none of them removes alone, enough to be
 * worth it. Tried are the rules that the most findings need together, and the rules of the most findings, from two of
 * them on; what a set does not need is left out of it, and one that is several is taken apart.
 */
export function combineRules(
  rules: readonly IgnoreRule[],
  matchesOf: (path: string) => readonly number[],
  findings: readonly NoisyFinding[],
  total: number,
): NoiseCombination[] {
  const shapes = shapesOf(findings, matchesOf);
  const alone = rules.map((_, rule) => outcomeOf([rule], shapes).removed);
  const worthIt = new Map<string, Tried>();
  const tried = [...neededTogether(shapes), ...mostFrequent(rules)];
  for (const set of tried.flatMap((one) => partsOf(withoutIdle(one, shapes), shapes))) {
    const outcome = outcomeOf(set, shapes);
    const removedAlone = set.reduce((sum, rule) => sum + (alone[rule] ?? 0), 0);
    if (set.length > 1 && isWorthIt(outcome.removed - removedAlone, total)) {
      worthIt.set(set.join(), { set, outcome });
    }
  }
  const found = [...worthIt.values()];
  return found
    .filter((one) => !found.some((other) => isBetter(other, one)))
    .map(({ set, outcome }) => {
      const chosen = set.map((rule) => rules[rule] as IgnoreRule);
      return {
        itemType: chosen[0]?.itemType ?? '',
        rules: chosen
          .map(({ itemType, path }) => ({ itemType, path }))
          .sort((a, b) => compareText(a.path, b.path)),
        ...outcome,
      };
    });
}

/**
 * Whether one of two sets, of which one is in the other, says better what is noise: the longer one where each rule more
 * removes as much as those of the shorter, the shorter one where it removes less than half as much.
 */
function isBetter(one: Tried, other: Tried): boolean {
  const isLonger = isProperSubset(other.set, one.set);
  if (!isLonger && !isProperSubset(one.set, other.set)) return false;
  const [short, long] = isLonger ? [other, one] : [one, other];
  const gain = (long.outcome.removed - short.outcome.removed) / (long.set.length - short.set.length);
  const each = short.outcome.removed / short.set.length;
  return isLonger ? gain >= each : gain < each / 2;
}

function isProperSubset(part: readonly number[], whole: readonly number[]): boolean {
  return part.length < whole.length && part.every((rule) => whole.includes(rule));
}

/** Findings of the same shape go or stay together: a set of rules is tried on shapes, of which there are few. */
function shapesOf(
  findings: readonly NoisyFinding[],
  matchesOf: (path: string) => readonly number[],
): Shape[] {
  const shapes = new Map<string, Shape>();
  for (const { paths, isWhole } of findings) {
    const changes = new Map<string, readonly number[]>();
    for (const path of paths) {
      const matches = matchesOf(path);
      changes.set(matches.join(), matches);
    }
    const key = `${isWhole} ${[...changes.keys()].sort(compareText).join(' ')}`;
    const shape = shapes.get(key) ?? { changes: [...changes.values()], isWhole, count: 0 };
    shape.count++;
    shapes.set(key, shape);
  }
  return [...shapes.values()];
}

function outcomeOf(set: readonly number[], shapes: readonly Shape[]): Outcome {
  const isChosen = new Set(set);
  const isMatched = (matches: readonly number[]) => matches.some((rule) => isChosen.has(rule));
  let findings = 0;
  let removed = 0;
  for (const { changes, isWhole, count } of shapes) {
    if (!changes.some(isMatched)) continue;
    findings += count;
    if (isWhole && changes.every(isMatched)) removed += count;
  }
  return { findings, removed, reduced: findings - removed };
}

/** The rules that whole findings need to go, those of the most findings first. */
function neededTogether(shapes: readonly Shape[]): number[][] {
  const counts = new Map<string, { readonly set: number[]; count: number }>();
  for (const { changes, isWhole, count } of shapes) {
    if (!isWhole || changes.some((matches) => matches.length === 0)) continue;
    // Rules are in the order of their findings: the first that matches is the one that does most.
    const set = [...new Set(changes.map((matches) => Math.min(...matches)))].sort((a, b) => a - b);
    if (set.length < 2 || set.length > MAX_RULES) continue;
    const key = set.join();
    const needed = counts.get(key) ?? { set, count: 0 };
    needed.count += count;
    counts.set(key, needed);
  }
  return [...counts]
    .sort(([a, one], [b, other]) => other.count - one.count || compareText(a, b))
    .slice(0, MAX_SHAPES_TRIED)
    .map(([, { set }]) => set);
}

/** The rules of the most findings, two of them, three …: for paths that change in ever other company. */
function mostFrequent(rules: readonly IgnoreRule[]): number[][] {
  const lengths = Array.from({ length: MAX_RULES - 1 }, (_, index) => index + 2);
  return lengths
    .filter((length) => length <= rules.length)
    .map((length) => rules.slice(0, length).map((_, rule) => rule));
}

/** The set without the rules that remove nothing which the others don't, those of the fewest findings first. */
function withoutIdle(set: readonly number[], shapes: readonly Shape[]): readonly number[] {
  const { removed } = outcomeOf(set, shapes);
  let kept = set;
  for (const rule of [...set].reverse()) {
    const rest = kept.filter((other) => other !== rule);
    if (outcomeOf(rest, shapes).removed === removed) kept = rest;
  }
  return kept;
}

/** The set in parts that no finding which it removes needs together, each with its rules in order. */
function partsOf(set: readonly number[], shapes: readonly Shape[]): number[][] {
  let parts = set.map((rule) => [rule]);
  for (const { changes, isWhole } of shapes) {
    const needed = changes.map((matches) => set.filter((rule) => matches.includes(rule)));
    if (!isWhole || needed.some((matches) => matches.length === 0)) continue;
    const isNeeded = (part: readonly number[]) =>
      needed.some((matches) => matches.some((rule) => part.includes(rule)));
    const joined = parts.filter(isNeeded).flat();
    parts = [...parts.filter((part) => !isNeeded(part)), ...(joined.length > 0 ? [joined] : [])];
  }
  return parts.map((part) => part.sort((a, b) => a - b));
}
