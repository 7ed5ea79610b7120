import { isCelError, plan } from '@bufbuild/cel';
import { typeFaults } from './condition-checker.ts';
import { ConditionMeter, meteredEnv, meterLoops, TooExpensive } from './condition-meter.ts';
import { parseCondition } from './condition-syntax.ts';
import { type ConditionValue, celInput } from './condition-value.ts';
import { type ConditionKind, conditionVariables } from './condition-variables.ts';
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
  /** Never throws; the same values give the same outcome. */
  evaluate(values: ConditionValues): ConditionOutcome;
}

/** All that is wrong with a condition, as sentences with their place; empty where it is right. */
export function conditionFaults(kind: ConditionKind, text: string): string[] {
  const parsed = parseCondition(text);
  if (!parsed.ok) return [parsed.fault];
  const types = Object.fromEntries(conditionVariables[kind].map(({ name, type }) => [name, type]));
  return typeFaults(parsed.expr, types, parsed.placeOf);
}

/** Makes a condition ready. It was looked at by `conditionFaults` before; throws `internal_error` where it was not. */
export function compileCondition(kind: ConditionKind, text: string): Condition {
  const [fault] = conditionFaults(kind, text);
  const parsed = parseCondition(text);
  if (fault !== undefined || !parsed.ok) {
    throw new DriftplaneError('internal_error', `a condition that is not valid is in force: ${fault ?? ''}`);
  }
  const meter = new ConditionMeter();
  meterLoops(parsed.expr);
  const evaluate = plan(meteredEnv(meter), parsed.expr);
  const names = conditionVariables[kind].map(({ name }) => name).filter((name) => mentions(text, name));
  return {
    text,
    evaluate(values) {
      meter.reset();
      // The library makes an error of whatever can't be told, and where one came from is of no use to anybody.
      const { stackTraceLimit } = Error;
      Error.stackTraceLimit = 0;
      try {
        const bound = Object.fromEntries(
          names.flatMap((name) => {
            const value = values[name];
            return value === undefined ? [] : [[name, celInput(value, meter)]];
          }),
        );
        const result = evaluate(bound);
        if (meter.isUsedUp) return 'too_expensive';
        if (isCelError(result) || typeof result !== 'boolean') return 'failed';
        return result ? 'true' : 'false';
      } catch (error) {
        return isTooExpensive(error) ? 'too_expensive' : 'failed';
      } finally {
        Error.stackTraceLimit = stackTraceLimit;
      }
    },
  };
}

function isTooExpensive(error: unknown): boolean {
  // A stack that is used up is a cost too.
  return error instanceof TooExpensive || error instanceof RangeError;
}

/** Only what a condition may read is brought into the form that the library takes. */
function mentions(text: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(text);
}
