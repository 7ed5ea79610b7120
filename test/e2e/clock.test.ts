// The clock of the database goes back between syncs. Nothing of ours takes its order from it.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunResponse } from '../../src/features/inventory/sync-run-contract.ts';
import { readEvents } from './event-reader.ts';
import { boxes, boxRules, createFiles, listExecutions, resized, sync, writeExport } from './inventory.ts';
import { cleanUpAfterTests, makeFolder, ownerUrlOf, serve, until } from './product.ts';
import { expectSound, headOfEvents, TEST_CONNECTION, tellFindings, withOwner } from './soundness.ts';

cleanUpAfterTests();

const first = boxes(400);
/** Sizes go there and back, so that findings are resolved and opened again. */
const exports = [
  first,
  resized(first, 30),
  [...resized(first, 10).slice(0, -4), ...boxes(2, { from: 5_000 })],
  resized(first, 30),
  resized(first, 12, 2_000_000),
];
const shifts = ['0', '-3 hours', '1 hour', '-5 hours', '-5 hours -1 second'];

/**
 * Gives the connections of requests and syncs another clock, which `shift` sets: their unqualified `now()` is ours.
 * The queue keeps the right one: a job that waits for its time would wait for the clock.
 */
const ANOTHER_CLOCK = `
  create schema clock;
  create table clock.shifts (shift interval not null);
  insert into clock.shifts values ('0');
  create function clock.now() returns timestamptz stable language sql
    as 'select pg_catalog.now() + shift from clock.shifts';
  grant usage on schema clock to public;
  grant select on clock.shifts to public;
  alter role driftplane_app set search_path = clock, pg_catalog;
  alter role driftplane_ingest set search_path = clock, pg_catalog;`;

test('a clock that goes back changes no sequence, no baseline, no finding and no event', async () => {
  const folder = makeFolder();
  const dataDir = join(folder, 'data');
  const path = join(folder, 'export.ndjson');
  const server = await serve({ dataDir, env: boxRules(folder) });
  const { api } = server;
  const ownerUrl = await ownerUrlOf(dataDir);
  await withOwner(ownerUrl, async (client) => {
    await client.query(ANOTHER_CLOCK);
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name in ('driftplane app', 'driftplane ingest') and application_name <> $1`,
      [TEST_CONNECTION],
    );
  });
  const setClock = (shift: string): Promise<unknown> =>
    withOwner(ownerUrl, (client) => client.query('update clock.shifts set shift = $1', [shift]));
  const events = await readEvents(server);

  const source = await createFiles(api, path);
  const runs: RunResponse[] = [];
  for (const [index, objects] of exports.entries()) {
    await setClock(shifts[index] ?? '0');
    writeExport(path, objects);
    runs.push(await sync(api, source));
  }
  const executions = await listExecutions(api);
  await setClock('0');
  const twin = await createFiles(api, path);
  for (const objects of exports) {
    writeExport(path, objects);
    await sync(api, twin);
  }

  const requestedAt = runs.map((run) => run.requestedAt);
  expect(requestedAt.toSorted()).not.toEqual(requestedAt);
  expect(runs.map(({ runSeq }) => runSeq)).toEqual([1, 2, 3, 4, 5]);
  const pairs = executions.map(({ baselineRunId, currentRunId }) =>
    [baselineRunId, currentRunId].map(ordinalOf),
  );
  expect(pairs.toSorted()).toEqual([
    [1, 2],
    [2, 3],
    [3, 4],
    [4, 5],
  ]);
  expect(await tellFindings(api, source.sourceId)).toEqual(await tellFindings(api, twin.sourceId));
  await expectSound(server, ownerUrl);
  const head = await headOfEvents(ownerUrl);
  await until(() => (events.ids.at(-1) === head ? true : undefined));
  expect(events.ids).toEqual(Array.from({ length: head }, (_, index) => index + 1));
  await events.stop();

  function ordinalOf(runId: string): number | null | undefined {
    return runs.find((run) => run.runId === runId)?.runSeq;
  }
});
