import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { driftOf, expectHonest, idsOf, problemsOf } from './expect-honest.ts';
import { forms, placeOf, runDiff, sides, useTempFolders, writeExport, writeFiles } from './run-cli.ts';

const tempFolder = useTempFolders();

const items = ['1', '2', '3'].map((id) => ({ id, name: `item ${id}` }));
const MiB = 1024 * 1024;

/** Writes `head`, then `filler` until 100 MB are full, then `tail`. */
async function writeHuge(path: string, head: string, filler: string, tail: string): Promise<void> {
  const stream = createWriteStream(path);
  const chunk = filler.repeat(Math.ceil(MiB / filler.length));
  stream.write(head);
  for (let written = 0; written < 100_000_000; written += chunk.length) {
    if (!stream.write(chunk)) await once(stream, 'drain');
  }
  stream.end(tail);
  await finished(stream);
}

const head = '{"id":"2","data":';

// One after the other: each has a large file.
describe('an item of 100 MB', () => {
  it('in a folder is left out in bounded memory', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', items);
    await writeExport(cwd, 'current', 'folder', items);
    await writeHuge(join(cwd, 'current/2.json'), `${head}"`, 'x', '"}');

    const run = await runDiff({ cwd, measuresMemory: true });
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(problemsOf(report)).toEqual(['item_too_large current/2.json']);
    expect(idsOf(report.unprovenRemovals)).toEqual(['2']);
    expect(run.maxRssMiB).toBeGreaterThan(0);
    expect(run.maxRssMiB).toBeLessThan(400);
  });

  it.each(['ndjson', 'array'] as const)(
    'between good ones is left out in bounded memory (%s)',
    async (form) => {
      const cwd = await tempFolder();
      const baseline = await writeExport(cwd, 'baseline', 'folder', items);
      const [open, separator, close] = form === 'ndjson' ? ['', '\n', '\n'] : ['[\n', ',\n', '\n]\n'];
      const current = form === 'ndjson' ? 'current.ndjson' : 'current.json';
      await writeHuge(
        join(cwd, current),
        `${open}${JSON.stringify(items[0])}${separator}${head}[0`,
        ',[1,{"a":"b"}]',
        `]}${separator}${JSON.stringify(items[2])}${close}`,
      );

      const run = await runDiff({ cwd, baseline, current, measuresMemory: true });
      const report = expectHonest(run);

      expect(run.status).toBe(3);
      expect(problemsOf(report)).toEqual([`item_too_large ${placeOf('current', form, 2)}`]);
      // What follows within an array may be unproven too; lines can always be told apart.
      expect(idsOf(report.unprovenRemovals)).toContain('2');
      if (form === 'ndjson') expect(report.summary.unchanged).toBe(2);
      expect(run.maxRssMiB).toBeLessThan(400);
    },
  );

  it('is left out where it is compressed to little', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', items);
    await writeExport(cwd, 'current', 'folder', [items[0], '[]', items[2]]);
    const compressed = gzipSync(
      Buffer.concat([Buffer.from(`${head}"`), Buffer.alloc(100_000_000, 'x'), Buffer.from('"}')]),
      { level: 1 },
    );
    await writeFiles(cwd, { 'current/2.json.gz': compressed });

    const run = await runDiff({ cwd, measuresMemory: true });
    const report = expectHonest(run);

    expect(problemsOf(report)).toEqual(['item_too_large current/2.json.gz']);
    expect(idsOf(report.unprovenRemovals)).toEqual(['2']);
    expect(run.maxRssMiB).toBeLessThan(400);
  });
});

describe.concurrent('nesting', () => {
  const deep = (levels: number, open: string, close: string) =>
    `{"id":"2","deep":${open.repeat(levels)}1${close.repeat(levels)}}`;

  it.each(forms)('of 10,000 levels is a problem of that item (%s)', async (form) => {
    const cwd = await tempFolder();
    const baseline = await writeExport(cwd, 'baseline', form, items);
    const deepOnes = [deep(10_000, '[', ']'), deep(5_000, '[{"a":', '}]')];
    const current = await writeExport(cwd, 'current', form, [items[0], ...deepOnes, items[2]]);

    const run = await runDiff({ cwd, baseline, current });
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(problemsOf(report)).toEqual(
      [2, 3].map((number) => `nesting_too_deep ${placeOf('current', form, number)}`),
    );
    expect(idsOf(report.unprovenRemovals)).toEqual(['2']);
    expect(report.summary.unchanged).toBe(2);
  });

  it.each(forms)('of 400,000 levels has the same code (%s)', async (form) => {
    const cwd = await tempFolder();
    const baseline = await writeExport(cwd, 'baseline', form, items);
    const current = await writeExport(cwd, 'current', form, [items[0], deep(200_000, '[{"a":', '}]')]);

    const run = await runDiff({ cwd, baseline, current });
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(problemsOf(report)).toEqual([`nesting_too_deep ${placeOf('current', form, 2)}`]);
    expect(idsOf(report.unprovenRemovals)).toEqual(['2', '3']);
  });

  it('of 10,000 levels is a problem on both sides where both have the same bytes', async () => {
    const cwd = await tempFolder();
    for (const side of sides) await writeExport(cwd, side, 'folder', [items[0], deep(10_000, '[', ']')]);

    const run = await runDiff({ cwd });

    expect(run.status).toBe(3);
    expect(problemsOf(expectHonest(run))).toEqual(sides.map((side) => `nesting_too_deep ${side}/2.json`));
  });

  it('that never ends is no crash', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', items);
    const broken = [
      '['.repeat(100_000),
      '{"a":'.repeat(100_000),
      `{"id":"2","a":${'['.repeat(100_000)}`,
      `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
    ];
    await writeExport(cwd, 'current', 'folder', broken);

    const report = expectHonest(await runDiff({ cwd }));

    expect(problemsOf(report)).toHaveLength(broken.length);
    expect(idsOf(report.unprovenRemovals)).toEqual(['1', '2', '3']);
  });

  it('of a hundred levels is compared', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', [deep(100, '{"a":', '}')]);
    await writeExport(cwd, 'current', 'folder', [deep(100, '{"a":', '}').replace('1}', '2}')]);

    const report = expectHonest(await runDiff({ cwd }));

    expect(driftOf(report)).toEqual(['changed 2']);
    expect(report.findings[0]!.changes[0]!.path).toBe(`/deep${'/a'.repeat(100)}`);
  });
});

describe.concurrent('many and long', () => {
  it('lines of a megabyte are compared', async () => {
    const cwd = await tempFolder();
    const long = (end: string) =>
      [1, 2, 3].map((id) => ({ id: `${id}`, text: `${'ä'.repeat(500_000)}${end}` }));
    const baseline = await writeExport(cwd, 'baseline', 'ndjson', long('a'));
    const current = await writeExport(cwd, 'current', 'ndjson', [...long('a').slice(0, 2), long('b')[2]]);

    const report = expectHonest(await runDiff({ cwd, baseline, current }));

    expect(driftOf(report)).toEqual(['changed 3']);
  });

  it('long values are cut short in findings, and still a change', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', [{ id: '1', text: `${'x'.repeat(2_000_000)}a` }]);
    await writeExport(cwd, 'current', 'folder', [{ id: '1', text: `${'x'.repeat(2_000_000)}b` }]);

    const run = await runDiff({ cwd });

    expect(driftOf(expectHonest(run))).toEqual(['changed 1']);
    expect(run.stdout.length).toBeLessThan(1_000_000);
  });

  it('folders of a hundred levels are read', async () => {
    const cwd = await tempFolder();
    const folder = Array.from({ length: 100 }, (_, level) => `f${level}`).join('/');
    await mkdir(join(cwd, 'baseline', folder), { recursive: true });
    await writeFile(join(cwd, 'baseline', folder, 'item.json'), '{"id":"1"}');
    await writeExport(cwd, 'current', 'folder', ['{"id":"1","size":1}']);

    const report = expectHonest(await runDiff({ cwd }));

    expect(driftOf(report)).toEqual(['changed 1']);
  });

  it('2,000 files, each with drift, come out whole', async () => {
    const cwd = await tempFolder();
    const files = (value: number) => Array.from({ length: 2_000 }, (_, id) => ({ id: `${id}`, value }));
    await writeExport(cwd, 'baseline', 'folder', files(1));
    await writeExport(cwd, 'current', 'folder', files(2));

    const run = await runDiff({ cwd });

    expect(expectHonest(run).summary).toMatchObject({ baselineItems: 2_000, changed: 2_000 });
  });

  it('2,000 broken files are 2,000 problems', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', [items[0]]);
    await writeExport(
      cwd,
      'current',
      'folder',
      Array.from({ length: 2_000 }, () => '{'),
    );

    const run = await runDiff({ cwd });
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(report.problems.filter(({ code }) => code === 'invalid_json')).toHaveLength(2_000);
    expect(report.coverage[0]!.reason!.length).toBeLessThan(1_000);
  });
});
