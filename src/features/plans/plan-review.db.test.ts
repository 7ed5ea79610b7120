import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditActor } from '../../core/audit-chain.ts';
import { type PlanReviewState, planReviewStates } from '../../core/plan-review-state.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { createToken } from '../workspaces/token-service.ts';
import { applyPlan } from './plan-apply.ts';
import { publishPlanVersion, rollbackPlan } from './plan-publication.ts';
import { getPlanVersion, listPlanReviews } from './plan-read-model.ts';
import { type ReviewAction, reviewActions, reviewPlanVersion } from './plan-review-service.ts';
import {
  createDriftPlan,
  deleteDriftPlan,
  getDriftPlan,
  restoreDriftPlan,
  updateDriftPlan,
} from './plan-service.ts';
import { person, TestPlanDesk } from './test-plans.ts';

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

const [alice, bob] = [person('alice'), person('bob')];

/** A plan of which every version needs approvals. */
async function openReview(requiredApprovals: number) {
  const desk = await TestPlanDesk.open(database, requiredApprovals);
  const document = { name: 'reviewed', scopeType: 'service', scopeRef: `service-${randomUUID()}` };
  const { planId } = await desk.as((tx) => createDriftPlan(tx, { document }));
  const say = (
    action: ReviewAction,
    actor: AuditActor = desk.author,
    version = 1,
    versionHash: string | null = null,
  ) => desk.as((tx) => reviewPlanVersion(tx, { planId, version, action, comment: '', versionHash }), actor);
  const publish = (version: number | null = null) =>
    desk.as((tx) => publishPlanVersion(tx, { planId, revision: null, version }));
  const change = (notify: number, more: object = {}) =>
    desk.as((tx) =>
      updateDriftPlan(tx, planId, {
        document: { ...document, thresholds: { notify }, ...more },
        revision: null,
      }),
    );
  return { desk, document, planId, say, publish, change };
}

test('a version is in force only after as many others have approved it as the workspace wants', async () => {
  const { say, publish } = await openReview(2);
  await say('submit');

  const first = await say('approve', alice);
  await expect(publish()).rejects.toMatchObject({
    code: 'approval_required',
    extensions: { givenApprovals: 1 },
  });
  const second = await say('approve', bob);
  const published = await publish();

  expect(first).toMatchObject({ version: { state: 'in_review' }, givenApprovals: 1, requiredApprovals: 2 });
  expect(second).toMatchObject({ version: { state: 'approved' }, givenApprovals: 2 });
  expect(published).toMatchObject({ status: 'active', version: 1 });
});

test('nobody approves a version of their own, nor one twice', async () => {
  const { say } = await openReview(2);
  await say('submit');
  await say('approve', alice);

  await expect(say('approve')).rejects.toMatchObject({ code: 'own_plan_version' });
  await expect(say('approve', alice)).rejects.toMatchObject({ code: 'invalid_transition' });
  await expect(say('approve', { kind: 'system', id: null, label: 'system' })).rejects.toMatchObject({
    code: 'own_plan_version',
  });
});

test('an approval is void when the content is another one', async () => {
  const { planId, desk, say, publish, change } = await openReview(1);
  await say('submit');
  await say('approve', alice);

  await change(0.9);

  await expect(publish()).rejects.toMatchObject({
    code: 'approval_required',
    extensions: { givenApprovals: 0 },
  });
  await expect(publish(1)).rejects.toMatchObject({ code: 'invalid_transition' });
  expect(await desk.as((tx) => getDriftPlan(tx, planId))).toMatchObject({
    status: 'draft',
    latest: { version: 2 },
  });
});

test('an approval is for the content that was looked at', async () => {
  const { say } = await openReview(1);
  await say('submit');

  await expect(say('approve', alice, 1, '0'.repeat(64))).rejects.toMatchObject({ code: 'revision_mismatch' });
});

test('who approved a version that is superseded is told that it is, as everybody', async () => {
  const { say, change } = await openReview(2);
  await say('submit');
  await say('approve', alice);
  await change(0.9);

  for (const who of [alice, bob]) {
    await expect(say('approve', who, 1)).rejects.toMatchObject({
      code: 'invalid_transition',
      message: 'version 1 is superseded',
      extensions: { state: 'superseded', allowed: [] },
    });
  }
});

test('a rejection voids the approvals before it', async () => {
  const { say, publish } = await openReview(2);
  await say('submit');
  await say('approve', alice);
  await say('reject', bob);

  const again = await say('submit');

  expect(again).toMatchObject({ version: { state: 'in_review' }, givenApprovals: 0 });
  await expect(publish()).rejects.toMatchObject({ code: 'approval_required' });
});

test('a version that is in force is not published again, whatever approvals it lacks by now', async () => {
  const { desk, publish } = await openReview(0);
  await publish();
  await desk.require(1);

  await expect(publish()).rejects.toMatchObject({
    code: 'invalid_transition',
    message: 'version 1 is published: no publish',
  });
});

test('a version in force stays in force while its successor is under review', async () => {
  const { desk, planId, say, publish, change } = await openReview(1);
  await say('submit');
  await say('approve', alice);
  const before = await publish();

  const changed = await change(0.9);
  const back = desk.as((tx) => rollbackPlan(tx, { planId, revision: null, version: 1, changeNote: '' }));

  expect(changed).toMatchObject({
    status: 'active',
    version: 1,
    versionHash: before.versionHash,
    thresholds: { notify: 0.4 },
    latest: { version: 2, state: 'draft' },
  });
  expect(await back).toMatchObject({ version: 1, latest: { version: 3, state: 'draft' } });
});

test('a version that waits is a new revision: of several writers who read the same one, one is heard', async () => {
  const { desk, planId, document, say, publish } = await openReview(1);
  await say('submit');
  await say('approve', alice);
  const { revision } = await publish();
  const write = (notify: number) =>
    desk.as((tx) =>
      updateDriftPlan(tx, planId, { document: { ...document, thresholds: { notify } }, revision }),
    );

  const writes = await Promise.allSettled([0.6, 0.7, 0.8].map(write));
  const back = desk.as((tx) => rollbackPlan(tx, { planId, revision, version: 1, changeNote: '' }));

  expect(writes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  await expect(back).rejects.toMatchObject({ code: 'revision_mismatch' });
  const { latest } = await desk.as((tx) => getDriftPlan(tx, planId));
  expect(latest).toMatchObject({ version: 2, state: 'draft' });
});

test('without approvals nothing comes into force by any way', async () => {
  const { desk, document, planId, publish, change } = await openReview(1);
  const active = { ...document, status: 'active' };
  const create = () => desk.as((tx) => createDriftPlan(tx, { document: { ...active, name: 'new' } }));
  const apply = () =>
    desk.as((tx) =>
      applyPlan(tx, {
        document: active,
        planId: null,
        templateId: null,
        revision: null,
        changeNote: '',
        isDryRun: false,
      }),
    );

  await expect(publish()).rejects.toMatchObject({ code: 'approval_required' });
  await expect(create()).rejects.toMatchObject({ code: 'approval_required' });
  await expect(apply()).rejects.toMatchObject({ code: 'approval_required' });
  await expect(change(0.7, { status: 'active' })).rejects.toMatchObject({ code: 'approval_required' });
  expect(await desk.as((tx) => getDriftPlan(tx, planId))).toMatchObject({
    status: 'draft',
    latest: { version: 1 },
  });
});

test('a plan that was in force is restored only with the approvals that are needed now', async () => {
  const { desk, planId, say, publish } = await openReview(1);
  await say('submit');
  await say('approve', alice);
  await publish();
  const archive = () => desk.as((tx) => deleteDriftPlan(tx, { planId, revision: null }));
  const restore = () => desk.as((tx) => restoreDriftPlan(tx, { planId, revision: null }));
  const archived = await archive();
  await desk.require(2);

  await expect(restore()).rejects.toMatchObject({
    code: 'approval_required',
    extensions: { requiredApprovals: 2, givenApprovals: 1 },
  });

  expect(await desk.as((tx) => getDriftPlan(tx, planId))).toEqual(archived);
  await desk.require(1);
  expect(await restore()).toMatchObject({ status: 'active', version: 1 });
});

test('a plan that lacks approvals comes back as a draft, and goes through review like a new one', async () => {
  const { desk, planId, say, publish } = await openReview(1);
  await say('submit');
  await say('approve', alice);
  const published = await publish();
  await desk.as((tx) => deleteDriftPlan(tx, { planId, revision: null }));
  await desk.require(2);

  const restored = await desk.as((tx) => restoreDriftPlan(tx, { planId, revision: null, asDraft: true }));

  expect(restored).toMatchObject({
    status: 'draft',
    version: 2,
    versionHash: published.versionHash,
    latest: { version: 2, state: 'draft' },
  });
  expect((await desk.as((tx) => getPlanVersion(tx, planId, 1))).state).toBe('superseded');
  await expect(publish()).rejects.toMatchObject({ code: 'approval_required' });
  await say('submit', desk.author, 2);
  await say('approve', alice, 2);
  await say('approve', bob, 2);
  expect(await publish()).toMatchObject({ status: 'active', version: 2 });
});

test('a draft that is restored as a draft is what it was', async () => {
  const { desk, planId } = await openReview(1);
  const before = await desk.as((tx) => deleteDriftPlan(tx, { planId, revision: null }));

  const restored = await desk.as((tx) => restoreDriftPlan(tx, { planId, revision: null, asDraft: true }));

  expect(restored).toMatchObject({ status: 'draft', version: 1, latest: before.latest });
});

test('a plan that came into force without approvals does not come back without', async () => {
  const { desk, planId, publish } = await openReview(0);
  await publish();
  await desk.as((tx) => deleteDriftPlan(tx, { planId, revision: null }));
  await desk.require(2);

  const restored = desk.as((tx) => restoreDriftPlan(tx, { planId, revision: null }));

  await expect(restored).rejects.toMatchObject({ code: 'approval_required' });
});

test('a token and those that it made are of one hand: no second approval, none of an own version', async () => {
  const desk = await TestPlanDesk.open(database, 2);
  const made = async (label: string, by: AuditActor): Promise<AuditActor> => {
    const { row } = await desk.as(
      (tx) => createToken(tx, { name: label, role: 'admin', expiresAt: null }),
      by,
    );
    return { kind: 'token', id: row.token_id, label };
  };
  const root = await made('root', { kind: 'cli', id: null, label: 'command line' });
  const [anna, berta, carla] = [
    await made('anna', root),
    await made('berta', root),
    await made('carla', root),
  ];
  const annasOther = await made("anna's other", await made('between', anna));
  const bertasOther = await made("berta's other", berta);
  const document = { name: 'reviewed', scopeType: 'workspace' };
  const { planId } = await desk.as((tx) => createDriftPlan(tx, { document }), anna);
  const say = (action: ReviewAction, actor: AuditActor) =>
    desk.as(
      (tx) => reviewPlanVersion(tx, { planId, version: 1, action, comment: '', versionHash: null }),
      actor,
    );
  await say('submit', annasOther);

  for (const own of [anna, annasOther, root]) {
    await expect(say('approve', own)).rejects.toMatchObject({ code: 'own_plan_version' });
  }
  await say('approve', berta);
  await expect(say('approve', bertasOther)).rejects.toMatchObject({ code: 'invalid_transition' });

  expect(await say('approve', carla)).toMatchObject({ version: { state: 'approved' }, givenApprovals: 2 });
});

test('more approvals than before are asked for at the moment of publishing', async () => {
  const { desk, say, publish } = await openReview(1);
  await say('submit');
  await say('approve', alice);
  await desk.require(2);

  await expect(publish()).rejects.toMatchObject({ code: 'approval_required' });
  await say('approve', bob);
  expect(await publish()).toMatchObject({ status: 'active' });
});

describe('in every state', () => {
  /** How a version gets there. */
  const ways: Record<PlanReviewState, (review: Awaited<ReturnType<typeof openReview>>) => Promise<unknown>> =
    {
      draft: async () => {},
      in_review: ({ say }) => say('submit'),
      approved: async ({ say }) => {
        await say('submit');
        await say('approve', alice);
      },
      published: async ({ say, publish }) => {
        await say('submit');
        await say('approve', alice);
        await publish();
      },
      rejected: async ({ say }) => {
        await say('submit');
        await say('reject', alice);
      },
      superseded: ({ change }) => change(0.9),
    };
  const allowed: Record<PlanReviewState, Partial<Record<ReviewAction, PlanReviewState>>> = {
    draft: { submit: 'in_review' },
    in_review: { approve: 'approved', reject: 'rejected', withdraw: 'draft' },
    approved: { approve: 'approved', reject: 'rejected', withdraw: 'draft' },
    published: {},
    rejected: { submit: 'in_review' },
    superseded: {},
  };

  test.each(planReviewStates.flatMap((state) => reviewActions.map((action) => [state, action] as const)))(
    '%s, %s leads where the table says or is refused',
    async (state, action) => {
      const review = await openReview(1);
      await ways[state](review);
      const to = allowed[state][action];

      const said = review.say(action, bob);

      if (to === undefined) {
        await expect(said).rejects.toMatchObject({
          code: 'invalid_transition',
          extensions: { state, allowed: Object.keys(allowed[state]) },
        });
      } else expect(await said).toMatchObject({ version: { state: to } });
    },
  );
});

test('what was said is listed newest first, with who said it', async () => {
  const { desk, planId, say, publish } = await openReview(1);
  await say('submit');
  await say('approve', alice);
  await publish();

  const { items, nextCursor } = await desk.as((tx) =>
    listPlanReviews(tx, planId, { limit: 2, version: null }),
  );
  const rest = await desk.as((tx) =>
    listPlanReviews(tx, planId, { limit: 2, version: null, cursor: nextCursor ?? '' }),
  );

  expect([...items, ...rest.items].map(({ kind, toState, actor }) => [kind, toState, actor.label])).toEqual([
    ['publish', 'published', 'author'],
    ['approve_last', 'approved', 'alice'],
    ['submit', 'in_review', 'author'],
    ['create', 'draft', 'author'],
  ]);
});
