// The job of a backtest: repeated, cancelled, interrupted, failed, and what it leaves alone.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../db/database.ts';
import { connectOwner } from '../../db/owner-connection.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import {
  type BacktestRequest,
  cancelBacktest,
  getBacktest,
  requestBacktest,
  startBacktest,
} from '../executions/backtest-service.ts';
import { giveUpBacktestJob } from './backtest-runner.ts';
import { documentOf, doJob, openHistory, readTried, tryPlan, watchConnections } from './test-backtest.ts';
import { executionOf } from './test-drift.ts';
import type { TestHistory } from './test-history.ts';

let testDatabase: TestDatabase;
let database: Database;
/** With more pairs than are compared in one snapshot. */
let history: TestHistory;

/** Connections that a backtest of `history` takes until it reads the second snapshot of pairs, if it does not look. */
const SECOND_SNAPSHOT = 6;
/** The same until the first one, where it looks as often as it can whether it is cancelled. */
const FIRST_SNAPSHOT_WATCHED = 6;
const PAIRS = 29;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
  history = await openHistory(
    database,
    Array.from({ length: PAIRS + 1 }, (_, run) => ({
      a: { x: run, assignments: [`g${run % 3}`] },
      b: { secure: run % 2 === 0 },
      ...(run % 4 === 0 ? {} : { c: { note: run } }),
    })),
  );
});

afterAll(async () => {
  await database?.close();
  await testDatabase?.drop();
});

const document = documentOf({
  noiseControls: { ignorePaths: ['/x'] },
  impactRules: { multipliers: [{ name: 'who', factor: 0.5, when: 'driftType == "assignment"' }] },
});

function request(plan: BacktestRequest['plan'] = document): Promise<string> {
  return history.asApp(async (tx) => {
    const { backtestId } = await requestBacktest(tx, { plan, scopeIds: null, days: 30 });
    return backtestId;
  });
}

const cancel = (backtestId: string) => history.asApp((tx) => cancelBacktest(tx, backtestId));

describe('repeated', () => {
  test('it says the same of the same executions, and another plan something else', async () => {
    const one = await tryPlan(history, document);
    const again = await tryPlan(history, document);
    const other = await tryPlan(history, documentOf({ noiseControls: { ignorePaths: ['/x'] } }));

    expect(one.summary).toMatchObject({ pairs: PAIRS, skipped: [] });
    expect(one.resultDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(again.resultDigest).toBe(one.resultDigest);
    expect(again.summary).toEqual(one.summary);
    expect(again.changes).toEqual(one.changes);
    expect(other.resultDigest).not.toBe(one.resultDigest);
  });

  test('its job does nothing any more', async () => {
    const { backtestId, finishedAt, attempts } = await tryPlan(history, document);

    await doJob(history, backtestId);

    expect(await readTried(history, backtestId)).toMatchObject({ status: 'succeeded', finishedAt, attempts });
  });

  test('what was generated after it was asked for is not taken', async () => {
    const backtestId = await request();
    await history.asApp(async ({ client }) => {
      await client.query(
        `update driftplane.plan_backtests set requested_at = (
           select finished_at - interval '1 millisecond' from driftplane.sync_runs where scope_id = $2 and run_seq = 11
         ) where backtest_id = $1`,
        [backtestId, history.scopeId],
      );
      await client.query('update driftplane.executions set finished_at = queued_at where scope_id = $1', [
        history.scopeId,
      ]);
    });

    await doJob(history, backtestId);

    expect((await readTried(history, backtestId)).summary).toMatchObject({ pairs: 9 });
  });
});

test('it writes its own result and nothing else of the workspace', async () => {
  const owner = await connectOwner(testDatabase.ownerUrl);
  const digests = async () => {
    const { rows: tables } = await owner.query<{ name: string }>(
      `select c.relname as name from pg_class c
       where c.relkind = 'r' and c.relnamespace = 'driftplane'::regnamespace
         and c.relname not in ('plan_backtests', 'plan_backtest_changes', 'workspace_heads', 'stream_events', 'audit_events')
       order by 1`,
    );
    const found: Record<string, string> = {};
    for (const { name } of tables) {
      const { rows } = await owner.query(
        `select md5(coalesce(string_agg(t::text, '' order by t::text), '')) as digest from driftplane.${name} t`,
      );
      found[name] = rows[0].digest;
    }
    return found;
  };
  const before = await digests();

  const tried = await tryPlan(history, document);

  expect(tried.changes.length).toBeGreaterThan(20);
  expect(await digests()).toEqual(before);
  expect(Object.keys(before)).toEqual(
    expect.arrayContaining(['findings', 'finding_events', 'executions', 'held_candidates', 'item_versions']),
  );
  await owner.end();
});

describe('cancelled', () => {
  let backtestId: string;

  beforeEach(async () => {
    backtestId = await request();
  });

  test('while it waits it never begins, and again it stays so', async () => {
    const cancelled = await cancel(backtestId);
    await doJob(history, backtestId);
    const again = await cancel(backtestId);

    expect(cancelled).toMatchObject({ status: 'cancelled', isCancelRequested: true, attempts: 0 });
    expect(again).toEqual(cancelled);
  });

  test('while it runs it ends soon, with nothing kept', async () => {
    let reports = 0;
    const watched = watchConnections(database, async (count) => {
      reports = count - FIRST_SNAPSHOT_WATCHED;
      if (reports !== 0) return;
      expect(await cancel(backtestId)).toMatchObject({ status: 'running', isCancelRequested: true });
      expect(await cancel(backtestId)).toMatchObject({ status: 'running', isCancelRequested: true });
    });
    const { workspaceId } = history;

    await doJob({ workspaceId, database: watched }, backtestId, { progressMs: 0 });

    expect(await readTried(history, backtestId)).toMatchObject({
      status: 'cancelled',
      summary: null,
      resultDigest: null,
      changes: [],
      finishedAt: expect.any(Date),
    });
    // It would have looked after every pair.
    expect(reports).toBeLessThan(PAIRS / 2);
    const { rows } = await history.asApp(({ client }) =>
      client.query(`select action from driftplane.audit_events where target_id = $1 order by seq`, [
        backtestId,
      ]),
    );
    expect(rows.map(({ action }) => action)).toEqual(['plan.backtest', 'plan.backtest_cancel']);
  });

  test('just before it is done it keeps nothing either', async () => {
    await history.asApp((tx) => startBacktest(tx, backtestId));
    await cancel(backtestId);

    await doJob(history, backtestId);

    expect(await readTried(history, backtestId)).toMatchObject({ status: 'cancelled', changes: [] });
  });

  test('where its worker died it is cancelled by the next one, or when the queue gives up', async () => {
    await history.asApp((tx) => startBacktest(tx, backtestId));
    await cancel(backtestId);

    await giveUpBacktestJob(database, { workspaceId: history.workspaceId, backtestId });

    expect(await readTried(history, backtestId)).toMatchObject({ status: 'cancelled', error: null });
  });

  test('when it is over it can not be cancelled any more', async () => {
    await doJob(history, backtestId);

    await expect(cancel(backtestId)).rejects.toMatchObject({
      code: 'invalid_transition',
      extensions: { state: 'succeeded' },
    });
  });
});

describe('interrupted', () => {
  test('the worker stops in the midst of one slow pair: it is given back before the pair is done', async () => {
    const items = (x: number) =>
      Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`item-${at}`, { x }]));
    const slow = await openHistory(database, [items(1), items(2)]);
    const list = `[${Array.from({ length: 40 }, (_, at) => at).join()}]`;
    const when = `${list}.exists(a, ${list}.exists(b, ${list}.exists(c, a + b + c == -1)))`;
    const plan = documentOf({
      impactRules: {
        multipliers: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, factor: 2, when })),
      },
    });
    const { backtestId } = await slow.asApp((tx) => requestBacktest(tx, { plan, scopeIds: null, days: 30 }));

    const worker = new AbortController();

    const job = doJob(slow, backtestId, { signal: worker.signal, isLastAttempt: false });
    for (let status = 'queued'; status === 'queued'; ) {
      status = (await slow.asApp((tx) => getBacktest(tx, backtestId))).status;
    }
    worker.abort(new Error('the worker stops'));

    await expect(job).rejects.toThrow('the worker stops');
    expect(await readTried(slow, backtestId)).toMatchObject({ status: 'queued', summary: null });
  });

  test('by a worker that stops, it is given back and begins anew, to the same digest', async () => {
    const whole = await tryPlan(history, document);
    const backtestId = await request();
    const stopping = new AbortController();
    const watched = watchConnections(database, (count) => {
      if (count === SECOND_SNAPSHOT) stopping.abort();
    });
    const { signal } = stopping;

    const stopped = doJob({ workspaceId: history.workspaceId, database: watched }, backtestId, { signal });

    await expect(stopped).rejects.toThrow('aborted');
    expect(await readTried(history, backtestId)).toMatchObject({
      status: 'queued',
      progress: null,
      error: null,
      changes: [],
    });
    await doJob(history, backtestId);
    expect(await readTried(history, backtestId)).toMatchObject({
      status: 'succeeded',
      attempts: 2,
      resultDigest: whole.resultDigest,
      changes: whole.changes,
    });
  });

  test('by a worker that dies, the next one takes it up', async () => {
    const backtestId = await request();
    await history.asApp((tx) => startBacktest(tx, backtestId));

    await doJob(history, backtestId);

    expect(await readTried(history, backtestId)).toMatchObject({ status: 'succeeded', attempts: 2 });
  });

  test('by two workers at once it is done once', async () => {
    const backtestId = await request();

    await Promise.all([doJob(history, backtestId), doJob(history, backtestId)]);

    const tried = await readTried(history, backtestId);
    expect(tried).toMatchObject({ status: 'succeeded', summary: { pairs: PAIRS } });
    expect(tried.changes).toHaveLength(tried.summary?.changes ?? 0);
  });
});

describe('failed', () => {
  const broken = (count: number): void => {
    if (count === SECOND_SNAPSHOT) throw new Error('a value that nobody may see');
  };

  test('an attempt is told of while another follows, and forgotten when that one succeeds', async () => {
    const backtestId = await request();
    const watched = { workspaceId: history.workspaceId, database: watchConnections(database, broken) };

    await expect(doJob(watched, backtestId, { isLastAttempt: false })).rejects.toThrow();
    const waiting = await readTried(history, backtestId);
    await doJob(history, backtestId);
    const tried = await readTried(history, backtestId);

    expect(waiting).toMatchObject({
      status: 'queued',
      error: { code: 'internal_error', message: 'Error' },
      finishedAt: null,
    });
    expect(tried).toMatchObject({ status: 'succeeded', error: null });
  });

  test('the last attempt ends it, without a word of what it worked on', async () => {
    const backtestId = await request();
    const watched = { workspaceId: history.workspaceId, database: watchConnections(database, broken) };

    await expect(doJob(watched, backtestId)).rejects.toThrow();

    const tried = await readTried(history, backtestId);
    expect(tried).toMatchObject({
      status: 'failed',
      summary: null,
      changes: [],
      finishedAt: expect.any(Date),
    });
    expect(JSON.stringify(tried)).not.toContain('nobody may see');
  });

  test('given up by the queue it says so', async () => {
    const backtestId = await request();

    await giveUpBacktestJob(database, { workspaceId: history.workspaceId, backtestId });

    expect(await readTried(history, backtestId)).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('last attempt') },
    });
  });

  test('where what it tells of became sensitive meanwhile, it keeps nothing and begins anew without it', async () => {
    const { executionId } = await executionOf(history, 3);
    const mark = (because: string | null) =>
      history.asApp(({ client }) =>
        client.query('update driftplane.executions set not_replayable_because = $2 where execution_id = $1', [
          executionId,
          because,
        ]),
      );
    const backtestId = await request();
    const watched = watchConnections(database, async (count) => {
      if (count === SECOND_SNAPSHOT) await mark('redaction');
    });

    const refused = doJob({ workspaceId: history.workspaceId, database: watched }, backtestId, {
      isLastAttempt: false,
    });

    await expect(refused).rejects.toMatchObject({ code: 'not_replayable' });
    expect(await readTried(history, backtestId)).toMatchObject({ status: 'queued', changes: [] });
    await doJob(history, backtestId);
    expect(await readTried(history, backtestId)).toMatchObject({
      status: 'succeeded',
      summary: { pairs: PAIRS - 1, skipped: [{ reason: 'redaction', count: 1 }] },
    });
    await mark(null);
  });
});
