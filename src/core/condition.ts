import { isCelError, plan } from '@bufbuild/cel';
import { type CheckedCondition, checkCondition } from './condition-checker.ts';
import { constantFaults } from './condition-constants.ts';
import { ConditionMeter, meteredEnv, meterLoops, StepBudget, TooExpensive } from './condition-meter.ts';
import { type ConditionExpr, countNodes, namesIn, parseCondition } from './condition-syntax.ts';
import { type ConditionValue, celInput } from './condition-value.ts';
import { type ConditionKind, conditionPlaces, conditionVariables } from './condition-variables.ts';
import { DriftplaneError } from './errors.ts';

/**
 * What came of a condition. `failed`: it can not be told, such as where it reads what is not there; `too_expensive`: it
 * would take more steps than one evaluation may.
 */
export type ConditionOutcome = 'true' | 'false' | 'failed' | 'too_expensive';

/** The values of its variables, by name. More than a condition reads do no harm. */
export type ConditionValues = Readonly<Record<string, ConditionValue>>;

/** A condition in CEL, made ready for many evaluations. */
export interface Condition {
  readonly text: string;
  /** What it takes in memory, in parts of the condition and its patterns: some hundred bytes each at most. */
  readonly size: number;
  /**
   * Never throws; the same values give the same outcome where as much of the budget is left. Without one it has all that
   * one evaluation may take.
   */
  evaluate(values: ConditionValues, budget?: StepBudget): ConditionOutcome;
}

type ReadCondition = CheckedCondition & {
  readonly expr: ConditionExpr | null;
  placeOf(expr: ConditionExpr): string;
};

function readCondition(kind: ConditionKind, text: string): ReadCondition {
  const parsed = parseCondition(text);
  if (!parsed.ok) return { faults: [parsed.fault], patterns: new Map(), expr: null, placeOf: () => '' };
  const { expr } = parsed;
  const types = Object.fromEntries(conditionVariables[kind].map(({ name, type }) => [name, type]));
  return { ...checkCondition(expr, types, { ...parsed, placesWith }), expr, placeOf: parsed.placeOf };
}

/** The fields of a plan whose conditions have a variable. */
function placesWith(variable: string): string[] {
  const kinds = Object.keys(conditionPlaces) as ConditionKind[];
  return kinds
    .filter((kind) => conditionVariables[kind].some(({ name }) => name === variable))
    .map((kind) => conditionPlaces[kind]);
}

/** All that is wrong with a condition, as sentences with their place; empty where it is right. */
export function conditionFaults(kind: ConditionKind, text: string): string[] {
  const { faults, expr, placeOf } = readCondition(kind, text);
  if (faults.length > 0 || expr === null) return [...faults];
  const canTell = (part: ConditionExpr) => evaluateConstant(part) !== 'failed';
  return constantFaults(expr, { placeOf, canTell });
}

// For all conditions: they are evaluated one after the other, and an environment is a hundred times as large as one.
const meter = new ConditionMeter();
/** Made when the first condition is: most plans have none, and who only compares files shall not pay for it. */
let environment: ReturnType<typeof meteredEnv> | null = null;

function conditionEnvironment() {
  environment ??= meteredEnv(meter);
  return environment;
}

/** What a conversion of a text comes to: it has neither variables nor patterns. */
function evaluateConstant(expr: ConditionExpr): 'told' | 'failed' | 'too_expensive' {
  return metered(new StepBudget(Number.POSITIVE_INFINITY), new Map(), () =>
    isCelError(plan(conditionEnvironment(), expr)({})) ? 'failed' : 'told',
  );
}

/** Runs one evaluation, at the cost of `budget`. */
function metered<Outcome>(
  budget: StepBudget,
  patterns: CheckedCondition['patterns'],
  work: () => Outcome,
): Outcome | 'failed' | 'too_expensive' {
  // The library makes an error of whatever can't be told, and where one came from is of no use to anybody.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    meter.start(budget, patterns);
    const outcome = work();
    return meter.isUsedUp ? 'too_expensive' : outcome;
  } catch (error) {
    return isTooExpensive(error) ? 'too_expensive' : 'failed';
  } finally {
    meter.end(budget);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * Makes a condition ready. It was looked at by `conditionFaults` when its plan was written; where a later, stricter check
 * finds fault with it, it is evaluated all the same, as far as it can be told. Throws `internal_error` for what is no CEL
 * or too large.
 */
export function compileCondition(kind: ConditionKind, text: string): Condition {
  const { faults, patterns, expr } = readCondition(kind, text);
  if (expr === null) {
    throw new DriftplaneError('internal_error', `a condition that is not valid is in force: ${faults[0]}`);
  }
  const mentioned = namesIn(expr);
  const names = conditionVariables[kind].map(({ name }) => name).filter((name) => mentioned.has(name));
  const nodes = countNodes(expr);
  meterLoops(expr);
  const evaluate = plan(conditionEnvironment(), expr);
  return {
    text,
    size: [...patterns.values()].reduce((sum, { size }) => sum + size, nodes),
    evaluate(values, budget = new StepBudget(Number.POSITIVE_INFINITY)) {
      return metered(budget, patterns, () => {
        // Only what a condition may read is brought into the form that the library takes.
        const bound = Object.fromEntries(
          names.flatMap((name) => {
            const value = values[name];
            return value === undefined ? [] : [[name, celInput(value, meter)]];
          }),
        );
        const result = evaluate(bound);
        if (isCelError(result) || typeof result !== 'boolean') return 'failed';
        return result ? 'true' : 'false';
      });
    },
  };
}

function isTooExpensive(error: unknown): boolean {
  // A stack that is used up is a cost too.
  return error instanceof TooExpensive || error instanceof RangeError;
}
