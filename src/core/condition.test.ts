import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  type Condition,
  type ConditionOutcome,
  type ConditionValues,
  compileCondition,
  conditionFaults,
} from './condition.ts';
import { StepBudget } from './condition-meter.ts';
import { compilePattern } from './condition-regex.ts';
import { type ConditionKind, conditionVariables } from './condition-variables.ts';
import type { JsonValue } from './json-value.ts';

const common: ConditionValues = {
  itemType: 'microsoft.graph.conditionalAccessPolicy',
  externalId: 'ca-1',
  label: 'CA001',
  driftType: 'configuration',
  change: 'changed',
  author: 'ci',
  source: { kind: 'push', serviceId: 'shop', repoFullName: '', docClass: '' },
  observedAt: new Date('2026-12-24T23:30:00Z'),
};

const values: Record<ConditionKind, ConditionValues> = {
  change: { ...common, path: '/state', op: 'replace', before: 'enabled', after: 'disabled' },
  candidate: {
    ...common,
    paths: ['/state', '/users/excluded'],
    changes: [
      { path: '/state', op: 'replace', before: 'enabled', after: 'disabled' },
      { path: '/users/excluded', op: 'add', before: null, after: ['u1', 'u2'] },
    ],
    impact: 0.5,
  },
  eligibility: {
    ...common,
    paths: ['/state'],
    changes: [{ path: '/state', op: 'replace', before: 1, after: 2.5 }],
    impact: 0.9,
    confidence: 1,
    score: 0.9,
    severity: 'sev1',
  },
};

function outcome(kind: ConditionKind, text: string, more: ConditionValues = {}): ConditionOutcome {
  return compileCondition(kind, text).evaluate({ ...values[kind], ...more });
}

describe('a condition', () => {
  it.each<[ConditionKind, string, ConditionOutcome]>([
    ['change', 'before == "enabled" && after == "disabled"', 'true'],
    ['change', 'path.startsWith("/users/")', 'false'],
    ['change', 'op in ["add", "replace"]', 'true'],
    ['change', 'itemType.matches("^microsoft[.]graph[.]")', 'true'],
    ['change', 'source.serviceId == "shop" && source.kind != "files"', 'true'],
    [
      'change',
      'observedAt >= timestamp("2026-12-20T00:00:00Z") && observedAt < timestamp("2027-01-05T00:00:00Z")',
      'true',
    ],
    ['change', 'observedAt.getHours() == 23 && observedAt.getDayOfWeek() == 4', 'true'],
    ['change', 'author == "ci" // what our pipeline deployed', 'true'],
    ['candidate', 'paths.exists(p, p == "/state")', 'true'],
    ['candidate', 'changes.all(c, c.op == "add")', 'false'],
    ['candidate', 'changes.exists_one(c, c.before == null)', 'true'],
    ['candidate', 'changes.filter(c, c.op == "add").map(c, c.path)[0] == "/users/excluded"', 'true'],
    ['candidate', 'changes.exists(c, c.path == "/users/excluded" && size(c.after) > 1)', 'true'],
    ['candidate', 'impact >= 0.5 && impact < 1', 'true'],
    ['eligibility', 'severity == "sev1" || score > 0.99', 'true'],
    ['eligibility', 'changes[0].after > 2 && changes[0].before == 1', 'true'],
    ['eligibility', 'confidence == 1 ? label.lowerAscii() == "ca001" : false', 'true'],
  ])('of kind %s says of %s: %s', (kind, text, expected) => {
    expect(conditionFaults(kind, text)).toEqual([]);
    expect(outcome(kind, text)).toBe(expected);
  });

  it('compares text in whatever Unicode form it was observed: that of a plan is NFC', () => {
    const nfd = 'Zugang Ko\u0308ln';

    expect(outcome('change', 'label == "Zugang K\u00f6ln"', { label: nfd })).toBe('true');
    expect(
      outcome('change', 'after["K\u00f6ln"] == ["\u00f6"]', { after: { 'Ko\u0308ln': ['o\u0308'] } }),
    ).toBe('true');
  });

  it('reads members of data by their names, whatever they are called', () => {
    const data = JSON.parse('{"constructor": 1, "__proto__": {"x": 2}, "toString": "text"}');

    expect(outcome('change', 'after.constructor == 1', { after: data })).toBe('true');
    expect(outcome('change', 'after["__proto__"].x == 2', { after: data })).toBe('true');
    expect(outcome('change', 'has(after.constructor) || has(after.hasOwnProperty)', { after: {} })).toBe(
      'false',
    );
  });

  it('takes objects without a prototype, as facts have them', () => {
    const bare = Object.assign(Object.create(null), { state: 'on' });

    expect(outcome('change', 'after.state == "on"', { after: bare })).toBe('true');
  });

  it.each<[string, ConditionValues]>([
    ['after.missing == 1', { after: {} }],
    ['after[7] == 1', { after: [] }],
    ['after.x > 1', { after: { x: 'text' } }],
    ['1 / int(after) == 1', { after: 0 }],
    ['after', { after: 'neither true nor false' }],
    ['observedAt > timestamp("2026-01-01T00:00:00Z")', { observedAt: null }],
    ['timestamp(path) == observedAt', {}],
  ])('that can not be told fails: %s', (text, more) => {
    expect(outcome('change', text, more)).toBe('failed');
  });

  it('says the same in every time zone', () => {
    const before = process.env.TZ;
    const said = ['Asia/Tokyo', 'America/New_York', 'UTC'].map((zone) => {
      process.env.TZ = zone;
      return outcome('change', 'observedAt.getDate() == 24 && observedAt.getDayOfYear() == 357');
    });
    process.env.TZ = before;

    expect(said).toEqual(['true', 'true', 'true']);
  });
});

describe('a value of a text that is none', () => {
  it.each([
    ['double', ['', ' ', 'none', 'NaN', 'Infinity', '0x10', '1_000', '1,5', '1e', '.', ' 1', '1e400']],
    ['int', ['', ' ', '0x1', '1.0', '1e3', '--1', '9223372036854775808', '-9223372036854775809']],
    ['uint', ['', '-1', '+1', '18446744073709551616']],
    [
      'timestamp',
      [
        '',
        '2026-12-24',
        '2026-02-29T00:00:00Z',
        '2026-04-31T00:00:00Z',
        '2026-00-01T00:00:00Z',
        '2026-01-01T24:00:00Z',
      ],
    ],
  ])('is no %s: such a condition holds nothing back', (name, texts) => {
    for (const text of texts) {
      const condition = `${name}(before) == ${name}(before)`;
      expect([text, outcome('change', condition, { before: text })]).toEqual([text, 'failed']);
    }
  });

  it.each([
    ['double(before) == -1500.0', ['-1500', '-1.5e3', '-1500.', '-15E+2']],
    ['double(before) == 0.5', ['.5', '0.5', '+0.50']],
    ['int(before) == 7', ['7', '+7', '007']],
    ['int(before) < 0', ['-9223372036854775808', '-1']],
    ['uint(before) == 7u', ['7', '007']],
    [
      'timestamp(before) == timestamp("2024-02-29T12:00:00Z")',
      ['2024-02-29T12:00:00Z', '2024-02-29T13:00:00+01:00'],
    ],
  ])('%s of a text that is one', (condition, texts) => {
    for (const text of texts) {
      expect([text, outcome('change', condition, { before: text })]).toEqual([text, 'true']);
    }
  });

  it.each([
    'double("x") == 1.0',
    'int("") == 0',
    'int("0x1") == 1',
    'timestamp("2026-02-30T00:00:00Z") < observedAt',
  ])('is told where it is written down: %s', (text) => {
    expect(conditionFaults('change', text)).toHaveLength(1);
  });
});

describe('what is wrong with a condition', () => {
  it.each<[ConditionKind, string, string[]]>([
    ['change', '', ['a condition is needed']],
    [
      'change',
      'itemTyp == "a"',
      ['line 1, column 1: there is no variable "itemTyp"; did you mean "itemType"?'],
    ],
    [
      'change',
      'paths.size() > 0\n|| severty == "sev1"',
      [
        'line 1, column 1: the variable "paths" is known only in impactRules.multipliers and eligibility.when; did you mean "path"?',
        'line 2, column 4: there is no variable "severty"',
      ],
    ],
    [
      'change',
      'severity == "sev1"',
      ['line 1, column 1: the variable "severity" is known only in eligibility.when'],
    ],
    [
      'change',
      'op == "replaced" || change != "modified"',
      [
        'line 1, column 7: it is never "replaced", but one of add, remove, replace; did you mean "replace"?',
        'line 1, column 31: it is never "modified", but one of added, removed, changed',
      ],
    ],
    [
      'eligibility',
      '"high" == severity || severity in ["sev1", "sev5"] || changes.exists(c, c.op == "added")',
      [
        'line 1, column 1: it is never "high", but one of sev1, sev2, sev3, sev4',
        'line 1, column 44: it is never "sev5", but one of sev1, sev2, sev3, sev4; did you mean "sev1"?',
        'line 1, column 81: it is never "added", but one of add, remove, replace; did you mean "add"?',
      ],
    ],
    [
      'change',
      'source.kind == "file" || "config" in [driftType]',
      [
        'line 1, column 16: it is never "file", but one of files, push, microsoft_graph, kubernetes, terraform, postgres, git; did you mean "files"?',
        'line 1, column 26: it is never "config", but one of configuration, assignment, presence, instruction, process, ownership, coverage, environment_tooling; did you mean "configuration"?',
      ],
    ],
    [
      'change',
      'source.repoFullName == "Contoso/Infra" || source.repoFullName in ["contoso/app", "Contoso/docs"]',
      [
        'line 1, column 24: it is never "Contoso/Infra": repositories are kept in lower case; write "contoso/infra"',
        'line 1, column 82: it is never "Contoso/docs": repositories are kept in lower case; write "contoso/docs"',
      ],
    ],
    [
      'candidate',
      'source.repoFullName.startsWith("Contoso/")',
      ['line 1, column 32: it is never "Contoso/": repositories are kept in lower case; write "contoso/"'],
    ],
    // What is made of such a word may be anything.
    ['change', '(op + "d") == "removed" || (true ? op : change) == "x" || source.kind == ""', []],
    ['change', 'path == "a" &&', ['line 1, column 13: there is nothing behind "&&"']],
    ['change', 'path = "a"', ['line 1, column 6: "=" does not belong here; did you mean "=="?']],
    ['change', 'true and true', ['line 1, column 6: "and" does not belong here; did you mean "&&"?']],
    ['change', 'not(true)', ['line 1, column 4: there is no function "not"; did you mean "!"?']],
    ['change', '(path == "a")\n && (true', ['line 2, column 5: the "(" that opens here is not closed']],
    ['change', 'path == "a // (', ['line 1, column 9: the text that begins here does not end']],
    ['change', "path == 'it''s'", ['line 1, column 13: a text does not belong here']],
    ['change', 'path == "a")', ['line 1, column 12: ")" does not belong here']],
    ['change', 'path', ['line 1, column 1: the condition gives string, not true or false']],
    [
      'change',
      'path == 1',
      ['line 1, column 5: string can not be compared with int: they are never the same'],
    ],
    ['change', 'path && true', ['line 1, column 1: true or false is needed here, not string']],
    [
      'change',
      'source.srviceId == ""',
      ['line 1, column 7: there is no field "srviceId"; did you mean "serviceId"?'],
    ],
    ['change', 'path.field', ['line 1, column 5: string has no field "field"']],
    [
      'change',
      'startWith(path, "/")',
      ['line 1, column 10: there is no function "startWith"; did you mean "startsWith"?'],
    ],
    ['change', 'path.startsWith(1)', ['line 1, column 16: startsWith() can not be used on string with int']],
    [
      'change',
      'path.matches(label)',
      ['line 1, column 14: the pattern of matches() must be written as a text'],
    ],
    ['change', 'matches(label, "a")', ['line 1, column 8: write it text.matches("pattern")']],
    ['change', 'path.exists(p, p == "a")', ['line 1, column 1: string has no elements to go through']],
    [
      'candidate',
      'impact * 2 > 1',
      ['line 1, column 8: "*" can not be used with double, int: write both as decimals, such as 2.0'],
    ],
    [
      'candidate',
      'changes.exists(c, c.pth == "")',
      ['line 1, column 20: there is no field "pth"; did you mean "path"?'],
    ],
    ['candidate', '3 in paths', ['line 1, column 3: int is never in a list of string']],
    ['candidate', 'Foo{a: 1} == 1', ['line 1, column 1: there is no type "Foo" to make']],
    [
      'change',
      'true ? 1 : "x"',
      ['line 1, column 1: what is before and behind ":" must be of one type, not int and string'],
    ],
    [
      'change',
      'label == "keep" ? true : "no"',
      ['line 1, column 1: what is before and behind ":" must be of one type, not bool and string'],
    ],
    [
      'candidate',
      '(true ? 1 : impact) > 1.0',
      [
        'line 1, column 2: what is before and behind ":" must be of one type, not int and double: write both as decimals, such as 2.0',
      ],
    ],
    ['change', '(true ? before : "x") == "x" && (true ? [] : ["a"]) == ["a"]', []],
    [
      'change',
      'observedAt > timestamp("nope") || duration("x") == duration("90m")',
      [
        'line 1, column 14: this is no instant: write one as "2026-12-24T18:00:00Z"',
        'line 1, column 35: this is no duration: write one as "1h30m"',
      ],
    ],
    [
      'change',
      'int("x") + 1 == 2 || bool("yes") || uint("-1") == 1u',
      [
        'line 1, column 4: "x" is no int',
        'line 1, column 26: "yes" is no bool',
        'line 1, column 43: "-1" is no uint',
      ],
    ],
    [
      'change',
      'int("12") == 12 && timestamp("2024-02-29T23:59:59.5+01:00") + duration("1h30m") > observedAt && double("1e3") > 1.0',
      [],
    ],
    ['change', Array(9).fill('int("x") == 1').join(' || '), Array(5).fill('line 1, : "x" is no int')],
    ['change', 'label == "\\uD800"', ['line 1, column 11: this escape stands for no character']],
    ['change', 'label == "\\u0041\\U00110000"', ['line 1, column 17: this escape stands for no character']],
    ['change', 'label == "\\x4"', ['line 1, column 11: this escape stands for no character']],
    ['candidate', 'true ? 1 : 2', ['line 1, column 6: the condition gives int, not true or false']],
  ])('of kind %s, %s, is said with its place', (kind, text, faults) => {
    expect(conditionFaults(kind, text).map((fault) => fault.replace(/column \d+/, ''))).toEqual(
      faults.map((fault) => fault.replace(/column \d+/, '')),
    );
  });

  it.each(['1 +', 'a.b(', '"open', 'a b', '((true)', '1 = 1', "path == 'a", 'if (true)', '}{'])(
    'is said of a syntax error: %s',
    (text) => {
      expect(conditionFaults('change', text)).toEqual([expect.stringMatching(/^line 1, column \d+: /)]);
    },
  );

  it.each([
    ['longer than 2000 characters', `path == "${'x'.repeat(2000)}"`],
    ['nests deeper', `${'('.repeat(300)}true${')'.repeat(300)}`],
    ['nests deeper than 60 brackets', `")))${')'.repeat(300)}" != ${'('.repeat(300)}path${')'.repeat(300)}`],
    ['nests deeper than 250 levels', `before${'.b'.repeat(300)} == 1`],
    ['more than 500 parts', Array(280).fill('true').join('&&')],
    ['counts of a pattern', 'path.matches("(a{100}){100}")'],
    ['no pattern of RE2', 'path.matches("(a")'],
    ['no pattern of RE2', 'path.matches("(?=a)")'],
  ])('is its size or its pattern: %s', (part, text) => {
    expect(conditionFaults('change', text).join()).toContain(part);
  });
});

it.each([
  'true ? 1 : "x"',
  'path == 1 + "a"',
  'path.matches("(a")',
  'nothing == 1',
  'timestamp("x") < observedAt',
])('a condition that a plan in force has all the same can not be told: %s', (text) => {
  expect(conditionFaults('change', text)).not.toEqual([]);
  expect(outcome('change', text)).toBe('failed');
});

it('what is no condition at all can not be made ready', () => {
  expect(() => compileCondition('change', 'path ==')).toThrow(
    expect.objectContaining({ code: 'internal_error' }),
  );
});

it('texts that values are made of are few to try, however many there are', () => {
  // Each is a form that is right and unusual; the last one is wrong, and found out later.
  const odd = [...Array(40).fill('int("+1") == 1'), 'int("x") == 1'].join(' || ');

  expect(conditionFaults('change', odd)).toEqual([]);
});

describe('a pattern', () => {
  it.each([
    ['^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'],
    ['(?i)^(break-?glass|emergency|notfall).*$'],
    ['(?i)[a-z\u00e0-\u00ff\u0430-\u044f]+'],
    ['^\\d{1,3}([.]\\d{1,3}){3}$'],
    ['[\\pL\\pN]+ \\x{1F600}{3} [[:alpha:]{}]{2}'],
    ['\\Q(a{1000}\\E'],
    ['a{500}'],
  ])('is taken: %s', (pattern) => {
    expect(compilePattern(pattern)).toMatchObject({ ok: true });
  });

  it.each([
    ['10 Unicode classes', `(?i)${'\\pL'.repeat(55)}`],
    ['too large a program', '(?:\\pL[\\pN\\pL]){4}[\\pL_][\\pL-][\\pL.][\\pL:][\\pL!][\\pL?]'],
    ['counts of a pattern make at most 500 parts', `(${'ab'.repeat(40)}){10}`],
    ['counts of a pattern make at most 500 parts', '((a{10}){10}){6}'],
    ['counts of a pattern make at most 500 parts', '(\\Q(\\E[]a)]{20}){30}'],
    ['counts of a pattern make at most 500 parts', `(${'|'.repeat(100)}){10}`],
    ['ranges of a pattern that ignores case', '(?i)[b-\u{1f600}]'],
    ['ranges of a pattern that ignores case', '(?i)[\\x{100}-\\x{1F600}]'],
    ['ranges of a pattern that ignores case', '(?i)[a-\\x{1000}][b-\\x{1000}][c-\\x{1100}]'],
  ])('is refused for its size, %s: %s', (fault, pattern) => {
    expect(compilePattern(pattern)).toEqual({ ok: false, fault: expect.stringContaining(fault) });
  });

  it('is compiled in little time, whatever it is made of', () => {
    const part = fc.constantFrom(
      'a',
      '.',
      '\\pL',
      '\\PL',
      '[^a]',
      '[b-\u{1f600}]',
      '{9}',
      '{1,30}',
      '*',
      '?',
      '|',
      '(',
      ')',
    );
    const written = fc
      .tuple(fc.constantFrom('', '(?i)'), fc.array(part, { maxLength: 60 }))
      .map(([flag, all]) => `${flag}${all.join('')}`);

    fc.assert(
      fc.property(written, (pattern) => {
        const startedAt = performance.now();
        const compiled = compilePattern(pattern);

        // Some milliseconds; the tables of Unicode are made with the first pattern that needs them.
        expect(performance.now() - startedAt).toBeLessThan(500);
        if (compiled.ok) expect(compiled.pattern.size).toBeLessThanOrEqual(10_000);
      }),
      { numRuns: 500 },
    );
  });

  it('costs more where what is left of it can differ with every character', () => {
    const text = `c${'abbabaab'.repeat(2000)}`;

    expect(outcome('change', 'before.matches("a.{100}c")', { before: text })).toBe('too_expensive');
    expect(outcome('change', 'before.matches("c(ab|ba)+$")', { before: text })).toBe('true');
  });

  it('says the same of a text after many others, of which it keeps little', () => {
    const compiled = compilePattern('^(a|b)*a(a|b){8}$');
    if (!compiled.ok) throw new Error(compiled.fault);
    const { pattern } = compiled;
    const texts = Array.from({ length: 600 }, (_, n) =>
      n.toString(2).replaceAll('0', 'a').replaceAll('1', 'b'),
    );
    const expected = texts.map((text) => /^(a|b)*a(a|b){8}$/.test(text));

    expect([...texts, ...texts].map((text) => pattern.test(text))).toEqual([...expected, ...expected]);
  });
});

describe('how deep a condition nests', () => {
  const guids = Array.from({ length: 20 }, (_, n) => `"0b1f-4c-${n}-a0-9c"`);

  it.each([
    ['signs in texts', `externalId in [${guids.join(', ')}]`],
    ['signs in texts of a long chain', Array(31).fill('label != "a-1"').join(' && ')],
    ['brackets in a text', `label != "${'('.repeat(100)}"`],
    [
      'brackets in a text with escapes',
      `label != "\\"${'('.repeat(100)}" && label != '\\'${'['.repeat(100)}'`,
    ],
    ['brackets in a raw text', `label != r"${'('.repeat(100)}\\" && true`],
    ['brackets in a text of several lines', `label != """${'('.repeat(50)}\n"${'('.repeat(50)}"""`],
    ['brackets in bytes', `b"${'{'.repeat(100)}" != br'${'{'.repeat(100)}'`],
    ['brackets in a comment', `true // ${'('.repeat(100)}`],
    ['negations', `${'!'.repeat(1990)}true`],
    ['minuses', `${'-'.repeat(1990)}1 == 1`],
    ['many brackets one after the other', Array(80).fill('(true)').join(' && ')],
    ['as many as there may be', `${'('.repeat(60)}true${')'.repeat(60)}`],
  ])('is told by its brackets, not by %s', (_, text) => {
    expect(conditionFaults('change', text)).toEqual([]);
    expect(['true', 'false']).toContain(outcome('change', text));
  });

  it.each([
    ['negations', `${'!('.repeat(60)}true${')'.repeat(60)}`, /^$/],
    ['ternaries', `${'true ? true : '.repeat(120)}true`, /^$/],
    ['ternaries without end', `${'a?b:'.repeat(490)}c`, /more than 500 parts/],
    ['members without end', `before${'.b'.repeat(990)}`, /deeper than 250 levels/],
    ['elements without end', `before${'[0]'.repeat(600)}`, /more than 500 parts/],
    ['calls', `path${'.trim()'.repeat(230)} == path`, /^$/],
    ['calls without end', `path${'.trim()'.repeat(280)} == path`, /deeper than 250 levels/],
    ['sums', `path${' + path'.repeat(240)} != ""`, /^$/],
    ['sums without end', `1${'+1'.repeat(990)} > 0`, /more than 500 parts|250 levels/],
    ['comparisons without end', `1${'==1'.repeat(650)}`, /more than 500 parts|250 levels/],
    ['lists', `before != ${'['.repeat(60)}${']'.repeat(60)}`, /^$/],
    ['lists that do not end', '['.repeat(60), /that opens here is not closed/],
    ['maps', `before != ${'{"a": '.repeat(60)}1${'}'.repeat(60)}`, /^$/],
    ['loops', `${'[1].all(x, '.repeat(40)}true${')'.repeat(40)}`, /^$/],
    ['brackets closed too often', `${')'.repeat(900)}${'('.repeat(900)}`, /deeper than 60 brackets/],
  ])('never uses up the stack: %s', (_, text, expected) => {
    const underneath = (frames: number): string[] =>
      frames === 0 ? conditionFaults('change', text) : underneath(frames - 1);

    const faults = underneath(1000);

    expect(faults.join()).toMatch(expected);
    if (faults.length === 0) expect(['true', 'false']).toContain(outcome('change', text));
  });
});

describe('an evaluation that would take too long', () => {
  const numbers = Array.from({ length: 10_000 }, (_, index) => index);
  const long = 'a'.repeat(1_000_000);

  it.each<[string, ConditionValues]>([
    ['before.exists(x, before.exists(y, x == y + 0.5))', { before: numbers }],
    // What fails within may not hide that it was ended.
    ['before.all(x, before.all(y, x.foo == 1 || true))', { before: numbers }],
    ['before.exists(x, before.all(y, int(y) / 0 == 1)) || true', { before: numbers }],
    ['before.map(x, before.map(y, y)).size() > 0', { before: numbers }],
    ['before == after', { before: Array(200_000).fill(1), after: Array(200_000).fill(1) }],
    ['before.contains(after)', { before: 'a'.repeat(300_000), after: `${'a'.repeat(50_000)}b` }],
    ['before.matches("(a+)+$")', { before: `${long}b` }],
    ['before.split("a").map(x, x + "b").size() == 1', { before: long }],
    [
      '[[[before].map(x, x + x + x + x)[0]].map(x, x + x + x + x)[0]].map(x, x + x + x + x)[0] == ""',
      { before: 'a'.repeat(100_000) },
    ],
  ])('is ended: %s', (text, more) => {
    expect(conditionFaults('change', text)).toEqual([]);
    expect(outcome('change', text, more)).toBe('too_expensive');
  });

  it('is not that of an honest condition over a thousand changes', () => {
    const changes = numbers
      .slice(0, 1000)
      .map((n) => ({ path: `/settings/${n}`, op: 'add', before: null, after: n }));

    expect(
      outcome('candidate', 'changes.exists(c, c.path.startsWith("/x") && c.op == "remove")', { changes }),
    ).toBe('false');
  });

  it('leaves the next evaluation all it may cost', () => {
    const condition = compileCondition('change', 'before.all(x, before.all(y, x + y > -1.0))');

    const first = condition.evaluate({ ...values.change, before: numbers });
    const second = condition.evaluate({ ...values.change, before: [1, 2] });

    expect([first, second]).toEqual(['too_expensive', 'true']);
  });

  it('is ended when the budget is used up that it shares with others', () => {
    const costly = compileCondition('change', 'before.all(x, before.all(y, x + y > -1.0))');
    const cheap = compileCondition('change', 'op == "replace"');
    const budget = new StepBudget(250_000);
    const ask = ({ evaluate }: Condition, before: JsonValue) =>
      evaluate({ ...values.change, before }, budget);

    const outcomes = [ask(cheap, 1), ask(costly, numbers), ask(costly, numbers), ask(cheap, 1)];
    const rest = [ask(costly, numbers), ask(cheap, 1), ask(compileCondition('change', 'true'), 1)];

    expect(outcomes).toEqual(['true', 'too_expensive', 'too_expensive', 'true']);
    expect(rest).toEqual(['too_expensive', 'too_expensive', 'too_expensive']);
    expect(budget.left).toBe(0);
  });

  it('costs something where it looks at nothing', () => {
    const budget = new StepBudget(1000);

    compileCondition('change', 'true').evaluate(values.change, budget);

    expect(budget.left).toBeLessThan(1000);
  });

  it('is one of data that nests without end', () => {
    const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`);

    expect(['failed', 'too_expensive', 'true']).toContain(
      outcome('change', 'before == after', { before: deep, after: deep }),
    );
  });
});

test('any text is judged without an exception', () => {
  const word = fc.constantFrom(
    ...conditionVariables.eligibility.map(({ name }) => name),
    ...[
      '&&',
      '||',
      '!',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '.',
      ',',
      '?',
      ':',
      '==',
      '<',
      '+',
      '-',
      '"a"',
      "'",
      '1',
      '1.5',
      'null',
    ],
    ...['exists', 'all', 'map', 'x', 'size', 'has', 'in', 'matches', '\n', '//', 'true'],
  );

  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')),
      ),
      (text) => {
        for (const kind of ['change', 'candidate', 'eligibility'] as const) {
          const faults = conditionFaults(kind, text);
          if (faults.length > 0) continue;
          expect(['true', 'false', 'failed', 'too_expensive']).toContain(outcome(kind, text));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('what has no fault never fails for its types on values of the types that were promised', () => {
  const number = fc.constantFrom('impact', 'confidence', 'score', '0.5', '1.0');
  const text = fc.constantFrom(
    'label',
    'itemType',
    'severity',
    'source.serviceId',
    '"a"',
    'paths[0]',
    'changes[0].path',
  );
  const { bool } = fc.letrec<{ bool: string }>((tie) => ({
    bool: fc.oneof(
      { depthSize: 'small' },
      fc.tuple(number, fc.constantFrom('<', '<=', '==', '!=', '>'), number).map((parts) => parts.join(' ')),
      fc.tuple(text, fc.constantFrom('==', '!=', '<'), text).map((parts) => parts.join(' ')),
      fc
        .tuple(text, fc.constantFrom('startsWith', 'contains', 'endsWith'), text)
        .map(([a, f, b]) => `${a}.${f}(${b})`),
      tie('bool').map((inner) => `!(${inner})`),
      fc
        .tuple(tie('bool'), fc.constantFrom('&&', '||'), tie('bool'))
        .map(([a, op, b]) => `(${a}) ${op} (${b})`),
      tie('bool').map((inner) => `changes.exists(c, c.op == "add" || (${inner}))`),
      fc.tuple(tie('bool'), tie('bool'), tie('bool')).map(([a, b, c]) => `(${a}) ? (${b}) : (${c})`),
    ),
  }));

  fc.assert(
    fc.property(bool, (condition) => {
      fc.pre(condition.length < 1500);
      if (conditionFaults('eligibility', condition).length > 0) return;
      expect(['true', 'false']).toContain(outcome('eligibility', condition));
    }),
    { numRuns: 500 },
  );
});
