// What is there again from another value: its finding has the values of now, so that decisions hold of what is there.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../core/json-value.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { triageFinding } from '../findings/finding-triage.ts';
import { executionOf, findingsOf, generate } from './test-drift.ts';
import { TestHistory } from './test-history.ts';

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
});

afterAll(async () => {
  await database?.close();
  await testDatabase?.drop();
});

/** An item of two properties, as in `A0`, in one run after the other. */
class Item {
  readonly history: TestHistory;

  constructor(history: TestHistory) {
    this.history = history;
  }

  async go(...values: (string | null)[]): Promise<void> {
    for (const value of values) {
      const items: Record<string, JsonObject> =
        value === null ? {} : { item: { x: value[0] as string, y: value[1] as string } };
      const { runSeq } = await this.history.run(items);
      if (runSeq > 1) await generate(this.history, runSeq);
    }
  }

  /** What its configuration findings are, oldest first. */
  async states(): Promise<string[]> {
    const rows = await findingsOf(this.history);
    return rows.filter(({ drift_type }) => drift_type === 'configuration').map(({ state }) => state);
  }
}

async function open(): Promise<Item> {
  return new Item(await TestHistory.open(database));
}

test('a value that was accepted after it came back from another one stays accepted', async () => {
  const item = await open();
  await item.go('A0', 'B0', 'C0', 'A1', 'B1');
  expect(await item.states()).toEqual(['new', 'resolved', 'resolved']);
  await item.history.asApp(async (tx) => {
    const { rows } = await tx.client.query<{ finding_id: string; revision: number }>(
      "select finding_id, revision from driftplane.findings where state = 'new' and scope_id = $1",
      [item.history.scopeId],
    );
    const [{ finding_id: findingId, revision }] = rows as [{ finding_id: string; revision: number }];
    await triageFinding(tx, { findingId, revision }, { event: 'accept', comment: null, expiresAt: null });
  });

  await item.go(...Array<string>(10).fill('B1'), 'A1', 'B1');

  expect(await item.states()).toEqual(['accepted', 'resolved', 'resolved']);
  expect((await executionOf(item.history, 17)).counts).toMatchObject({ reaccepted: 1, opened: 0 });
});

test('a way back is recognised by the value from which it was there again', async () => {
  const item = await open();

  await item.go('A0', 'B0', 'C0', 'A1', 'B1', 'C1', 'B1');

  expect(await item.states()).toHaveLength(3);
});

test('an item that one run missed takes no unanswered finding with it', async () => {
  const item = await open();
  await item.go('A0', 'B0', null);
  expect(await item.states()).toEqual(['resolved']);

  await item.go('B0');

  expect(await item.states()).toEqual(['new']);
});

test('an item that is made anew has nothing of the findings before', async () => {
  const item = await open();

  await item.go('B0', 'C0', null, 'A0', 'D0', 'A0');

  expect(await item.states()).toEqual(['resolved', 'resolved']);
});
