// What a tried plan would have made of stored pairs, in numbers and as a list.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../core/json-value.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { listBacktests, requestBacktest } from '../executions/backtest-service.ts';
import { sweepWorkspace } from '../executions/retention-service.ts';
import { createDriftPlan, updateDriftPlan } from '../plans/plan-service.ts';
import { documentOf, listAllChanges, openHistory, SERVICE, shownChange, tryPlan } from './test-backtest.ts';
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

/** Drift of every kind: `secure` has an impact of 0.9, everything else of 0.5. */
const states = [
  { a: { x: 1, assignments: ['g1'] }, b: { secure: true, note: 1 }, c: { x: 1 } },
  { a: { x: 2, assignments: ['g2'] }, b: { secure: false, note: 2 }, d: { x: 1 } },
];

describe('the five subjects that drifted without a plan, under one that', () => {
  let history: TestHistory;

  beforeAll(async () => {
    history = await openHistory(database, states);
  });

  test.each<[string, JsonObject, string[]]>([
    ['holds nothing back', {}, []],
    [
      'ignores a path: what changed in nothing else disappears, the rest is judged without it',
      { noiseControls: { ignorePaths: ['/x', '/secure'] } },
      [
        'a configuration: disappears, sev3 notify → none (noiseControls.ignorePaths)',
        'b configuration: changes_severity, sev1 notify → sev3 notify',
      ],
    ],
    [
      'raises the impact',
      { impactRules: { multipliers: [{ name: 'who', factor: 1.6, when: 'driftType == "assignment"' }] } },
      ['a assignment: changes_severity, sev3 notify → sev2 notify'],
    ],
    [
      'lowers the impact, so that another severity leads elsewhere',
      { impactRules: { multipliers: [{ name: 'gone', factor: 0.5, when: 'change == "removed"' }] } },
      ['c presence: changes_severity and changes_route, sev3 notify → sev4 digest'],
    ],
    [
      'tells of less',
      { thresholds: { notify: 0.8 } },
      ['a assignment', 'a configuration', 'c presence', 'd presence'].map(
        (subject) => `${subject}: changes_route, sev3 notify → sev3 digest`,
      ),
    ],
    [
      'requires more, with every reason',
      { driftTypes: ['configuration', 'presence'], eligibility: { minSeverity: 'sev2' } },
      [
        'a assignment: disappears, sev3 notify → none (driftTypes, eligibility.minSeverity)',
        'a configuration: disappears, sev3 notify → none (eligibility.minSeverity)',
        'c presence: disappears, sev3 notify → none (eligibility.minSeverity)',
        'd presence: disappears, sev3 notify → none (eligibility.minSeverity)',
      ],
    ],
    [
      'is not for the kind of the source: it is tried as if it were in force, sources and all',
      { inputSources: ['git'] },
      [
        'a assignment: disappears, sev3 notify → none (inputSources)',
        'a configuration: disappears, sev3 notify → none (inputSources)',
        'b configuration: disappears, sev1 notify → none (inputSources)',
        'c presence: disappears, sev3 notify → none (inputSources)',
        'd presence: disappears, sev3 notify → none (inputSources)',
      ],
    ],
  ])('%s', async (_name, content, expected) => {
    const tried = await tryPlan(history, documentOf(content));

    expect(tried).toMatchObject({ status: 'succeeded', planId: null, planName: 'tried', error: null });
    expect(tried.changes.map(shownChange)).toEqual(expected);
    expect(tried.summary).toMatchObject({ pairs: 1, candidates: 5, changes: expected.length, skipped: [] });
  });

  test('in numbers', async () => {
    const tried = await tryPlan(
      history,
      documentOf({
        thresholds: { digestOnly: 0.3, notify: 0.8 },
        noiseControls: { ignorePaths: ['/x'], ignorePatterns: ['c'] },
        impactRules: { multipliers: [{ name: 'new', factor: 0.5, when: 'change == "added"' }] },
      }),
    );

    expect(tried.summary).toEqual({
      pairs: 1,
      skipped: [],
      pairsOfOtherPlans: 0,
      candidates: 5,
      findingsBefore: 5,
      findingsAfter: 3,
      nothingNewBefore: 0,
      nothingNewAfter: 0,
      forgottenSubjects: 0,
      appears: 0,
      disappears: 2,
      changesSeverity: 1,
      changesRoute: 2,
      unchanged: 1,
      changes: 4,
      changesKept: 4,
      severitiesBefore: { sev1: 1, sev2: 0, sev3: 4, sev4: 0 },
      severitiesAfter: { sev1: 1, sev2: 0, sev3: 1, sev4: 1 },
      routesBefore: { recorded: 0, digest: 0, notify: 5 },
      routesAfter: { recorded: 1, digest: 1, notify: 1 },
      heldBack: {
        before: {
          candidates: 0,
          changes: 0,
          plans: [
            {
              planVersionHash: expect.stringMatching(/^[0-9a-f]{64}$/),
              planId: null,
              planVersion: null,
              pairs: 1,
              candidates: 0,
              changes: 0,
              rules: [],
            },
          ],
        },
        after: {
          candidates: 2,
          changes: 2,
          rules: [
            {
              code: 'noiseControls.ignorePatterns',
              rule: '/noiseControls/ignorePatterns/0',
              candidates: 1,
              changes: 1,
            },
            {
              code: 'noiseControls.ignorePaths',
              rule: '/noiseControls/ignorePaths/0',
              candidates: 1,
              changes: 1,
            },
          ],
        },
      },
      conditionProblems: [],
    });
    expect(tried.progress).toEqual({ donePairs: 1, totalPairs: 1, candidates: 5 });
  });

  test('of each effect, one that has two under both', async () => {
    const { backtestId } = await tryPlan(
      history,
      documentOf({
        impactRules: { multipliers: [{ name: 'gone', factor: 0.5, when: 'change == "removed"' }] },
        thresholds: { notify: 0.5 },
        noiseControls: { ignorePaths: ['/assignments/**'] },
      }),
    );
    const of = async (effect: Parameters<typeof listAllChanges>[2]) =>
      (await history.asApp((tx) => listAllChanges(tx, backtestId, effect))).map(
        ({ externalId }) => externalId,
      );

    expect(await of('appears')).toEqual([]);
    expect(await of('disappears')).toEqual(['a']);
    expect(await of('changes_severity')).toEqual(['c']);
    expect(await of('changes_route')).toEqual(['c']);
  });

  test('conditions that can not be told are counted', async () => {
    const tried = await tryPlan(history, documentOf({ eligibility: { when: 'changes[5].path == "/x"' } }));

    expect(tried.summary).toMatchObject({
      unchanged: 5,
      conditionProblems: [{ rule: '/eligibility/when', count: 5 }],
    });
  });
});

test('what the plan of then held back and the tried one does not appears, with why it was held back', async () => {
  const history = await TestHistory.open(database);
  const plan = await history.asApp((tx) =>
    createDriftPlan(tx, {
      document: {
        name: 'quiet',
        status: 'active',
        scopeType: 'workspace',
        noiseControls: { ignorePaths: ['/x'] },
      },
    }),
  );
  for (const state of states) await history.run(state);
  await generate(history, 2);

  const tried = await tryPlan(history, documentOf({}));
  const same = await tryPlan(history, { planId: plan.planId, version: null });

  expect(tried.changes.map(shownChange)).toEqual([
    'a configuration: appears, none → sev3 notify (noiseControls.ignorePaths)',
  ]);
  expect(tried.summary).toMatchObject({
    findingsBefore: 4,
    findingsAfter: 5,
    heldBack: {
      before: {
        candidates: 1,
        plans: [
          {
            planId: plan.planId,
            planVersion: 1,
            pairs: 1,
            rules: [{ rule: '/noiseControls/ignorePaths/0' }],
          },
        ],
      },
    },
  });
  expect(same.changes).toEqual([]);
  expect(same.summary).toMatchObject({ findingsBefore: 4, findingsAfter: 4, unchanged: 4 });
  expect(same.summary?.heldBack.after).toMatchObject({ candidates: 1, changes: 1 });
});

test('the way back, and what is there again, open nothing; what they undo may have been held back under the other plan', async () => {
  const history = await openHistory(
    database,
    [1, 2, 1, 2, 3].map((x) => ({ a: { x } })),
  );

  const same = await tryPlan(history, documentOf({}));
  const other = await tryPlan(
    history,
    documentOf({ noiseControls: { ignoreChanges: [{ path: '/x', when: 'before == 1 && after == 2' }] } }),
  );

  expect(same.summary).toMatchObject({
    candidates: 4,
    findingsBefore: 2,
    nothingNewBefore: 2,
    unchanged: 2,
    changes: 0,
  });
  expect(other.summary).toMatchObject({
    findingsAfter: 2,
    nothingNewAfter: 0,
    heldBack: { after: { candidates: 2 } },
  });
  expect(other.changes.map(shownChange)).toEqual([
    'a configuration: disappears, sev3 notify → none (noiseControls.ignoreChanges)',
    'a configuration: appears, none → sev3 notify (way_back)',
  ]);
});

test('a value that new rules write in another way is the value that it was', async () => {
  const history = await TestHistory.open(database);
  const noiseControls = { ignoreChanges: [{ path: '/x', when: 'after == 3' }] };
  await history.asApp((tx) =>
    createDriftPlan(tx, {
      document: { name: 'then', scopeType: 'workspace', status: 'active', noiseControls },
    }),
  );
  for (const [index, x] of [1, 2, 2, 3, 2].entries()) {
    // `/noise` is volatile by the second rules.
    const { runSeq } = await history.run({ a: { x, noise: 1 } }, { rules: index < 2 ? 'first' : 'second' });
    if (runSeq > 1) await generate(history, runSeq);
  }

  const { summary } = await tryPlan(history, documentOf({ noiseControls }));

  expect(await findingsOf(history)).toHaveLength(1);
  expect(summary).toMatchObject({ findingsBefore: 1, findingsAfter: 1, nothingNewAfter: 1 });
});

test('any version of a plan is tried, the newest where none is named, drafts too', async () => {
  const history = await openHistory(database, states);
  const { planId } = await history.asApp((tx) =>
    createDriftPlan(tx, {
      document: { name: 'draft', scopeType: 'workspace', noiseControls: { ignorePaths: ['/x'] } },
    }),
  );
  await history.asApp((tx) =>
    updateDriftPlan(tx, planId, {
      document: { name: 'draft', scopeType: 'workspace', eligibility: { minSeverity: 'sev1' } },
      revision: null,
    }),
  );

  const first = await tryPlan(history, { planId, version: 1 });
  const newest = await tryPlan(history, { planId, version: null });

  expect(first).toMatchObject({ planId, planVersion: 1, planName: 'draft', summary: { disappears: 1 } });
  expect(newest).toMatchObject({ planId, planVersion: 2, summary: { disappears: 4 } });
  const listed = await history.asApp((tx) => listBacktests(tx, { planId }, { after: null, limit: 10 }));
  expect(listed.map(({ backtestId }) => backtestId)).toEqual([newest.backtestId, first.backtestId]);
});

test('what is not there, or of another workspace, is not found; a document says all that is wrong with it', async () => {
  const history = await openHistory(database, []);
  const other = await openHistory(database, []);
  const foreign = await other.asApp((tx) =>
    createDriftPlan(tx, { document: { name: 'theirs', scopeType: 'workspace' } }),
  );
  const own = await history.asApp((tx) =>
    createDriftPlan(tx, { document: { name: 'ours', scopeType: 'workspace' } }),
  );
  const request = (plan: Parameters<typeof tryPlan>[1], scopeIds: string[] | null = null) =>
    history.asApp((tx) => requestBacktest(tx, { plan, scopeIds, days: 30 }));

  await expect(request({ planId: foreign.planId, version: null })).rejects.toMatchObject({
    code: 'plan_not_found',
  });
  await expect(request({ planId: 'nonsense', version: null })).rejects.toMatchObject({
    code: 'plan_not_found',
  });
  await expect(request({ planId: own.planId, version: 2 })).rejects.toMatchObject({
    code: 'plan_version_not_found',
  });
  for (const scopeId of [other.scopeId, randomUUID(), 'nonsense']) {
    await expect(request(documentOf({}), [history.scopeId, scopeId])).rejects.toMatchObject({
      code: 'scope_not_found',
    });
  }
  await expect(
    request({ document: { scopeType: 'service', thresholds: { notify: 2 } } }),
  ).rejects.toMatchObject({
    code: 'invalid_plan',
    details: [{ pointer: '/name' }, { pointer: '/thresholds/notify' }, { pointer: '/scopeRef' }],
  });
});

test('the pairs are those of the scopes that the plan would be for, or that are named, and of the days', async () => {
  const shop = await openHistory(database, [...states, states[0] as (typeof states)[0]]);
  const other = await TestHistory.open(database, shop.workspaceId);
  for (const state of states) await other.run(state);
  await generate(other, 2);
  // One that nothing was generated of.
  await TestHistory.open(database, shop.workspaceId);
  await shop.inWorkspace(({ client }) =>
    client.query(
      `update driftplane.sync_runs set finished_at = finished_at - interval '40 days'
       where scope_id = $1 and run_seq = 2`,
      [shop.scopeId],
    ),
  );
  const service = documentOf({ scopeType: 'service', scopeRef: SERVICE });

  const ofAll = await tryPlan(shop, documentOf({}));
  const ofService = await tryPlan(shop, service);
  const longer = await tryPlan(shop, service, { days: 41 });
  const named = await tryPlan(shop, service, { scopeIds: [other.scopeId, other.scopeId] });
  const ofNone = await tryPlan(shop, documentOf({ scopeType: 'repo', scopeRef: 'acme/none' }));

  expect(ofAll).toMatchObject({
    scopeIds: [shop.scopeId, other.scopeId].sort(),
    summary: { pairs: 2, pairsOfOtherPlans: 0 },
  });
  expect(ofService).toMatchObject({ scopeIds: [shop.scopeId], summary: { pairs: 1 } });
  expect(longer).toMatchObject({
    scopeIds: [shop.scopeId],
    days: 41,
    summary: { pairs: 2, pairsOfOtherPlans: 0 },
  });
  expect(named).toMatchObject({ scopeIds: [other.scopeId], summary: { pairs: 1, pairsOfOtherPlans: 1 } });
  expect(ofNone).toMatchObject({ status: 'succeeded', scopeIds: [], summary: { pairs: 0, candidates: 0 } });
});

test('pairs are told of for which a more specific plan would be in force; those of its own place it would take', async () => {
  const history = await openHistory(database, states);
  const create = (document: JsonObject) =>
    history.asApp((tx) => createDriftPlan(tx, { document: { status: 'active', ...document } }));
  await create({ name: 'service', scopeType: 'service', scopeRef: SERVICE });
  await create({ name: 'workspace', scopeType: 'workspace' });
  const unnamed = await tryPlan(history, documentOf({ scopeType: 'workspace' }));
  const others = async (content: JsonObject) =>
    (await tryPlan(history, documentOf(content), { scopeIds: [history.scopeId] })).summary?.pairsOfOtherPlans;

  expect(unnamed).toMatchObject({ scopeIds: [], summary: { pairs: 0 } });
  expect(await others({ scopeType: 'service', scopeRef: SERVICE })).toBe(0);
  expect(await others({ scopeType: 'workspace' })).toBe(1);
  expect(await others({ scopeType: 'service', scopeRef: 'another' })).toBe(1);
});

test('pairs that can not be computed again are left out, each with its reason', async () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8];
  const history = await openHistory(
    database,
    values.map((x) => ({ a: { x } })),
  );
  const set = async (runSeq: number, column: string, value: string) => {
    const { executionId } = await executionOf(history, runSeq);
    await history.asApp(({ client }) =>
      client.query(`update driftplane.executions set ${column} = $2 where execution_id = $1`, [
        executionId,
        value,
      ]),
    );
  };
  await set(3, 'not_replayable_because', 'redaction');
  await set(4, 'engine_version', '0');
  await set(5, 'plan_version_hash', 'f'.repeat(64));
  await set(6, 'inputs_digest', 'f'.repeat(64));
  await history.asApp(({ client }) =>
    client.query(
      `update driftplane.workspaces set version_retention_days = 1;
       update driftplane.findings set state = 'resolved', resolution = 'reverted', resolved_at = now();
       update driftplane.sync_runs set finished_at = finished_at - interval '3 days' where run_seq <= 2`,
    ),
  );
  await sweepWorkspace(database, history.workspaceId);

  const tried = await tryPlan(history, documentOf({ eligibility: { minSeverity: 'sev1' } }));

  expect(tried.summary).toMatchObject({
    pairs: 2,
    candidates: 2,
    disappears: 2,
    skipped: [
      { reason: 'retention', count: 1 },
      { reason: 'redaction', count: 1 },
      { reason: 'other_engine', count: 1 },
      { reason: 'plan_version_gone', count: 1 },
      { reason: 'inputs_changed', count: 1 },
    ],
  });
  expect(tried.progress).toEqual({ donePairs: 7, totalPairs: 7, candidates: 2 });
});

test('backtests that are over are kept as long as executions, however many changes they have', async () => {
  const history = await openHistory(database, states);
  const old = await tryPlan(history, documentOf({ eligibility: { minSeverity: 'sev1' } }));
  const { backtestId: waiting } = await history.asApp((tx) =>
    requestBacktest(tx, { plan: documentOf({}), scopeIds: null, days: 30 }),
  );
  await history.asApp(({ client }) =>
    client.query(
      `update driftplane.plan_backtests set requested_at = requested_at - interval '500 days',
         finished_at = finished_at - interval '500 days'`,
    ),
  );
  const young = await tryPlan(history, documentOf({ eligibility: { minSeverity: 'sev1' } }));

  await sweepWorkspace(database, history.workspaceId, undefined, 2);

  const left = await history.asApp((tx) => listBacktests(tx, {}, { after: null, limit: 10 }));
  expect(old.changes).toHaveLength(4);
  expect(left.map(({ backtestId }) => backtestId)).toEqual([young.backtestId, waiting]);
  expect(await history.asApp((tx) => listAllChanges(tx, young.backtestId))).toHaveLength(4);
});
