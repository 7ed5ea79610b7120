import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { planToYaml } from '../../core/plan-yaml.ts';
import { parseYaml } from '../../core/yaml-document.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { applyPlan } from './plan-apply.ts';
import { createDriftPlan, getDriftPlan, listDriftPlans } from './plan-service.ts';
import { headContent } from './plan-version-service.ts';
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
  const apply = (wanted: unknown, more: { isDryRun?: boolean; planId?: string } = {}) =>
    desk.as((tx) =>
      applyPlan(tx, {
        document: wanted,
        planId: more.planId ?? null,
        changeNote: '',
        isDryRun: more.isDryRun ?? false,
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
  const text = planToYaml({ ...headContent(plan), description: plan.description, status: plan.status });

  const yaml = parseYaml(text);
  const again = await apply(yaml.ok ? yaml.value : null);

  expect(again).toMatchObject({ action: 'unchanged', changes: [], unifiedDiff: '' });
});

test('a file for which several drafts could be meant is told so', async () => {
  const { document, apply } = await open();
  const draft = { ...document, status: 'draft' };
  const one = await desk.as((tx) => createDriftPlan(tx, { document: { ...draft, name: 'one' } }));
  const two = await desk.as((tx) => createDriftPlan(tx, { document: { ...draft, name: 'two' } }));

  const byName = await apply({ ...draft, name: 'two', thresholds: { notify: 0.9 } });
  const refused = apply({ ...draft, name: 'three' });

  expect(byName.plan?.planId).toBe(two.planId);
  await expect(refused).rejects.toMatchObject({
    code: 'plan_ambiguous',
    extensions: { planIds: [one.planId, two.planId] },
  });
});
