import fc from 'fast-check';

/** Any character but a surrogate: fast-check's unit 'binary' takes half a second to prepare. */
const character = fc
  .oneof(fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code));

/** A string literal with any of the ways in which JSON can write a character. */
export const literal = fc
  .array(
    fc.oneof(
      fc.string({ unit: character, minLength: 1, maxLength: 1 }).map((c) => JSON.stringify(c).slice(1, -1)),
      fc.nat(0xffff).map((code) => `\\u${code.toString(16).padStart(4, '0')}`),
      fc.constantFrom(
        '\\/',
        '\\"',
        '\\\\',
        '\\b',
        '\\f',
        '\\n',
        '\\r',
        '\\t',
        '\\uABcd',
        '€',
        '😀',
        'a',
        '\u007f',
      ),
    ),
    { maxLength: 6 },
  )
  .map((parts) => `"${parts.join('')}"`);
