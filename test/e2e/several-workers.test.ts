// Two workers and a server on one PostgreSQL that is not ours.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hasDebianPostgres15, startDebianPostgres15 } from '../../src/db/embedded/test-debian-postgres.ts';
import type { RunResponse } from '../../src/features/inventory/sync-run-contract.ts';
import type { SourceResponse } from '../../src/features/sources/source-contract.ts';
import {
  boxes,
  boxRules,
  createFiles,
  listExecutions,
  resized,
  settledDrift,
  settledRun,
  startRun,
  writeExport,
} from './inventory.ts';
import {
  cleanUpAfterTests,
  makeFolder,
  type ProductProcess,
  type Server,
  serve,
  startProduct,
} from './product.ts';
import { expectSound, tellFindings, withOwner } from './soundness.ts';

const SOURCES = 20;

let postgres: Awaited<ReturnType<typeof startDebianPostgres15>>;

beforeEach(async () => {
  if (hasDebianPostgres15) postgres = await startDebianPostgres15();
});

afterEach(async () => {
  if (hasDebianPostgres15) await postgres.stop();
});

// Registered after the above, and run before: processes end before the database that they use.
cleanUpAfterTests();

test.skipIf(!hasDebianPostgres15)(
  'two workers share the jobs of a server on PostgreSQL 15: each pair of runs is compared once',
  async () => {
    const folder = makeFolder();
    const env = { ...boxRules(folder), DATABASE_URL: postgres.ownerUrl, DRIFTPLANE_LOG_LEVEL: 'debug' };
    const server = await serve({ env, hasWorker: false });
    const { api } = server;
    const workers = [1, 2].map(() => startProduct(['worker'], { env }));
    await Promise.all(workers.map((worker) => worker.says(/Working off the jobs/)));
    const paths = Array.from({ length: SOURCES }, (_, no) => join(folder, `export-${no}.ndjson`));
    const sources: SourceResponse[] = [];
    for (const path of paths) sources.push(await createFiles(api, path));

    for (const path of paths) writeExport(path, first);
    const firstRuns = await syncAtOnce(server, sources);
    for (const path of paths) writeExport(path, second);
    const secondRuns = await syncAtOnce(server, sources);
    await settledDrift(api);

    const succeeded = { status: 'succeeded' };
    expect(firstRuns).toEqual(sources.map(() => expect.objectContaining({ ...succeeded, runSeq: 1 })));
    expect(secondRuns).toEqual(sources.map(() => expect.objectContaining({ ...succeeded, runSeq: 2 })));
    const executions = await listExecutions(api);
    expect(executions).toHaveLength(SOURCES);
    expect(executions.every(({ attempts }) => attempts === 1)).toBe(true);
    const found = await Promise.all(sources.map(({ sourceId }) => tellFindings(api, sourceId)));
    expect(found[0]).toHaveLength(15 + 2 + 3);
    for (const ofSource of found) expect(ofSource).toEqual(found[0]);
    expect(workers.map(countJobs).every((count) => count > 0)).toBe(true);
    await expectSound(server, postgres.ownerUrl);
    expect(await Promise.all(workers.map((worker) => worker.stop()))).toEqual([0, 0]);
    expect(await countAnnounced()).toBe(0);
  },
);

const first = boxes(300);
const second = [...resized(first, 15).slice(0, -2), ...boxes(3, { from: 5_000 })];

async function syncAtOnce({ api }: Server, sources: readonly SourceResponse[]): Promise<RunResponse[]> {
  const runs = await Promise.all(sources.map((source) => startRun(api, source)));
  return Promise.all(runs.map(({ runId }) => settledRun(api, runId)));
}

const countJobs = (worker: ProductProcess): number => worker.said().split('"job done"').length - 1;

/** Processes that say of themselves that they live. */
function countAnnounced(): Promise<number> {
  return withOwner(postgres.ownerUrl, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      'select count(*)::int as count from driftplane.processes',
    );
    return rows[0]?.count ?? -1;
  });
}
