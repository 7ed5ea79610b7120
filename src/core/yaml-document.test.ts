import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from './json-value.ts';
import { formatYaml, parseYaml } from './yaml-document.ts';

function yamlOf(text: string): unknown {
  const result = parseYaml(text);
  if (!result.ok) throw new Error(JSON.stringify(result.details));
  return result.value;
}

/** The lines on which something is wrong. */
function faultLines(text: string): (number | null)[] {
  const result = parseYaml(text);
  return result.ok ? [] : result.details.map(({ line }) => line);
}

describe('what is read', () => {
  it.each([
    ['a: 1\nb: [x, "y"]\n', { a: 1, b: ['x', 'y'] }],
    ['{"a": {"b": null}}', { a: { b: null } }],
    ['', null],
    ['# only a comment\n', null],
    ['a: yes\nb: no\nc: 0o10\nd: 2020-01-01', { a: 'yes', b: 'no', c: 8, d: '2020-01-01' }],
    ['a: &x [1]\nb: *x\n', { a: [1], b: [1] }],
    ['<<: {a: 1}', { '<<': { a: 1 } }],
    ['\ufeffa: 1', { a: 1 }],
    // Whatever the document says of itself.
    ['%YAML 1.1\n---\na: 2026-01-01\nb: yes\n', { a: '2026-01-01', b: 'yes' }],
    ['a: &k b\n*k : 2\n', { a: 'b', b: 2 }],
  ])('%j is YAML 1.2', (text, value) => {
    expect(yamlOf(text)).toEqual(value);
  });

  it('may have members called like those of Object.prototype', () => {
    const value = yamlOf('__proto__: {a: 1}\nconstructor: 2\n') as object;

    expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

describe('what is refused', () => {
  it.each([
    ['a member that stands twice', 'a: 1\nb: 2\na: 3\n', [3]],
    ['a nested member that stands twice', 'a:\n  - {x: 1, y: 2}\n  - {x: 1, x: 2}\n', [3]],
    ['two documents', 'a: 1\n---\nb: 2\n', [2]],
    ['a member that stands twice, once by an alias', 'a: &k b\nb: 1\n*k : 2\n', [3]],
    ['an unknown tag', 'a: 1\nb: !!js/function "x"\n', [2]],
    ['an ordered map', 'a: !!omap [b: 1]\n', [1]],
    ['a set', 'a: !!set {b}\n', [1]],
    ['a date by its tag', 'a: !!timestamp 2026-01-01\n', [1]],
    ['a tab for indentation', 'a:\n\tb: 1\n', [2]],
  ])('%s, with its line', (_, text, lines) => {
    expect(faultLines(text)).toEqual(lines);
  });

  it.each(['a: [1', '"', 'a: b: c', '{"a": 1,,}', 'a: "\\x"'])('%j, with a line', (text) => {
    const lines = faultLines(text);

    expect(lines.length).toBeGreaterThan(0);
    expect(lines.every((line) => line !== null && line >= 1)).toBe(true);
  });

  it('everything that is wrong, together', () => {
    expect(faultLines('a: 1\na: 2\nb: 1\nb: 2\n')).toEqual([2, 4]);
  });

  it('an alias bomb, in no time', () => {
    const levels = Array.from({ length: 12 }, (_, index) =>
      index === 0 ? 'a0: &a0 [x]' : `a${index}: &a${index} [${Array(10).fill(`*a${index - 1}`)}]`,
    );

    const result = parseYaml(levels.join('\n'));

    expect(result).toEqual({
      ok: false,
      details: [{ pointer: '', line: null, detail: 'more than 100 aliases' }],
      readable: null,
    });
  });
});

describe('withLines', () => {
  const text = 'itemTypes:\n  - itemType: a\n    volatile:\n      - /x\n      - "y"\n  - {itemType: b}\n';

  it.each([
    ['', 1],
    ['/itemTypes/0/itemType', 2],
    ['/itemTypes/0/volatile/1', 5],
    ['/itemTypes/1', 6],
    ['/itemTypes/1/identity/0', 6],
    ['/itemTypes/0/missing', 2],
    ['/nothing', 1],
  ])('finds %j on line %d, or what is above it', (pointer, line) => {
    const result = parseYaml(text);
    const details = [{ pointer, line: null, detail: 'wrong' }];

    expect(result.ok && result.withLines(details)).toEqual([{ pointer, line, detail: 'wrong' }]);
  });

  it('knows no line of a document without content', () => {
    const result = parseYaml('');

    expect(result.ok && result.withLines([{ pointer: '/a', line: null, detail: '' }])[0]?.line).toBeNull();
  });
});

it('an alias without an anchor is named, and not taken for a bomb', () => {
  const result = parseYaml('a: *nothing');

  expect(result.ok ? '' : result.details[0]?.detail).toContain('nothing');
});

it('can be read all the same where nothing but repeated keys is wrong, with the last of each', () => {
  const repeated = parseYaml('a: 1\nb: x\na: 2\n');
  const broken = parseYaml('a: 1\nb: [\na: 2\n');

  expect(repeated).toMatchObject({ ok: false, readable: { value: { a: 2, b: 'x' } } });
  expect(broken).toMatchObject({ ok: false, readable: null });
});

it('names each key that is there twice, and where', () => {
  const result = parseYaml('a: 1\na: 2\nb:\n  - c: 1\n    c: 2\n1: x\n"1": y\n');

  expect(result).toEqual({
    ok: false,
    details: [
      { pointer: '/a', line: 2, detail: 'the key "a" is there twice' },
      { pointer: '/b/0/c', line: 5, detail: 'the key "c" is there twice' },
      { pointer: '/1', line: 7, detail: 'the key "1" is there twice' },
    ],
    readable: expect.anything(),
  });
});

it.each([
  ['['.repeat(50_000), 'it is nested too deep'],
  ['['.repeat(20_000), 'it is nested too deep'],
  [`a: ${'['.repeat(2_000)}${']'.repeat(2_000)}`, 'it is nested too deep'],
  ['a: 1\n---\nb: 2\n', 'it holds more than one document'],
])('says in plain words what is wrong', (text, detail) => {
  const result = parseYaml(text);

  expect(result.ok === false && result.details.map((fault) => fault.detail)).toEqual([detail]);
});

it('reads a hundred thousand keys, each compared with all others', () => {
  const text = Array.from({ length: 100_000 }, (_, index) => `key${index}: 1`).join('\n');

  expect(parseYaml(text).ok).toBe(true);
  expect(parseYaml(`${text}\nkey77: 2`)).toMatchObject({ details: [{ pointer: '/key77', line: 100_001 }] });
});

describe('the line of a place', () => {
  const text = 'name: x\nnoise: &x\n  ignore: [/a]\nthresholds: *x\n1: y\ntrue: z\nempty:\nlast: 1\n';

  it.each([
    ['/name', 1],
    ['/noise/ignore/0', 3],
    ['/thresholds', 4],
    // What stands behind an alias stands where it was written.
    ['/thresholds/ignore', 3],
    ['/1', 5],
    ['/true', 6],
    ['/empty', 7],
    ['/last/below', 8],
    ['/nothing', 1],
    ['', 1],
  ])('%s', (pointer, line) => {
    const result = parseYaml(text);
    if (!result.ok) throw new Error(JSON.stringify(result.details));

    expect(result.withLines([{ pointer, line: null, detail: '' }])).toEqual([{ pointer, line, detail: '' }]);
  });
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc
    .array(
      fc.constantFrom(
        '\n',
        '\r',
        '\t',
        ' ',
        '\u0001',
        '\u0085',
        '\u2028',
        '\ufeff',
        '"',
        "'",
        '\\',
        ': ',
        ' #',
        '- ',
        'word ',
      ),
      {
        maxLength: 60,
      },
    )
    .map((parts) => parts.join('')),
);

it('whatever is written is read back as it is', () => {
  const anyValue = fc.oneof(
    anyText,
    fc.dictionary(anyText, anyText, { maxKeys: 3 }),
    fc.array(anyText, { maxLength: 3 }),
  );
  fc.assert(
    fc.property(anyValue, anyText, (value, more) => {
      const document = { a: value as JsonValue, b: { c: [more] } };

      const text = formatYaml(document);

      expect(yamlOf(text)).toEqual(document);
      expect(formatYaml(yamlOf(text) as JsonValue)).toBe(text);
    }),
    {
      numRuns: 2000,
      examples: [
        ['First paragraph of the description, long enough.\r\n \nSecond paragraph.', ''],
        ['', 'Set by the vendor, as everybody knows well.\n \n\u001b[1mDo not remove\u001b[0m before.'],
      ],
    },
  );
});

it.each([
  ['keys', 'a: &k b\n', (at: number) => `k${at}: [*k, {*k : 1}]`],
  ['single values', '', (at: number) => `k${at}: &k${at} v\nl${at}: *k${at}`],
])('any number of aliases as %s is told in no time', (_, head, line) => {
  const text = head + Array.from({ length: 20_000 }, (_each, at) => line(at)).join('\n');

  expect(parseYaml(text)).toMatchObject({ ok: false, details: [{ detail: 'more than 100 aliases' }] });
});

it('a hundred aliases are taken', () => {
  const aliases = (count: number) => `a: &a x\nb: [${Array(count).fill('*a').join(', ')}]\n`;

  expect(parseYaml(aliases(100)).ok).toBe(true);
  expect(parseYaml(aliases(101)).ok).toBe(false);
});

it('an alias of what it is a part of is refused', () => {
  expect(parseYaml('a: &a [1, {b: *a}]\n')).toMatchObject({
    ok: false,
    details: [{ detail: 'an alias stands for what it is a part of' }],
  });
});
