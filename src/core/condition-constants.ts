import { type ConditionExpr, partsOf } from './condition-syntax.ts';

/** Faults of one condition that are looked for: whoever has more will look again. */
const MAX_FAULTS = 5;
/** Texts in unusual forms that are tried; what lies behind is found out when the condition is evaluated. */
const MAX_TRIED = 20;

/** How the texts are usually written that values are made of: so they need not be tried. */
const usual: Readonly<Record<string, RegExp>> = {
  timestamp: /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/,
  duration: /^\d{1,6}(?:h|m|s|ms)$/,
  int: /^-?\d{1,18}$/,
  uint: /^\d{1,18}$/,
  double: /^-?\d{1,15}(?:\.\d{1,15})?$/,
  bool: /^(?:true|false)$/,
};

const faultTexts: Readonly<Record<string, string>> = {
  timestamp: 'this is no instant: write one as "2026-12-24T18:00:00Z"',
  duration: 'this is no duration: write one as "1h30m"',
};

/**
 * The values in a condition that are made of a text which is none of theirs, such as `timestamp("tomorrow")`: they could
 * never be told. As sentences with their place. `canTell` tries one.
 */
export function constantFaults(
  expr: ConditionExpr,
  {
    placeOf,
    canTell,
  }: { placeOf(expr: ConditionExpr): string; readonly canTell: (expr: ConditionExpr) => boolean },
): string[] {
  const faults: string[] = [];
  let tried = 0;
  const look = (at: ConditionExpr): void => {
    for (const part of partsOf(at)) look(part);
    if (faults.length >= MAX_FAULTS || tried >= MAX_TRIED) return;
    const conversion = conversionOf(at);
    if (conversion === null || usual[conversion.name]?.test(conversion.text) === true) return;
    tried++;
    if (canTell(at)) return;
    const { name, text } = conversion;
    const fault = faultTexts[name] ?? `${JSON.stringify(text.slice(0, 60))} is no ${name}`;
    faults.push(`${placeOf(at)}: ${fault}`);
  };
  look(expr);
  return faults;
}

/** A call that makes a value of a text that is written down. */
function conversionOf({ exprKind }: ConditionExpr): { readonly name: string; readonly text: string } | null {
  if (exprKind.case !== 'callExpr') return null;
  const { function: name, target, args } = exprKind.value;
  const given = args[0]?.exprKind;
  if (target !== undefined || args.length !== 1 || given?.case !== 'constExpr') return null;
  const { constantKind } = given.value;
  if (constantKind.case !== 'stringValue' || !Object.hasOwn(usual, name)) return null;
  return { name, text: constantKind.value };
}
