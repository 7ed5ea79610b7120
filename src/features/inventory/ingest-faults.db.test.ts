import { randomInt } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, type MockInstance, test, vi } from 'vitest';
import { readPushedBody } from '../../connectors/push/pushed-records.ts';
import { connectOwner } from '../../db/owner-connection.ts';
import { systemActor } from '../../db/workspace-transaction.ts';
import type { Source } from '../sources/source.ts';
import { giveUpSync, settleLostRuns } from './lost-runs.ts';
import { closePush, receivePart } from './push-service.ts';
import { confirmRun } from './settle-run.ts';
import { syncFiles } from './sync-files.ts';
import type { SyncRun } from './sync-run.ts';
import { getRun } from './sync-run-read-model.ts';
import { cancelRun, type SyncContext, startSync } from './sync-run-service.ts';
import { box, createSyncBench, linesOf, registryOf, type SyncBench } from './test-sync.ts';

let bench: SyncBench;
let owner: pg.Client;
beforeAll(async () => {
  bench = await createSyncBench();
  owner = await connectOwner(bench.ownerUrl);
});
afterAll(async () => {
  await owner.end();
  await bench.close();
});

const boxes = (count: number, size: unknown = 1): object[] =>
  Array.from({ length: count }, (_, index) => box(`b${String(index).padStart(5, '0')}`, size));

type Files = { source: Source; path: string };

const inBench = (runId: string): Promise<SyncRun> => bench.inWorkspace((tx) => getRun(tx, runId));

const start = (files: Files): Promise<SyncRun> =>
  bench.inWorkspace((tx) => startSync(tx, files.source, 'manual'));

/** Does a sync as its job would; resolves with the run however it ends. */
function work(
  runId: string,
  options: { context?: Partial<SyncContext>; signal?: AbortSignal } = {},
): Promise<SyncRun> {
  const { workspaceId } = bench;
  const { context, signal = new AbortController().signal } = options;
  const job = { workspaceId, runId, holderKey: randomInt(2 ** 40), signal };
  return (
    syncFiles({ ...bench.context, ...context }, job)
      // What was not foreseen goes to the log of the worker as well; the run says what people are told.
      .catch(() => {})
      .then(() => inBench(runId))
  );
}

/** Starts a sync and its work. */
async function begin(
  files: Files,
  options: Parameters<typeof work>[1] = {},
): Promise<{ runId: string; done: Promise<SyncRun> }> {
  const { runId } = await start(files);
  return { runId, done: work(runId, options) };
}

/** Runs `work` while nobody else gets at a table, once a connection of the ingest waits for it. */
async function whileLocked(
  table: string,
  start: () => Promise<void>,
  work: (waitingPid: number) => Promise<void>,
) {
  await owner.query(`begin; lock table ${table} in access exclusive mode`);
  try {
    await start();
    await work(await waitForWaiter());
  } finally {
    await owner.query('rollback');
  }
}

async function waitForWaiter(): Promise<number> {
  const asking = await connectOwner(bench.ownerUrl);
  try {
    for (;;) {
      const { rows } = await asking.query<{ pid: number }>(
        `select pid from pg_catalog.pg_stat_activity
         where datname = current_database() and application_name = 'driftplane ingest' and wait_event_type = 'Lock'`,
      );
      if (rows[0] !== undefined) return rows[0].pid;
      await delay(10);
    }
  } finally {
    await asking.end();
  }
}

async function shortly(scopeId: string): Promise<string[]> {
  const intervals = await bench.intervals(scopeId);
  return intervals.map(
    ({ externalId, facts, from, to }) => `${externalId}=${facts.size} [${from},${to ?? ''})`,
  );
}

/** Kills the connection of a transaction, as its first `times` are about to commit. */
function killing(times: number): Pick<SyncContext, 'onRunApplied'> & { killed: () => number } {
  let killed = 0;
  return {
    killed: () => killed,
    async onRunApplied(tx) {
      if (killed >= times) return;
      killed++;
      const { rows } = await tx.client.query<{ pid: number }>('select pg_backend_pid() as pid');
      await owner.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    },
  };
}

/** Lets the transaction of the ingest commit that holds such a statement, and breaks the connection before it says so. */
function loseAnswer(statement: string): { restore(): void; count(): number } {
  const { ingest } = bench.database;
  let count = 0;
  const connecting = vi.spyOn(ingest, 'connect') as unknown as MockInstance<() => Promise<pg.PoolClient>>;
  const connect = pg.Pool.prototype.connect as () => Promise<pg.PoolClient>;
  connecting.mockImplementation(async () => {
    const client = await connect.call(ingest);
    const query = client.query as (...given: unknown[]) => Promise<unknown>;
    let isMeant = false;
    client.query = ((...given: unknown[]) => {
      isMeant ||= String(given[0]).includes(statement);
      const answer = query.apply(client, given);
      if (given[0] !== 'commit' || !isMeant || count > 0) return answer;
      count++;
      return answer.then(() => Promise.reject(new Error('Connection terminated unexpectedly')));
    }) as typeof client.query;
    return client;
  });
  return { restore: () => connecting.mockRestore(), count: () => count };
}

describe('when the connection is cut in the transaction that applies a run', () => {
  test('the run is applied once, by the next attempt', async () => {
    const files = await bench.createFiles();
    const { scopeId } = await bench.sync(files, [box('a'), box('b')]);
    writeFileSync(files.path, linesOf([box('a', 2), box('c')]));
    const { onRunApplied, killed } = killing(2);

    const { done } = await begin(files, { context: { onRunApplied } });
    const run = await done;
    const next = await bench.sync(files, [box('a', 2), box('c')]);

    expect(killed()).toBe(2);
    expect(run).toMatchObject({ status: 'succeeded', runSeq: 2, seq: 2, error: null });
    expect(run.counts).toMatchObject({ added: 1, changed: 1, removed: 1 });
    expect(next.counts).toMatchObject({ unchanged: 2, staged: 0 });
    expect(await shortly(scopeId)).toEqual(['a=1 [1,2)', 'a=2 [2,)', 'b=1 [1,2)', 'c=1 [2,)']);
  });

  test('a run fails and changes nothing when every attempt is cut', async () => {
    const files = await bench.createFiles();
    const { scopeId } = await bench.sync(files, [box('a')]);
    const before = await bench.intervals(scopeId);
    writeFileSync(files.path, linesOf([box('a', 2)]));
    const { onRunApplied } = killing(100);

    const { runId, done } = await begin(files, { context: { onRunApplied } });
    const run = await done;

    expect(run).toMatchObject({ status: 'failed', seq: null, error: { code: 'database_unreachable' } });
    expect(await bench.intervals(scopeId)).toEqual(before);
    expect(await bench.stagedRows(runId)).toBe(0);
    expect((await bench.sync(files, [box('a', 2)])).counts).toMatchObject({ changed: 1 });
  });

  test('a run that is held stays held, with all it staged, where the answer to the commit is lost', async () => {
    const files = await bench.createFiles();
    const { scopeId } = await bench.sync(files, boxes(30));
    writeFileSync(files.path, linesOf(boxes(1)));
    const lost = loseAnswer('held_until = $3');

    const { runId, done } = await begin(files);
    const held = await done;
    lost.restore();
    const confirmed = await confirmRun(bench.context, {
      workspaceId: bench.workspaceId,
      actor: systemActor,
      runId,
    });

    expect(lost.count()).toBe(1);
    expect(held).toMatchObject({ status: 'held', error: null });
    expect(confirmed).toMatchObject({ status: 'succeeded', counts: { removed: 29 } });
    expect((await shortly(scopeId)).filter((text) => text.endsWith(',)'))).toHaveLength(1);
  });

  test('a push that is closed while it waits for its scope is applied once', async () => {
    const source = await bench.createPush();
    const { runId, scopeId } = await bench.openPush(source);
    await bench.sendPart(runId, 1, [box('a')]);
    let closing: Promise<SyncRun> | null = null;

    await whileLocked(
      'driftplane.item_versions',
      async () => {
        closing = bench.closePush(runId, 1);
      },
      async (pid) => {
        await owner.query('select pg_terminate_backend($1)', [pid]);
      },
    );
    const run = await (closing as unknown as Promise<SyncRun>);
    const again = await bench.closePush(runId, 1);

    expect(run).toMatchObject({ status: 'succeeded', runSeq: 1, seq: 1 });
    expect(again).toEqual(run);
    expect(await shortly(scopeId)).toEqual(['a=1 [1,)']);
  });
});

describe('when the database fails while items are staged', () => {
  test('a full disk fails the run in plain words, and nothing of it is visible', async () => {
    const files = await bench.createFiles();
    const { scopeId } = await bench.sync(files, [box('a')]);
    const before = await bench.intervals(scopeId);
    await owner.query(
      `create function public.fill_disk() returns trigger language plpgsql as $$
       begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
       create trigger fill_disk before insert on driftplane_staging.items execute function public.fill_disk()`,
    );
    writeFileSync(files.path, linesOf(boxes(3000, 2)));

    const { runId, done } = await begin(files);
    const run = await done;
    const source = await bench.createPush();
    const push = await bench.openPush(source);
    const part = bench.sendPart(push.runId, 1, [box('a')]);

    await expect(part).rejects.toMatchObject({ code: 'database_full' });
    await owner.query('drop trigger fill_disk on driftplane_staging.items; drop function public.fill_disk');
    expect(run).toMatchObject({
      status: 'failed',
      seq: null,
      error: { code: 'database_full', message: 'the disk of the database is full' },
    });
    expect(await bench.intervals(scopeId)).toEqual(before);
    expect(await bench.stagedRows(runId)).toBe(0);
    await bench.sendPart(push.runId, 1, [box('a')]);
    expect((await bench.closePush(push.runId, 1)).counts).toMatchObject({ added: 1 });
    expect((await bench.sync(files, boxes(3))).counts).toMatchObject({ added: 3, removed: 1 });
  });

  test('a connection that is cut in the middle of COPY fails the run, and the next sync is right', async () => {
    const files = await bench.createFiles();
    writeFileSync(files.path, linesOf(boxes(20_000)));
    let begun: Awaited<ReturnType<typeof begin>> | null = null;

    await whileLocked(
      'driftplane_staging.items',
      async () => {
        begun = await begin(files);
      },
      async (pid) => {
        await owner.query('select pg_terminate_backend($1)', [pid]);
      },
    );
    const { runId, done } = begun as unknown as Awaited<ReturnType<typeof begin>>;
    const run = await done;
    const next = await bench.sync(files, [box('a')]);

    expect(run).toMatchObject({ status: 'failed', error: { code: 'database_unreachable' } });
    expect(await bench.stagedRows(runId)).toBe(0);
    expect(next).toMatchObject({ status: 'succeeded', runSeq: 1, seq: 1, counts: { added: 1, items: 1 } });
  });
});

describe('a client that stops sending half-way', () => {
  test('leaves nothing of its part, and the run takes it again', async () => {
    const source = await bench.createPush();
    const { runId, scopeId } = await bench.openPush(source);
    await bench.sendPart(runId, 1, [box('a')]);
    const lines = linesOf(boxes(5000));
    const half = Readable.from(
      (function* () {
        yield Buffer.from(lines.slice(0, lines.length / 2));
        throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
      })(),
    );
    const body = readPushedBody(half, { isGzip: false, maxBytes: 2 ** 26 });

    const part = receivePart(bench.context, {
      workspaceId: bench.workspaceId,
      actor: systemActor,
      runId,
      partNo: 2,
      body,
    });

    await expect(part).rejects.toMatchObject({ message: 'aborted' });
    expect(await bench.stagedRows(runId)).toBe(2);
    await expect(bench.closePush(runId, 2)).rejects.toMatchObject({ code: 'parts_missing' });
    await bench.sendPart(runId, 2, [box('b')]);
    expect(await bench.closePush(runId, 2)).toMatchObject({ status: 'succeeded', counts: { added: 2 } });
    expect(await shortly(scopeId)).toEqual(['a=1 [1,)', 'b=1 [1,)']);
  });

  test('leaves no old forms that a later attempt at its part would be taken for', async () => {
    const volatile = (name: string) =>
      registryOf([
        { itemType: 'box', match: [{ path: '/kind', is: ['box'] }], identity: ['/id'], volatile: [name] },
      ]);
    const source = await bench.createPush();
    const [before, after] = [volatile('/seenAt'), volatile('/savedAt')];
    const under = (registry: typeof before): SyncContext => ({ ...bench.context, registry });
    const send = (context: SyncContext, runId: string, content: object[]) =>
      receivePart(context, {
        workspaceId: bench.workspaceId,
        actor: systemActor,
        runId,
        partNo: 1,
        body: readPushedBody(Readable.from([Buffer.from(linesOf(content))]), {
          isGzip: false,
          maxBytes: 2 ** 20,
        }),
      });
    const close = (context: SyncContext, runId: string) =>
      closePush(context, {
        workspaceId: bench.workspaceId,
        actor: systemActor,
        runId,
        parts: 1,
        completeTypes: ['*'],
      });
    const first = await bench.openPush(source);
    await send(under(before), first.runId, [box('a')]);
    await close(under(before), first.runId);
    const second = await bench.openPush(source);
    await owner.query(
      `create function public.refuse_part() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
       create trigger refuse_part before insert on driftplane_staging.parts execute function public.refuse_part()`,
    );
    const failing = send(under(after), second.runId, [box('a', 2)]);
    await expect(failing).rejects.toThrow('no');
    await owner.query(
      'drop trigger refuse_part on driftplane_staging.parts; drop function public.refuse_part',
    );

    await send(under(after), second.runId, [{ kind: 'crate', id: 'z' }]);
    const run = await close(under(after), second.runId);

    expect(run.counts).toMatchObject({ added: 1, removed: 1, renormalised: 0 });
  });
});

describe('several syncs at once', () => {
  test('of one scope are one: the others are told which', async () => {
    const files = await bench.createFiles();
    writeFileSync(files.path, linesOf([box('a')]));

    const starts = await Promise.allSettled([1, 2, 3].map(() => start(files)));
    const runs = await Promise.all(
      starts.flatMap((one) => (one.status === 'fulfilled' ? [work(one.value.runId)] : [])),
    );

    expect(runs).toMatchObject([{ status: 'succeeded', runSeq: 1, counts: { added: 1 } }]);
    const refusals = starts.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    expect(refusals).toEqual(['run_in_progress', 'run_in_progress']);
  });

  test('of several scopes go on beside each other, also where one of them is stuck', async () => {
    const [stuck, ...others] = await Promise.all([1, 2, 3].map(() => bench.createFiles()));
    for (const files of [stuck as Files, ...others]) writeFileSync(files.path, linesOf([box('a')]));
    const first = await bench.sync(stuck as Files, [box('a')]);
    writeFileSync((stuck as Files).path, linesOf([box('a', 2)]));
    await owner.query('begin');
    await owner.query('select from driftplane.scopes where scope_id = $1 for no key update', [first.scopeId]);

    const waiting = await begin(stuck as Files);
    await waitForWaiter();
    const runs = await Promise.all(others.map(async (files) => (await begin(files)).done));
    const meanwhile = await inBench(waiting.runId);
    await owner.query('rollback');
    const last = await waiting.done;

    expect(runs.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    expect(meanwhile.status).toBe('running');
    expect(last).toMatchObject({ status: 'succeeded', counts: { changed: 1 } });
  });
});

describe('a sync that is to end while it reads', () => {
  test('is not applied when it was cancelled, even after its last item was read', async () => {
    const files = await bench.createFiles();
    const { scopeId } = await bench.sync(files, [box('a')]);
    writeFileSync(files.path, linesOf([box('a', 2)]));
    let begun: Awaited<ReturnType<typeof begin>> | null = null;

    await whileLocked(
      'driftplane_staging.parts',
      async () => {
        begun = await begin(files);
      },
      async () => {
        const { runId } = begun as unknown as Awaited<ReturnType<typeof begin>>;
        await bench.inWorkspace((tx) => cancelRun(tx, runId));
      },
    );
    const { runId, done } = begun as unknown as Awaited<ReturnType<typeof begin>>;
    const run = await done;

    expect(run).toMatchObject({ status: 'cancelled', seq: null, error: { code: 'run_cancelled' } });
    expect(await shortly(scopeId)).toEqual(['a=1 [1,)']);
    expect(await bench.stagedRows(runId)).toBe(0);
    expect((await bench.sync(files, [box('a', 3)])).counts).toMatchObject({ changed: 1 });
  });

  test('fails as interrupted when its worker stops', async () => {
    const files = await bench.createFiles();
    writeFileSync(files.path, linesOf(boxes(20_000)));
    const stopping = new AbortController();
    let begun: Awaited<ReturnType<typeof begin>> | null = null;

    await whileLocked(
      'driftplane_staging.items',
      async () => {
        begun = await begin(files, { signal: stopping.signal });
      },
      async () => stopping.abort(),
    );
    const { runId, done } = begun as unknown as Awaited<ReturnType<typeof begin>>;
    const run = await done;

    expect(run).toMatchObject({ status: 'failed', seq: null, error: { code: 'run_interrupted' } });
    expect(await bench.intervals(run.scopeId)).toEqual([]);
    expect(await bench.stagedRows(runId)).toBe(0);
  });
});

describe('a file that can not be read to its end', () => {
  test('gives no items, and leaves every type unproven', async () => {
    const files = await bench.createFiles();
    const inFolder = (name: string, content: string | Buffer): void =>
      writeFileSync(join(files.path, name), content);
    rmSync(files.path);
    mkdirSync(files.path);
    const zipped = (content: readonly object[]): Buffer => gzipSync(linesOf(content));
    inFolder('1.ndjson', linesOf([box('a'), box('b')]));
    inFolder('2.ndjson.gz', zipped(boxes(4000)));
    const first = await (await begin(files)).done;
    const changed = zipped(boxes(4000, 2));
    inFolder('1.ndjson', linesOf([box('a', 2)]));
    inFolder('2.ndjson.gz', changed.subarray(0, changed.length / 2));

    const second = await (await begin(files)).done;

    expect(first).toMatchObject({ status: 'succeeded', counts: { added: 4002 } });
    expect(second).toMatchObject({ status: 'partial' });
    expect(second.counts).toMatchObject({ changed: 1, removed: 0, unprovenRemovals: 4001, items: 4002 });
    expect(second.problems).toMatchObject([{ code: 'invalid_gzip' }]);
    expect(second.coverage).toContainEqual({
      itemType: 'box',
      status: 'partial',
      reason: '1 × invalid_gzip',
    });
    const live = (await bench.intervals(first.scopeId)).filter(({ to }) => to === null);
    expect(live.filter(({ facts }) => facts.size === 2).map(({ externalId }) => externalId)).toEqual(['a']);
  });
});

describe('a run whose job does not come', () => {
  const dropJob = (runId: string): Promise<unknown> =>
    owner.query(`delete from graphile_worker._private_jobs where key like '%' || $1`, [runId]);

  test('fails when the queue gives the job up, and leaves its scope to others', async () => {
    const files = await bench.createFiles();
    const { runId } = await start(files);

    await giveUpSync(bench.context, { workspaceId: bench.workspaceId, runId });
    const run = await inBench(runId);
    const next = await start(files);

    expect(run).toMatchObject({ status: 'failed', error: { code: 'run_interrupted' } });
    expect(next.status).toBe('queued');
  });

  test('fails when the job is lost, and waits as long as it is not', async () => {
    const [lost, waiting] = [await start(await bench.createFiles()), await start(await bench.createFiles())];
    await dropJob(lost.runId);

    await settleLostRuns(bench.context, bench.workspaceId);

    expect(await inBench(lost.runId)).toMatchObject({
      status: 'failed',
      error: { code: 'run_interrupted', message: 'its job is not in the queue any more' },
    });
    expect((await inBench(waiting.runId)).status).toBe('queued');
  });
});
