/** Longest number that is written out in digits; longer ones keep an exponent. */
const MAX_DIGITS = 60;

/** A JSON number as sign, significant digits without zeros at either end, and exponent: ± digits × 10^exponent. */
interface Decimal {
  readonly sign: '' | '-';
  readonly digits: string;
  readonly exponent: number;
}

function parseDecimal(token: string): Decimal {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? [];
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  const shift = all.length - digits.length - fraction.length;
  return { sign: sign === '-' ? '-' : '', digits, exponent: Number(exponent) + shift };
}

/**
 * Whether a double can be relied on to say what the JSON number `token` says: not beyond 2^53 - 1, where it
 * skips integers, however the number is written. Fractions are rounded, as everywhere.
 */
export function isHeldByDouble(token: string): boolean {
  return Math.abs(Number(token)) <= Number.MAX_SAFE_INTEGER;
}

/** The exact value of a JSON number as text, the same however the number is written. */
export function exactNumberText(token: string): string {
  const { sign, digits, exponent } = parseDecimal(token);
  if (exponent >= 0 && digits.length + exponent <= MAX_DIGITS)
    return `${sign}${digits}${'0'.repeat(exponent)}`;
  return `${sign}${digits}e${exponent}`;
}
