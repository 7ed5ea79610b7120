import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { announceProcess, type ProcessPresence } from '../../db/process-presence.ts';
import type { Source } from '../sources/source.ts';
import { giveUpSync, settleLostRuns } from './lost-runs.ts';
import type { SyncRun } from './sync-run.ts';
import { getRun } from './sync-run-read-model.ts';
import { beginRun, startSync } from './sync-run-service.ts';
import { box, createSyncBench, type SyncBench } from './test-sync.ts';

let bench: SyncBench;
let living: ProcessPresence;

beforeAll(async () => {
  bench = await createSyncBench();
  living = await announceProcess(bench.database, 'test');
});

afterAll(async () => {
  await living.stop();
  await bench.close();
});

async function startedRun(source: Source, holderKey: number): Promise<SyncRun> {
  return bench.inWorkspace(async (tx) =>
    beginRun(tx, await startSync(tx, source, 'manual'), { baseSeq: 0, holderKey }),
  );
}

const readRun = ({ runId }: SyncRun): Promise<SyncRun> => bench.inWorkspace((tx) => getRun(tx, runId));

test('a run of a process that is gone is settled as failed, one of a living process is left alone', async () => {
  const [lost, kept] = [await bench.createFiles(), await bench.createFiles()];
  const ofTheDead = await startedRun(lost.source, randomInt(2 ** 40));
  const ofTheLiving = await startedRun(kept.source, living.holderKey);

  await settleLostRuns(bench.context, bench.workspaceId);

  expect(await readRun(ofTheDead)).toMatchObject({ status: 'failed', error: { code: 'run_interrupted' } });
  expect(await readRun(ofTheLiving)).toMatchObject({ status: 'running' });
});

test('a run whose job was given up makes room, also where it waits or its process lives', async () => {
  const [waiting, begun] = [await bench.createFiles(), await bench.createFiles()];
  const queued = await bench.inWorkspace((tx) => startSync(tx, waiting.source, 'manual'));
  const running = await startedRun(begun.source, living.holderKey);

  for (const { runId } of [queued, running]) {
    await giveUpSync(bench.context, { workspaceId: bench.workspaceId, runId });
  }
  const next = [await bench.sync(waiting, [box('a')]), await bench.sync(begun, [box('a')])];

  for (const run of [queued, running]) {
    expect(await readRun(run)).toMatchObject({ status: 'failed', error: { code: 'run_interrupted' } });
  }
  expect(next.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
});

test('the job of a run that was applied changes nothing when it is given up', async () => {
  const files = await bench.createFiles();
  const applied = await bench.sync(files, [box('a')]);

  await giveUpSync(bench.context, { workspaceId: bench.workspaceId, runId: applied.runId });

  expect(await readRun(applied)).toEqual(applied);
});
