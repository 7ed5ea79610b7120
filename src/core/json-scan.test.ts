import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createJsonScanner, type JsonScan } from './json-scan.ts';
import { literal } from './test-json-text.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const plain = createJsonScanner({ wanted: new Map(), maxDepth: 64 });

function scan(text: string, isFinal = true): JsonScan {
  const bytes = encoder.encode(text);
  return plain.scan(bytes, 0, bytes.length, isFinal);
}

/** Whether the whole text is one value to the scanner. */
function isAccepted(text: string): boolean {
  const { fault, isIncomplete, end } = scan(text);
  return (
    fault === null && !isIncomplete && /^[ \t\r\n]*$/.test(decoder.decode(encoder.encode(text).subarray(end)))
  );
}

function isParsed(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n'), maxLength: 2 });

const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(fc.constant('0'), fc.stringMatching(/^[1-9][0-9]{0,20}$/)),
    fc.oneof(fc.constant(''), fc.stringMatching(/^[.][0-9]{1,5}$/)),
    fc.oneof(fc.constant(''), fc.stringMatching(/^[eE][+-]?[0-9]{1,3}$/)),
  )
  .map((parts) => parts.join(''));

/** JSON text as any writer could have made it. */
const json = fc.letrec<{ value: string }>((tie) => {
  const spaced = fc.tuple(space, tie('value'), space).map((parts) => parts.join(''));
  const member = fc
    .tuple(space, literal, space, spaced)
    .map(([a, name, b, value]) => `${a}${name}${b}:${value}`);
  return {
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.oneof(fc.constantFrom('true', 'false', 'null'), number, literal),
      fc.oneof(space, fc.array(spaced, { minLength: 1, maxLength: 4 }).map(String)).map((s) => `[${s}]`),
      fc.oneof(space, fc.array(member, { minLength: 1, maxLength: 4 }).map(String)).map((s) => `{${s}}`),
    ),
  };
}).value;

const noise = fc.constantFrom(
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\\u12',
    '0',
    '-',
    '.',
    'e',
    '+',
    'null',
    'nul',
    'tru',
    'False',
    'NaN',
  ],
  ...[
    '\u0000',
    '\u001f',
    '\u00a0',
    '\u2028',
    '\ufeff',
    '\v',
    '\f',
    ' ',
    '\n',
    "'",
    '/',
    '//',
    'a',
    '1',
    '01',
    '1.',
  ],
);

/** JSON with some of its characters lost, doubled or replaced. */
const mutated = fc
  .tuple(json, fc.array(fc.tuple(fc.nat(60), fc.nat(3), noise), { minLength: 1, maxLength: 3 }))
  .map(([text, edits]) =>
    edits.reduce((left, [at, length, insert]) => left.slice(0, at) + insert + left.slice(at + length), text),
  );

describe('what it accepts', () => {
  it('accepts whatever JSON.parse does', () => {
    fc.assert(
      fc.property(json, (text) => {
        JSON.parse(text);
        expect(isAccepted(text)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('accepts a damaged text exactly where JSON.parse does', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        expect(isAccepted(text)).toBe(isParsed(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('accepts a heap of tokens exactly where JSON.parse does', () => {
    fc.assert(
      fc.property(fc.array(noise, { maxLength: 8 }), (tokens) => {
        expect(isAccepted(tokens.join(''))).toBe(isParsed(tokens.join('')));
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['\u0000', '\t', '\n', '\u001f'])(
    'refuses the control character %j in a text and in a name',
    (character) => {
      expect(scan(`["${character}"]`).fault).toMatchObject({ code: 'invalid_json', offset: 2 });
      expect(scan(`{"${character}":1}`).fault).toMatchObject({ code: 'invalid_json', offset: 2 });
    },
  );
});

describe('where a value ends', () => {
  it('ends each of several values where the next begins', () => {
    const values = fc.array(fc.tuple(space, json, fc.constantFrom(' ', '\n', '\r\n')), {
      minLength: 1,
      maxLength: 4,
    });

    fc.assert(
      fc.property(values, (parts) => {
        const bytes = encoder.encode(parts.flat().join(''));
        let start = 0;
        for (const [before, text] of parts) {
          const from = start + before.length;
          const { end, fault } = plain.scan(bytes, start, bytes.length);
          expect(fault).toBeNull();
          expect(decoder.decode(bytes.subarray(from, end))).toBe(text);
          start = bytes.indexOf(end < bytes.length && bytes[end] === 0x0d ? 0x0a : bytes[end]!, end) + 1;
        }
      }),
    );
  });

  it.each([
    ['{"a":1}{"b":2}', 7],
    ['[1]]', 3],
    ['"a"b', 3],
    ['12x', 2],
    ['01', 1],
    ['-0.5e+3,', 7],
    ['nullnull', 4],
    [' \t true', 7],
  ])('finds the end of the first value in %s', (text, end) => {
    expect(scan(text)).toMatchObject({ fault: null, isIncomplete: false, end });
  });

  it('reads no byte behind the limit', () => {
    const bytes = encoder.encode('{"a":12}');

    expect(plain.scan(bytes, 5, 6)).toMatchObject({ end: 6, isIncomplete: false });
    expect(plain.scan(bytes, 0, 7)).toMatchObject({ isIncomplete: true });
  });
});

describe('what is not whole', () => {
  const container = fc.tuple(space, json, space).map(([a, text, b]) => `${a}{"x":[${text}]}${b}`);

  it('calls every beginning of a value incomplete and none of them wrong', () => {
    fc.assert(
      fc.property(container, fc.boolean(), (text, isFinal) => {
        const bytes = encoder.encode(text);
        const whole = plain.scan(bytes, 0, bytes.length).end;
        for (let limit = 0; limit < whole; limit++) {
          const { isIncomplete, fault } = plain.scan(bytes, 0, limit, isFinal);
          expect({ limit, isIncomplete, fault }).toEqual({ limit, isIncomplete: true, fault: null });
        }
      }),
      { numRuns: 100 },
    );
  });

  it.each(['1', '-1', '10', '0', '1.5', '1e5', '1E+50'])(
    'waits for more digits behind %s unless it is the end',
    (text) => {
      expect(scan(text, false).isIncomplete).toBe(true);
      expect(scan(text, true)).toMatchObject({ isIncomplete: false, fault: null, end: text.length });
      expect(scan(`${text} `, false)).toMatchObject({ isIncomplete: false, fault: null, end: text.length });
    },
  );

  it.each([
    '',
    ' ',
    '-',
    '1.',
    '1e',
    '1e+',
    '"',
    '"\\',
    '"\\u00',
    'n',
    'tru',
    'fals',
    '[',
    '{',
    '{"a"',
    '{"a":',
    '[1,',
  ])('calls %j incomplete at the end, too', (text) => {
    expect(scan(text, true)).toMatchObject({ isIncomplete: true, fault: null });
  });

  it.each([
    ['-x', 0],
    ['[1.x]', 1],
    ['[1e+]', 1],
    ['["\\x"]', 2],
    ['["\\u00g0"]', 2],
    ['nulx', 0],
    ['{a', 1],
    ['{"a";', 4],
    ['{"a":1,}', 7],
    ['[1,]', 3],
    ['[1}', 2],
    ['{"a":1]', 6],
    ['[1 2', 3],
    [']', 0],
    ['\ufeff{}', 0],
  ])('calls %j wrong where it is, however much may follow', (text, offset) => {
    for (const isFinal of [true, false]) {
      expect(scan(text, isFinal)).toMatchObject({
        isIncomplete: false,
        fault: { code: 'invalid_json', offset },
      });
    }
  });
});

describe('nesting', () => {
  const nested = (depth: number): string => `${'[{"a":'.repeat(depth / 2)}0${'}]'.repeat(depth / 2)}`;

  it('accepts as many levels as allowed and not one more', () => {
    expect(scan(nested(64)).fault).toBeNull();
    expect(scan(`[${nested(64)}]`).fault).toMatchObject({ code: 'nesting_too_deep', offset: 1 + 6 * 32 - 5 });
  });

  it('counts levels that are open, not those that have been', () => {
    expect(scan(`[${`${nested(62)},`.repeat(5)}0]`).fault).toBeNull();
  });

  it('refuses 100,000 levels in no time', () => {
    expect(scan('['.repeat(100_000)).fault).toMatchObject({ code: 'nesting_too_deep', offset: 64 });
  });
});

describe('numbers that a double can not hold', () => {
  function unsafe(text: string): string[] {
    const bytes = encoder.encode(text);
    const { unsafeNumbers } = plain.scan(bytes, 0, bytes.length);
    return Array.from({ length: unsafeNumbers.length / 2 }, (_, index) =>
      decoder.decode(bytes.subarray(unsafeNumbers[2 * index], unsafeNumbers[2 * index + 1])),
    );
  }

  it.each([
    ['9007199254740991', []],
    ['-9007199254740991', []],
    ['9007199254740992', ['9007199254740992']],
    ['-9007199254740993', ['-9007199254740993']],
    [
      '{"a":12345678901234567890,"b":[1,-99999999999999999999]}',
      ['12345678901234567890', '-99999999999999999999'],
    ],
    ['1e22', ['1e22']],
    ['1e15', []],
    ['1e23', ['1e23']],
    ['9007199254740992.0', ['9007199254740992.0']],
    ['9007199254740993.0', ['9007199254740993.0']],
    ['90071992547409930e-1', ['90071992547409930e-1']],
    ['1e309', ['1e309']],
    ['[-1E400,1e-400]', ['-1E400', '1e-400']],
    ['[0e5,-0.000,0]', []],
    [`1${'0'.repeat(400)}`, [`1${'0'.repeat(400)}`]],
    [`1${'0'.repeat(400)}.5`, [`1${'0'.repeat(400)}.5`]],
    ['0.1234567890123456789', []],
    ['[9007199254740993 ]', ['9007199254740993']],
    ['"9007199254740993"', []],
  ])('notes those of %s', (text, numbers) => {
    expect(unsafe(text)).toEqual(numbers);
  });

  it('notes an integer exactly where JSON.parse gives another one', () => {
    const integer = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }).filter((value) => {
      const size = value < 0n ? -value : value;
      return size < 2n ** 53n || BigInt(Number(value)) !== value;
    });

    fc.assert(
      fc.property(integer, (value) => {
        expect(unsafe(`[${value}]`).length === 0).toBe(BigInt(JSON.parse(String(value))) === value);
      }),
    );
  });
});
