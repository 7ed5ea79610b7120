import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { planToYaml } from '../../core/plan-yaml.ts';
import { parseYaml } from '../../core/yaml-document.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { applyPlan, type PlanApplication } from './plan-apply.ts';
import { reviewPlanVersion } from './plan-review-service.ts';
import { createDriftPlan, getDriftPlan, listDriftPlans } from './plan-service.ts';
import { TestPlanDesk } from './test-plans.ts';

let testDatabase: TestDatabase;
let database: Database;
let desk: TestPlanDesk;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
});

afterAll(async () => {
  await database?.close();
  await testDatabase?.drop();
});

async function open() {
  desk = await TestPlanDesk.open(database);
  const document = { name: 'from a file', scopeType: 'service', scopeRef: randomUUID(), status: 'active' };
  const apply = (wanted: unknown, more: Partial<PlanApplication> = {}) =>
    desk.as((tx) =>
      applyPlan(tx, {
        document: wanted,
        planId: null,
        templateId: null,
        revision: null,
        changeNote: '',
        isDryRun: false,
        ...more,
      }),
    );
  return { document, apply };
}

const auditCount = async () =>
  (await desk.as(({ client }) => client.query('select count(*)::int as n from driftplane.audit_events')))
    .rows[0]?.n;

test('a file is created, changed and left alone, as it stands', async () => {
  const { document, apply } = await open();

  const first = await apply(document);
  const second = await apply(document);
  const third = await apply({ ...document, thresholds: { notify: 0.9 } });

  expect([first.action, second.action, third.action]).toEqual(['created', 'unchanged', 'updated']);
  expect(third.plan).toMatchObject({ planId: first.plan?.planId, version: 2 });
  expect(third.unifiedDiff).toContain('+  notify: 0.9');
});

test('what a file leaves out of description and status stays as it is', async () => {
  const { document, apply } = await open();
  await apply({ ...document, description: 'kept' });
  const { status: _, ...silent } = document;

  const again = await apply(silent);

  expect(again).toMatchObject({ action: 'unchanged', plan: { description: 'kept', status: 'active' } });
});

test('a dry run says the same and leaves nothing behind, not even a word in the trail', async () => {
  const { document, apply } = await open();
  const created = await apply(document);
  const changed = { ...document, description: 'Other', driftTypes: ['presence'] };
  const before = await auditCount();

  const dry = await apply(changed, { isDryRun: true });
  const dryCreation = await apply({ ...document, scopeRef: 'another' }, { isDryRun: true });

  expect(dry).toMatchObject({ action: 'updated', isDryRun: true });
  expect(dry.unifiedDiff).toContain('+description: Other');
  expect(dryCreation).toMatchObject({ action: 'created', plan: null });
  expect(await auditCount()).toBe(before);
  expect(await desk.as((tx) => getDriftPlan(tx, created.plan?.planId ?? ''))).toEqual(created.plan);
  const wet = await apply(changed);
  expect(wet.unifiedDiff).toBe(dry.unifiedDiff);
});

test('a dry run finds the problems that the real one would', async () => {
  const { document, apply } = await open();
  await apply(document);

  const taken = apply({ ...document, scopeType: 'workspace', scopeRef: null, name: 'x' }, { isDryRun: true });
  await taken;
  await desk.as((tx) =>
    createDriftPlan(tx, { document: { name: 'default', scopeType: 'workspace', status: 'active' } }),
  );

  const { planId } = (
    await desk.as((tx) => listDriftPlans(tx, { scopeType: 'service' }, { after: null, limit: 1 }))
  )[0] ?? {
    planId: '',
  };
  const refused = apply(
    { ...document, scopeType: 'workspace', scopeRef: null, name: 'x' },
    { isDryRun: true, planId },
  );

  await expect(refused).rejects.toMatchObject({ code: 'scope_taken' });
});

test('a plan that was written out comes back to the byte, and nothing changes', async () => {
  const { document, apply } = await open();
  const { plan } = await apply({
    ...document,
    description: 'Several\nlines: of # text',
    impactRules: {
      multipliers: [
        { name: 'b', factor: 2, when: 'impact > 0' },
        { name: 'a', factor: 0.5, when: 'true' },
      ],
    },
    noiseControls: { ignoreChanges: [{ path: '/b' }, { path: '/a', when: 'op == "add"' }] },
  });
  if (plan === null) throw new Error('no plan');
  const text = planToYaml(plan);

  const yaml = parseYaml(text);
  const again = await apply(yaml.ok ? yaml.value : null);

  expect(again).toMatchObject({ action: 'unchanged', changes: [], unifiedDiff: '' });
});

test('a file with another name is another plan, and nobody else’s becomes it', async () => {
  const { document, apply } = await open();
  const inForce = await apply({ ...document, name: 'in force' });
  const { status: _, ...silent } = document;

  const draft = await apply({ ...silent, name: 'a draft' });
  const taken = apply({ ...document, name: 'another' });

  expect(draft).toMatchObject({
    action: 'created',
    plan: { status: 'draft', name: 'a draft' },
    scopeHolder: { planId: inForce.plan?.planId, name: 'in force' },
  });
  await expect(taken).rejects.toMatchObject({ code: 'scope_taken' });
  // The one is a draft alone in its scope as well.
  const other = { ...silent, scopeRef: 'other' };
  await apply({ ...other, name: 'one' });
  expect(await apply({ ...other, name: 'two' })).toMatchObject({ action: 'created', scopeHolder: null });
  for (const name of ['one', 'two']) {
    expect(await apply({ ...other, name })).toMatchObject({ action: 'unchanged' });
  }
  expect(await desk.as((tx) => getDriftPlan(tx, inForce.plan?.planId ?? ''))).toEqual(inForce.plan);
});

test('a plan is found by the name of its newest version, too, and gets another one by its id only', async () => {
  const { document, apply } = await open();
  const { plan } = await apply(document);
  const planId = plan?.planId ?? '';
  await desk.require(1);
  const renamed = { ...document, name: 'renamed' };

  const waiting = await apply(renamed, { planId });
  const again = await apply(renamed);
  const former = await apply(document);

  expect(waiting).toMatchObject({ action: 'updated', waitingVersion: 2, plan: { planId } });
  expect(again).toMatchObject({ action: 'unchanged', waitingVersion: 2, plan: { planId } });
  expect(former).toMatchObject({ action: 'unchanged', waitingVersion: 2, plan: { planId } });
  const review = (action: 'submit' | 'reject') =>
    desk.as((tx) => reviewPlanVersion(tx, { planId, version: 2, action, comment: '', versionHash: null }));
  await review('submit');
  await review('reject');
  const { status: _, ...silent } = renamed;
  // Nobody wanted that name for it.
  expect(await apply({ ...silent, thresholds: { notify: 0.9 } })).toMatchObject({
    action: 'created',
    scopeHolder: { planId },
  });
});

test('a file of whose name there are several drafts is told so', async () => {
  const { document, apply } = await open();
  const draft = { ...document, status: 'draft' };
  const make = (confidence: number) =>
    desk.as((tx) =>
      createDriftPlan(tx, { document: { ...draft, thresholds: { minConfidence: confidence } } }),
    );
  const planIds = [(await make(0.1)).planId, (await make(0.2)).planId];

  await expect(apply(draft)).rejects.toMatchObject({ code: 'plan_ambiguous', extensions: { planIds } });
});

test('all that is wrong with a file is told at once, with the scope that is taken', async () => {
  const { document, apply } = await open();
  const { plan } = await apply(document);
  const wrong = { ...document, thresholds: { notify: 7 } };

  await expect(apply({ ...wrong, name: 'another' }, { templateId: 'nothing' })).rejects.toMatchObject({
    code: 'invalid_plan',
    details: [
      { pointer: '/templateId' },
      { pointer: '/thresholds/notify' },
      {
        pointer: '/scopeRef',
        detail: `the plan ${JSON.stringify(plan?.name)} (${plan?.planId}) is in force for it`,
      },
    ],
  });
  // Its own scope is not taken by itself.
  for (const more of [{}, { planId: plan?.planId ?? '' }]) {
    await expect(apply(wrong, more)).rejects.toMatchObject({ details: [{ pointer: '/thresholds/notify' }] });
  }
});

test('the template that a file was made of is kept with the plan, and is one that there is', async () => {
  const { document, apply } = await open();
  await expect(
    apply({ ...document, thresholds: { notify: 7 } }, { templateId: 'change_freze' }),
  ).rejects.toMatchObject({
    code: 'invalid_plan',
    details: [
      { pointer: '/templateId', detail: expect.stringContaining('did you mean "change_freeze"?') },
      { pointer: '/thresholds/notify' },
    ],
  });

  const { plan } = await apply(document, { templateId: 'change_freeze' });

  // The file says all: what it leaves out has its default, not what the template has.
  expect(plan).toMatchObject({ templateId: 'change_freeze', eligibility: { minSeverity: 'sev4' } });
  expect(await apply(document, { templateId: 'database' })).toMatchObject({
    action: 'unchanged',
    plan: { templateId: 'change_freeze' },
  });
});

test('a file for a service is not for one whose name differs in case', async () => {
  const { document, apply } = await open();
  const lower = await apply({ ...document, name: 'lower', scopeRef: 'payments' });

  const upper = await apply({ ...document, name: 'upper', scopeRef: 'Payments' });

  expect(upper).toMatchObject({ action: 'created', plan: { scopeRef: 'Payments' } });
  expect(await desk.as((tx) => getDriftPlan(tx, lower.plan?.planId ?? ''))).toEqual(lower.plan);
});

test('a file that archives its plan does so once, and again changes nothing', async () => {
  const { document, apply } = await open();
  const { plan } = await apply(document);
  const archived = { ...document, status: 'archived' };

  const first = await apply(archived);
  const second = await apply(archived);
  const dry = await apply(archived, { isDryRun: true });
  const successor = await apply({ ...document, name: 'its successor' });
  const third = await apply(archived);

  expect(first).toMatchObject({ action: 'updated', plan: { planId: plan?.planId, status: 'archived' } });
  for (const again of [second, dry, third]) {
    expect(again).toMatchObject({ action: 'unchanged', plan: first.plan, changes: [], unifiedDiff: '' });
  }
  expect(await desk.as((tx) => getDriftPlan(tx, successor.plan?.planId ?? ''))).toEqual(successor.plan);
  await expect(apply({ ...archived, thresholds: { notify: 0.99 } })).rejects.toMatchObject({
    code: 'invalid_transition',
    message: `the plan ${JSON.stringify(document.name)} is archived: restore it first`,
  });
  await expect(apply({ ...archived, name: 'never there' })).rejects.toMatchObject({
    code: 'invalid_plan',
    details: [{ pointer: '/status' }],
  });
});

test('the content that is in force leaves a version that waits as it is, and says which waits', async () => {
  const { document, apply } = await open();
  await apply(document);
  await desk.require(1);
  const waiting = await apply({ ...document, thresholds: { notify: 0.9 } });
  await desk.as((tx) =>
    reviewPlanVersion(tx, {
      planId: waiting.plan?.planId ?? '',
      version: 2,
      action: 'submit',
      comment: '',
      versionHash: null,
    }),
  );

  const again = await apply(document);
  const dry = await apply(document, { isDryRun: true });
  const described = await apply({ ...document, description: 'in other words' });

  expect(waiting).toMatchObject({ action: 'updated', waitingVersion: 2, plan: { version: 1 } });
  for (const answer of [again, dry]) {
    expect(answer).toMatchObject({ action: 'unchanged', waitingVersion: 2, changes: [], unifiedDiff: '' });
  }
  expect(described).toMatchObject({
    action: 'updated',
    waitingVersion: 2,
    plan: { description: 'in other words', latest: { version: 2, state: 'in_review' } },
  });
});

test('a file is not applied to another revision than the one that was read', async () => {
  const { document, apply } = await open();
  await expect(apply(document, { revision: 1 })).rejects.toMatchObject({ code: 'revision_mismatch' });
  const { plan } = await apply(document);
  const changed = { ...document, thresholds: { notify: 0.9 } };

  await expect(apply(changed, { revision: 7 })).rejects.toMatchObject({ code: 'revision_mismatch' });
  expect(await apply(changed, { revision: plan?.revision ?? 0 })).toMatchObject({ action: 'updated' });
});
