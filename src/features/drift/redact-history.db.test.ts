import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../core/json-value.ts';
import { systemActor, withWorkspace } from '../../db/workspace-transaction.ts';
import { requestBacktest } from '../executions/backtest-service.ts';
import { createSyncBench, linesOf, registryOf, type SyncBench } from '../inventory/test-sync.ts';
import { createDriftPlan } from '../plans/plan-service.ts';
import { runBacktestJob } from './backtest-runner.ts';
import { compareRuns } from './compare-service.ts';
import { generateDrift } from './drift-service.ts';
import { requestDrift } from './drift-trigger.ts';
import { redactHistory } from './redact-history-job.ts';
import { replayExecution } from './replay-service.ts';

const doorType = (more: JsonObject): JsonObject => ({
  itemType: 'door',
  match: [{ path: '/kind', is: ['door'] }],
  identity: ['/id'],
  label: ['/name'],
  evidence: { show: ['/**'] },
  ...more,
});
const open = registryOf([doorType({})]);
const guarded = registryOf([doorType({ sensitive: ['/motto'] })]);
const door = (id: string, motto: string, colour = 'red'): object => ({
  kind: 'door',
  id,
  name: `Door ${id}`,
  motto,
  colour,
});
const SECRETS = /sesame|abracadabra|shazam/;

let bench: SyncBench;
beforeAll(async () => {
  bench = await createSyncBench(open, requestDrift);
});
afterAll(() => bench.close());

async function rows(sql: string, ...values: unknown[]): Promise<Record<string, string>[]> {
  const found = await bench.inWorkspace((tx) => tx.client.query(sql, values));
  return found.rows;
}

/** A scope in which a secret was seen twice before the rules knew that it is one. */
async function history(): Promise<{ scopeId: string; executionIds: string[] }> {
  const files = await bench.createFiles();
  const { scopeId } = await bench.sync(files, [door('a', 'sesame'), door('b', 'shazam')], open);
  await bench.sync(files, [door('a', 'abracadabra'), door('b', 'shazam', 'blue')], open);
  await generateAll(scopeId);
  await bench.sync(files, [door('a', 'abracadabra', 'blue'), door('b', 'shazam', 'blue')], guarded);
  const executions = await rows(
    'select execution_id from driftplane.executions where scope_id = $1 order by queued_at, execution_id',
    scopeId,
  );
  return { scopeId, executionIds: executions.map((row) => row.execution_id as string) };
}

async function generateAll(scopeId: string): Promise<void> {
  const queued = await rows(
    `select execution_id from driftplane.executions where scope_id = $1 and status = 'queued' order by queued_at`,
    scopeId,
  );
  for (const { execution_id: executionId } of queued) {
    await generateDrift(bench.database, {
      workspaceId: bench.workspaceId,
      executionId: executionId as string,
    });
  }
}

const redact = (scopeId: string, limit?: number, signal?: AbortSignal): Promise<void> =>
  redactHistory(bench.database, { workspaceId: bench.workspaceId, scopeId, itemType: 'door', signal }, limit);

/** All that a scope keeps of its items and findings. */
async function kept(scopeId: string): Promise<string> {
  const versions = await rows(
    'select external_id, from_seq, facts, content_hash::text as content_hash from driftplane.item_versions where scope_id = $1 order by version_id',
    scopeId,
  );
  const findings = await rows(
    'select label, evidence, baseline_hash, current_hash from driftplane.findings where scope_id = $1 order by finding_id',
    scopeId,
  );
  return JSON.stringify({ versions, findings });
}

describe('a type that calls more sensitive', () => {
  test('has its history redacted by a job that comes before the drift of the run', async () => {
    const { scopeId } = await history();

    const { rows: jobs } = await bench.database.jobs.query(
      `select t.identifier, j.payload, q.queue_name from graphile_worker._private_jobs j
       join graphile_worker._private_tasks t on t.id = j.task_id
       join graphile_worker._private_job_queues q on q.id = j.job_queue_id
       where q.queue_name = $1 order by j.id`,
      [`drift:${scopeId}`],
    );

    expect(jobs.map(({ identifier }) => identifier).slice(-2)).toEqual([
      'inventory.redact_history',
      'drift.generate',
    ]);
    expect(jobs.at(-2)?.payload).toEqual({ workspaceId: bench.workspaceId, scopeId, itemType: 'door' });
  });

  test('leaves no trace of the values in versions and findings, and the head as it was', async () => {
    const { scopeId } = await history();
    const digest = 'select content_digest, item_count from driftplane.scopes where scope_id = $1';
    const before = await rows(digest, scopeId);
    expect(await kept(scopeId)).toMatch(SECRETS);

    await redact(scopeId);
    const once = await kept(scopeId);
    await redact(scopeId);

    expect(once).not.toMatch(SECRETS);
    expect(once).toContain('[redacted]');
    expect(once).toContain('blue');
    expect(await kept(scopeId)).toBe(once);
    expect(await rows(digest, scopeId)).toEqual(before);
    const audited = await rows(
      `select detail from driftplane.audit_events where action = 'inventory.redact_history' and target_id = $1 order by seq`,
      scopeId,
    );
    expect(audited.map(({ detail }) => JSON.parse(detail as string))).toEqual([
      { itemType: 'door', versions: 5, findings: 1 },
      { itemType: 'door', versions: 0, findings: 0 },
    ]);
  });

  test('says of the executions that compared such values that they can not be computed again', async () => {
    const { scopeId, executionIds } = await history();
    const replay = () =>
      withWorkspace(
        bench.database.app,
        { workspaceId: bench.workspaceId, actor: systemActor, isReadOnly: true },
        (tx) => replayExecution(tx, executionIds[0] as string),
      );
    expect(await replay()).toMatchObject({ isSame: true });

    await redact(scopeId);

    await expect(replay()).rejects.toMatchObject({ code: 'not_replayable' });
  });

  test('keeps secrets out of findings that are generated afterwards, and known values known', async () => {
    const { scopeId } = await history();

    await redact(scopeId);
    await generateAll(scopeId);

    const findings = await rows(
      'select external_id, state, resolution, evidence from driftplane.findings where scope_id = $1 order by external_id, first_run_seq',
      scopeId,
    );
    expect(JSON.stringify(findings)).not.toMatch(SECRETS);
    expect(findings.map(({ external_id, state, resolution }) => [external_id, state, resolution])).toEqual([
      ['a', 'resolved', 'superseded'],
      ['a', 'new', null],
      ['b', 'new', null],
    ]);
  });

  test('shows no value of an item that was not seen since, and takes none for a change of its digest', async () => {
    const files = await bench.createFiles();
    const first = await bench.sync(
      files,
      [door('a', 'sesame'), door('b', 'shazam'), door('c', 'abracadabra')],
      open,
    );
    await bench.sync(
      files,
      [door('a', 'sesame', 'blue'), door('b', 'sesame'), door('c', 'abracadabra')],
      open,
    );
    const { scopeId, runId } = await bench.sync(
      files,
      `${linesOf([door('c', 'abracadabra')])}{"broken":\n`,
      guarded,
    );
    await redact(scopeId);

    const { findings } = await bench.inWorkspace((tx) =>
      compareRuns(tx, { baselineRunId: first.runId, currentRunId: runId, limit: 10 }),
    );

    expect(JSON.stringify(findings)).not.toMatch(SECRETS);
    expect(findings.map(({ externalId, changes }) => [externalId, changes])).toEqual([
      ['a', [{ path: '/colour', op: 'replace', before: 'red', after: 'blue' }]],
      ['b', [{ path: '/motto', op: 'replace', before: '[redacted]', after: '[redacted]' }]],
    ]);
  });

  test('is redacted to the end by the next attempt when one is broken off', async () => {
    const { scopeId } = await history();
    const stopping = new AbortController();
    const throwIfAborted = stopping.signal.throwIfAborted.bind(stopping.signal);
    let looks = 0;
    stopping.signal.throwIfAborted = () => {
      if (++looks === 3) stopping.abort();
      throwIfAborted();
    };

    await expect(redact(scopeId, 1, stopping.signal)).rejects.toThrow('aborted');
    const halfWay = await kept(scopeId);
    await redact(scopeId, 1);

    expect(halfWay).toMatch(SECRETS);
    expect(await kept(scopeId)).not.toMatch(SECRETS);
  });
});

test('what was held back and what a backtest told of are redacted too', async () => {
  const own = await createSyncBench(open, requestDrift);
  try {
    const { workspaceId } = own;
    const asPerson = <T>(work: Parameters<typeof withWorkspace<T>>[2]): Promise<T> =>
      withWorkspace(own.database.app, { workspaceId, actor: systemActor }, work);
    await asPerson((tx) =>
      createDriftPlan(tx, {
        document: {
          name: 'quiet',
          scopeType: 'workspace',
          status: 'active',
          noiseControls: { ignorePaths: ['/**'] },
        },
      }),
    );
    const files = await own.createFiles();
    const secretive = (colour: string) => ({
      kind: 'door',
      id: 'a',
      name: 'Sesame',
      codes: { sesame: colour },
    });
    const { scopeId } = await own.sync(files, [secretive('red')], open);
    await own.sync(files, [secretive('blue')], open);
    const { rows: queued } = await asPerson((tx) =>
      tx.client.query('select execution_id as "executionId" from driftplane.executions'),
    );
    for (const { executionId } of queued) await generateDrift(own.database, { workspaceId, executionId });
    const { backtestId } = await asPerson((tx) =>
      requestBacktest(tx, {
        plan: { document: { name: 'all', scopeType: 'workspace' } },
        scopeIds: null,
        days: 3,
      }),
    );
    const signal = new AbortController().signal;
    await runBacktestJob(own.database, { workspaceId, backtestId, signal, isLastAttempt: true });
    const shown = async (): Promise<string> => {
      const { rows: held } = await asPerson((tx) =>
        tx.client.query('select label, paths from driftplane.held_candidates'),
      );
      const { rows: changes } = await asPerson((tx) =>
        tx.client.query('select detail from driftplane.plan_backtest_changes'),
      );
      return JSON.stringify({ held, changes });
    };
    expect((await shown()).match(/Sesame/g)).toHaveLength(2);
    await own.sync(files, [secretive('blue')], registryOf([doorType({ sensitive: ['/name'] })]));

    for (const limit of [1, 500]) {
      await redactHistory(own.database, { workspaceId, scopeId, itemType: 'door' }, limit);
      expect((await shown()).match(/Sesame/g)).toBeNull();
      expect((await shown()).match(/\[redacted\]/g)).toHaveLength(2);
    }
  } finally {
    await own.close();
  }
});
