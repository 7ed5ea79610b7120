import { type ConditionExpr, partsOf } from './condition-syntax.ts';

/** What a part of a condition is before anything is known of its variables. */
type Part = 'constant' | 'open' | 'impossible';

/**
 * The calls in a condition whose values are all written down and that can never be told of them, such as
 * `timestamp("tomorrow")`, as sentences with their place. `canTell` evaluates one.
 */
export function constantFaults(
  expr: ConditionExpr,
  {
    placeOf,
    canTell,
  }: { placeOf(expr: ConditionExpr): string; readonly canTell: (expr: ConditionExpr) => boolean },
): string[] {
  const faults: string[] = [];
  const look = (at: ConditionExpr): Part => {
    const parts = partsOf(at).map(look);
    const { case: kind } = at.exprKind;
    if (kind === 'constExpr') return 'constant';
    const isConstant = parts.every((part) => part === 'constant');
    if (!isConstant || !['callExpr', 'listExpr', 'structExpr'].includes(kind ?? '')) return 'open';
    if (at.exprKind.case !== 'callExpr' || canTell(at)) return 'constant';
    faults.push(`${placeOf(at)}: ${faultOf(at.exprKind.value.function)}`);
    return 'impossible';
  };
  look(expr);
  return faults;
}

/** How the texts are written that values are made of. */
const forms: Readonly<Record<string, string>> = {
  timestamp: 'this is no instant: write one as "2026-12-24T18:00:00Z"',
  duration: 'this is no duration: write one as "1h30m"',
};

function faultOf(name: string): string {
  return forms[name] ?? 'this can never be told: there is no such value';
}
