// The database goes away under a living server: its connections are cut, or all of it is killed.
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { RunResponse } from '../../src/features/inventory/sync-run-contract.ts';
import type { SourceResponse } from '../../src/features/sources/source-contract.ts';
import { readEvents } from './event-reader.ts';
import {
  boxes,
  boxRules,
  createFiles,
  listExecutions,
  readRun,
  resized,
  settledRun,
  startRun,
  sync,
  writeExport,
} from './inventory.ts';
import {
  cleanUpAfterTests,
  makeFolder,
  ownerUrlOf,
  postmasterOf,
  type Server,
  serve,
  until,
} from './product.ts';
import { holdIngest } from './slow-ingest.ts';
import { expectSound, headOfEvents, TEST_CONNECTION, tellFindings, withOwner } from './soundness.ts';

cleanUpAfterTests();

const first = boxes(2_000);
/** Each differs from the one before. */
const exports = [0, 1, 2, 3].map((no) => resized(first, 300 + no, no * 1_000_000));

let server: Server;
let dataDir: string;
let path: string;

beforeEach(async () => {
  const folder = makeFolder();
  dataDir = join(folder, 'data');
  path = join(folder, 'export.ndjson');
  server = await serve({ dataDir, env: boxRules(folder) });
});

/** What a fault may do to a request: it is refused as one that can be sent again. */
const passing = ['database_unreachable', 'server_unreachable', 'overloaded'];

/** Asks until the database answers again. */
function persistently<T>(ask: () => Promise<T>): Promise<T> {
  return until(async () => {
    try {
      return await ask();
    } catch (error) {
      expect(passing).toContain((error as { code?: string }).code);
      return undefined;
    }
  });
}

/** Syncs until it succeeds, with a fault in the middle of the first attempts. Returns all runs that it took. */
async function syncThrough(
  source: SourceResponse,
  { faults, fault }: { faults: number; fault: () => Promise<unknown> },
): Promise<RunResponse[]> {
  const { api } = server;
  const runs: RunResponse[] = [];
  while (runs.at(-1)?.status !== 'succeeded') {
    const held =
      runs.length < faults
        ? await holdIngest(await ownerUrlOf(dataDir), runs.length === 0 ? 'first row' : 'all rows')
        : null;
    const { runId } = await persistently(() => startRun(api, source));
    if (held !== null) {
      await held.reached();
      await fault();
      await held.release();
    }
    runs.push(await persistently(() => settledRun(api, runId)));
  }
  return runs;
}

/** Until the drift of the run is being generated. */
function whileGenerating({ runId }: RunResponse): Promise<true> {
  return until(async () => {
    const executions = await listExecutions(server.api);
    return executions.some((each) => each.currentRunId === runId && each.status !== 'queued')
      ? true
      : undefined;
  });
}

async function expectAsUndisturbed(source: SourceResponse): Promise<void> {
  const { api } = server;
  const found = await tellFindings(api, source.sourceId);
  const twin = await createFiles(api, path);
  for (const objects of exports) {
    writeExport(path, objects);
    await sync(api, twin);
  }
  expect(found.length).toBeGreaterThan(300);
  expect(found).toEqual(await tellFindings(api, twin.sourceId));
  await expectSound(server, await ownerUrlOf(dataDir));
}

/** Cuts all connections to the database but our own. */
async function cutConnections(): Promise<void> {
  await withOwner(await ownerUrlOf(dataDir), (client) =>
    client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name <> $1 and backend_type = 'client backend'`,
      [TEST_CONNECTION],
    ),
  );
}

test('all connections cut, again and again: the server goes on, and readers of events miss nothing', async () => {
  const { api } = server;
  const source = await createFiles(api, path);
  const events = await readEvents(server);
  const runs: RunResponse[] = [];

  for (const objects of exports) {
    writeExport(path, objects);
    await cutConnections();
    runs.push(...(await syncThrough(source, { faults: 2, fault: cutConnections })));
    await cutConnections();
    await persistently(() => whileDriftIsOpen());
  }
  const lastId = await headOfEvents(await ownerUrlOf(dataDir));
  await until(() => (events.ids.at(-1) === lastId ? true : undefined));
  await events.stop();

  const failed = runs.filter(({ status }) => status !== 'succeeded');
  expect(failed.length).toBeGreaterThan(0);
  expect(
    failed.every(({ error }) => ['database_unreachable', 'run_interrupted'].includes(error?.code ?? '')),
  ).toBe(true);
  expect(events.kinds).not.toContain('reset');
  expect(events.ids).toEqual(Array.from({ length: lastId }, (_, index) => index + 1));
  await expectAsUndisturbed(source);
  expect(server.child.exitCode).toBeNull();
});

test('connections cut while drift is generated: it is generated again, once', async () => {
  const { api } = server;
  const source = await createFiles(api, path);

  for (const objects of exports) {
    writeExport(path, objects);
    const { runId } = await persistently(() => startRun(api, source));
    await persistently(() =>
      until(async () => ((await readRun(api, runId)).runSeq === null ? undefined : true)),
    );
    if (objects !== exports[0]) await whileGenerating({ runId } as RunResponse);
    await cutConnections();
    await persistently(() => whileDriftIsOpen());
  }

  await expectAsUndisturbed(source);
});

test('its own PostgreSQL killed under it: it comes back, and the server goes on', async () => {
  const { api } = server;
  const source = await createFiles(api, path);
  const killed: number[] = [];
  const killPostmaster = async (): Promise<void> => {
    const pid = postmasterOf(dataDir);
    killed.push(pid);
    process.kill(pid, 'SIGKILL');
  };

  const [whole, ...others] = exports;
  writeExport(path, whole ?? []);
  await sync(api, source);
  await killPostmaster();
  for (const objects of others) {
    writeExport(path, objects);
    await syncThrough(source, { faults: objects === others[0] ? 1 : 0, fault: killPostmaster });
    await persistently(() => whileDriftIsOpen());
  }

  expect(new Set([...killed, postmasterOf(dataDir)]).size).toBe(3);
  expect(server.said()).toContain('the PostgreSQL server died; starting it again');
  await expectAsUndisturbed(source);
  expect(server.child.exitCode).toBeNull();
});

/** Until nothing of the drift waits or runs. */
function whileDriftIsOpen(): Promise<true> {
  return until(async () => {
    const executions = await listExecutions(server.api);
    return executions.every(({ status }) => status === 'succeeded') ? true : undefined;
  });
}
