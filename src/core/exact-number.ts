/** Longest number that is written out in digits; longer ones keep an exponent. */
const MAX_DIGITS = 60n;

/** A JSON number as sign, significant digits without zeros at either end, and exponent: ± digits × 10^exponent. */
interface Decimal {
  readonly sign: string;
  readonly digits: string;
  readonly exponent: bigint;
}

function parseDecimal(token: string): Decimal {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? [];
  const all = whole + fraction;
  let start = 0;
  let end = all.length;
  while (start < end && all[start] === '0') start++;
  while (end > start && all[end - 1] === '0') end--;
  const shift = BigInt(all.length - end - fraction.length);
  return { sign, digits: all.slice(start, end), exponent: BigInt(exponent) + shift };
}

/**
 * Whether a double can be relied on to say what the JSON number `token` says: not beyond 2^53 - 1, where it
 * skips integers, nor where it is 0 and the number is not. Other fractions are rounded, as everywhere.
 */
export function isHeldByDouble(token: string): boolean {
  const value = Math.abs(Number(token));
  if (value === 0) return /^-?[0.]*(?:[eE]|$)/.test(token);
  return value <= Number.MAX_SAFE_INTEGER;
}

/** The exact value of a JSON number as text, the same however the number is written. */
export function exactNumberText(token: string): string {
  const { sign, digits, exponent } = parseDecimal(token);
  if (exponent >= 0n && BigInt(digits.length) + exponent <= MAX_DIGITS) {
    return `${sign}${digits}${'0'.repeat(Number(exponent))}`;
  }
  return `${sign}${digits}e${exponent}`;
}
