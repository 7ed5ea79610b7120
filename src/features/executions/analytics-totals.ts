import { type DemotionCode, demotionCodes } from '../../core/disposition.ts';
import { type HoldCode, holdCodes } from '../../core/plan-hold.ts';
import { type FindingRoute, findingRoutes } from '../../core/plan-route.ts';
import type { GroupSums, RuleSum } from './execution-sums.ts';

/** What some executions came to. */
export interface ExecutionTotals {
  readonly executions: number;
  readonly candidates: number;
  readonly letThrough: number;
  readonly heldBack: {
    readonly candidates: number;
    readonly changes: number;
    /** By the field of the plan; what two rules of one field hold back counts twice. */
    readonly codes: readonly {
      readonly code: HoldCode;
      readonly candidates: number;
      readonly changes: number;
    }[];
  };
  readonly opened: number;
  readonly routes: Readonly<Record<FindingRoute, number>>;
  readonly demoted: readonly { readonly code: DemotionCode; readonly count: number }[];
}

/** What the executions of some groups came to together. */
export function totalsOf(groups: readonly GroupSums[]): ExecutionTotals {
  const sum = (of: (group: GroupSums) => number): number =>
    groups.reduce((total, group) => total + of(group), 0);
  const rules = Map.groupBy(
    groups.flatMap((group) => [...group.rules.values()]),
    ({ code }) => code,
  );
  return {
    executions: sum(({ counts }) => counts.executions),
    candidates: sum(({ counts }) => counts.candidates),
    letThrough: sum(({ counts }) => counts.letThrough),
    heldBack: {
      candidates: sum(({ counts }) => counts.heldBack),
      changes: sum(({ counts }) => counts.heldBackChanges),
      codes: holdCodes.flatMap((code) => codeTotals(code, rules.get(code) ?? [])),
    },
    opened: sum(({ counts }) => counts.opened),
    routes: Object.fromEntries(
      findingRoutes.map((route) => [route, sum(({ routed }) => routed.get(route) ?? 0)]),
    ) as Record<FindingRoute, number>,
    demoted: demotionCodes
      .map((code) => ({ code, count: sum(({ routed }) => routed.get(code) ?? 0) }))
      .filter(({ count }) => count > 0),
  };
}

function codeTotals(code: HoldCode, rules: readonly RuleSum[]): ExecutionTotals['heldBack']['codes'] {
  if (rules.length === 0) return [];
  const sum = (name: 'candidates' | 'changes'): number =>
    rules.reduce((total, rule) => total + rule[name], 0);
  return [{ code, candidates: sum('candidates'), changes: sum('changes') }];
}
