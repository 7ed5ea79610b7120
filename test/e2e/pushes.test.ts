// Pushes as networks deliver them: twice, at the same time, out of order, in halves.
import { request } from 'node:http';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import {
  type Box,
  boxes,
  boxRules,
  closePush,
  createPush,
  ndjson,
  push,
  readRun,
  resized,
  sendPart,
  settledDrift,
  startRun,
} from './inventory.ts';
import { cleanUpAfterTests, makeFolder, ownerUrlOf, type Server, serve, until } from './product.ts';
import { expectSound, tellFindings, withOwner } from './soundness.ts';

cleanUpAfterTests();

const first = boxes(900);
const second = [...resized(first, 40).slice(0, -5), ...boxes(3, { from: 5_000 })];
const third = resized(second, 4, 2_000_000);
const thirds = (all: readonly Box[]): Box[][] => [all.slice(0, 300), all.slice(300, 600), all.slice(600)];

let server: Server;
let dataDir: string;

beforeEach(async () => {
  const folder = makeFolder();
  dataDir = join(folder, 'data');
  server = await serve({ dataDir, env: boxRules(folder) });
});

test('parts that come twice, at the same time and out of order are one run, and so is closing it again', async () => {
  const { api } = server;
  const source = await createPush(api);
  await push(api, source, first);
  const [one = [], two = [], three = []] = thirds(second);

  const { runId } = await startRun(api, source);
  const late = await sendPart(api, runId, 3, three);
  const atOnce = await Promise.all(
    [1, 2, 1, 2, 1, 2].map((partNo) => sendPart(api, runId, partNo, partNo === 1 ? one : two)),
  );
  const again = await sendPart(api, runId, 3, three);
  const closed = await Promise.all([1, 2, 3].map(() => closePush(api, runId, 3)));
  const afterwards = await closePush(api, runId, 3);

  expect(late.isRepeated).toBe(false);
  expect(again.isRepeated).toBe(true);
  expect(atOnce.filter(({ isRepeated }) => !isRepeated)).toHaveLength(2);
  expect(new Set([...closed, afterwards].map((run) => JSON.stringify(run))).size).toBe(1);
  expect(afterwards).toMatchObject({
    status: 'succeeded',
    counts: { records: second.length, changed: 40, removed: 5, added: 3 },
  });
  await expectAsUndisturbed(source.sourceId);
});

test('a client that breaks off in the middle of a part leaves nothing of it, and sends it again', async () => {
  const { api } = server;
  const source = await createPush(api);
  await push(api, source, first);
  const [one = [], two = [], three = []] = thirds(second);
  const { runId } = await startRun(api, source);
  await sendPart(api, runId, 1, one);

  await breakOff(runId, 2, ndjson(two));
  const stored = await countStored(runId);
  const meanwhile = await readRun(api, runId);
  const tooEarly = await closePush(api, runId, 3).catch((error: Error) => error);
  const resent = await Promise.all([sendPart(api, runId, 3, three), sendPart(api, runId, 2, two)]);
  const run = await closePush(api, runId, 3);

  expect(stored).toEqual({ parts: 1, items: 40 });
  expect(meanwhile).toMatchObject({ status: 'running', partCount: 1 });
  expect(tooEarly).toMatchObject({ code: 'parts_missing' });
  expect(resent.map(({ isRepeated }) => isRepeated)).toEqual([false, false]);
  expect(run).toMatchObject({ status: 'succeeded', counts: { changed: 40, removed: 5, added: 3 } });
  await expectAsUndisturbed(source.sourceId);
});

test('another content under the number of a part is refused, and the run goes on with the first', async () => {
  const { api } = server;
  const source = await createPush(api);
  await push(api, source, first);
  const { runId } = await startRun(api, source);
  await sendPart(api, runId, 1, second);

  const refused = await sendPart(api, runId, 1, third).catch((error: Error) => error);
  const run = await closePush(api, runId, 1);

  expect(refused).toMatchObject({ code: 'part_conflict' });
  expect(run).toMatchObject({ status: 'succeeded', counts: { changed: 40, removed: 5, added: 3 } });
  await expectAsUndisturbed(source.sourceId);
});

/** The server has found what it would have found in pushes of one part, and finds the same in the next one. */
async function expectAsUndisturbed(sourceId: string): Promise<void> {
  const { api } = server;
  await settledDrift(api);
  const found = await tellFindings(api);
  await push(api, await api.call({ resource: 'sources', path: [sourceId] }), third);
  await settledDrift(api);
  const next = await tellFindings(api);

  const twin = await createPush(api);
  for (const objects of [first, second]) await push(api, twin, objects);
  await settledDrift(api);
  const twinFound = await tellFindings(api, twin.sourceId);
  await push(api, twin, third);
  await settledDrift(api);
  expect(found).toHaveLength(48);
  expect(found).toEqual(twinFound);
  expect(next).toEqual(await tellFindings(api, twin.sourceId));
  await expectSound(server, await ownerUrlOf(dataDir));
}

/** Sends two thirds of a part and cuts the connection. Resolves when the server has noticed. */
async function breakOff(runId: string, partNo: number, body: string): Promise<void> {
  const { url, token, api } = server;
  const sending = request(`${url}/api/runs/${api.workspaceId}/${runId}/parts/${partNo}`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/x-ndjson',
      'content-length': String(Buffer.byteLength(body)),
    },
  });
  const broken = new Promise((resolve) => sending.once('error', resolve));
  const half = body.slice(0, Math.floor((body.length * 2) / 3));
  await new Promise<void>((resolve) => sending.write(half, () => resolve()));
  await untilReading(1);
  sending.destroy();
  await broken;
  await untilReading(0);
}

/** Waits until so many parts are being taken in: each holds a lock meanwhile. */
async function untilReading(count: number): Promise<void> {
  await withOwner(await ownerUrlOf(dataDir), (client) =>
    until(async () => {
      const { rows } = await client.query(
        `select from pg_locks join pg_stat_activity using (pid)
         where locktype = 'advisory' and application_name = 'driftplane ingest'`,
      );
      return rows.length === count ? true : undefined;
    }),
  );
}

async function countStored(runId: string): Promise<object> {
  return withOwner(await ownerUrlOf(dataDir), async (client) => {
    const { rows } = await client.query(
      `select (select count(*)::int from driftplane_staging.parts where run_id = $1) as parts,
         (select count(*)::int from driftplane_staging.items where run_id = $1) as items`,
      [runId],
    );
    return rows[0];
  });
}
