import { conditionFunctions, type Overload } from './condition-functions.ts';
import { compilePattern, type Pattern } from './condition-regex.ts';
import type { ConditionExpr } from './condition-syntax.ts';
import { otherWordHint } from './condition-syntax-fault.ts';
import {
  BOOL,
  BYTES,
  type ConditionType,
  commonType,
  DOUBLE,
  DYN,
  fits,
  INT,
  isNumeric,
  listOf,
  MAP,
  NULL,
  REPO_NAME,
  STRING,
  typeText,
  UINT,
} from './condition-type.ts';
import { didYouMean } from './nearest.ts';
import { repoKey } from './plan-text.ts';

/** Functions that look for a text in a text. */
const partFunctions = ['startsWith', 'endsWith', 'contains'];

/** The types of the variables in sight. */
type Scope = Readonly<Record<string, ConditionType>>;
type Kind<Case> = Extract<ConditionExpr['exprKind'], { case: Case }>;
type Call = Kind<'callExpr'>['value'];

/** What the checker made of a condition. */
export interface CheckedCondition {
  /** All that is wrong with it; empty where it is right. */
  readonly faults: readonly string[];
  /** Its patterns by their texts. */
  readonly patterns: ReadonlyMap<string, Pattern>;
}

/** What the checker tells faults by. */
interface Surroundings {
  placeOf(expr: ConditionExpr): string;
  /** Where in a plan a variable that is not there could be read; empty where nowhere. */
  placesWith(name: string): readonly string[];
}

/**
 * Looks at a parsed condition for what is wrong with it: unknown names, operands of the wrong types, a result that is no
 * truth value. The library evaluates, but has no type checker of its own (docs/decisions/0009). What is only known at run
 * time may be anything.
 */
export function checkCondition(
  expr: ConditionExpr,
  variables: Scope,
  { placeOf, placesWith }: Surroundings,
): CheckedCondition {
  const checker = new Checker({ placeOf, placesWith });
  const type = checker.check(expr, variables);
  if (checker.faults.length === 0 && !fits(type, BOOL)) {
    checker.fault(expr, `the condition gives ${typeText(type)}, not true or false`);
  }
  return { faults: [...new Set(checker.faults)], patterns: checker.patterns };
}

class Checker {
  readonly faults: string[] = [];
  readonly patterns = new Map<string, Pattern>();
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Writes down a fault; whatever is wrong may be anything, so that one mistake is told once. */
  fault(expr: ConditionExpr, text: string): ConditionType {
    this.faults.push(`${this.#around.placeOf(expr)}: ${text}`);
    return DYN;
  }

  check(expr: ConditionExpr, scope: Scope): ConditionType {
    const { exprKind } = expr;
    switch (exprKind.case) {
      case 'constExpr':
        return constantTypes[exprKind.value.constantKind.case ?? ''] ?? DYN;
      case 'identExpr':
        return this.#variable(expr, exprKind.value.name, scope);
      case 'selectExpr':
        return this.#select(expr, exprKind.value, scope);
      case 'callExpr':
        return this.#call(expr, exprKind.value, scope);
      case 'listExpr': {
        const types = exprKind.value.elements.map((element) => this.check(element, scope));
        return listOf(types.length === 0 ? DYN : types.reduce(commonType));
      }
      case 'structExpr':
        return this.#map(expr, exprKind.value, scope);
      case 'comprehensionExpr':
        return this.#comprehension(exprKind.value, scope);
      default:
        return this.fault(expr, 'this is not understood');
    }
  }

  #variable(expr: ConditionExpr, name: string, scope: Scope): ConditionType {
    if (Object.hasOwn(scope, name)) return scope[name] as ConditionType;
    const places = this.#around.placesWith(name);
    const fault =
      places.length > 0
        ? `the variable "${name}" is known only in ${places.join(' and ')}`
        : `there is no variable "${name}"`;
    return this.fault(expr, `${fault}${hint(name, Object.keys(scope))}`);
  }

  #select(expr: ConditionExpr, select: Kind<'selectExpr'>['value'], scope: Scope): ConditionType {
    const { operand, field, testOnly } = select;
    if (operand === undefined) return DYN;
    const type = this.check(operand, scope);
    if (type.kind === 'record' && !Object.hasOwn(type.fields, field)) {
      return this.fault(expr, `there is no field "${field}"${hint(field, Object.keys(type.fields))}`);
    }
    if (type.kind !== 'record' && type.kind !== 'map' && type.kind !== 'dyn') {
      return this.fault(expr, `${typeText(type)} has no field "${field}"`);
    }
    if (testOnly) return BOOL;
    return type.kind === 'record' ? (type.fields[field] as ConditionType) : DYN;
  }

  #map(expr: ConditionExpr, struct: Kind<'structExpr'>['value'], scope: Scope): ConditionType {
    if (struct.messageName !== '')
      return this.fault(expr, `there is no type "${struct.messageName}" to make`);
    for (const { keyKind, value } of struct.entries) {
      if (keyKind.case === 'mapKey') this.check(keyKind.value, scope);
      if (value !== undefined) this.check(value, scope);
    }
    return MAP;
  }

  /** `all`, `exists`, `exists_one`, `map` and `filter`, as the parser writes them out. */
  #comprehension(loop: Kind<'comprehensionExpr'>['value'], scope: Scope): ConditionType {
    const { iterRange, accuInit, loopCondition, loopStep, result, iterVar, accuVar } = loop;
    if (!iterRange || !accuInit || !loopCondition || !loopStep || !result) return DYN;
    const range = this.check(iterRange, scope);
    if (!['list', 'map', 'record', 'dyn'].includes(range.kind)) {
      this.fault(iterRange, `${typeText(range)} has no elements to go through`);
    }
    const element = range.kind === 'list' ? range.element : range.kind === 'dyn' ? DYN : STRING;
    const start = this.check(accuInit, scope);
    const inLoop = { ...scope, [iterVar]: element, [accuVar]: start };
    this.check(loopCondition, inLoop);
    const step = this.check(loopStep, inLoop);
    return this.check(result, { ...scope, [accuVar]: step });
  }

  #call(expr: ConditionExpr, call: Call, scope: Scope): ConditionType {
    const target = call.target === undefined ? null : this.check(call.target, scope);
    const args = call.args.map((arg) => this.check(arg, scope));
    const [one = DYN, other = DYN] = args;
    switch (call.function) {
      case '_&&_':
      case '_||_':
      case '!_':
      case '@not_strictly_false':
        for (const [index, arg] of call.args.entries()) {
          const type = args[index] ?? DYN;
          if (!fits(type, BOOL)) this.fault(arg, `true or false is needed here, not ${typeText(type)}`);
        }
        return BOOL;
      case '_?_:_':
        if (!fits(one, BOOL)) this.fault(expr, `true or false is needed before "?", not ${typeText(one)}`);
        return this.#branches(expr, other, args[2] ?? DYN);
      case '_==_':
      case '_!=_':
        if (!isComparable(one, other)) {
          this.fault(
            expr,
            `${typeText(one)} can not be compared with ${typeText(other)}: they are never the same`,
          );
        }
        this.#word(one, call.args[1]);
        this.#word(other, call.args[0]);
        return BOOL;
      case '@in':
        return this.#in(expr, call, one, other);
      case '_[_]':
        return this.#index(expr, one, other);
      case '_+_':
        if (one.kind === 'list' && other.kind === 'list') return joined(one, other);
    }
    if (call.function === 'matches') {
      if (call.target === undefined) return this.fault(expr, 'write it text.matches("pattern")');
      this.#pattern(call);
    }
    if (partFunctions.includes(call.function) && target?.kind === 'string' && target.isRepoName === true) {
      this.#word(REPO_NAME, call.args[0]);
    }
    return this.#function(expr, call.function, { target, args });
  }

  /** What follows "?" and ":": in CEL both are of one type, so that whoever reads on knows what to expect. */
  #branches(expr: ConditionExpr, one: ConditionType, other: ConditionType): ConditionType {
    if (fits(one, other) || fits(other, one)) return commonType(one, other);
    return this.fault(
      expr,
      `what is before and behind ":" must be of one type, not ${typeText(one)} and ${typeText(other)}${mixHint([one, other])}`,
    );
  }

  /** A variable is not compared with a text that it never is: that says nothing, and nobody would notice. */
  #word(type: ConditionType, compared: ConditionExpr | undefined): void {
    const text = compared === undefined ? null : textOf(compared);
    if (compared === undefined || text === null || type.kind !== 'string') return;
    if (type.isRepoName === true && text !== repoKey(text)) {
      this.fault(
        compared,
        `it is never ${JSON.stringify(text)}: repositories are kept in lower case; write ${JSON.stringify(repoKey(text))}`,
      );
    }
    if (type.words === undefined || type.words.includes(text)) return;
    const words = type.words.filter((word) => word !== '');
    this.fault(
      compared,
      `it is never ${JSON.stringify(text)}, but one of ${words.join(', ')}${didYouMean(text, words)}`,
    );
  }

  #in(expr: ConditionExpr, call: Call, element: ConditionType, collection: ConditionType): ConditionType {
    const [wanted, listed] = call.args;
    if (listed?.exprKind.case === 'listExpr') {
      for (const each of listed.exprKind.value.elements) this.#word(element, each);
    }
    if (collection.kind === 'list') {
      this.#word(collection.element, wanted);
      if (!isComparable(element, collection.element)) {
        this.fault(expr, `${typeText(element)} is never in a ${typeText(collection)}`);
      }
    } else if (!['map', 'record', 'dyn'].includes(collection.kind)) {
      this.fault(expr, `"in" needs a list or a map, not ${typeText(collection)}`);
    }
    return BOOL;
  }

  #index(expr: ConditionExpr, collection: ConditionType, index: ConditionType): ConditionType {
    if (collection.kind === 'list') {
      if (index.kind !== 'dyn' && !isNumeric(index)) this.fault(expr, 'a list is indexed by a number');
      return collection.element;
    }
    if (collection.kind === 'map' || collection.kind === 'record' || collection.kind === 'dyn') return DYN;
    return this.fault(expr, `${typeText(collection)} has no elements`);
  }

  /** A pattern is written down, so that it can be looked at before it is ever run. */
  #pattern({ args: [pattern] }: Call): void {
    if (pattern === undefined) return;
    const text = textOf(pattern);
    if (text === null) {
      this.fault(pattern, 'the pattern of matches() must be written as a text');
      return;
    }
    if (this.patterns.has(text)) return;
    const compiled = compilePattern(text);
    if (compiled.ok) this.patterns.set(text, compiled.pattern);
    else this.fault(pattern, compiled.fault);
  }

  #function(
    expr: ConditionExpr,
    name: string,
    given: { readonly target: ConditionType | null; readonly args: readonly ConditionType[] },
  ): ConditionType {
    const overloads = Object.hasOwn(conditionFunctions, name) ? conditionFunctions[name] : undefined;
    if (overloads === undefined) {
      const known = Object.keys(conditionFunctions).filter(
        (one) => /^\w+$/.test(one) && !one.startsWith('_'),
      );
      return this.fault(expr, `there is no function "${name}"${otherWordHint(name) || hint(name, known)}`);
    }
    const matching = overloads.filter((overload) => isMatch(overload, given));
    if (matching.length > 0) return matching.map(({ result }) => result).reduce(commonType);
    const types = given.args.map(typeText).join(', ');
    const on = given.target === null ? '' : ` on ${typeText(given.target)}`;
    return this.fault(
      expr,
      `${operatorText(name)} can not be used${on} with ${types === '' ? 'nothing' : types}${mixHint(given.args)}`,
    );
  }
}

/** The text that an expression is, where it is written as one. */
function textOf({ exprKind }: ConditionExpr): string | null {
  const constant = exprKind.case === 'constExpr' ? exprKind.value.constantKind : null;
  return constant?.case === 'stringValue' ? constant.value : null;
}

const constantTypes: Readonly<Record<string, ConditionType>> = {
  boolValue: BOOL,
  bytesValue: BYTES,
  doubleValue: DOUBLE,
  int64Value: INT,
  uint64Value: UINT,
  stringValue: STRING,
  nullValue: NULL,
};

function isMatch(
  overload: Overload,
  { target, args }: { readonly target: ConditionType | null; readonly args: readonly ConditionType[] },
): boolean {
  if ((overload.target === null) !== (target === null) || overload.args.length !== args.length) return false;
  if (overload.target !== null && target !== null && !fits(target, overload.target)) return false;
  return overload.args.every((wanted, index) => fits(args[index] ?? DYN, wanted));
}

function isComparable(one: ConditionType, other: ConditionType): boolean {
  return fits(one, other) || fits(other, one) || (isNumeric(one) && isNumeric(other));
}

/** An empty list takes the type of what is put behind it. */
function joined(
  one: ConditionType & { kind: 'list' },
  other: ConditionType & { kind: 'list' },
): ConditionType {
  return one.element.kind === 'dyn' ? other : listOf(commonType(one.element, other.element));
}

function operatorText(name: string): string {
  return /^\w+$/.test(name) && !name.startsWith('_') ? `${name}()` : `"${name.replaceAll('_', '')}"`;
}

function mixHint(args: readonly ConditionType[]): string {
  const isMixed = args.length === 2 && args.every(isNumeric) && args[0]?.kind !== args[1]?.kind;
  return isMixed ? ': write both as decimals, such as 2.0' : '';
}

function hint(name: string, known: readonly string[]): string {
  return didYouMean(
    name,
    known.filter((one) => !one.startsWith('@')),
  );
}
