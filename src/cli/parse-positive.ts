import { DriftplaneError } from '../core/errors.ts';

/** A count that was typed. Throws `invalid_arguments`. */
export function parsePositive(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new DriftplaneError('invalid_arguments', `${JSON.stringify(text)} is not a whole number above 0`);
}
