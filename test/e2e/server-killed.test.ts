// kill -9 of a server at the three moments that matter, and what the next start makes of it.
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { SourceResponse } from '../../src/features/sources/source-contract.ts';
import {
  boxes,
  boxRules,
  createFiles,
  createPush,
  listExecutions,
  push,
  readRun,
  resized,
  settledRun,
  startRun,
  sync,
  writeExport,
} from './inventory.ts';
import { cleanUpAfterTests, makeFolder, ownerUrlOf, type Server, serve, until } from './product.ts';
import { holdIngest } from './slow-ingest.ts';
import { expectSound, tellFindings } from './soundness.ts';

cleanUpAfterTests();

const first = boxes(3_000);
const second = [...resized(first, 600).slice(0, -15), ...boxes(10, { from: 50_000 })];
const third = resized(second, 7, 2_000_000);

let folder: string;
let path: string;
/** What a server finds that nothing happens to: after the second export, and after the third. */
let undisturbed: { readonly second: readonly string[]; readonly third: readonly string[] };

beforeAll(async () => {
  folder = makeFolder();
  path = join(folder, 'export.ndjson');
  const twin = await serve({ dataDir: join(makeFolder(), 'data'), env: boxRules(folder) });
  const source = await createFiles(twin.api, path);
  writeExport(path, first);
  await sync(twin.api, source);
  writeExport(path, second);
  await sync(twin.api, source);
  const afterSecond = await tellFindings(twin.api);
  writeExport(path, third);
  await sync(twin.api, source);
  undisturbed = { second: afterSecond, third: await tellFindings(twin.api) };
  await twin.stop();
});

async function startOn(dataDir: string, options: { token?: string; hasWorker?: boolean } = {}) {
  return serve({ dataDir, env: boxRules(folder), ...options });
}

/** Kills a server in the middle of a sync that it begins. */
async function killWhileSyncing(
  { api, pid, kill }: Server,
  { dataDir, source, moment }: { dataDir: string; source: SourceResponse; moment: 'first row' | 'all rows' },
) {
  const held = await holdIngest(await ownerUrlOf(dataDir), moment);
  const { runId } = await startRun(api, source);
  await held.reached();
  const isReading = hasOpen(pid, path);
  const { status } = await readRun(api, runId);
  await kill();
  await held.release();
  return { runId, status, isReading };
}

const hasOpen = (pid: number, file: string): boolean =>
  readdirSync(`/proc/${pid}/fd`).some((descriptor) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${descriptor}`) === file;
    } catch {
      return false;
    }
  });

test('killed while it reads an export, the run has failed, nothing of it is there, and the next one is right', async () => {
  const dataDir = join(makeFolder(), 'data');
  const before = await startOn(dataDir);
  const { token } = before;
  const source = await createFiles(before.api, path);
  // So large that it can't have been read when its first row is stored.
  writeExport(path, boxes(12_000, { textLength: 1_500 }));
  const lostFirst = await killWhileSyncing(before, { dataDir, source, moment: 'first row' });

  const between = await startOn(dataDir, { token });
  const settledFirst = await settledRun(between.api, lostFirst.runId);
  writeExport(path, first);
  const whole = await sync(between.api, source);
  writeExport(path, second);
  const lostSecond = await killWhileSyncing(between, { dataDir, source, moment: 'all rows' });
  const after = await startOn(dataDir, { token });
  const settledSecond = await settledRun(after.api, lostSecond.runId);
  const next = await sync(after.api, source);
  const found = await tellFindings(after.api);
  writeExport(path, third);
  await sync(after.api, source);

  expect(lostFirst).toMatchObject({ status: 'running', isReading: true });
  expect(lostSecond).toMatchObject({ status: 'running' });
  for (const run of [settledFirst, settledSecond]) {
    expect(run).toMatchObject({ status: 'failed', runSeq: null, error: { code: 'run_interrupted' } });
  }
  expect(whole).toMatchObject({ status: 'succeeded', runSeq: 1, counts: { items: 3_000, added: 3_000 } });
  expect(next).toMatchObject({ status: 'succeeded', runSeq: 2, counts: { changed: 600, removed: 15 } });
  expect(found).toEqual(undisturbed.second);
  expect(await tellFindings(after.api)).toEqual(undisturbed.third);
  await expectSound(after, await ownerUrlOf(dataDir));
});

test('killed between the ingest and its job, the job is done by the next start', async () => {
  const dataDir = join(makeFolder(), 'data');
  const before = await startOn(dataDir, { hasWorker: false });
  const source = await createPush(before.api);
  await push(before.api, source, first);
  await push(before.api, source, second);
  const waiting = await listExecutions(before.api);
  await before.kill();

  const after = await startOn(dataDir, { token: before.token });
  await expectSound(after, await ownerUrlOf(dataDir));
  const found = await tellFindings(after.api);
  await push(after.api, source, third);
  await expectSound(after, await ownerUrlOf(dataDir));

  expect(waiting.map(({ status }) => status)).toEqual(['queued']);
  expect(found).toEqual(undisturbed.second);
  expect(await tellFindings(after.api)).toEqual(undisturbed.third);
});

test('killed while it generates drift, nothing of it is there, and the next start generates it once', async () => {
  const dataDir = join(makeFolder(), 'data');
  const before = await startOn(dataDir);
  const source = await createFiles(before.api, path);
  writeExport(path, first);
  await sync(before.api, source);
  writeExport(path, second);
  const { runId } = await startRun(before.api, source);
  await untilGenerating(before);
  await before.kill();

  const between = await startOn(dataDir, { token: before.token, hasWorker: false });
  const run = await readRun(between.api, runId);
  const halfway = await tellFindings(between.api);
  await between.stop();
  const after = await startOn(dataDir, { token: before.token });
  await expectSound(after, await ownerUrlOf(dataDir));
  const found = await tellFindings(after.api);
  writeExport(path, third);
  await sync(after.api, source);

  expect(run).toMatchObject({ status: 'succeeded', runSeq: 2 });
  expect(halfway).toEqual([]);
  expect(found).toEqual(undisturbed.second);
  expect(await tellFindings(after.api)).toEqual(undisturbed.third);
  await expectSound(after, await ownerUrlOf(dataDir));
});

function untilGenerating({ api }: Server): Promise<true> {
  return until(async () => {
    const executions = await listExecutions(api);
    return executions.some(({ status }) => status === 'running') ? true : undefined;
  });
}
