import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readPushedBody } from '../../connectors/push/pushed-records.ts';
import { openDatabase } from '../../db/database.ts';
import { systemActor, withWorkspace } from '../../db/workspace-transaction.ts';
import { createSource } from '../sources/source-service.ts';
import { createWorkspace } from '../workspaces/workspace-service.ts';
import { joinParts } from './ingest/part-store.ts';
import { settleLostRuns } from './lost-runs.ts';
import { closePush, openPush, receivePart } from './push-service.ts';
import { confirmRun } from './settle-run.ts';
import { getRun } from './sync-run-read-model.ts';
import { cancelRun, rejectRun, type SyncContext } from './sync-run-service.ts';
import { box, createSyncBench, linesOf, registryOf, type SyncBench } from './test-sync.ts';

let bench: SyncBench;
beforeAll(async () => {
  bench = await createSyncBench();
});
afterAll(() => bench.close());

const boxes = (count: number, size: unknown = 1): object[] =>
  Array.from({ length: count }, (_, index) => box(`b${index}`, size));

describe('a push', () => {
  test('is one run, whatever the number and order of its parts, and whether they come at the same time', async () => {
    const source = await bench.createPush();
    const { runId } = await bench.openPush(source);

    await Promise.all([
      bench.sendPart(runId, 3, [box('c')]),
      bench.sendPart(runId, 1, [box('a')]),
      bench.sendPart(runId, 2, [box('b')]),
    ]);
    const run = await bench.closePush(runId, 3);

    expect(run).toMatchObject({ status: 'succeeded', partCount: 3 });
    expect(run.counts).toMatchObject({ items: 3, added: 3, records: 3 });
  });

  test('takes the same part again, also at the same time, and does nothing', async () => {
    const source = await bench.createPush();
    const { runId } = await bench.openPush(source);

    const received = await Promise.all(
      [1, 1, 1].map((partNo) => bench.sendPart(runId, partNo, [box('a'), box('b')])),
    );
    const again = await bench.sendPart(runId, 1, [box('a'), box('b')]);
    const run = await bench.closePush(runId, 1);

    expect(received.filter(({ isRepeated }) => !isRepeated)).toHaveLength(1);
    expect(again).toMatchObject({ isRepeated: true, summary: { records: 2 } });
    expect(run).toMatchObject({ status: 'succeeded', partCount: 1, counts: { items: 2, repeated: 0 } });
  });

  test('refuses another content under the number of a part', async () => {
    const source = await bench.createPush();
    const { runId } = await bench.openPush(source);
    await bench.sendPart(runId, 1, [box('a')]);

    const conflict = bench.sendPart(runId, 1, [box('a', 2)]);

    await expect(conflict).rejects.toMatchObject({ code: 'part_conflict' });
    expect((await bench.closePush(runId, 1)).counts).toMatchObject({ items: 1 });
  });

  test('names all lines that are no JSON objects and keeps nothing of such a part', async () => {
    const source = await bench.createPush();
    const { runId } = await bench.openPush(source);

    const refusal = bench.sendPart(
      runId,
      1,
      `${JSON.stringify(box('a'))}\n{"x":\n17\n${JSON.stringify(box('b'))}\n`,
    );

    await expect(refusal).rejects.toMatchObject({
      code: 'invalid_part',
      details: [{ line: 2 }, { line: 3 }],
    });
    await expect(bench.closePush(runId, 1)).rejects.toMatchObject({ code: 'parts_missing' });
    await bench.sendPart(runId, 1, [box('b')]);
    expect((await bench.closePush(runId, 1)).counts).toMatchObject({ items: 1, added: 1 });
  });

  test('is not closed while parts are missing, and says which', async () => {
    const source = await bench.createPush();
    const { runId } = await bench.openPush(source);
    await bench.sendPart(runId, 2, [box('a')]);

    const closing = bench.closePush(runId, 3);

    await expect(closing).rejects.toMatchObject({ code: 'parts_missing', message: 'parts 1, 3 are missing' });
  });

  test('answers a second closing with the run as it was settled', async () => {
    const source = await bench.createPush();
    const { runId } = await bench.openPush(source);
    await bench.sendPart(runId, 1, [box('a')]);

    const closings = await Promise.all([bench.closePush(runId, 1), bench.closePush(runId, 1)]);

    expect(closings[1]).toEqual(closings[0]);
    expect(bench.applied.filter((run) => run.runId === runId)).toHaveLength(1);
    await expect(bench.sendPart(runId, 2, [box('b')])).rejects.toMatchObject({ code: 'run_not_open' });
  });

  test('proves absence only of the types that it declares', async () => {
    const source = await bench.createPush();
    const crate = { kind: 'crate', id: 'k' };
    const first = await bench.push(source, [box('a'), box('b'), crate]);

    const second = await bench.push(source, [box('a')], ['box']);
    const third = await bench.push(source, [box('a')]);

    expect(first.status).toBe('succeeded');
    expect(second).toMatchObject({ status: 'partial', counts: { removed: 1, unprovenRemovals: 1 } });
    expect(second.coverage).toContainEqual({
      itemType: 'crate',
      status: 'not_checked',
      reason: 'not declared complete',
    });
    expect(third).toMatchObject({ status: 'succeeded', counts: { removed: 1, items: 1 } });
  });

  test('does not prove additions of a type before the type was complete once', async () => {
    const source = await bench.createPush();
    const since = (scopeId: string) =>
      bench.inWorkspace(async (tx) => {
        const { rows } = await tx.client.query(
          `select item_type, complete_since_seq from driftplane.scope_types
           where workspace_id = $1 and scope_id = $2 order by item_type collate "C"`,
          [tx.workspaceId, scopeId],
        );
        return Object.fromEntries(rows.map((row) => [row.item_type, row.complete_since_seq]));
      });
    const { scopeId } = await bench.push(source, [box('a'), { kind: 'crate', id: 'k' }], ['box']);
    expect(await since(scopeId)).toEqual({ '*': null, box: 1, crate: null });

    await bench.push(source, [box('a'), { kind: 'crate', id: 'k' }], ['crate']);
    expect(await since(scopeId)).toEqual({ '*': null, box: 1, crate: 2 });

    await bench.push(source, [box('a'), { kind: 'crate', id: 'k' }], ['*']);
    await bench.push(source, [box('a'), { id: 'other' }], ['box']);

    expect(await since(scopeId)).toEqual({ '*': 3, box: 1, crate: 2, json: 3 });
  });

  test('has its scope for itself and names itself to others', async () => {
    const source = await bench.createPush();
    const { runId } = await bench.openPush(source);

    const second = bench.openPush(source);

    await expect(second).rejects.toMatchObject({ code: 'run_in_progress', extensions: { runId } });
  });

  test('leaves nothing when it is cancelled', async () => {
    const source = await bench.createPush();
    const { runId, scopeId } = await bench.openPush(source);
    await bench.sendPart(runId, 1, [box('a')]);

    const cancelled = await bench.inWorkspace((tx) => cancelRun(tx, runId));
    await settleLostRuns(bench.context, bench.workspaceId);

    expect(cancelled).toMatchObject({ status: 'cancelled', error: { code: 'run_cancelled' } });
    expect(await bench.intervals(scopeId)).toEqual([]);
    expect(await bench.stagedRows(runId)).toBe(0);
    await expect(bench.closePush(runId, 1)).resolves.toMatchObject({ status: 'cancelled' });
  });

  test('is given up when its client has fallen silent, and not before', async () => {
    const source = await bench.createPush();
    const { runId } = await bench.openPush(source);

    await settleLostRuns(bench.context, bench.workspaceId);
    const waiting = await bench.inWorkspace((tx) => getRun(tx, runId));
    await settleLostRuns(bench.context, bench.workspaceId, { silentSeconds: -1 });
    const after = await bench.inWorkspace((tx) => getRun(tx, runId));

    expect(waiting.status).toBe('running');
    expect(after).toMatchObject({ status: 'failed', error: { code: 'push_abandoned' } });
    expect((await bench.push(source, [box('a')])).status).toBe('succeeded');
  });
});

describe('the safeguard', () => {
  test('holds a run in which too much of a type is gone, and changes nothing', async () => {
    const source = await bench.createPush();
    const { scopeId } = await bench.push(source, boxes(60));
    const before = await bench.intervals(scopeId);

    const held = await bench.push(source, boxes(39));

    expect(held).toMatchObject({
      status: 'held',
      seq: null,
      hold: { types: [{ itemType: 'box', gone: 21, live: 60 }] },
    });
    expect(held.heldUntil).not.toBeNull();
    expect(await bench.intervals(scopeId)).toEqual(before);
  });

  test('lets small types and small shares through', async () => {
    const [small, large] = [await bench.createPush(), await bench.createPush()];
    await bench.push(small, boxes(19));
    await bench.push(large, boxes(100));

    const [emptied, thinned] = [await bench.push(small, []), await bench.push(large, boxes(70))];

    expect(emptied).toMatchObject({ status: 'succeeded', counts: { removed: 19 } });
    expect(thinned).toMatchObject({ status: 'succeeded', counts: { removed: 30 } });
  });

  test('applies a held run when a person confirms it', async () => {
    const source = await bench.createPush();
    await bench.push(source, boxes(60));
    const { runId } = await bench.push(source, boxes(5));
    const { workspaceId } = bench;

    const confirmed = await confirmRun(bench.context, { workspaceId, actor: systemActor, runId });

    expect(confirmed).toMatchObject({
      status: 'succeeded',
      seq: 2,
      runSeq: 2,
      counts: { removed: 55, items: 5 },
    });
    expect(bench.applied.at(-1)).toMatchObject({ runId, runSeq: 2 });
    const again = confirmRun(bench.context, { workspaceId, actor: systemActor, runId });
    await expect(again).rejects.toMatchObject({ code: 'run_not_held' });
  });

  test('drops a held run when a person rejects it, and when the next sync comes', async () => {
    const source = await bench.createPush();
    const { scopeId } = await bench.push(source, boxes(60));
    const before = await bench.intervals(scopeId);
    const first = await bench.push(source, []);

    const rejected = await bench.inWorkspace((tx) => rejectRun(tx, first.runId));
    const second = await bench.push(source, []);
    const next = await bench.push(source, boxes(60));
    const replaced = await bench.inWorkspace((tx) => getRun(tx, second.runId));

    expect(rejected.status).toBe('rejected');
    expect(second.status).toBe('held');
    expect(replaced.status).toBe('rejected');
    expect(next).toMatchObject({ status: 'succeeded', counts: { unchanged: 60 } });
    expect(await bench.intervals(scopeId)).toEqual(before);
  });

  test('is recorded as confirmed once it is applied, and not where that fails', async () => {
    const [good, bad] = [await bench.createPush(), await bench.createPush()];
    const held = await Promise.all(
      [good, bad].map(async (source) => {
        await bench.push(source, boxes(60));
        return (await bench.push(source, [])).runId;
      }),
    );
    await bench.database.ingest.query('delete from driftplane_staging.parts where run_id = $1', [held[1]]);

    await Promise.allSettled(
      held.map((runId) =>
        confirmRun(bench.context, { workspaceId: bench.workspaceId, actor: systemActor, runId }),
      ),
    );

    const { rows } = await bench.inWorkspace((tx) =>
      tx.client.query(
        `select target_id, detail from driftplane.audit_events
         where workspace_id = $1 and action = 'run.confirm' and target_id = any($2)`,
        [tx.workspaceId, held],
      ),
    );
    expect(rows).toEqual([
      {
        target_id: held[0],
        detail: '{"before":"held","types":[{"gone":60,"itemType":"box","live":60}]}',
      },
    ]);
  });

  test('answers both of two closings that find too much gone with the held run', async () => {
    const source = await bench.createPush();
    await bench.push(source, boxes(60));
    const { runId } = await bench.openPush(source);
    await bench.sendPart(runId, 1, boxes(5));

    const closings = await Promise.all([bench.closePush(runId, 1), bench.closePush(runId, 1)]);

    expect(closings.map(({ status }) => status)).toEqual(['held', 'held']);
    expect(closings[1]).toEqual(closings[0]);
  });

  test('fails a held run honestly when what it staged was lost', async () => {
    const source = await bench.createPush();
    await bench.push(source, boxes(60));
    const { runId } = await bench.push(source, []);
    await bench.database.ingest
      .query('truncate driftplane_staging.items, driftplane_staging.parts')
      .catch(() => bench.database.ingest.query('delete from driftplane_staging.parts'));

    const confirming = confirmRun(bench.context, {
      workspaceId: bench.workspaceId,
      actor: systemActor,
      runId,
    });

    await expect(confirming).rejects.toMatchObject({ code: 'staging_lost' });
  });
});

describe('items without their ids', () => {
  const things = registryOf([
    { itemType: 'box', match: [{ path: '/kind', is: ['box'] }], identity: ['/id'] },
    {
      itemType: 'thing',
      match: [{ path: '/kind', is: ['thing'] }],
      identity: ['/id'],
      weakIdentity: ['/name'],
    },
  ]);
  const thing = (id: number, version = 1): object => ({
    kind: 'thing',
    id: `t${id}`,
    name: `T${id}`,
    version,
  });
  const nameless = (name: string): object => ({ kind: 'thing', name, version: 1 });
  const many = (count: number): object[] => Array.from({ length: count }, (_, index) => thing(index));
  let own: SyncBench;
  beforeAll(async () => {
    own = await createSyncBench(things);
  });
  afterAll(() => own.close());
  const live = async (scopeId: string): Promise<string[]> =>
    (await own.intervals(scopeId)).filter(({ to }) => to === null).map(({ externalId }) => externalId);

  test('prove no removal when a run that was held for others is confirmed', async () => {
    const source = await own.createPush();
    await own.push(source, [...boxes(30), ...many(5)]);
    const held = await own.push(source, [box('b0'), thing(0), nameless('T1')]);

    const run = await confirmRun(own.context, {
      workspaceId: own.workspaceId,
      actor: systemActor,
      runId: held.runId,
    });

    expect(held).toMatchObject({ status: 'held', hold: { types: [{ itemType: 'box', gone: 29 }] } });
    expect(run).toMatchObject({ status: 'partial', counts: { removed: 29, unprovenRemovals: 4 } });
    expect(run.problems).toMatchObject([{ code: 'missing_identity', itemType: 'thing' }]);
    expect(await live(run.scopeId)).toEqual(['b0', 't0', 't1', 't2', 't3', 't4']);
  });

  test('are named anew by those with ids, also over a partial run, and real ones that go are held', async () => {
    const source = await own.createPush();
    await own.push(source, [nameless('old')]);
    await own.push(source, many(40), []);

    const held = await own.push(source, [thing(0, 2)]);

    expect(held).toMatchObject({
      status: 'held',
      hold: { types: [{ itemType: 'thing', gone: 39, live: 40 }] },
    });
  });

  test('are closed as renormalised, and real ones beside them as removed', async () => {
    const source = await own.createPush();
    await own.push(source, [nameless('old')]);
    const { scopeId } = await own.push(source, many(10), []);

    const run = await own.push(source, [thing(0, 2), ...many(8).slice(1)]);

    const closed = (await own.intervals(scopeId)).filter(({ to }) => to === run.seq || to === run.endSeq);
    expect(run.status).toBe('succeeded');
    expect(closed.map(({ externalId, closedBy, to }) => `${externalId} ${closedBy}@${to}`)).toEqual([
      `${closed[0]?.externalId} renormalised@${run.endSeq}`,
      `t0 observed@${run.seq}`,
      `t8 observed@${run.seq}`,
      `t9 observed@${run.seq}`,
    ]);
  });

  test('take no more new ones for their own than are missing of them, once ids have begun to come', async () => {
    const openings = async (count: number): Promise<Set<string>> => {
      const source = await own.createPush();
      await own.push(source, [nameless('one'), nameless('two')]);
      const { scopeId } = await own.push(source, many(5), []);
      const run = await own.push(source, many(5 + count));
      const opened = (await own.intervals(scopeId)).filter(({ from }) => from > run.seq! - 1);
      return new Set(opened.map(({ openedBy }) => openedBy));
    };

    const [asMany, more] = [await openings(2), await openings(3)];

    expect([...asMany]).toEqual(['renormalised']);
    expect([...more]).toEqual(['observed']);
  });
});

describe('parts that keep the server busy', () => {
  /** A part of which the first lines come at once, and the rest when it is let go. */
  function slowPart(context: SyncContext, runId: string, partNo: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    async function* chunks() {
      yield Buffer.from(linesOf([box(`first of ${partNo}`)]));
      await promise;
      yield Buffer.from(linesOf([box(`last of ${partNo}`)]));
    }
    const body = readPushedBody(Readable.from(chunks()), { isGzip: false, maxBytes: 2 ** 20 });
    const { workspaceId } = bench;
    const done = receivePart(context, { workspaceId, actor: systemActor, runId, partNo, body });
    done.catch(() => {});
    return { done, letGo: () => resolve() };
  }

  test('leave other workspaces their connections, also where all are the same part', async () => {
    const { runId } = await bench.openPush(await bench.createPush());
    const numbers = [...Array.from({ length: 20 }, (_, index) => index + 1), ...Array<number>(20).fill(1)];
    const slow = numbers.map((partNo) => slowPart(bench.context, runId, partNo));
    const { workspaceId } = await createWorkspace(bench.ownerUrl, { name: 'other' });
    const as = { workspaceId, actor: systemActor };
    const other = await withWorkspace(bench.database.app, as, async (tx) =>
      openPush(
        tx,
        await createSource(
          tx,
          {
            kind: 'push',
            config: {},
            name: 'other',
            selection: { itemTypes: null },
            binding: { serviceId: null, repoFullName: null, docClass: null },
            schedule: null,
            safeguard: { maxRemovedShare: 0.3, minRemovedItems: 20 },
          } as unknown as Parameters<typeof createSource>[1],
          [],
        ),
      ),
    );

    const body = readPushedBody(Readable.from([Buffer.from(linesOf([box('a')]))]), {
      isGzip: false,
      maxBytes: 2 ** 20,
    });
    await receivePart(bench.context, { ...as, runId: other.runId, partNo: 1, body });
    const run = await closePush(bench.context, {
      ...as,
      runId: other.runId,
      parts: 1,
      completeTypes: ['*'],
    });
    for (const part of slow) part.letGo();
    const taken = await Promise.all(slow.map(({ done }) => done));

    expect(run.status).toBe('succeeded');
    expect(taken.filter(({ isRepeated }) => !isRepeated)).toHaveLength(20);
  });

  test('need one connection, also where items are staged under old rules as well', async () => {
    const under = (name: string) =>
      registryOf([
        { itemType: 'box', match: [{ path: '/kind', is: ['box'] }], identity: ['/id'], volatile: [name] },
      ]);
    const database = openDatabase(bench.database.urls, { maxConnections: 1 });
    const context = { ...bench.context, database, registry: under('/seenAt') };
    const source = await bench.createPush();
    const push = async (with_: SyncContext) => {
      const { runId } = await bench.openPush(source);
      const as = { workspaceId: bench.workspaceId, actor: systemActor, runId };
      const body = readPushedBody(Readable.from([Buffer.from(linesOf(boxes(3000)))]), {
        isGzip: false,
        maxBytes: 2 ** 24,
      });
      await receivePart(with_, { ...as, partNo: 1, body });
      return closePush(with_, { ...as, parts: 1, completeTypes: ['*'] });
    };

    const first = await push(context);
    const second = await push({ ...context, registry: under('/savedAt') });
    await database.close();

    expect(first.counts).toMatchObject({ added: 3000 });
    expect(second.counts).toMatchObject({ renormalised: 3000, added: 0, removed: 0 });
  });

  test('are not taken for silence while they come, and end when their run has', async () => {
    const source = await bench.createPush();
    const { runId } = await bench.openPush(source);
    const silence = (): Promise<unknown> =>
      bench.database.ingest.query(
        `update driftplane.sync_runs set active_at = now() - interval '1 hour' where run_id = $1`,
        [runId],
      );
    const lost: unknown[] = [];
    let now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    const megabyte = (name: string): Buffer => Buffer.from(linesOf([box(name, 'x'.repeat(900_000))]));
    async function* chunks() {
      yield megabyte('a');
      await silence();
      now += 61_000;
      for (const name of ['b', 'c', 'd', 'e']) yield megabyte(name);
      lost.push(await settleLostRuns(bench.context, bench.workspaceId));
      await bench.inWorkspace((tx) => cancelRun(tx, runId));
      now += 61_000;
      for (;;) yield megabyte('f');
    }
    const body = readPushedBody(Readable.from(chunks(), { highWaterMark: 1 }), {
      isGzip: false,
      maxBytes: 2 ** 30,
      patience: { seconds: 600, bytesPerSecond: 2 ** 20 },
    });

    const sending = receivePart(bench.context, {
      workspaceId: bench.workspaceId,
      actor: systemActor,
      runId,
      partNo: 1,
      body,
    });

    await expect(sending).rejects.toMatchObject({ code: 'run_not_open' });
    clock.mockRestore();
    expect(lost).toMatchObject([{ silent: 0 }]);
  });

  test('are joined some at a time', async () => {
    const { runId } = await bench.openPush(await bench.createPush());
    const summary = { records: 1, same: 0, staged: 1, bytes: 1, repeated: 0, unselected: 0 };
    await bench.database.ingest.query(
      `insert into driftplane_staging.parts (workspace_id, run_id, part_no, body_digest, seen, summary)
       select $1, $2, n, '', decode('01', 'hex'), $3 from generate_series(1, 200) n`,
      [bench.workspaceId, runId, JSON.stringify({ summary, problemCounts: [], problems: [] })],
    );
    const atOnce: number[] = [];

    const joined = await withWorkspace(
      bench.database.ingest,
      { workspaceId: bench.workspaceId, actor: systemActor },
      async (tx) => {
        const query = vi.spyOn(tx.client, 'query');
        const parts = await joinParts(tx, { runId, liveCount: 8 });
        for (const { value } of query.mock.results)
          atOnce.push(((await value) as { rows: unknown[] }).rows.length);
        query.mockRestore();
        return parts;
      },
    );

    expect(joined.partNos).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(joined.summary).toMatchObject({ records: 200, repeated: 199 });
    expect(Math.max(...atOnce)).toBeLessThan(50);
  });
});

describe('the closing of a push', () => {
  test('is recorded with the types by which it was applied, whoever else closes it', async () => {
    const source = await bench.createPush();
    const { runId } = await bench.openPush(source);
    await bench.sendPart(runId, 1, [box('a')]);

    // Both wait for the run, so that both have looked at it before one of them applies it.
    const both = await bench.inWorkspace(async (tx) => {
      await tx.client.query('select from driftplane.sync_runs where run_id = $1 for update', [runId]);
      const closing = [bench.closePush(runId, 1, ['box']), bench.closePush(runId, 1, ['crate'])];
      for (let waiting = 0; waiting < closing.length; ) {
        const { rows } = await tx.client.query('select count(*) as count from pg_locks where not granted');
        waiting = rows[0].count;
      }
      return { closing };
    });
    const closings = await Promise.all(both.closing);

    const [run] = closings;
    const complete = run?.coverage.filter(({ status }) => status === 'complete');
    expect(closings[1]).toEqual(run);
    expect(run?.declaredTypes).toEqual(complete?.map(({ itemType }) => itemType));
  });

  test('keeps nothing of declared names that are no types', async () => {
    const source = await bench.createPush();

    const run = await bench.push(source, [box('a')], ['box', 'crate', 'bxo', 'x'.repeat(200)]);

    const { rows } = await bench.inWorkspace((tx) =>
      tx.client.query('select item_type from driftplane.scope_types where scope_id = $1 order by item_type', [
        run.scopeId,
      ]),
    );
    expect(rows.map((row) => row.item_type)).toEqual(['*', 'box', 'crate']);
    expect(run.coverage.map(({ itemType }) => itemType)).toEqual(['*', 'box', 'crate']);
    expect(run.status).toBe('partial');
  });

  test('does not wait for who only refers to the scope', async () => {
    const source = await bench.createPush();
    const { scopeId } = await bench.push(source, [box('a')]);

    const run = await bench.inWorkspace(async (tx) => {
      await tx.client.query('select from driftplane.scopes where scope_id = $1 for key share', [scopeId]);
      return bench.push(source, [box('b')]);
    });

    expect(run).toMatchObject({ status: 'succeeded', counts: { added: 1, removed: 1 } });
  });
});

describe('parts that come to processes with different types', () => {
  test('are all read, and applied, by the types of the first of them', async () => {
    const named = (...names: string[]) =>
      registryOf(
        names.map((name) => ({ itemType: name, match: [{ path: '/kind', is: [name] }], identity: ['/id'] })),
      );
    const before: SyncContext = { ...bench.context, registry: named('box') };
    const after: SyncContext = { ...bench.context, registry: named('crate', 'box') };
    const { runId } = await bench.openPush(await bench.createPush());
    const as = { workspaceId: bench.workspaceId, actor: systemActor, runId };
    const crate = (id: string) =>
      readPushedBody(Readable.from([Buffer.from(linesOf([{ kind: 'crate', id }]))]), {
        isGzip: false,
        maxBytes: 2 ** 20,
      });

    await receivePart(before, { ...as, partNo: 1, body: crate('a') });
    await receivePart(after, { ...as, partNo: 2, body: crate('b') });
    const run = await closePush(after, { ...as, parts: 2, completeTypes: ['*'] });

    const intervals = await bench.intervals(run.scopeId);
    const { rows } = await bench.inWorkspace((tx) =>
      tx.client.query('select registry_digest from driftplane.scopes where scope_id = $1', [run.scopeId]),
    );
    expect(intervals.map(({ itemType }) => itemType)).toEqual(['json', 'json']);
    expect(rows).toEqual([{ registry_digest: before.registry.digest }]);
  });
});
