import { describe, expect, it } from 'vitest';
import { changesOf, driftOf, expectHonest, idsOf, problemsOf } from './expect-honest.ts';
import { runDiff, sides, useTempFolders, writeExport } from './run-cli.ts';

const tempFolder = useTempFolders();

/** Compares two lists of items, written as JSON texts. */
async function compare(baselineItems: readonly string[], currentItems: readonly string[]) {
  const cwd = await tempFolder();
  const baseline = await writeExport(cwd, 'baseline', 'ndjson', baselineItems);
  const current = await writeExport(cwd, 'current', 'ndjson', currentItems);
  const run = await runDiff({ cwd, baseline, current });
  return { run, report: expectHonest(run) };
}

describe.concurrent('numbers', () => {
  const different: [before: string, after: string][] = [
    ['9007199254740992', '9007199254740993'],
    ['-9007199254740992', '-9007199254740993'],
    ['18446744073709551615', '18446744073709551614'],
    ['12345678901234567890123456789012345678901', '12345678901234567890123456789012345678902'],
    ['1e400', '1e401'],
    ['1e400', '-1e400'],
    ['1e400', 'null'],
    ['1e400', '1.7976931348623157e308'],
    ['1', '"1"'],
    ['0', 'false'],
    ['0', 'null'],
    ['0.1', '0.10000000000000002'],
    ['5e-324', '0'],
  ];

  it('that differ are a change, however far from what a double holds', async () => {
    const { run, report } = await compare(
      different.map(([before], index) => `{"id":"n${index}","n":${before}}`),
      different.map(([, after], index) => `{"id":"n${index}","n":${after}}`),
    );

    expect(run.status).toBe(1);
    expect(idsOf(report.findings).sort()).toEqual(different.map((_, index) => `n${index}`).sort());
  });

  it('that differ in the last digit show it, and are listed', async () => {
    const { report } = await compare(
      ['{"id":"1","n":9007199254740992}'],
      ['{"id":"1","n":9007199254740993}'],
    );

    const [change] = changesOf(report);
    expect(change?.slice(0, 2)).toEqual(['replace', '/n']);
    expect(change?.slice(2).map(String)).toEqual(['9007199254740992', '9007199254740993']);
    expect(problemsOf(report)).toEqual(['unsafe_number baseline.ndjson:1', 'unsafe_number current.ndjson:1']);
  });

  it.each([
    ['9007199254740993.0', '9007199254740992.0'],
    ['9007199254740.993e3', '9007199254740.992e3'],
  ])(
    'that are integers do not collapse in silence where they have a point or an exponent: %s, %s',
    async (before, after) => {
      const { run, report } = await compare([`{"id":"1","n":${before}}`], [`{"id":"1","n":${after}}`]);

      expect(run.status).toBe(1);
      // A double holds the other one.
      expect(problemsOf(report)).toContain('unsafe_number baseline.ndjson:1');
    },
  );

  it('that mean the same are no change, however they are written', async () => {
    const same = [
      ['1', '1.0'],
      ['100', '1e2'],
      ['100', '1E+2'],
      ['0', '-0'],
      ['0.5', '5e-1'],
      ['9007199254740991', '9007199254740991.0'],
      ['1e21', '1.0e21'],
      ['9007199254740993', '9007199254740993.0'],
      ['1e400', '10E+399'],
      // Exporters write the same double with and without an exponent.
      ['9007199254740992', '9007199254740992.0'],
      ['1000000000000000000000', '1e21'],
    ] as const;
    const { report } = await compare(
      same.map(([one], index) => `{"id":"n${index}","n":${one}}`),
      same.map(([, other], index) => `{"id":"n${index}","n":${other}}`),
    );

    expect(changesOf(report)).toEqual([]);
  });

  it('keep their digits deep inside and in arrays', async () => {
    const { report } = await compare(
      ['{"id":"1","a":[{"b":[1,9007199254740992]}],"c":{"d":{"e":-9007199254740993}}}'],
      ['{"id":"1","a":[{"b":[1,9007199254740993]}],"c":{"d":{"e":-9007199254740994}}}'],
    );

    expect(changesOf(report).map(([, path]) => path.split('/')[1])).toEqual(['a', 'c']);
  });

  it('too large for a double still tell two items apart', async () => {
    const large = ['9007199254740992', '9007199254740993'].map((id) => `{"id":${id},"name":"x"}`);

    const both = await compare(large, large);
    const one = await compare(large, [large[0]!]);

    expect(both.report.summary).toMatchObject({
      baselineItems: 2,
      currentItems: 2,
      unchanged: 2,
      ambiguous: 0,
    });
    expect(driftOf(one.report)).toEqual(['removed 9007199254740993']);
  });

  it('of a million digits do no harm', async () => {
    const digits = '7'.repeat(1_000_000);
    const { run, report } = await compare([`{"id":"1","n":${digits}1}`], [`{"id":"1","n":${digits}2}`]);

    expect(run.status).toBe(1);
    expect(driftOf(report)).toEqual(['changed 1']);
  });
});

describe.concurrent('a member name that stands twice in one object', () => {
  const twice = [
    '"a":1,"a":2',
    '"a":1,"a":1',
    '"a":{"b":{"c":1,"c":2}}',
    '"a":[{"c":1},{"c":1,"c":2}]',
    '"a":1,"\\u0061":2',
    '"__proto__":1,"__proto__":2',
    '"":1,"":2',
  ];

  it.each(sides)('leaves the item out of the comparison, wherever it is (%s)', async (side) => {
    const bad = twice.map((members, index) => `{"id":"${index}",${members}}`);
    const good = twice.map((_, index) => `{"id":"${index}","a":1}`);
    const one = '{"id":"one"}';

    const { run, report } = await compare(
      [...(side === 'baseline' ? bad : good), one],
      [...(side === 'current' ? bad : good), one],
    );

    expect(run.status).toBe(3);
    expect(problemsOf(report)).toEqual(bad.map((_, index) => `duplicate_key ${side}.ndjson:${index + 1}`));
    expect(driftOf(report)).toEqual([]);
    expect(idsOf(report.ambiguous)).toEqual(bad.map((_, index) => `${index}`));
    expect(report.summary).toMatchObject({ unchanged: 1, unprovenRemovals: 0, unprovenAdditions: 0 });
  });

  it('leaves the item out too where it would identify if there were no id', async () => {
    const { run, report } = await compare(['{"id":"2","uid":1}'], ['{"id":"2","uid":1,"uid":2}']);

    expect(run.status).toBe(3);
    expect(problemsOf(report)).toEqual(['duplicate_key current.ndjson:1']);
    expect(idsOf(report.ambiguous)).toEqual(['2']);
  });

  it('is no reason to trust equal bytes on both sides', async () => {
    const same = ['{"id":"1"}', '{"id":"2","a":1,"a":2}'];
    const { run, report } = await compare(same, same);

    expect(run.status).toBe(3);
    expect(problemsOf(report)).toEqual(['duplicate_key baseline.ndjson:2', 'duplicate_key current.ndjson:2']);
    expect(idsOf(report.ambiguous)).toEqual(['2']);
  });

  it('at the identity proves nothing about any item', async () => {
    const unknown = [
      '{"id":"2","id":"3"}',
      '{"id":"3","id":"2"}',
      '{"id":"2","\\u0069d":"9"}',
      '{"id":"9","id":""}',
    ];
    const { run, report } = await compare(
      ['{"id":"1"}', '{"id":"2"}', '{"id":"3"}'],
      ['{"id":"1"}', ...unknown],
    );

    expect(run.status).toBe(3);
    expect(driftOf(report)).toEqual([]);
    expect(problemsOf(report)).toEqual(
      unknown.map((_, index) =>
        expect.stringMatching(`^(duplicate_key|missing_identity) current\\.ndjson:${index + 2}$`),
      ),
    );
    expect(report.summary.unchanged).toBe(1);
  });
});

const names = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'prototype',
  'valueOf',
  '__defineGetter__',
];

describe.concurrent('names that mean something to JavaScript', () => {
  const nested = (members: string) => `{"id":"1","deep":{"er":{${members}}}}`;

  it('are members like any other: added, removed and changed', async () => {
    const member = (value: string) => names.map((name) => `${JSON.stringify(name)}:${value}`).join();
    const paths = names.map((name) => `/${name}`).sort();

    const added = await compare(['{"id":"1"}'], [`{"id":"1",${member('{"x":1}')}}`]);
    const removed = await compare([`{"id":"1",${member('[1]')}}`], ['{"id":"1"}']);
    const changed = await compare([nested(member('"a"'))], [nested(member('"b"'))]);
    const same = await compare([nested(member('{}'))], [` ${nested(member('{ }'))}`]);

    expect(changesOf(added.report)).toEqual(
      paths.map((path) => ['add', expect.stringMatching(`^${path}(/x)?$`), null, expect.anything()]),
    );
    expect(changesOf(removed.report)).toEqual(
      paths.map((path) => ['remove', expect.stringMatching(`^${path}(/0)?$`), expect.anything(), null]),
    );
    expect(changesOf(changed.report)).toEqual(paths.map((path) => ['replace', `/deep/er${path}`, 'a', 'b']));
    expect(same.run.status).toBe(0);
  });

  it('are ids like any other', async () => {
    const items = names.map((id) => JSON.stringify({ id, kind: id }));
    const half = names.slice(0, 3);

    const removed = await compare(items, items.slice(3));
    const added = await compare(items.slice(3), items);
    const changed = await compare(items, [...names.map((id) => JSON.stringify({ id, kind: 'x' }))]);

    expect(driftOf(removed.report).sort()).toEqual(half.map((id) => `removed ${id}`).sort());
    expect(driftOf(added.report).sort()).toEqual(half.map((id) => `added ${id}`).sort());
    expect(driftOf(changed.report).sort()).toEqual(names.map((id) => `changed ${id}`).sort());
  });

  it('are keys of list elements like any other', async () => {
    const list = (value: number) =>
      `{"id":"1","list":[${names.map((name) => JSON.stringify({ name, value })).join()}]}`;

    const { report } = await compare([list(1)], [list(2)]);

    expect(changesOf(report)).toEqual(
      names
        .map((name) => ['replace', `/list/${name}/value`, 1, 2])
        .sort(([, a], [, b]) => (a! < b! ? -1 : 1)),
    );
  });

  it('give no item what it has not', async () => {
    const { report } = await compare(
      ['{"id":"1","__proto__":{"polluted":true}}', '{"id":"2"}'],
      ['{"id":"1","__proto__":{"polluted":true}}', '{"id":"2","polluted":true}'],
    );

    expect(changesOf(report)).toEqual([['add', '/polluted', null, true]]);
  });
});

describe.concurrent('texts', () => {
  it('that differ only in what UTF-8 can not say are different', async () => {
    const { report } = await compare(
      ['{"id":"1","a":"\\ud800","b":"\\u0000","c":"\ufffd"}'],
      ['{"id":"1","a":"\\ud801","b":"\\u0001","c":"\\udfff"}'],
    );

    expect(changesOf(report).map(([, path]) => path)).toEqual(['/a', '/b', '/c']);
  });

  it('that are written differently are the same', async () => {
    const { run } = await compare(
      ['{"id":"1","a":"ä😀/\\n"}'],
      ['{"\\u0069d":"1","a":"\\u00e4\\ud83d\\ude00\\/\\u000a"}'],
    );

    expect(run.status).toBe(0);
  });

  it('as member names are escaped as JSON Pointer has it', async () => {
    const { report } = await compare(
      ['{"id":"1","":1,"a/b":1,"m~n":1,"x y":1,"\\u001b[31m":1}'],
      ['{"id":"1","":2,"a/b":2,"m~n":2,"x y":2,"\\u001b[31m":2}'],
    );

    expect(changesOf(report).map(([, path]) => path)).toEqual(['/', '/\u001b[31m', '/a~1b', '/m~0n', '/x y']);
  });
});
