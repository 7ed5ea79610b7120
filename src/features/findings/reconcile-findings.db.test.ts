import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { triageFinding } from './finding-triage.ts';
import type { SubjectNow } from './generated-finding.ts';
import { readSubjectsToReconcile } from './subject-read-model.ts';
import { fingerprintOf, subjectOf, TestScope } from './test-findings.ts';

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

/** A scope in which one item has had these values, one per run. */
async function scopeAfter(...values: (string | null)[]): Promise<TestScope> {
  const scope = await TestScope.open(database);
  await scope.see({ item: 'A' });
  await scope.inWorkspace(({ client, workspaceId }) =>
    client.query('delete from driftplane.findings where workspace_id = $1', [workspaceId]),
  );
  for (const value of values) await scope.see({ item: value });
  return scope;
}

async function statesOf(scope: TestScope): Promise<(string | null)[][]> {
  return (await scope.findings()).map(({ state, resolution }) =>
    resolution ? [state, resolution] : [state],
  );
}

/** The external ids of the subjects that a run has to name, in their order. */
async function subjectsToReconcile(scope: TestScope, mode: 'rolling' | 'pinned'): Promise<string[]> {
  const named: string[] = [];
  await scope.inWorkspace(async (tx) => {
    for await (const page of readSubjectsToReconcile(tx, { scopeId: scope.scopeId, mode })) {
      named.push(...page.map(({ externalId }) => externalId));
    }
  });
  return named;
}

async function auditActions(scope: TestScope): Promise<{ action: string; detail: string }[]> {
  const { rows } = await scope.inWorkspace(({ client, workspaceId }) =>
    client.query<{ action: string; detail: string }>(
      'select action, detail from driftplane.audit_events where workspace_id = $1 order by seq',
      [workspaceId],
    ),
  );
  return rows;
}

async function streamKinds(scope: TestScope): Promise<{ kind: string; payload: string }[]> {
  const { rows } = await scope.inWorkspace(({ client, workspaceId }) =>
    client.query<{ kind: string; payload: string }>(
      'select kind, payload from driftplane.stream_events where workspace_id = $1 order by seq',
      [workspaceId],
    ),
  );
  return rows;
}

describe('what a run makes of findings', () => {
  test('a change opens a finding with its evidence, one event and one message', async () => {
    const scope = await scopeAfter('B');

    const [finding] = await scope.findings();
    const stream = await streamKinds(scope);

    expect(finding).toMatchObject({ state: 'new', revision: 1, occurrence_count: 1, opened_run_seq: 3 });
    expect(finding).toHaveProperty('label_search', 'policy item');
    expect(JSON.parse((finding as unknown as { evidence: string }).evidence)).toEqual({
      changes: [{ path: '/a', op: 'replace', before: 'A', after: 'B' }],
    });
    expect(await scope.events(finding?.finding_id ?? '')).toEqual(['open']);
    expect(stream.at(-1)).toEqual({
      kind: 'finding.opened',
      payload: `{"findingId":"${finding?.finding_id}","severity":"sev3","state":"new"}`,
    });
  });

  test('the way back resolves the finding as reverted and opens none', async () => {
    const scope = await scopeAfter('B', 'A');

    const [finding] = await scope.findings();

    expect(await statesOf(scope)).toEqual([['resolved', 'reverted']]);
    expect(await scope.events(finding?.finding_id ?? '')).toEqual(['open', 'flip', 'revert']);
    expect(finding).toMatchObject({ revision: 3, is_undone: true });
  });

  test('the same change after its way back makes the finding new again, without a second row', async () => {
    const scope = await scopeAfter('B', 'A', 'B');

    const findings = await scope.findings();

    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      state: 'new',
      resolution: null,
      occurrence_count: 2,
      is_undone: false,
      opened_run_seq: 5,
      last_run_seq: 5,
    });
    expect(await scope.events(findings[0]?.finding_id ?? '')).toEqual([
      'open',
      'flip',
      'revert',
      'recur',
      'flip',
    ]);
  });

  test('another value supersedes a new finding and is linked to it', async () => {
    const scope = await scopeAfter('B', 'C');

    const [first, second] = await scope.findings();

    expect(await statesOf(scope)).toEqual([['resolved', 'superseded'], ['new']]);
    expect(second?.linked_finding_id).toBe(first?.finding_id);
  });

  test('another value leaves an acknowledged finding as it is', async () => {
    const scope = await scopeAfter('B');
    const [first] = await scope.findings();
    await scope.inWorkspace((tx) =>
      triageFinding(
        tx,
        { findingId: first?.finding_id ?? '', revision: 1 },
        { event: 'acknowledge', comment: null },
      ),
    );

    await scope.see({ item: 'C' });

    expect(await statesOf(scope)).toEqual([['acknowledged'], ['new']]);
  });

  test('the accepted value is recorded, and its return after a revert stays quiet', async () => {
    const scope = await scopeAfter('B');
    const [finding] = await scope.findings();
    const findingId = finding?.finding_id ?? '';
    await scope.inWorkspace((tx) =>
      triageFinding(tx, { findingId, revision: 1 }, { event: 'accept', expiresAt: null, comment: null }),
    );

    await scope.see({ item: 'A' });
    const counts = await scope.see({ item: 'B' });

    expect(counts).toMatchObject({ recorded: 1, reaccepted: 1, opened: 0, recurred: 0 });
    expect(await statesOf(scope)).toEqual([['accepted']]);
    expect(await scope.events(findingId)).toEqual([
      'open',
      'accept',
      'flip',
      'revert',
      'record',
      'reaccept',
      'flip',
    ]);
  });

  test('the accepted value is opened again when its acceptance is over', async () => {
    const scope = await scopeAfter('B');
    const [finding] = await scope.findings();
    const findingId = finding?.finding_id ?? '';
    await scope.inWorkspace((tx) =>
      triageFinding(
        tx,
        { findingId, revision: 1 },
        { event: 'accept', expiresAt: new Date(tx.now.getTime() + 60_000), comment: null },
      ),
    );
    await scope.inWorkspace(({ client, workspaceId }) =>
      client.query(
        `update driftplane.acceptances set expires_at = created_at - interval '1 second' where workspace_id = $1`,
        [workspaceId],
      ),
    );
    const named = await subjectsToReconcile(scope, 'rolling');

    const counts = await scope.see({ item: 'B' });

    expect(named).toEqual(['item']);
    expect(counts).toMatchObject({ expired: 1, opened: 0 });
    expect(await statesOf(scope)).toEqual([['new']]);
    const { rows } = await scope.inWorkspace(({ client, workspaceId }) =>
      client.query('select ended_because from driftplane.acceptances where workspace_id = $1', [workspaceId]),
    );
    expect(rows).toEqual([{ ended_because: 'expired' }]);
  });

  test('a dismissed finding stays dismissed when its drift comes back', async () => {
    const scope = await scopeAfter('B');
    const [finding] = await scope.findings();
    const findingId = finding?.finding_id ?? '';
    await scope.inWorkspace((tx) =>
      triageFinding(tx, { findingId, revision: 1 }, { event: 'dismiss', reason: 'wont_fix', comment: null }),
    );

    const back = await scope.see({ item: 'A' });
    const again = await scope.see({ item: 'B' });

    expect(back).toMatchObject({ undone: 1, reverted: 0 });
    expect(again).toMatchObject({ recorded: 1, opened: 0 });
    expect(await statesOf(scope)).toEqual([['dismissed']]);
  });

  test('three reversals make a subject flap, further ones are events only, and ten quiet runs calm it', async () => {
    const scope = await scopeAfter('B', 'A', 'B', 'A');
    const [marked] = await scope.findings();
    const flapping = await scope.see({ item: 'B' });
    const named = await subjectsToReconcile(scope, 'rolling');
    const counts = [];
    for (let run = 0; run < 10; run++) counts.push(await scope.see({ item: 'B' }));

    const findings = await scope.findings();

    expect(marked).toMatchObject({ is_flapping: true, state: 'new' });
    expect(flapping).toMatchObject({ flipped: 1, opened: 0, reverted: 0, recurred: 0 });
    expect(named).toHaveLength(1);
    expect(counts.reduce((sum, { calmed }) => sum + calmed, 0)).toBe(1);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ is_flapping: false });
  });

  test('what is not known resolves nothing', async () => {
    const scope = await scopeAfter('B');

    const counts = await scope.reconcile([
      { subjectKey: subjectOf('item'), valueNow: { kind: 'unknown' }, generated: null },
    ]);

    expect(Object.values(counts).every((count) => count === 0)).toBe(true);
    expect(await statesOf(scope)).toEqual([['new']]);
  });

  test('reconciling a run once more opens, resolves and counts nothing', async () => {
    const scope = await scopeAfter();
    const subject: SubjectNow = {
      subjectKey: subjectOf('item'),
      valueNow: { kind: 'known', hash: 'B' },
      generated: scope.generated('item', 'A', 'B'),
    };
    await scope.reconcile([subject]);
    const before = await scope.findings();

    const counts = await scope.reconcile([subject], { isRepeated: true });

    expect(counts).toMatchObject({ opened: 0, seenAgain: 1 });
    expect(await scope.findings()).toEqual(before);
  });
});

describe('a pinned baseline', () => {
  const pinned = (scope: TestScope, value: string, more = {}): SubjectNow => ({
    subjectKey: subjectOf('item'),
    valueNow: { kind: 'known', hash: value },
    valueAtBaseline: { kind: 'known', hash: 'A' },
    generated: value === 'A' ? null : scope.generated('item', 'A', value, more),
  });

  test('counts a finding in every run and adds no event to it', async () => {
    const scope = await TestScope.open(database);
    for (let run = 0; run < 3; run++) await scope.reconcile([pinned(scope, 'B')], { mode: 'pinned' });

    const [finding] = await scope.findings();

    expect(finding).toMatchObject({ occurrence_count: 3, revision: 1, last_run_seq: scope.runSeq });
    expect(await scope.events(finding?.finding_id ?? '')).toEqual(['open']);
  });

  test('says that a finding is there again after a run that did not see it', async () => {
    const scope = await TestScope.open(database);
    await scope.reconcile([pinned(scope, 'B')], { mode: 'pinned' });
    await scope.reconcile([], { mode: 'pinned' });
    await scope.reconcile([pinned(scope, 'B')], { mode: 'pinned' });

    const [finding] = await scope.findings();

    expect(await scope.events(finding?.finding_id ?? '')).toEqual(['open', 'seen_again']);
  });

  test('names all subjects that are unresolved, over many pages, in the order of their bytes', async () => {
    const scope = await TestScope.open(database);
    const ids = [...Array.from({ length: 2_500 }, (_, index) => `item-${index}`), '\u{1f600}', '\ufb01'];
    await scope.see(Object.fromEntries(ids.map((id) => [id, 'B'])));
    await scope.see({ 'item-0': null });

    const named = await subjectsToReconcile(scope, 'pinned');

    const inOrder = ids
      .filter((id) => id !== 'item-0')
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(named).toEqual(inOrder);
  });

  test('says what a finding shows anew under another plan, and not under the same', async () => {
    const scope = await TestScope.open(database);
    await scope.reconcile([pinned(scope, 'B')], { mode: 'pinned', planVersionHash: 'one' });
    await scope.reconcile([pinned(scope, 'B', { severity: 'sev2' })], {
      mode: 'pinned',
      planVersionHash: 'one',
    });
    const same = await scope.findings();
    await scope.reconcile([pinned(scope, 'B', { severity: 'sev1' })], {
      mode: 'pinned',
      planVersionHash: 'two',
    });
    const other = await scope.findings();

    expect(same.map(({ severity }) => severity)).toEqual(['sev3']);
    expect(other.map(({ severity }) => severity)).toEqual(['sev1']);
  });
});

describe('a run with many findings', () => {
  test('takes them as they come, tells of all at once and writes one audit event', async () => {
    const scope = await TestScope.open(database);
    async function* subjects(): AsyncGenerator<SubjectNow> {
      for (let index = 0; index < 5_000; index++) {
        const id = `item-${index}`;
        yield {
          subjectKey: subjectOf(id),
          valueNow: { kind: 'known', hash: 'B' },
          generated: scope.generated(id, 'A', 'B'),
        };
      }
    }

    const counts = await scope.reconcile(subjects());

    const stream = await streamKinds(scope);
    const audit = (await auditActions(scope)).filter(({ action }) => action === 'finding.reconcile');
    const { rows } = await scope.inWorkspace(({ client, workspaceId }) =>
      client.query('select count(*) as count from driftplane.findings where workspace_id = $1', [
        workspaceId,
      ]),
    );
    expect(counts.opened).toBe(5_000);
    expect(rows).toEqual([{ count: 5_000 }]);
    expect(stream).toEqual([
      { kind: 'findings.changed', payload: `{"count":5000,"scopeId":"${scope.scopeId}"}` },
    ]);
    expect(audit).toHaveLength(1);
    expect(JSON.parse(audit[0]?.detail ?? '')).toMatchObject({ counts: { opened: 5_000 } });
  });

  test('that fails leaves no finding behind', async () => {
    const scope = await TestScope.open(database);
    async function* subjects(): AsyncGenerator<SubjectNow> {
      for (let index = 0; index < 2_500; index++) {
        const id = `item-${index}`;
        const generated = scope.generated(id, 'A', 'B');
        yield { subjectKey: subjectOf(id), valueNow: { kind: 'known', hash: 'B' }, generated };
      }
      throw new Error('the generator broke');
    }

    await expect(scope.reconcile(subjects())).rejects.toThrow('the generator broke');

    expect(await scope.findings()).toEqual([]);
  });

  test('is refused where a finding was generated for another scope', async () => {
    const scope = await TestScope.open(database);
    const generated = scope.generated('item', 'A', 'B', { scopeId: randomUUID() });

    const refused = scope.reconcile([
      { subjectKey: subjectOf('item'), valueNow: { kind: 'known', hash: 'B' }, generated },
    ]);

    await expect(refused).rejects.toMatchObject({ code: 'internal_error' });
  });
});

test('the same drift in two workspaces is a finding in each', async () => {
  const [one, two] = [await TestScope.open(database), await TestScope.open(database)];

  await one.see({ item: 'B' });
  await two.see({ item: 'B' });

  const [first] = await one.findings();
  const [second] = await two.findings();
  expect(first?.fingerprint).toBe(fingerprintOf('item', null, 'B'));
  expect(second?.fingerprint).toBe(first?.fingerprint);
  expect(second?.finding_id).not.toBe(first?.finding_id);
});
