import { execFileSync } from 'node:child_process';
import { link, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { driftOf, expectError, expectHonest, expectNoTrace, idsOf, problemsOf } from './expect-honest.ts';
import { formats, runDiff, sides, useTempFolders, writeExport, writeFiles } from './run-cli.ts';

const tempFolder = useTempFolders();

const items = ['1', '2', '3'].map((id) => ({ id, name: `item ${id}` }));

function makePipe(path: string): void {
  execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', path]);
}

/** A folder where both exports hold `items`, but for the file of item 2 on one side. */
async function folderWithout2(side: 'baseline' | 'current' = 'current'): Promise<string> {
  const cwd = await tempFolder();
  await writeExport(cwd, side === 'current' ? 'baseline' : 'current', 'folder', items);
  await writeFiles(cwd, {
    [`${side}/1.json`]: JSON.stringify(items[0]),
    [`${side}/3.json`]: JSON.stringify(items[2]),
  });
  return cwd;
}

describe.concurrent('a symbolic link', () => {
  it('within the export is followed, and its item counts once', async () => {
    const cwd = await folderWithout2();
    await writeFiles(cwd, { 'current/store/two.json': JSON.stringify(items[1]) });
    await symlink('store/two.json', join(cwd, 'current/2.json'));
    await symlink('store', join(cwd, 'current/latest'));

    const run = await runDiff({ cwd });

    expect(run.status).toBe(0);
    expect(expectHonest(run).summary).toMatchObject({ currentItems: 3, unchanged: 3 });
  });

  it('to a file of another name within the export is followed', async () => {
    const cwd = await folderWithout2();
    await writeFiles(cwd, { 'current/.data/0a1b': JSON.stringify(items[1]) });
    await symlink('.data/0a1b', join(cwd, 'current/2.json'));

    const report = expectHonest(await runDiff({ cwd }));

    expect(driftOf(report)).toEqual([]);
    expect(report.summary.unchanged).toBe(3);
  });

  it.each(sides)('out of the export is not followed, and proves no absence (%s)', async (side) => {
    const outside: [string, string][] = [
      ['/etc/hostname', '2.json'],
      ['../outside/2.json', '2b.json'],
      ['../outside', 'folder'],
      [`../${side}-2/2.json`, '2c.json'],
      [`../${side}/../outside/2.json`, '2d.json'],
    ];
    const cwd = await folderWithout2(side);
    await writeFiles(cwd, {
      'outside/2.json': JSON.stringify(items[1]),
      [`${side}-2/2.json`]: JSON.stringify(items[1]),
    });
    for (const [target, name] of outside) await symlink(target, join(cwd, side, name));

    const run = await runDiff({ cwd });
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(problemsOf(report).sort()).toEqual(
      outside.map(([, name]) => `link_leaves_tree ${side}/${name}`).sort(),
    );
    expect(idsOf(side === 'current' ? report.unprovenRemovals : report.unprovenAdditions)).toEqual(['2']);
  });

  it('over another link out of the export is not followed either', async () => {
    const cwd = await folderWithout2();
    await writeFiles(cwd, { 'outside/deep/2.json': JSON.stringify(items[1]) });
    await symlink('../outside', join(cwd, 'current/hop'));
    await symlink('hop/deep/2.json', join(cwd, 'current/2.json'));

    const report = expectHonest(await runDiff({ cwd }));

    expect(problemsOf(report)).toEqual(['link_leaves_tree current/2.json', 'link_leaves_tree current/hop']);
    expect(idsOf(report.unprovenRemovals)).toEqual(['2']);
  });

  it.each(sides)('that leads nowhere proves no absence (%s)', async (side) => {
    const cwd = await folderWithout2(side);
    await symlink('gone.json', join(cwd, side, '2.json'));

    const run = await runDiff({ cwd });
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(problemsOf(report)).toEqual([`unreadable_file ${side}/2.json`]);
    expect(idsOf(side === 'current' ? report.unprovenRemovals : report.unprovenAdditions)).toEqual(['2']);
  });

  it('to itself, or in a circle, is no endless walk', async () => {
    const cwd = await folderWithout2();
    await mkdir(join(cwd, 'current/a/b'), { recursive: true });
    await symlink('../..', join(cwd, 'current/a/b/up'));
    await symlink('.', join(cwd, 'current/self'));
    await symlink('x.json', join(cwd, 'current/y.json'));
    await symlink('y.json', join(cwd, 'current/x.json'));

    const report = expectHonest(await runDiff({ cwd }));

    expect(report.summary.unchanged).toBe(2);
    expect(problemsOf(report).filter((problem) => /[xy]\.json/.test(problem))).toEqual([
      'unreadable_file current/x.json',
      'unreadable_file current/y.json',
    ]);
    expect(idsOf(report.unprovenRemovals)).toEqual(['2']);
  });

  it('may be the export itself', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', items);
    await writeExport(cwd, 'current', 'ndjson', items);
    await symlink('baseline', join(cwd, 'old'));
    await symlink('current.ndjson', join(cwd, 'new'));

    const run = await runDiff({ cwd, baseline: 'old', current: 'new' });

    expect(run.status).toBe(0);
    expect(expectHonest(run).summary.unchanged).toBe(3);
  });

  it('of the hard kind is a file like any other', async () => {
    const cwd = await folderWithout2();
    await link(join(cwd, 'baseline/2.json'), join(cwd, 'current/2.json'));

    expect((await runDiff({ cwd })).status).toBe(0);
  });
});

describe.concurrent('something that is no regular file', () => {
  it('within an export is a problem, and nobody waits for it', async () => {
    const cwd = await folderWithout2();
    makePipe(join(cwd, 'current/2.json'));
    await symlink('/dev/zero', join(cwd, 'current/zero.json'));
    const server = createServer().listen(join(cwd, 'current/socket.json'));

    const run = await runDiff({ cwd });
    server.close();
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(problemsOf(report).sort()).toEqual([
      'link_leaves_tree current/zero.json',
      'unreadable_file current/2.json',
      'unreadable_file current/socket.json',
    ]);
    expect(idsOf(report.unprovenRemovals)).toEqual(['2']);
  });

  it.each(['/dev/zero', 'pipe'])('is no export: %s', async (path) => {
    const cwd = await folderWithout2();
    makePipe(join(cwd, 'pipe'));

    expectError(await runDiff({ cwd, current: path }), 'not_an_export');
    expectError(await runDiff({ cwd, baseline: path }), 'not_an_export');
  });

  it('but a folder that is called like a file is a folder', async () => {
    const cwd = await folderWithout2();
    await writeFiles(cwd, { 'current/2.json/policy.json': JSON.stringify(items[1]) });

    expect((await runDiff({ cwd })).status).toBe(0);
  });
});

describe.concurrent('a path', () => {
  it('where nothing is ends in one line', async () => {
    const cwd = await folderWithout2();

    expectError(await runDiff({ cwd, current: 'nothing' }), 'path_not_found');
    expectError(await runDiff({ cwd, baseline: 'nothing.json' }), 'path_not_found');
    expectError(await runDiff({ cwd, baseline: 'baseline/1.json/x' }), 'path_not_found');
    expectError(await runDiff({ cwd, baseline: '' }), 'path_not_found');
  });

  it.each(sides)('to a folder without any JSON is no empty export (%s)', async (side) => {
    const cwd = await folderWithout2();
    await mkdir(join(cwd, 'empty'));
    await writeFiles(cwd, { 'texts/readme.md': '# none', 'texts/deeper/x.txt': 'none' });

    expectError(await runDiff({ cwd, [side]: 'empty' }), 'not_an_export');
    expectError(await runDiff({ cwd, [side]: 'texts' }), 'not_an_export');
  });

  it('may be absolute, end in a slash or hold dots', async () => {
    const cwd = await folderWithout2();

    const run = await runDiff({ cwd, baseline: join(cwd, 'baseline/'), current: './x/../baseline//' });
    expectError(run, 'path_not_found');
    const dotted = await runDiff({
      cwd,
      baseline: join(cwd, 'baseline/'),
      current: './current/../baseline//',
    });
    expect(dotted.status).toBe(0);
  });

  it('within an export whose extension is written in capitals is no absence', async () => {
    const cwd = await folderWithout2();
    await writeFiles(cwd, { 'current/2.JSON': JSON.stringify(items[1]) });

    expect(driftOf(expectHonest(await runDiff({ cwd })))).toEqual([]);
  });

  it('that moved within the export is no drift', async () => {
    const cwd = await tempFolder();
    for (const side of sides) await writeExport(cwd, side, 'folder', items);
    await mkdir(join(cwd, 'current/deeper'));
    await rename(join(cwd, 'current/2.json'), join(cwd, 'current/deeper/two – v2.json'));

    expect((await runDiff({ cwd })).status).toBe(0);
  });
});

describe.concurrent('weird file names', () => {
  const names = [
    'new\nline',
    'quote"\'`',
    'esc\u001b[31mred',
    'tab\t',
    '<b>&amp;',
    '|pipe|',
    '-dash',
    '😀',
    'a\u202eb',
    '$(x)',
    '#/1',
    '%2e',
  ];

  it('are read like others', async () => {
    const cwd = await tempFolder();
    await writeExport(
      cwd,
      'baseline',
      'folder',
      names.map((id) => ({ id })),
    );
    await writeFiles(
      cwd,
      Object.fromEntries(names.map((id) => [`current/${id}.json`, JSON.stringify({ id })])),
    );

    const run = await runDiff({ cwd });

    expect(run.status).toBe(0);
    expect(expectHonest(run).summary.unchanged).toBe(names.length);
  });

  it.each(formats)(
    'are named in problems without harming the terminal or the format (%s)',
    async (format) => {
      const cwd = await tempFolder();
      await writeExport(cwd, 'baseline', 'folder', items);
      await writeFiles(cwd, Object.fromEntries(names.map((name) => [`current/${name}.json`, '{'])));

      const run = await runDiff({ cwd, format });

      expectNoTrace(run);
      expect(run.status).toBe(3);
      expect(run.stdout).not.toContain('\u001b');
      if (format === 'table') expect(run.stdout).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
      // XML 1.0 knows no other control characters.
      if (format === 'junit') expect(run.stdout).not.toMatch(/[^\P{Cc}\t\n\r\u007f-\u009f]/u);
      if (format === 'json') {
        const paths = expectHonest(run).problems.map(({ path }) => path);
        expect(paths).toEqual(expect.arrayContaining(names.map((name) => `current/${name}.json`)));
      }
    },
  );

  it('that are not UTF-8 stay apart', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', items);
    await mkdir(join(cwd, 'current'));
    for (const [index, byte] of [0xe4, 0xf6, 0xfc].entries()) {
      const path = Buffer.concat([Buffer.from(`${cwd}/current/`), Buffer.from([byte]), Buffer.from('.json')]);
      await writeFile(path, JSON.stringify(items[index]));
    }

    const run = await runDiff({ cwd });
    const report = expectHonest(run);

    expect(driftOf(report)).toEqual([]);
    expect(report.summary.unchanged + report.unprovenRemovals.length).toBe(3);
    expect(report.summary.unchanged === 3 || run.status === 3).toBe(true);
  });
});
