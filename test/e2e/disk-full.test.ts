// The disk of the embedded database runs full in the middle of a sync.
import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { SourceResponse } from '../../src/features/sources/source-contract.ts';
import {
  boxes,
  boxRules,
  createFiles,
  resized,
  settledRun,
  startRun,
  sync,
  writeExport,
} from './inventory.ts';
import { cleanUpAfterTests, makeFolder, ownerUrlOf, type Server, serve } from './product.ts';
import { expectSound, tellFindings } from './soundness.ts';

const mounted: string[] = [];

afterEach(() => {
  for (const disk of mounted.splice(0)) execFileSync('/bin/umount', ['-l', disk]);
});

cleanUpAfterTests();

/** A small disk; null where we may not mount one. */
function mountDisk(megabytes: number): string | null {
  const disk = makeFolder();
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk], {
      stdio: 'ignore',
    });
  } catch {
    return null;
  }
  mounted.push(disk);
  chmodSync(disk, 0o755);
  return disk;
}

const resizeDisk = (disk: string, megabytes: number): void => {
  execFileSync('/bin/mount', ['-o', `remount,size=${megabytes}m`, disk]);
};

test('a sync that fills the disk fails and says so; when there is room again the next one is right', async (context) => {
  const disk = mountDisk(140);
  if (disk === null) return context.skip('mounting a disk is not permitted here');
  const folder = makeFolder();
  const path = join(folder, 'export.ndjson');
  const server = await serve({ dataDir: join(disk, 'data'), env: boxRules(folder) });
  const { api } = server;
  const small = boxes(100);
  const large = [...resized(small, 7), ...boxes(40_000, { from: 1_000, textLength: 2_500 })];
  const source = await createFiles(api, path);
  writeExport(path, small);
  await sync(api, source);

  writeExport(path, large);
  const { runId } = await startRun(api, source);
  const failed = await settledRun(api, runId);
  resizeDisk(disk, 600);
  writeExport(path, resized(small, 7));
  const next = await sync(api, source);

  expect(failed).toMatchObject({ status: 'failed', runSeq: null, error: { code: 'database_full' } });
  expect(next).toMatchObject({ status: 'succeeded', runSeq: 2, counts: { changed: 7, items: 100 } });
  expect(await tellFindings(api)).toHaveLength(7);
  await expectSound(server, await ownerUrlOf(join(disk, 'data')));
  expect(server.child.exitCode).toBeNull();
});

test('with no room at all, whatever would write is refused as such, and goes on when there is', async (context) => {
  const disk = mountDisk(150);
  if (disk === null) return context.skip('mounting a disk is not permitted here');
  const folder = makeFolder();
  const path = join(folder, 'export.ndjson');
  const server = await serve({ dataDir: join(disk, 'data'), env: boxRules(folder) });
  const { api } = server;
  const objects = boxes(500, { textLength: 3_000 });
  const source = await createFiles(api, path);
  writeExport(path, objects);
  await sync(api, source);
  const ballast = join(disk, 'ballast');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize - 300_000, 1));

  const refusals: (string | undefined)[] = [];
  for (let attempt = 1; refusals.length < 3; attempt++) {
    writeExport(path, resized(objects, 500, attempt));
    refusals.push(...(await tryToSync(server, source)));
  }
  rmSync(ballast);
  resizeDisk(disk, 600);
  writeExport(path, resized(objects, 500, -1));
  const next = await sync(api, source);

  expect(new Set(refusals)).toEqual(new Set(['database_full']));
  expect(next).toMatchObject({ status: 'succeeded', counts: { changed: 500, items: 500 } });
  await expectSound(server, await ownerUrlOf(join(disk, 'data')));
  expect(server.child.exitCode).toBeNull();
});

/** The code of what went wrong, if something did. */
async function tryToSync({ api }: Server, source: SourceResponse): Promise<(string | undefined)[]> {
  try {
    const { runId } = await startRun(api, source);
    const { error } = await settledRun(api, runId);
    return error === null ? [] : [error.code];
  } catch (error) {
    return [(error as { code?: string }).code];
  }
}
