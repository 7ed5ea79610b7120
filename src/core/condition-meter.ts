import { type CelFunc, CelScalar, celEnv, celFunc, isCelList, isCelMap } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { compilePattern } from './condition-regex.ts';
import { type ConditionExpr, countNodes, partsOf } from './condition-syntax.ts';
import { utcGetters } from './condition-time.ts';

/** Thrown where an evaluation has used up what it may cost. */
export class TooExpensive extends Error {}

/** Steps of one evaluation; a step is some hundred nanoseconds at most. */
const BUDGET = 100_000;
/** Characters that are looked at in a step. */
const CHARACTERS_PER_STEP = 32;
/** Characters that a pattern is held against in a step; a large one takes longer. */
const MATCHED_CHARACTERS_PER_STEP = 5;
/** Of two lists; also what bounds how long a list `map` and `filter` can make. */
const STEPS_OF_JOINING = 25;

/** Counts what an evaluation costs, in steps and never in time, so that it ends the same way everywhere. */
export class ConditionMeter {
  #left = BUDGET;

  reset(): void {
    this.#left = BUDGET;
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
}

/** The function that every turn of a loop calls. No text can name it. */
const TICK = '@tick';

/** The environment in which a condition is evaluated: every call is charged by the size of what it looks at. */
export function meteredEnv(meter: ConditionMeter) {
  const tick = celFunc(TICK, [CelScalar.BOOL, CelScalar.INT], CelScalar.BOOL, (goesOn) => goesOn);
  const base = celEnv({
    funcs: [...strings, ...utcGetters, tick],
    re2: { compile: (pattern) => compilePattern(pattern) },
  });
  const funcs = Object.create(base.funcs, {
    find: {
      value(name: string) {
        const group = base.funcs.find(name);
        if (group === undefined) return undefined;
        return Object.create(group, {
          call: {
            value(id: number, target: unknown, args: readonly unknown[]) {
              meter.charge(name === TICK ? Number(args[1] ?? 1) : 1);
              chargeSearch(meter, name, target, args[0]);
              if (!isCheap(name)) for (const value of [target, ...args]) chargeValue(meter, value, name);
              return group.call(
                id,
                target as Parameters<CelFunc['call']>[1],
                args as Parameters<CelFunc['call']>[2],
              );
            },
          },
        });
      },
    },
  });
  return Object.create(base, { funcs: { value: funcs } }) as typeof base;
}

/** What looks for a text in another one, in the worst case at every place of it from the beginning. */
const searches: ReadonlySet<string> = new Set(['contains', 'indexOf', 'lastIndexOf', 'split']);

function chargeSearch(meter: ConditionMeter, name: string, target: unknown, arg: unknown): void {
  if (searches.has(name) && typeof target === 'string' && typeof arg === 'string') {
    meter.charge((target.length * arg.length) / CHARACTERS_PER_STEP ** 2);
  }
  if (name === 'matches' && typeof target === 'string' && typeof arg === 'string') {
    meter.charge((target.length * (1 + arg.length / 64)) / MATCHED_CHARACTERS_PER_STEP);
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
