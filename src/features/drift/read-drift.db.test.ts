import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { readDrift, readStatesAt } from '../inventory/interval-read-model.ts';
import { createWorkspace } from '../workspaces/workspace-service.ts';
import { TestHistory, type TestItems } from './test-history.ts';

let testDatabase: TestDatabase;
let database: Database;
let workspaceId: string;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
  ({ workspaceId } = await createWorkspace(testDatabase.ownerUrl, { name: 'intervals' }));
});

afterAll(async () => {
  await database?.close();
  await testDatabase?.drop();
});

/** External id → facts on both sides, for what has one part; the parts' facts otherwise. */
async function driftBetween(history: TestHistory, fromSeq: number, toSeq: number) {
  return history.inWorkspace(async (tx) => {
    const drifted = [];
    for await (const batch of readDrift(tx, { scopeId: history.scopeId, fromSeq, toSeq }))
      drifted.push(...batch);
    return drifted.map(({ externalId, steps }) => ({
      externalId,
      steps: steps.map(({ before, after }) => [before?.facts ?? null, after?.facts ?? null]),
    }));
  });
}

/** The same from the two whole snapshots at the ends of each range under the same rules. */
async function fullJoin(history: TestHistory, ranges: readonly (readonly [number, number])[]) {
  return history.inWorkspace(async (tx) => {
    const steps = new Map<string, (string | null)[][]>();
    for (const range of ranges) {
      const [before, after] = await Promise.resolve(
        range.map((seq) =>
          tx.client.query<{ external_id: string; facts: string }>(
            `select external_id, facts from driftplane.item_versions
             where scope_id = $1 and from_seq <= $2 and coalesce(to_seq, 1000000) > $2`,
            [history.scopeId, seq],
          ),
        ),
      ).then((queries) => Promise.all(queries));
      const [one, other] = [before, after].map(
        (result) => new Map(result?.rows.map((row) => [row.external_id, row.facts])),
      ) as [Map<string, string>, Map<string, string>];
      for (const id of new Set([...one.keys(), ...other.keys()])) {
        const pair = [one.get(id) ?? null, other.get(id) ?? null];
        if (pair[0] !== pair[1]) steps.set(id, [...(steps.get(id) ?? []), pair]);
      }
    }
    return [...steps]
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map(([externalId, parts]) => ({ externalId, steps: parts }));
  });
}

const snapshots = fc.array(
  fc.record({
    items: fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd', '\u{1f600}', '\uffee'),
      fc.record({ x: fc.integer({ min: 0, max: 2 }), noise: fc.integer({ min: 0, max: 1 }) }),
      { noNullPrototype: true },
    ),
    rules: fc.constantFrom('first' as const, 'first' as const, 'second' as const),
    isComplete: fc.boolean(),
  }),
  { minLength: 2, maxLength: 6 },
);

test('between any two runs it finds exactly what a full join of the two snapshots finds', async () => {
  await fc.assert(
    fc.asyncProperty(snapshots, async (observed) => {
      const history = await TestHistory.open(database, workspaceId);
      for (const { items, ...options } of observed) {
        await history.run(items as TestItems, { ...options, requestsDrift: false });
      }

      for (const [index, baseline] of history.runs.entries()) {
        for (const current of history.runs.slice(index + 1)) {
          const between = history.runs.slice(index + 1, current.runSeq - 1);
          const starts = [baseline.endSeq];
          const ends: number[] = [];
          for (const run of between.filter(({ seq, endSeq }) => endSeq > seq)) {
            ends.push(run.endSeq - 1);
            starts.push(run.endSeq);
          }
          ends.push(current.seq);
          const ranges = starts.map((start, part) => [start, ends[part] as number] as const);

          const found = await driftBetween(history, baseline.endSeq, current.seq);

          expect(found).toEqual(await fullJoin(history, ranges));
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('what went there and back is no drift, and what rules changed is none either', async () => {
  const history = await TestHistory.open(database, workspaceId);
  const first = await history.run({ a: { x: 1, noise: 1 }, b: { x: 1, noise: 1 } });
  await history.run({ a: { x: 2, noise: 1 }, b: { x: 1, noise: 1 } });
  await history.run({ a: { x: 1, noise: 1 }, b: { x: 1, noise: 1 } }, { rules: 'second' });
  const last = await history.run({ a: { x: 1 }, b: { x: 3 } }, { rules: 'second' });

  const drifted = await driftBetween(history, first.endSeq, last.seq);

  expect(drifted).toEqual([{ externalId: 'b', steps: [['{"x":1}', '{"x":3}']] }]);
});

test('more drift than one batch holds comes whole and in order', async () => {
  const history = await TestHistory.open(database, workspaceId);
  const ids = Array.from({ length: 4_500 }, (_, index) => `item ${String(index).padStart(5, '0')}`);
  const first = await history.run(Object.fromEntries(ids.map((id) => [id, { x: 1, text: 'y'.repeat(500) }])));
  const last = await history.run(Object.fromEntries(ids.map((id) => [id, { x: 2, text: 'y'.repeat(500) }])));

  const drifted = await driftBetween(history, first.endSeq, last.seq);

  expect(drifted.map(({ externalId }) => externalId)).toEqual(ids);
  expect(drifted.every(({ steps }) => steps.length === 1)).toBe(true);
});

test('the states of items at a boundary are those of the intervals that hold it', async () => {
  const history = await TestHistory.open(database, workspaceId);
  await history.run({ a: { x: 1 }, b: { x: 1 } });
  await history.run({ a: { x: 2 } });
  const { scopeId } = history;
  const items = ['a', 'b', 'never'].map((externalId) => ({ itemType: 'test.policy', externalId }));

  const states = await history.inWorkspace(async (tx) => [
    await readStatesAt(tx, { scopeId, seq: 1 }, items),
    await readStatesAt(tx, { scopeId, seq: 2 }, items),
  ]);

  expect(states.map((at) => [...at.values()].map(({ facts }) => facts).sort())).toEqual([
    ['{"x":1}', '{"x":1}'],
    ['{"x":2}'],
  ]);
});
