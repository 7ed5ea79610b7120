import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DriftplaneError } from '../../core/errors.ts';
import { resolveSourcePath } from './source-path.ts';

let folder: string;
let root: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'driftplane-paths-')));
  root = join(folder, 'open');
  for (const name of ['open/tenant', 'open-too', 'secret'])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'secret', 'key.json'), '{}');
});

afterEach(() => rmSync(folder, { recursive: true }));

/** The code of the error, and its message. */
async function refusal(path: string, roots = [root], namesRoots = false): Promise<[string, string]> {
  try {
    return ['none', await resolveSourcePath({ path }, roots, { namesRoots })];
  } catch (error) {
    return [(error as DriftplaneError).code, (error as Error).message];
  }
}

test('a path inside a root, and the root itself, are allowed', async () => {
  const paths = [join(root, 'tenant'), root, `${root}/`, `${root}/tenant/../tenant`];

  const resolved = await Promise.all(paths.map((path) => resolveSourcePath({ path }, [root])));

  expect(resolved).toEqual([join(root, 'tenant'), root, root, join(root, 'tenant')]);
});

test('a link that stays inside is allowed, and what it leads to is named', async () => {
  symlinkSync(join(root, 'tenant'), join(root, 'latest'));

  const resolved = await resolveSourcePath({ path: join(root, 'latest') }, [root]);

  expect(resolved).toBe(join(root, 'tenant'));
});

test('a root may be a link itself', async () => {
  symlinkSync(root, join(folder, 'alias'));

  const resolved = await resolveSourcePath({ path: join(folder, 'alias', 'tenant') }, [
    join(folder, 'alias'),
  ]);

  expect(resolved).toBe(join(root, 'tenant'));
});

describe('what lies outside is not allowed', () => {
  test.each([
    ['by its path', () => join(folder, 'secret')],
    ['by dots', () => `${root}/../secret`],
    ['beside the root, with a name that begins alike', () => join(folder, 'open-too')],
    ['above the root', () => folder],
    ['by a relative path', () => 'tenant'],
    ['by U+0000', () => `${root}/tenant\0/../../secret`],
    ['as nothing at all', () => ''],
  ])('%s', async (_, path) => {
    const [code] = await refusal(path());

    expect(code).toBe('path_not_allowed');
  });

  test('by a link in the root, to a folder or a file, also in the middle of the path', async () => {
    symlinkSync(join(folder, 'secret'), join(root, 'out'));
    symlinkSync(join(folder, 'secret', 'key.json'), join(root, 'key.json'));

    const codes = await Promise.all(
      [join(root, 'out'), join(root, 'out', 'key.json'), join(root, 'key.json')].map((path) => refusal(path)),
    );

    expect(codes.map(([code]) => code)).toEqual(Array(3).fill('path_not_allowed'));
  });

  test('by a link behind which there is nothing: it is not said that there is nothing', async () => {
    symlinkSync(join(folder, 'secret'), join(root, 'out'));

    const [there] = await refusal(join(root, 'out', 'key.json'));
    const [missing] = await refusal(join(root, 'out', 'none.json'));

    expect([there, missing]).toEqual(['path_not_allowed', 'path_not_allowed']);
  });

  test('after a folder was exchanged for a link', async () => {
    const path = join(root, 'tenant');
    const before = await resolveSourcePath({ path }, [root]);
    renameSync(path, join(root, 'tenant-before'));
    symlinkSync(join(folder, 'secret'), path);

    const [after] = await refusal(path);

    expect([before, after]).toEqual([path, 'path_not_allowed']);
  });

  test('when the root is not there, not absolute, or none is given', async () => {
    const path = join(root, 'tenant');

    const codes = await Promise.all([
      refusal(path, [join(folder, 'none')]),
      refusal(join(folder, 'none', 'x'), [join(folder, 'none')]),
      refusal(path, ['.']),
      refusal(path, []),
    ]);

    expect(codes.map(([code]) => code)).toEqual(Array(4).fill('path_not_allowed'));
  });
});

test('what is missing inside a root is said to be missing', async () => {
  const [code, message] = await refusal(join(root, 'none', 'deep.json'));

  expect(code).toBe('path_not_found');
  expect(message).toContain(join(root, 'none', 'deep.json'));
});

test('a link in a circle is not found, not an endless walk', async () => {
  symlinkSync(join(root, 'b'), join(root, 'a'));
  symlinkSync(join(root, 'a'), join(root, 'b'));

  const [code] = await refusal(join(root, 'a', 'x'));

  expect(code).toBe('path_not_found');
});

test('the roots are named to admins only', async () => {
  const path = join(folder, 'secret');

  const [, said] = await refusal(path, [root]);
  const [, saidToAdmin] = await refusal(path, [root], true);

  expect(said).not.toContain(root);
  expect(saidToAdmin).toContain(root);
});
