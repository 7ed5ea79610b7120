import { describe, expect, it } from 'vitest';
import { driftOf, expectHonest, idsOf, problemsOf } from './expect-honest.ts';
import { forms, placeOf, runDiff, sides, useTempFolders, writeExport, writeFiles } from './run-cli.ts';

const tempFolder = useTempFolders();

const items = ['1', '2', '3'].map((id) => ({ id, name: `item ${id}` }));

/** Lines that are not an object each. */
const brokenLines: [line: string | Uint8Array, code: string][] = [
  ['{"id":"x","settings":[', 'invalid_json'],
  ['Error: throttled', 'invalid_json'],
  ['{"id":"x"},', 'invalid_json'],
  ['# comment', 'invalid_json'],
  ['2', 'not_an_object'],
  ['"2"', 'not_an_object'],
  ['null', 'not_an_object'],
  ['[{"id":"x"}]', 'not_an_object'],
  [Buffer.from('{"id":"x","name":"Gerät"}', 'latin1'), 'invalid_encoding'],
  ['}', 'invalid_json'],
  ['{', 'invalid_json'],
];

describe.concurrent('a line of NDJSON that can not be read', () => {
  it.each(sides)('is a problem with its number, and the good lines count (%s)', async (side) => {
    const cwd = await tempFolder();
    const good = brokenLines.map((_, index) => ({ id: `good ${index}` }));
    await writeExport(cwd, side === 'current' ? 'baseline' : 'current', 'ndjson', [...good, { id: 'gone' }]);
    const lines = brokenLines.flatMap(([line], index) => [
      Buffer.from(line),
      Buffer.from(`\n{"id":"good ${index}"}\n`),
    ]);
    await writeFiles(cwd, { [`${side}.ndjson`]: Buffer.concat(lines) });

    const run = await runDiff({ cwd, baseline: 'baseline.ndjson', current: 'current.ndjson' });
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(problemsOf(report).sort()).toEqual(
      brokenLines.map(([, code], index) => `${code} ${side}.ndjson:${index * 2 + 1}`).sort(),
    );
    expect(report.summary.unchanged).toBe(brokenLines.length);
    const unproven = side === 'current' ? report.unprovenRemovals : report.unprovenAdditions;
    expect(idsOf(unproven)).toEqual(['gone']);
  });

  it('is numbered as editors do, over blank lines and CRLF', async () => {
    const cwd = await tempFolder();
    await writeFiles(cwd, {
      'baseline.ndjson': items.map((item) => JSON.stringify(item)).join('\n'),
      'current.ndjson': `\r\n${items.map((item) => JSON.stringify(item)).join('\r\n\r\n')}\r\n\r\n{"id":`,
    });

    const run = await runDiff({ cwd, baseline: 'baseline.ndjson', current: 'current.ndjson' });
    const report = expectHonest(run);

    expect(problemsOf(report)).toEqual(['invalid_json current.ndjson:8']);
    expect(report.summary.unchanged).toBe(3);
  });

  it('is told where an export was cut off in its last line', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'ndjson', items);
    await writeFiles(cwd, {
      'current.ndjson': '{"id":"1","name":"item 1"}\n{"id":"2","name":"item 2"}\n{"id":"3","na',
    });

    const run = await runDiff({ cwd, baseline: 'baseline.ndjson', current: 'current.ndjson' });
    const report = expectHonest(run);

    expect(problemsOf(report)).toEqual(['invalid_json current.ndjson:3']);
    expect(idsOf(report.unprovenRemovals)).toEqual(['3']);
  });
});

describe.concurrent('an element of an array that can not be read', () => {
  it('is a problem at its place, and the other elements count', async () => {
    const cwd = await tempFolder();
    const baseline = await writeExport(cwd, 'baseline', 'array', items);
    const elements = [items[0], '2', '"2"', 'null', '[]', 'true', items[2]];
    const current = await writeExport(cwd, 'current', 'array', elements);

    const report = expectHonest(await runDiff({ cwd, baseline, current }));

    expect(problemsOf(report)).toEqual(
      [1, 2, 3, 4, 5].map((index) => `not_an_object current.json#/${index}`),
    );
    expect(report.summary.unchanged).toBe(2);
    expect(idsOf(report.unprovenRemovals)).toEqual(['2']);
  });

  it.each([
    ['it is truncated', '[{"id":"1","name":"item 1"},{"id":"2","name":"item 2"},{"id":"3"'],
    ['it never ends', '[{"id":"1","name":"item 1"},{"id":"2","name":"item 2"},'],
    ['it has a trailing comma', '[{"id":"1","name":"item 1"},{"id":"2","name":"item 2"},]'],
    ['a comma is missing', '[{"id":"1","name":"item 1"}{"id":"3","name":"item 3"}]'],
    ['text follows', '[{"id":"1","name":"item 1"}] {"id":"3","name":"item 3"}'],
    ['another array follows', '[{"id":"1","name":"item 1"}][{"id":"3","name":"item 3"}]'],
    ['it has a comment', '[{"id":"1","name":"item 1"}/* the first */,{"id":"3","name":"item 3"}]'],
    ['the bracket is wrong', '[{"id":"1","name":"item 1"}}'],
  ])('leaves the array unproven: %s', async (_, text) => {
    const cwd = await tempFolder();
    const baseline = await writeExport(cwd, 'baseline', 'array', items);
    await writeFiles(cwd, { 'current.json': text });

    const report = expectHonest(await runDiff({ cwd, baseline, current: 'current.json' }));

    expect(problemsOf(report)).toEqual([expect.stringMatching(/^invalid_json current\.json/)]);
    expect(driftOf(report)).toEqual([]);
    expect(idsOf(report.unprovenRemovals)).toEqual(
      ['1', '2', '3'].filter((id) => !text.includes(`"item ${id}"`) || report.summary.unchanged < Number(id)),
    );
  });

  it('is told from an empty list, which proves that all is gone', async () => {
    const cwd = await tempFolder();
    const baseline = await writeExport(cwd, 'baseline', 'array', items);
    await writeFiles(cwd, { 'current.json': '[]' });

    const run = await runDiff({ cwd, baseline, current: 'current.json' });

    expect(driftOf(expectHonest(run))).toEqual(['removed 1', 'removed 2', 'removed 3']);
  });
});

describe.concurrent('two objects in one .json file', () => {
  it.each([
    ['beside each other', '{"id":"2","name":"item 2"}{"id":"3","name":"item 3"}'],
    ['on two lines', '{"id":"2","name":"item 2"}\n{"id":"3","name":"item 3"}\n'],
    ['over several lines', '{\n"id":"2","name":"item 2"}\n{\n"id":"3","name":"item 3"}\n'],
    ['the second broken', '{"id":"2","name":"item 2"} {"id":'],
    ['prose behind', '{"id":"2","name":"item 2"} trailing'],
  ])('are read or reported, never half of them in silence: %s', async (_, text) => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', items);
    await writeFiles(cwd, { 'current/1.json': JSON.stringify(items[0]), 'current/2.json': text });

    const report = expectHonest(await runDiff({ cwd }));

    const isRead = report.summary.unchanged === 3 && problemsOf(report).length === 0;
    const isReported = problemsOf(report).some((problem) =>
      problem.startsWith('invalid_json current/2.json'),
    );
    expect(isRead || isReported).toBe(true);
    expect(driftOf(report)).toEqual([]);
  });
});

describe.concurrent('the place of a problem', () => {
  it.each(forms)('names the record within its file (%s)', async (form) => {
    const cwd = await tempFolder();
    const baseline = await writeExport(cwd, 'baseline', 'ndjson', items);
    const current = await writeExport(cwd, 'current', form, [items[0], { size: 2 }, items[2]]);

    const report = expectHonest(await runDiff({ cwd, baseline, current }));

    expect(problemsOf(report)).toEqual([`missing_identity ${placeOf('current', form, 2)}`]);
  });
});
