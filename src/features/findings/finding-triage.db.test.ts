import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allowedEvents, findingStates, transition, triageEvents } from '../../core/finding-lifecycle.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import type { FindingDecision } from './finding-decision.ts';
import { getFinding, listFindingEvents } from './finding-read-model.ts';
import { expireAcceptances, wakeFindings } from './finding-sweep.ts';
import { triageFinding } from './finding-triage.ts';
import { TestScope, testActor } from './test-findings.ts';

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
});

afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

const later = new Date(Date.now() + 86_400_000);
const comment = null;

const decisions: Record<(typeof triageEvents)[number], FindingDecision> = {
  acknowledge: { event: 'acknowledge', comment },
  accept: { event: 'accept', expiresAt: null, comment },
  dismiss: { event: 'dismiss', reason: 'false_positive', comment },
  snooze: { event: 'snooze', until: later, comment },
  reopen: { event: 'reopen', comment },
};

/** Decides about a finding as it is now. */
async function decide(scope: TestScope, findingId: string, decision: FindingDecision) {
  return scope.inWorkspace(async (tx) => {
    const { revision } = await getFinding(tx, findingId);
    await triageFinding(tx, { findingId, revision }, decision);
    return getFinding(tx, findingId);
  });
}

async function scopeWithFinding(): Promise<{ scope: TestScope; findingId: string }> {
  const scope = await TestScope.open(database);
  await scope.see({ item: 'B' });
  const [finding] = await scope.findings();
  return { scope, findingId: finding?.finding_id ?? '' };
}

async function acceptancesOf(scope: TestScope) {
  const { rows } = await scope.inWorkspace(({ client, workspaceId }) =>
    client.query<{ value_hash: string; ended_because: string | null; comment: string | null }>(
      `select value_hash, ended_because, comment from driftplane.acceptances
       where workspace_id = $1 order by created_at, ended_at nulls last`,
      [workspaceId],
    ),
  );
  return rows;
}

async function makeOverdue(scope: TestScope): Promise<void> {
  await scope.inWorkspace(async ({ client, workspaceId }) => {
    await client.query(
      `update driftplane.acceptances set expires_at = now() - interval '1 second'
       where workspace_id = $1 and expires_at is not null`,
      [workspaceId],
    );
    await client.query(
      `update driftplane.findings set snoozed_until = now() - interval '1 second'
       where workspace_id = $1 and state = 'snoozed'`,
      [workspaceId],
    );
  });
}

const cells = findingStates.flatMap((state) => triageEvents.map((event) => ({ state, event })));

describe('a decision about one finding', () => {
  test.each(cells.filter(({ state, event }) => transition(state, event) !== null))(
    'takes a finding that is $state by $event to the state of the table',
    async ({ state, event }) => {
      const scope = await TestScope.open(database);
      const findingId = (await scope.findingOfEachState())[state];

      const finding = await decide(scope, findingId, decisions[event]);

      expect(finding.state).toBe(transition(state, event));
      expect(finding.snoozedUntil).toEqual(event === 'snooze' ? later : null);
      expect(finding.dismissReason).toBe(event === 'dismiss' ? 'false_positive' : null);
      expect(finding.resolution).toBeNull();
      expect(finding.revision).toBe(2);
      expect(finding.acceptance === null).toBe(event !== 'accept');
      expect(await scope.events(findingId)).toEqual(['open', event]);
    },
  );

  test.each(cells.filter(({ state, event }) => transition(state, event) === null))(
    'is refused where a finding that is $state does not allow $event, naming what it allows',
    async ({ state, event }) => {
      const scope = await TestScope.open(database);
      const findingId = (await scope.findingOfEachState())[state];
      const before = await scope.findings();

      const refused = decide(scope, findingId, decisions[event]);

      await expect(refused).rejects.toMatchObject({
        code: 'invalid_transition',
        extensions: { state, allowed: allowedEvents(state) },
      });
      expect(await scope.findings()).toEqual(before);
    },
  );

  test('is in the audit trail with before and after, and its comment in the history only', async () => {
    const { scope, findingId } = await scopeWithFinding();

    await decide(scope, findingId, { event: 'dismiss', reason: 'wont_fix', comment: 'as agreed with Ann' });

    const { rows } = await scope.inWorkspace(({ client, workspaceId }) =>
      client.query(
        `select action, target_id, actor_label, detail from driftplane.audit_events
         where workspace_id = $1 order by seq desc limit 1`,
        [workspaceId],
      ),
    );
    expect(rows).toEqual([
      {
        action: 'finding.dismiss',
        target_id: findingId,
        actor_label: testActor.label,
        detail: '{"after":{"reason":"wont_fix","state":"dismissed"},"before":{"state":"new"}}',
      },
    ]);
    const events = await scope.inWorkspace((tx) => listFindingEvents(tx, { findingId, limit: 10 }));
    expect(events.items.at(-1)).toMatchObject({
      kind: 'dismiss',
      fromState: 'new',
      toState: 'dismissed',
      actor: { kind: 'token', label: testActor.label },
      detail: { reason: 'wont_fix', comment: 'as agreed with Ann' },
    });
  });

  test('is refused on another revision than the one that was read', async () => {
    const { scope, findingId } = await scopeWithFinding();

    const refused = scope.inWorkspace((tx) =>
      triageFinding(tx, { findingId, revision: 7 }, decisions.acknowledge),
    );

    await expect(refused).rejects.toMatchObject({ code: 'revision_mismatch' });
  });

  test('of two at once on the same revision, one is carried out and one refused', async () => {
    const { scope, findingId } = await scopeWithFinding();

    const settled = await Promise.allSettled(
      [decisions.acknowledge, decisions.dismiss].map((decision) =>
        scope.inWorkspace((tx) => triageFinding(tx, { findingId, revision: 1 }, decision)),
      ),
    );

    const refused = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused).toMatchObject([{ code: 'revision_mismatch' }]);
    expect(await scope.events(findingId)).toHaveLength(2);
  });

  test.each([
    ['snooze', { event: 'snooze', until: new Date(0), comment }, '/until'],
    ['accept', { event: 'accept', expiresAt: new Date(0), comment }, '/expiresAt'],
  ] as const)('to %s until a time in the past is not valid', async (_name, decision, pointer) => {
    const { scope, findingId } = await scopeWithFinding();

    const refused = decide(scope, findingId, decision);

    await expect(refused).rejects.toMatchObject({ code: 'invalid_request', details: [{ pointer }] });
  });

  test.each(['no-uuid', randomUUID()])('finds nothing by the id %s', async (findingId) => {
    const { scope } = await scopeWithFinding();

    const refused = scope.inWorkspace((tx) =>
      triageFinding(tx, { findingId, revision: 1 }, decisions.acknowledge),
    );

    await expect(refused).rejects.toMatchObject({ code: 'finding_not_found' });
  });

  test("does not reach another workspace's finding, nor can it be read there", async () => {
    const { scope, findingId } = await scopeWithFinding();
    const { scope: other } = await scopeWithFinding();

    const refusedWrite = other.inWorkspace((tx) =>
      triageFinding(tx, { findingId, revision: 1 }, decisions.acknowledge),
    );
    await expect(refusedWrite).rejects.toMatchObject({ code: 'finding_not_found' });

    const refusedRead = other.inWorkspace((tx) => getFinding(tx, findingId));
    await expect(refusedRead).rejects.toMatchObject({ code: 'finding_not_found' });
    expect(await scope.events(findingId)).toEqual(['open']);
  });
});

describe('an acceptance', () => {
  test('is bound to the value of its finding and shown with it', async () => {
    const { scope, findingId } = await scopeWithFinding();

    const finding = await decide(scope, findingId, { event: 'accept', expiresAt: later, comment: 'for now' });

    expect(finding.acceptance).toMatchObject({
      comment: 'for now',
      expiresAt: later,
      createdBy: testActor.label,
    });
    expect(await acceptancesOf(scope)).toEqual([
      { value_hash: 'B', ended_because: null, comment: 'for now' },
    ]);
  });

  test('given again replaces the one before', async () => {
    const { scope, findingId } = await scopeWithFinding();
    await decide(scope, findingId, decisions.accept);

    await decide(scope, findingId, { event: 'accept', expiresAt: later, comment });

    expect((await acceptancesOf(scope)).map((one) => one.ended_because)).toEqual(['replaced', null]);
  });

  test('is revoked when its finding is reopened, so that the value is found again', async () => {
    const { scope, findingId } = await scopeWithFinding();
    await decide(scope, findingId, decisions.accept);

    await decide(scope, findingId, decisions.reopen);
    await scope.see({ item: null });
    const counts = await scope.see({ item: 'B' });

    expect(counts).toMatchObject({ recurred: 1, recorded: 0 });
    expect((await acceptancesOf(scope)).map((one) => one.ended_because)).toEqual(['revoked']);
  });

  test('of one value stays beside that of another, and the return to it is quiet', async () => {
    const { scope, findingId } = await scopeWithFinding();
    await decide(scope, findingId, decisions.accept);
    await scope.see({ item: 'C' });
    const third = (await scope.findings()).find(({ state }) => state === 'new');
    await decide(scope, third?.finding_id ?? '', decisions.accept);

    const back = await scope.see({ item: 'B' });

    expect(third?.linked_finding_id).toBe(findingId);
    expect(back).toMatchObject({ opened: 0, recurred: 0 });
    expect((await acceptancesOf(scope)).map((one) => one.ended_because)).toEqual([null, null]);
  });

  test('whose time is over ends, and its finding is new again', async () => {
    const { scope, findingId } = await scopeWithFinding();
    await decide(scope, findingId, { event: 'accept', expiresAt: later, comment });
    const early = await scope.inWorkspace((tx) => expireAcceptances(tx));
    await makeOverdue(scope);

    const ended = await scope.inWorkspace((tx) => expireAcceptances(tx));
    const endedAgain = await scope.inWorkspace((tx) => expireAcceptances(tx));

    expect([early, ended, endedAgain]).toEqual([0, 1, 0]);
    expect(await scope.findings()).toMatchObject([{ state: 'new' }]);
    expect((await acceptancesOf(scope)).map((one) => one.ended_because)).toEqual(['expired']);
    expect(await scope.events(findingId)).toEqual(['open', 'accept', 'expire']);
  });

  test('that ends while another value is there leaves its finding until the value returns', async () => {
    const { scope, findingId } = await scopeWithFinding();
    await decide(scope, findingId, { event: 'accept', expiresAt: later, comment });
    await scope.see({ item: 'C' });
    await makeOverdue(scope);

    await scope.inWorkspace((tx) => expireAcceptances(tx));
    const meanwhile = await scope.findings();
    const counts = await scope.see({ item: 'B' });

    expect(meanwhile.find((one) => one.finding_id === findingId)?.state).toBe('accepted');
    expect(counts).toMatchObject({ expired: 1 });
    expect((await scope.findings()).find((one) => one.finding_id === findingId)?.state).toBe('new');
  });
});

describe('a snooze', () => {
  test('that is over makes its finding new again, some at a time', async () => {
    const scope = await TestScope.open(database);
    await scope.see({ one: 'B', two: 'B', three: 'B' });
    for (const { finding_id: id } of await scope.findings()) await decide(scope, id, decisions.snooze);
    const early = await scope.inWorkspace((tx) => wakeFindings(tx));
    await makeOverdue(scope);

    const woken = [];
    for (let turn = 0; turn < 3; turn++) woken.push(await scope.inWorkspace((tx) => wakeFindings(tx, 2)));

    expect(early).toBe(0);
    expect(woken).toEqual([2, 1, 0]);
    expect((await scope.findings()).map(({ state }) => state)).toEqual(['new', 'new', 'new']);
  });
});

test('the history of a finding comes page by page', async () => {
  const { scope, findingId } = await scopeWithFinding();
  for (const event of ['acknowledge', 'reopen', 'acknowledge', 'reopen'] as const) {
    await decide(scope, findingId, decisions[event]);
  }

  const kinds: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await scope.inWorkspace((tx) => listFindingEvents(tx, { findingId, cursor, limit: 2 }));
    kinds.push(...page.items.map(({ kind }) => kind));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }

  expect(kinds).toEqual(['open', 'acknowledge', 'reopen', 'acknowledge', 'reopen']);
});
