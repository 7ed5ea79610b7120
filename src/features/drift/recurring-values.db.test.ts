// What is there again from another value: its finding has the values of now, so that decisions hold of what is there.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../core/json-value.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { expireAcceptances } from '../findings/finding-sweep.ts';
import { triageFinding } from '../findings/finding-triage.ts';
import { createDriftPlan } from '../plans/plan-service.ts';
import { setBaseline } from './baseline-service.ts';
import { generateDrift } from './drift-service.ts';
import { executionOf, executionsOf, findingsOf, generate } from './test-drift.ts';
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

/** An item that has no configuration, only assignments. */
const NOTHING = 'nothing';

/** An item of two properties, as in `A0`, in one run after the other; null: it is gone. */
class Item {
  readonly history: TestHistory;

  constructor(history: TestHistory) {
    this.history = history;
  }

  async go(...values: (string | null)[]): Promise<void> {
    for (const value of values) {
      const [x, y] = value ?? '';
      const facts = value === NOTHING ? { assignments: ['g'] } : { x: x ?? null, y: y ?? null };
      const items: Record<string, JsonObject> = value === null ? {} : { item: facts };
      const { runSeq } = await this.history.run(items);
      if (runSeq > 1) await generate(this.history, runSeq);
    }
  }

  /** What a person does to the last configuration finding in a state. */
  async triage(state: string, event: 'accept' | 'acknowledge' | 'reopen'): Promise<void> {
    await this.history.asApp(async (tx) => {
      const { rows } = await tx.client.query<{ finding_id: string; revision: number }>(
        `select finding_id, revision from driftplane.findings
         where scope_id = $1 and drift_type = 'configuration' and state = $2
         order by opened_run_seq desc`,
        [this.history.scopeId, state],
      );
      const [{ finding_id: findingId, revision }] = rows as [{ finding_id: string; revision: number }];
      const decision =
        event === 'accept' ? { event, comment: null, expiresAt: null } : { event, comment: null };
      await triageFinding(tx, { findingId, revision }, decision);
    });
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
  await item.triage('new', 'accept');

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

test('an acceptance that ends while its item is gone opens nothing until the value is there again', async () => {
  const item = await open();
  await item.go('A0', 'B0');
  await item.triage('new', 'accept');
  await item.go(null);
  const end = (): Promise<number> =>
    item.history.asApp(async (tx) => {
      await tx.client.query(`update driftplane.acceptances set expires_at = $1`, [tx.now]);
      return expireAcceptances(tx);
    });

  expect(await end()).toBe(1);

  expect(await item.states()).toEqual(['accepted']);
  await item.go('B0');
  expect(await item.states()).toEqual(['new']);
  await item.triage('new', 'accept');
  expect(await end()).toBe(1);
  expect(await item.states()).toEqual(['new']);
});

test('nor one that it had from nothing', async () => {
  const item = await open();
  await item.go(NOTHING, 'B0', null, 'B0');

  expect(await item.states()).toEqual(['new']);
});

test('a new way beside a finding that somebody works on is told to its end', async () => {
  const item = await open();
  await item.go('A0', 'B0', 'C0');
  await item.triage('new', 'acknowledge');

  await item.go(null, 'D0', 'B0');

  // A0 → B0 tells of what is there.
  expect(await item.states()).toEqual(['new', 'resolved']);
});

test('where nothing is there, no finding of a value is told again', async () => {
  const item = await open();

  await item.go('A0', 'B0', null, NOTHING, 'C0', NOTHING);

  expect(await item.states()).toEqual(['resolved', 'resolved']);
});

test('a baseline that is pinned behind a way back leaves one finding of the value', async () => {
  const item = await open();
  await item.go('D0', 'A0', 'B0', 'C0', 'B0');
  const { history } = item;

  await history.asApp((tx) =>
    setBaseline(tx, history.scopeId, { mode: 'pinned', runId: history.runs[0]?.runId as string }),
  );
  for (const { executionId, status } of await executionsOf(history)) {
    if (status === 'queued') await generateDrift(database, { workspaceId: history.workspaceId, executionId });
  }

  expect((await item.states()).filter((state) => state === 'new')).toHaveLength(1);
});

test('an accepted value that is reached on another way long after it was undone is accepted again', async () => {
  const item = await open();
  await item.go('A0', 'B0');
  await item.triage('new', 'accept');

  await item.go('A0', ...Array<string>(12).fill('A0'), 'C0', 'B0');

  expect(await item.states()).toContain('accepted');
  expect(await item.states()).not.toContain('new');
});

test('a decision is about the value that is there, also of a finding that is seen again', async () => {
  const item = await open();
  await item.go('A0', 'A1');
  await item.triage('new', 'acknowledge');
  await item.go('B0', 'B1');
  await item.triage('acknowledged', 'accept');

  await item.go('B1', 'A0', 'C1', 'B1');

  // B1 was accepted, whichever way it is reached.
  expect(await item.states()).toContain('accepted');
  expect(await item.states()).not.toContain('new');
});

test('a way back that the plan holds back leaves the value before told', async () => {
  const item = await open();
  await item.history.asApp((tx) =>
    createDriftPlan(tx, {
      document: {
        name: 'p',
        scopeType: 'workspace',
        status: 'active',
        noiseControls: { ignoreChanges: [{ path: '/x', when: 'before == "C" && after == "B"' }] },
      },
    }),
  );

  await item.go('A0', 'B0', 'C0', 'B0');

  expect(await item.states()).toEqual(['new', 'resolved']);
});

test('what a person reopened while its item was gone is over where another value comes back', async () => {
  const item = await open();
  await item.go('A0', 'B0', null);
  await item.triage('resolved', 'reopen');

  await item.go('C0', 'C0');

  expect(await item.states()).toEqual(['resolved']);
});

test('a pinned deviation to nothing is over where its item is gone', async () => {
  const item = await open();
  const { history } = item;
  await item.go('A0', NOTHING);
  await history.asApp((tx) =>
    setBaseline(tx, history.scopeId, { mode: 'pinned', runId: history.runs[0]?.runId as string }),
  );
  for (const { executionId, status } of await executionsOf(history)) {
    if (status === 'queued') await generateDrift(database, { workspaceId: history.workspaceId, executionId });
  }
  await item.go(NOTHING);
  expect(await item.states()).toContain('new');

  await item.go(null);

  expect(await item.states()).not.toContain('new');
});

test('what somebody works on stays so where its subject comes to rest under a pin', async () => {
  const item = await open();
  const { history } = item;
  await item.go('A0', 'D0', 'A0', 'D0');
  await history.asApp((tx) =>
    setBaseline(tx, history.scopeId, { mode: 'pinned', runId: history.runs[3]?.runId as string }),
  );
  await item.go('A0');
  const states = await item.states();
  await item.triage('new', 'acknowledge');

  await item.go(...Array<string>(11).fill('A0'));

  expect(states).toHaveLength(2);
  expect(await item.states()).toContain('acknowledged');
});
