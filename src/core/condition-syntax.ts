import { parse } from '@bufbuild/cel';
import { bracketDepth } from './condition-brackets.ts';
import { placeAt, syntaxFault } from './condition-syntax-fault.ts';

/** The syntax tree of a condition, as the library has it. */
export type ConditionExpr = ReturnType<typeof parse>['expr'];

export type ParsedCondition =
  | { readonly ok: true; readonly expr: ConditionExpr; placeOf(expr: ConditionExpr): string }
  | { readonly ok: false; readonly fault: string };

/** Enough for people, too little to hurt. */
export const MAX_CONDITION_LENGTH = 2_000;
const MAX_NODES = 500;
const MAX_BRACKETS = 60;
/** Levels of the tree: a chain of operators, such as `a + b + c`, nests as well. All that looks at it calls itself. */
const MAX_DEPTH = 250;

/** Parses a condition; what is wrong with its syntax or size is a sentence with its place. */
export function parseCondition(text: string): ParsedCondition {
  if (text.trim() === '') return { ok: false, fault: 'a condition is needed' };
  if (text.length > MAX_CONDITION_LENGTH) {
    return { ok: false, fault: `the condition is longer than ${MAX_CONDITION_LENGTH} characters` };
  }
  // The parser goes into brackets by calling itself.
  if (bracketDepth(text) > MAX_BRACKETS) {
    return { ok: false, fault: `the condition nests deeper than ${MAX_BRACKETS} brackets` };
  }
  try {
    // A comment at the end needs a line feed behind it.
    const { expr, sourceInfo } = parse(`${text}\n`);
    const fault = sizeFault(expr);
    if (fault !== null) return { ok: false, fault };
    return {
      ok: true,
      expr,
      placeOf: ({ id }) => placeAt(text, sourceInfo?.positions[id.toString()] ?? 0),
    };
  } catch (error) {
    return { ok: false, fault: syntaxFault(text, error) };
  }
}

/** Whether a tree is too large or too deep, found without calling itself. */
function sizeFault(expr: ConditionExpr): string | null {
  let level = [expr];
  let nodes = 0;
  for (let depth = 1; level.length > 0; depth++) {
    nodes += level.length;
    if (nodes > MAX_NODES) return `the condition has more than ${MAX_NODES} parts`;
    if (depth > MAX_DEPTH) return `the condition nests deeper than ${MAX_DEPTH} levels`;
    level = level.flatMap(partsOf);
  }
  return null;
}

/** The expressions that an expression directly consists of. */
export function partsOf({ exprKind }: ConditionExpr): ConditionExpr[] {
  const kind = exprKind;
  switch (kind.case) {
    case 'selectExpr':
      return given([kind.value.operand]);
    case 'callExpr':
      return given([kind.value.target, ...kind.value.args]);
    case 'listExpr':
      return kind.value.elements;
    case 'structExpr':
      return kind.value.entries.flatMap(({ keyKind, value }) =>
        given([keyKind.case === 'mapKey' ? keyKind.value : undefined, value]),
      );
    case 'comprehensionExpr': {
      const { iterRange, accuInit, loopCondition, loopStep, result } = kind.value;
      return given([iterRange, accuInit, loopCondition, loopStep, result]);
    }
    default:
      return [];
  }
}

function given(parts: readonly (ConditionExpr | undefined)[]): ConditionExpr[] {
  return parts.filter((part) => part !== undefined);
}

export function countNodes(expr: ConditionExpr): number {
  return partsOf(expr).reduce((sum, part) => sum + countNodes(part), 1);
}

/** The names that a tree reads, those of its loops among them. */
export function namesIn(expr: ConditionExpr): Set<string> {
  const names = new Set<string>();
  const rest = [expr];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (next.exprKind.case === 'identExpr') names.add(next.exprKind.value.name);
    rest.push(...partsOf(next));
  }
  return names;
}
