import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { emptyJsonObject, type JsonValue } from './json-value.ts';

/** Any character but a surrogate: fast-check's unit 'binary' takes half a second to prepare. */
const character = fc
  .oneof(fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code));

/** Texts in which every code unit comes up, surrogates only in pairs, and astral ones beside U+E000 … U+FFFF. */
const wellFormed = fc.oneof(
  fc.string({ unit: character, maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('a', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{10ffff}'), maxLength: 3 }),
  fc.constantFrom('__proto__', 'constructor', 'toString', '', '"', '\\', '\u0000', '\u2028', '\u007f'),
);

/** Texts of any code units, so that lone surrogates come up. */
const anyText = fc.string({
  unit: fc.oneof(fc.integer({ min: 0xd7ff, max: 0xe000 }), fc.nat(0xffff)).map((c) => String.fromCharCode(c)),
  maxLength: 4,
});

const finite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 5e-324, -5e-324, 1.7976931348623157e308, 1e21, 1e-7, 2 ** 53, -(2 ** 53), 0.1 + 0.2),
  fc.integer(),
);

function arbitraryJson(text: fc.Arbitrary<string>): fc.Arbitrary<JsonValue> {
  return fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.oneof(fc.constant(null), fc.boolean(), finite, text),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(fc.tuple(text, tie('value')), { maxLength: 4 }).map(objectOf),
    ),
  })).value;
}

function objectOf(entries: readonly (readonly [string, JsonValue])[]): JsonValue {
  const object = emptyJsonObject();
  for (const [name, value] of entries) object[name] = value;
  return object;
}

/** The same value with the members of every object in the opposite order. */
function reversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return objectOf(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
}

/** Whether both say the same: the oracle of equality, which knows nothing of texts. */
function isSameJson(one: JsonValue, other: JsonValue): boolean {
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null)
    return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  const [a, b] = [one as { [name: string]: JsonValue }, other as { [name: string]: JsonValue }];
  return names.every((name) => Object.hasOwn(b, name) && isSameJson(a[name]!, b[name]!));
}

/** The double with these bits. */
function doubleOf(hex: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${hex}`));
  return view.getFloat64(0);
}

describe('canonicalJson', () => {
  it('says what the reference implementation of RFC 8785 says', () => {
    fc.assert(
      fc.property(arbitraryJson(wellFormed), (value) => canonicalJson(value) === canonicalize(value)),
      { numRuns: 1000 },
    );
  });

  it('says what the reference implementation says of any double', () => {
    fc.assert(
      fc.property(finite, (value) => canonicalJson(value) === canonicalize(value)),
      { numRuns: 2000 },
    );
  });

  it('agrees with the reference implementation 500 levels deep', () => {
    let value: JsonValue = 1;
    for (let depth = 0; depth < 500; depth++) value = depth % 2 === 0 ? [value] : { b: value, a: depth };

    expect(canonicalJson(value)).toBe(canonicalize(value));
  });

  // RFC 8785, appendix B. The first two are both zero.
  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the double %s of the RFC as %s', (hex, text) => {
    expect(canonicalJson(doubleOf(hex))).toBe(text);
  });

  it('writes the example of RFC 8785, section 3.2.2', () => {
    const value = JSON.parse(String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`);

    expect(canonicalJson(value)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  it('sorts members as the example of RFC 8785, section 3.2.3, by UTF-16 code units', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };

    const order = [...canonicalJson(value).matchAll(/:"([^"]+)"/g)].map(([, text]) => text);

    expect(order).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  it('never depends on the order of members', () => {
    fc.assert(
      fc.property(arbitraryJson(anyText), (value) => canonicalJson(reversed(value)) === canonicalJson(value)),
      { numRuns: 500 },
    );
  });

  it('is equal exactly for values that say the same', () => {
    const pair = fc.oneof(
      fc.tuple(arbitraryJson(anyText), arbitraryJson(anyText)),
      fc.tuple(fc.constantFrom(0, -0, '', '0', null, false), fc.constantFrom(0, -0, '', '0', null, false)),
      arbitraryJson(anyText).map((value): [JsonValue, JsonValue] => [value, reversed(value)]),
      fc.tuple(anyText, anyText),
    );

    fc.assert(
      fc.property(pair, ([one, other]) => {
        expect(canonicalJson(one) === canonicalJson(other)).toBe(isSameJson(one, other));
      }),
      { numRuns: 2000 },
    );
  });

  it('is JSON that says what the value says', () => {
    fc.assert(
      fc.property(arbitraryJson(anyText), (value) => {
        expect(isSameJson(JSON.parse(canonicalJson(value)), value)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['\ud800', String.raw`"\ud800"`],
    ['a\udfffb', String.raw`"a\udfffb"`],
    ['\ude00\ud83d', String.raw`"\ude00\ud83d"`],
  ])('writes the lone surrogate, which the RFC refuses, as an escape (%#)', (text, expected) => {
    expect(() => canonicalize(text)).toThrow();
    expect(canonicalJson(text)).toBe(expected);
    expect(canonicalJson({ [text]: 1 })).toBe(`{${expected}:1}`);
  });

  it('keeps lone surrogates and U+FFFD apart in UTF-8', () => {
    const texts = ['\ud800', '\ud801', '\udc00', '\ufffd', '\\ud800'];

    const bytes = texts.map((text) => Buffer.from(canonicalJson(text), 'utf8').toString('hex'));

    expect(new Set(bytes).size).toBe(texts.length);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('refuses %d', (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
    expect(() => canonicalJson([{ a: value }])).toThrow(TypeError);
  });

  it('keeps members named like those of Object.prototype', () => {
    const value = JSON.parse('{"toString":1,"__proto__":{"a":2},"constructor":null}');

    expect(canonicalJson(value)).toBe('{"__proto__":{"a":2},"constructor":null,"toString":1}');
  });
});
