import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DriftplaneError } from '../../core/errors.ts';
import { listExportFiles, systemErrorText } from './export-files.ts';

const all = mkdtempSync(join(tmpdir(), 'driftplane-files-'));
afterAll(() => rmSync(all, { recursive: true, force: true }));
let count = 0;

/** A folder with these files; a name that ends in a slash is a folder, `name -> target` a symbolic link. */
function folderWith(...names: string[]): string {
  const root = join(all, String(count++), 'export');
  mkdirSync(root, { recursive: true });
  for (const name of names) {
    const [path = '', target] = name.split(' -> ');
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (target !== undefined) symlinkSync(target, join(root, path));
    else if (path.endsWith('/')) mkdirSync(join(root, path), { recursive: true });
    else writeFileSync(join(root, path), '{}');
  }
  return root;
}

function list(root: string) {
  const { files, problems, otherFileCount } = listExportFiles(root);
  return {
    files: files.map(({ path, form }) => `${relative(root, path)} ${form}`),
    problems: problems.map(({ path, code }) => `${relative(root, path)} ${code}`),
    otherFileCount,
  };
}

function errorOf(path: string): string | undefined {
  try {
    listExportFiles(path);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(DriftplaneError);
    return (error as DriftplaneError).code;
  }
}

describe('a folder', () => {
  it('is listed with all below it, sorted by path in UTF-16 code units', () => {
    const root = folderWith('b.json', 'a/z.json', 'a.json', 'B.json', 'a/b/c/d.json', 'ä.json', 'a b.json');

    expect(list(root).files).toEqual([
      'B.json json',
      'a b.json json',
      'a.json json',
      'a/b/c/d.json json',
      'a/z.json json',
      'b.json json',
      'ä.json json',
    ]);
  });

  it('holds what its names say', () => {
    const root = folderWith(
      'a.json',
      'b.JSON',
      'c.ndjson',
      'd.jsonl',
      'e.json.gz',
      'f.NDJSON.GZ',
      'g.jsonl.gz',
    );

    expect(list(root)).toEqual({
      files: [
        'a.json json',
        'b.JSON json',
        'c.ndjson lines',
        'd.jsonl lines',
        'e.json.gz json',
        'f.NDJSON.GZ lines',
        'g.jsonl.gz lines',
      ],
      problems: [],
      otherFileCount: 0,
    });
  });

  it('may hold other files, which are counted', () => {
    const root = folderWith(
      'a.json',
      'README.md',
      'b/c.yaml',
      'b/json',
      'b/x.json.bak',
      'b/y.gz',
      'b/z.json.zip',
    );

    expect(list(root)).toEqual({ files: ['a.json json'], problems: [], otherFileCount: 6 });
  });

  it('may hold what tools keep for themselves, which is no part of it', () => {
    const root = folderWith('a.json', '.git/config.json', '.hidden.json', 'b/.DS_Store', 'b/.x/y.json');

    expect(list(root)).toEqual({ files: ['a.json json'], problems: [], otherFileCount: 0 });
  });

  it('keeps the path that was given', () => {
    const root = folderWith('a.json');

    expect(listExportFiles(`${root}/`).files[0]?.path).toBe(join(root, 'a.json'));
  });

  it('without a file to read is no export', () => {
    expect(errorOf(folderWith())).toBe('not_an_export');
    expect(errorOf(folderWith('README.md', 'a/b/'))).toBe('not_an_export');
  });

  it('may itself be reached by a link', () => {
    const root = folderWith('a.json');
    symlinkSync(root, join(all, 'linked'));

    expect(listExportFiles(join(all, 'linked')).files.map(({ path }) => path)).toEqual([
      join(all, 'linked/a.json'),
    ]);
  });
});

describe('links in a folder', () => {
  it('that stay in it are found where they lead, and read once', () => {
    const root = folderWith('a/x.json', 'link.json -> a/x.json', 'folder -> a', 'b/back -> ../a');

    expect(list(root)).toEqual({ files: ['a/x.json json'], problems: [], otherFileCount: 0 });
  });

  it('are followed to what would not be listed where it lies: behind a hidden folder, or under another name', () => {
    // As Kubernetes mounts a ConfigMap, and as content-addressed stores do.
    const root = folderWith(
      '..2024/a.json',
      '..2024/sub/b.json',
      'blobs/0001',
      '..data -> ..2024',
      'a.json -> ..data/a.json',
      'sub -> ..data/sub',
      'again -> ..data/sub',
      'c.json -> blobs/0001',
    );

    expect(list(root)).toEqual({
      files: ['a.json json', 'again/b.json json', 'c.json json'],
      problems: [],
      otherFileCount: 1,
    });
  });

  it('behind a hidden folder that go round in circles do no harm', () => {
    const root = folderWith('.hidden/a.json', '.hidden/up -> ..', '.hidden/self -> .', 'in -> .hidden');

    expect(list(root)).toEqual({ files: ['in/a.json json'], problems: [], otherFileCount: 0 });
  });

  it('that go round in circles do no harm', () => {
    const root = folderWith('a.json', 'b/up -> ..', 'self -> .', 'loop.json -> loop.json');

    expect(list(root)).toEqual({
      files: ['a.json json'],
      problems: ['loop.json unreadable_file'],
      otherFileCount: 0,
    });
  });

  it('that lead out of it are not followed, and are problems', () => {
    const root = folderWith('a.json', 'out -> /', 'up.json -> ../secret.json', 'other.txt -> ../secret.json');
    writeFileSync(join(root, '../secret.json'), '{}');

    expect(list(root)).toEqual({
      files: ['a.json json'],
      problems: ['out link_leaves_tree', 'up.json link_leaves_tree'],
      otherFileCount: 1,
    });
  });

  it('that lead to a folder whose name only begins alike lead out of it', () => {
    const root = folderWith('a.json', 'link -> ../export-2');
    mkdirSync(join(root, '../export-2'));

    expect(list(root).problems).toEqual(['link link_leaves_tree']);
  });

  it('that lead nowhere are problems where their names promise JSON', () => {
    const root = folderWith('a.json', 'b.json -> missing.json', 'c -> missing');

    expect(list(root)).toEqual({
      files: ['a.json json'],
      problems: ['b.json unreadable_file'],
      otherFileCount: 1,
    });
  });

  it('alone make no export, but are said where they are problems', () => {
    expect(list(folderWith('b.json -> missing.json')).problems).toEqual(['b.json unreadable_file']);
  });
});

describe('what is neither a file nor a folder', () => {
  it.skipIf(process.platform === 'win32')('is a problem in a folder, and no export alone', () => {
    const root = folderWith('a.json');
    for (const name of ['pipe.json', 'pipe']) execFileSync('mkfifo', [join(root, name)]);

    expect(list(root)).toEqual({
      files: ['a.json json'],
      problems: ['pipe.json unreadable_file'],
      otherFileCount: 1,
    });
    expect(errorOf(join(root, 'pipe.json'))).toBe('not_an_export');
  });
});

describe('one file', () => {
  it.each([
    ['a.json', 'json'],
    ['a.ndjson.gz', 'lines'],
    ['a.txt', 'json'],
    ['.hidden', 'json'],
  ])('%s is an export by itself', (name, form) => {
    const path = join(folderWith(name), name);

    expect(listExportFiles(path)).toEqual({ files: [{ path, form }], problems: [], otherFileCount: 0 });
  });
});

describe('a path without anything', () => {
  it('is said to be so', () => {
    expect(errorOf(join(all, 'missing'))).toBe('path_not_found');
    expect(errorOf(join(folderWith('a.json'), 'a.json/b'))).toBe('path_not_found');
  });
});

describe('systemErrorText', () => {
  it.each([
    [Object.assign(new Error('x'), { code: 'ENOENT' }), 'there is no such file or folder'],
    [Object.assign(new Error('x'), { code: 'EXOTIC' }), 'EXOTIC'],
    [new Error('x'), 'it can not be read'],
    ['x', 'it can not be read'],
  ])('says it in words (%#)', (cause, text) => {
    expect(systemErrorText(cause)).toBe(text);
  });
});
