import { isDeepStrictEqual } from 'node:util';
import { BenchError } from './bench-error.ts';

/** Throws BenchError unless an answer is the expected one. */
export function requireEqual(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new BenchError(`${what} is ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}
