import { type CelFunc, CelScalar, celEnv, celFunc, isCelList, isCelMap } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { strictConversions } from './condition-conversions.ts';
import type { Pattern } from './condition-regex.ts';
import { type ConditionExpr, countNodes, partsOf } from './condition-syntax.ts';
import { utcGetters } from './condition-time.ts';

/** Thrown where an evaluation has used up what it may cost. */
export class TooExpensive extends Error {}

/** What is left of the steps that several evaluations share. */
export class StepBudget {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  get left(): number {
    return this.#left;
  }

  take(steps: number): void {
    this.#left -= steps;
  }
}

/** Steps of one evaluation at most; a step is some hundred nanoseconds at most. */
const MAX_STEPS = 100_000;
/** What an evaluation takes before it has looked at anything. */
const STEPS_OF_EVALUATION = 5;
/** Characters that are looked at in a step. */
const CHARACTERS_PER_STEP = 32;
/** Of two lists; also what bounds how long a list `map` and `filter` can make. */
const STEPS_OF_JOINING = 25;

/**
 * Counts what an evaluation costs, in steps and never in time, so that it ends the same way everywhere. One evaluation at
 * a time: each starts it anew.
 */
export class ConditionMeter {
  #steps = 0;
  #left = 0;
  #patterns: ReadonlyMap<string, Pattern> = new Map();

  /** Begins an evaluation of a condition with these patterns, by their texts. Throws where no steps are left for it. */
  start(budget: StepBudget, patterns: ReadonlyMap<string, Pattern>): void {
    this.#steps = Math.max(0, Math.min(MAX_STEPS, budget.left));
    this.#left = this.#steps;
    this.#patterns = patterns;
    this.charge(STEPS_OF_EVALUATION);
  }

  /** Ends it, and takes what it cost from the budget. */
  end(budget: StepBudget): void {
    budget.take(this.#steps - Math.max(0, this.#left));
  }

  /** Whether an evaluation was ended; the library hands the exception on as one of its own errors. */
  get isUsedUp(): boolean {
    return this.#left < 0;
  }

  charge(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new TooExpensive('the condition is too expensive');
  }

  chargeText(length: number): void {
    this.charge(1 + length / CHARACTERS_PER_STEP);
  }

  /** The checker lets no pattern through that is not written down. */
  patternOf(text: string): Pattern {
    const pattern = this.#patterns.get(text);
    if (pattern === undefined) throw new Error('a pattern was not compiled with its condition');
    return pattern;
  }
}

/** The function that every turn of a loop calls. No text can name it. */
const TICK = '@tick';

/**
 * An environment for any number of conditions, which are evaluated one after the other: every call is charged by the size
 * of what it looks at.
 */
export function meteredEnv(meter: ConditionMeter) {
  const tick = celFunc(TICK, [CelScalar.BOOL, CelScalar.INT], CelScalar.BOOL, (goesOn) => goesOn);
  const base = celEnv({
    funcs: [...strings, ...utcGetters, ...strictConversions, tick],
    re2: { compile: (pattern) => meter.patternOf(pattern) },
  });
  const known = new Map<string, unknown>();
  const funcs = Object.create(base.funcs, {
    find: {
      value(name: string) {
        if (!known.has(name)) known.set(name, meteredGroup(name, base.funcs.find(name), meter));
        return known.get(name);
      },
    },
  });
  return Object.create(base, { funcs: { value: funcs } }) as typeof base;
}

type FuncGroup = Pick<CelFunc, 'call'>;

/** The functions of one name. */
function meteredGroup(name: string, group: FuncGroup | undefined, meter: ConditionMeter): unknown {
  if (group === undefined) return undefined;
  const call = (...[id, target, args]: Parameters<FuncGroup['call']>) => {
    meter.charge(name === TICK ? Number(args[1] ?? 1) : 1);
    chargeSearch(meter, name, target, args[0]);
    if (!isCheap(name)) for (const value of [target, ...args]) chargeValue(meter, value, name);
    return group.call(id, target, args);
  };
  return Object.create(group, { call: { value: call } });
}

/** What looks for a text in another one, in the worst case at every place of it from the beginning. */
const searches: ReadonlySet<string> = new Set(['contains', 'indexOf', 'lastIndexOf', 'split']);

function chargeSearch(meter: ConditionMeter, name: string, target: unknown, arg: unknown): void {
  if (searches.has(name) && typeof target === 'string' && typeof arg === 'string') {
    meter.charge((target.length * arg.length) / CHARACTERS_PER_STEP ** 2);
  }
  if (name === 'matches' && typeof target === 'string' && typeof arg === 'string') {
    meter.charge(meter.patternOf(arg).stepsFor(target.length));
  }
  // A number is looked up in a map by going through its keys.
  if (name === '_[_]' && isCelMap(arg)) meter.charge(arg.size / 4);
}

/** What takes the same time whatever the size of its operands. */
function isCheap(name: string): boolean {
  return name === TICK || name === '_[_]' || name === '@not_strictly_false';
}

/** What looks at lists and maps as a whole, whatever is in them. */
const goesDeep: ReadonlySet<string> = new Set(['_==_', '_!=_', '@in', 'join']);

function chargeValue(meter: ConditionMeter, value: unknown, name: string): void {
  if (typeof value === 'string' || value instanceof Uint8Array) meter.chargeText(value.length);
  else if (isCelList(value)) {
    // A list is put behind another one without a look at its elements; reading it then goes through all that it is
    // made of.
    meter.charge(name === '_+_' ? STEPS_OF_JOINING : 1);
    if (goesDeep.has(name)) for (const element of value) chargeValue(meter, element, name);
  } else if (isCelMap(value) && goesDeep.has(name)) {
    for (const [key, member] of value) {
      chargeValue(meter, key, name);
      chargeValue(meter, member, name);
    }
  }
}

/** Makes every turn of every loop in a tree charge for what it does; the tree is changed. */
export function meterLoops(expr: ConditionExpr): void {
  for (const part of partsOf(expr)) meterLoops(part);
  if (expr.exprKind.case !== 'comprehensionExpr') return;
  const loop = expr.exprKind.value;
  const condition = loop.loopCondition;
  if (condition === undefined) return;
  // Most of what a turn consists of is charged for by itself.
  const cost = 1 + Math.ceil(countNodes(expr) / 4);
  loop.loopCondition = {
    ...condition,
    exprKind: {
      case: 'callExpr',
      value: {
        $typeName: 'cel.expr.Expr.Call',
        function: TICK,
        args: [
          condition,
          {
            ...condition,
            exprKind: {
              case: 'constExpr',
              value: {
                $typeName: 'cel.expr.Constant',
                constantKind: { case: 'int64Value', value: BigInt(cost) },
              },
            },
          },
        ],
      },
    },
  };
}
