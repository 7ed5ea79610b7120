import { expect, onTestFinished, test } from 'vitest';
import { box, createSyncBench, type SyncBench } from '../inventory/test-sync.ts';
import { generateDrift } from './drift-service.ts';
import { requestDrift } from './drift-trigger.ts';
import { loadRunPair } from './run-pair.ts';

test('a pair leaves out every item that its current run said two things about, however many they are', async () => {
  const bench = await createSyncBench();
  onTestFinished(() => bench.close());
  const source = await bench.createPush();
  const ids = Array.from({ length: 1200 }, (_, index) => `b${index}`);
  const plain = ids.map((id) => box(id));
  const first = await bench.push(source, [...plain, box('clear')]);
  const second = await bench.push(source, [...plain, ...ids.map((id) => box(id, 2)), box('clear', 2)]);
  const third = await bench.push(source, [...plain, box('clear')]);

  const pairs = await bench.inWorkspace(async (tx) => [
    await loadRunPair(tx, { baselineRunId: first.runId, currentRunId: second.runId }),
    await loadRunPair(tx, { baselineRunId: second.runId, currentRunId: third.runId }),
    await loadRunPair(tx, { baselineRunId: first.runId, currentRunId: third.runId }),
  ]);

  expect(second.counts).toMatchObject({ ambiguous: 1200, changed: 1 });
  const excluded = pairs.map((pair) => ids.filter((id) => pair.isAmbiguous('box', id)).length);
  expect(excluded).toEqual([1200, 0, 0]);
  expect(pairs.map((pair) => pair.isAmbiguous('box', 'clear'))).toEqual([false, false, false]);
});

test('drift over a run that said two things of an item is told by the run that is clear again', async () => {
  const bench = await createSyncBench(undefined, requestDrift);
  onTestFinished(() => bench.close());
  const twice = [box('a', 1), box('a', 2)];
  const told = async (...contents: object[][]): Promise<string[]> => {
    const source = await bench.createPush();
    for (const content of contents) await bench.push(source, content);
    await generateAll(bench);
    return bench.inWorkspace(async (tx) => {
      const { rows } = await tx.client.query(
        `select change, state, coalesce(resolution, '') as resolution from driftplane.findings
         where workspace_id = $1 and source_id = $2 order by first_run_seq`,
        [tx.workspaceId, source.sourceId],
      );
      return rows.map((row) => `${row.change} ${row.state} ${row.resolution}`.trim());
    });
  };

  expect(await told([box('a', 1)], twice, [box('a', 9)], [box('a', 9)])).toEqual(['changed new']);
  expect(await told([box('a', 1), box('b')], twice, [box('b')], [box('b')])).toContain('removed new');
  expect(await told([box('b')], twice, [box('a', 1), box('b')])).toContain('added new');
  expect(await told([box('a', 1)], [box('a', 2)], twice, [box('a', 1)])).toEqual([
    'changed resolved reverted',
  ]);
});

async function generateAll(bench: SyncBench): Promise<void> {
  const { workspaceId, database } = bench;
  const executionIds = await bench.inWorkspace(async (tx) => {
    const { rows } = await tx.client.query(
      `select execution_id from driftplane.executions where workspace_id = $1 and status = 'queued'`,
      [workspaceId],
    );
    return rows.map((row) => row.execution_id as string);
  });
  for (const executionId of executionIds) await generateDrift(database, { workspaceId, executionId });
}
