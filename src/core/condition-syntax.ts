import { parse } from '@bufbuild/cel';

/** The syntax tree of a condition, as the library has it. */
export type ConditionExpr = ReturnType<typeof parse>['expr'];

export type ParsedCondition =
  | { readonly ok: true; readonly expr: ConditionExpr; placeOf(expr: ConditionExpr): string }
  | { readonly ok: false; readonly fault: string };

/** Enough for people, too little to hurt. */
const MAX_LENGTH = 2_000;
const MAX_NODES = 500;
const MAX_NESTING = 60;

/** Parses a condition; what is wrong with its syntax or size is a sentence with its place. */
export function parseCondition(text: string): ParsedCondition {
  if (text.trim() === '') return { ok: false, fault: 'a condition is needed' };
  if (text.length > MAX_LENGTH) {
    return { ok: false, fault: `the condition is longer than ${MAX_LENGTH} characters` };
  }
  // The parser goes into brackets by calling itself.
  if (nesting(text) > MAX_NESTING) {
    return { ok: false, fault: `the condition nests deeper than ${MAX_NESTING} brackets` };
  }
  try {
    // A comment at the end needs a line feed behind it.
    const { expr, sourceInfo } = parse(`${text}\n`);
    if (countNodes(expr) > MAX_NODES) {
      return { ok: false, fault: `the condition has more than ${MAX_NODES} parts` };
    }
    return {
      ok: true,
      expr,
      placeOf: ({ id }) => placeAt(text, sourceInfo?.positions[id.toString()] ?? 0),
    };
  } catch (error) {
    return { ok: false, fault: syntaxFault(text, error) };
  }
}

function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text) {
    if ('([{!-?'.includes(character)) depth++;
    if (')]}'.includes(character)) depth--;
    if (/[\w"']/.test(character) && depth > deepest) deepest = depth;
    // Signs and question marks only nest what follows them directly.
    if (character === ',' || character === '&' || character === '|') depth = Math.max(0, depth);
  }
  return deepest;
}

function placeAt(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

function syntaxFault(text: string, error: unknown): string {
  const location = (error as { location?: { start?: { offset?: number } } }).location?.start;
  const offset = location?.offset ?? 0;
  const found = text.slice(offset).match(/^(?:[\w.]+|\S)/)?.[0];
  const what = found === undefined ? 'it ends too early' : `${JSON.stringify(found)} does not belong here`;
  return `${placeAt(text, offset)}: ${what}`;
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
