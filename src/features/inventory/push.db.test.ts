import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemActor } from '../../db/workspace-transaction.ts';
import { settleLostRuns } from './lost-runs.ts';
import { confirmRun } from './settle-run.ts';
import { getRun } from './sync-run-read-model.ts';
import { cancelRun, rejectRun } from './sync-run-service.ts';
import { box, createSyncBench, type SyncBench } from './test-sync.ts';

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
