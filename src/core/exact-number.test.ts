import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactNumberText, isHeldByDouble } from './exact-number.ts';

/** An integer and a few ways to write it in JSON. */
const spelled = fc
  .tuple(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), fc.nat(4))
  .map(([mantissa, zeros]) => {
    const value = mantissa * 10n ** BigInt(zeros);
    const digits = String(value);
    const [sign, rest] = value < 0n ? ['-', digits.slice(1)] : ['', digits];
    const scientific = `${sign}${rest[0]}${rest.length > 1 ? `.${rest.slice(1)}` : ''}e${rest.length - 1}`;
    return {
      value,
      digits,
      spellings: [`${digits}.0`, `${digits}00e-2`, scientific, `${mantissa}E+${zeros}`],
    };
  });

describe('isHeldByDouble', () => {
  it('is true of an integer literal exactly up to 2^53 - 1', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }), (value) => {
        expect(isHeldByDouble(String(value))).toBe((value < 0n ? -value : value) < 2n ** 53n);
      }),
    );
    expect(isHeldByDouble('9007199254740991')).toBe(true);
    expect(isHeldByDouble('9007199254740992')).toBe(false);
  });

  it('is the same for an integer in any spelling', () => {
    fc.assert(
      fc.property(spelled, ({ value, spellings }) => {
        const isSafe = (value < 0n ? -value : value) < 2n ** 53n;

        expect(spellings.map(isHeldByDouble)).toEqual(spellings.map(() => isSafe));
      }),
    );
  });

  it.each(['0', '-0', '0.1', '123.456e2', '9007199254740991.0', '1e15', '5e-324', '0.30000000000000004'])(
    'is true of %s',
    (token) => {
      expect(isHeldByDouble(token)).toBe(true);
    },
  );

  it.each(['1e309', '1e-400', '-0.1e-500', '-1e999', `1${'0'.repeat(400)}`, '1e23', '9007199254740993.000'])(
    'is false of %s',
    (token) => {
      expect(isHeldByDouble(token)).toBe(false);
    },
  );
});

it('a fraction behind an integer that no double holds is not held either', () => {
  for (const token of ['9007199254740993.5', '12345678901234567890.000001'])
    expect(isHeldByDouble(token)).toBe(false);
});

describe('exactNumberText', () => {
  it('is the same however a number is written, and another for another number', () => {
    fc.assert(
      fc.property(spelled, ({ digits, spellings }) => {
        fc.pre(digits !== '0');
        for (const spelling of spellings) expect(exactNumberText(spelling)).toBe(digits);
      }),
    );
  });

  it.each([
    ['1e60', '1e60'],
    ['1e59', `1${'0'.repeat(59)}`],
    ['-12.50e400', '-125e399'],
    [`1${'0'.repeat(100)}`, '1e100'],
  ])('of %s is %s', (token, text) => {
    expect(exactNumberText(token)).toBe(text);
  });

  it('takes no time for a number of a million digits', () => {
    expect(exactNumberText(`1${'0'.repeat(1_000_000)}`)).toBe('1e1000000');
    expect(isHeldByDouble('9'.repeat(1_000_000))).toBe(false);
  });
});
