import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ResolvablePlan, resolveDriftPlan } from '../../core/plan-resolution.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { resolvePlanFor, resolvePlansFor } from './plan-resolver.ts';
import { createDriftPlan, listDriftPlans } from './plan-service.ts';
import { TestPlanDesk } from './test-plans.ts';

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

const repos = ['acme/shop', 'acme/api'];
const services = ['shop', 'api'];
const classes = ['runbook', 'readme', null];

const planArbitrary = fc.record({
  scope: fc.oneof(
    fc.record({
      scopeType: fc.constant('repo'),
      scopeRef: fc.constantFrom(...repos),
      docClass: fc.constantFrom(...classes),
    }),
    fc.record({
      scopeType: fc.constant('service'),
      scopeRef: fc.constantFrom(...services),
      docClass: fc.constantFrom(...classes),
    }),
    fc.record({ scopeType: fc.constant('workspace'), docClass: fc.constantFrom(...classes) }),
  ),
  status: fc.constantFrom('active', 'active', 'draft'),
});

const subjectArbitrary = fc.record({
  serviceId: fc.constantFrom(...services, 'unknown', null),
  repoFullName: fc.constantFrom('Acme/Shop', 'acme/api', 'acme/unknown', null),
  docClass: fc.constantFrom(...classes, 'unknown'),
});

test('finds what the pure function finds, with the same trace, whatever plans there are', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(planArbitrary, { maxLength: 12 }),
      fc.array(subjectArbitrary, { minLength: 1, maxLength: 8 }),
      async (wanted, subjects) => {
        const desk = await TestPlanDesk.open(database);
        for (const { scope, status } of wanted) {
          const document = { name: randomUUID(), ...scope, status };
          // Of two for the same scope the second is not in force.
          await desk.as((tx) => createDriftPlan(tx, { document })).catch(() => {});
        }
        const plans = await desk.as((tx) =>
          listDriftPlans(tx, { status: ['active'] }, { after: null, limit: 100 }),
        );
        const resolvable = plans.map(
          (plan): ResolvablePlan => ({
            planId: plan.planId,
            name: plan.name,
            scopeType: plan.scopeType,
            scopeRef: plan.scopeRef,
            docClass: plan.docClass,
            version: plan.version,
            versionHash: plan.versionHash,
            createdAt: plan.createdAt.toISOString(),
          }),
        );

        const found = await desk.as((tx) => resolvePlansFor(tx, subjects));

        expect(found).toEqual(subjects.map((subject) => resolveDriftPlan(resolvable, subject)));
      },
    ),
    { numRuns: 25 },
  );
});

test('has a trace of bounded length, however many plans a repository has', async () => {
  const desk = await TestPlanDesk.open(database);
  for (let index = 0; index < 53; index++) {
    const document = { name: `${index}`, scopeType: 'repo', scopeRef: 'a/b', docClass: `class-${index}` };
    await desk.as((tx) => createDriftPlan(tx, { document: { ...document, status: 'active' } }));
  }

  const subject = { serviceId: null, repoFullName: 'a/b', docClass: 'class-52' };
  const found = await desk.as((tx) => resolvePlanFor(tx, subject));

  expect(found).toMatchObject({
    plan: { name: '52' },
    step: 1,
    trace: { length: 50 },
    omittedTraceEntries: 3,
  });
  const plans = await desk.as((tx) => listDriftPlans(tx, {}, { after: null, limit: 100 }));
  const pure = resolveDriftPlan(
    plans.map((plan): ResolvablePlan => ({ ...plan, createdAt: plan.createdAt.toISOString() })),
    subject,
  );
  expect(found.trace).toEqual(pure.trace);
  expect(found.omittedTraceEntries).toBe(pure.omittedTraceEntries);
});

test('asks the database once', async () => {
  const desk = await TestPlanDesk.open(database);
  await desk.as(async (tx) => {
    const { client } = tx;
    let statements = 0;
    const counting = new Proxy(client, {
      get(target, name) {
        if (name !== 'query') return Reflect.get(target, name);
        return (...args: Parameters<typeof client.query>) => {
          statements++;
          return target.query(...args);
        };
      },
    });

    await resolvePlanFor(
      { ...tx, client: counting },
      { serviceId: 'shop', repoFullName: 'a/b', docClass: 'x' },
    );

    expect(statements).toBe(1);
  });
});

test('never finds a plan of another workspace', async () => {
  const [mine, theirs] = [await TestPlanDesk.open(database), await TestPlanDesk.open(database)];
  await theirs.as((tx) =>
    createDriftPlan(tx, { document: { name: 'theirs', scopeType: 'workspace', status: 'active' } }),
  );

  const found = await mine.as((tx) => resolvePlanFor(tx, { serviceId: 'shop' }));

  expect(found).toMatchObject({ plan: null, step: 5, resolutionMethod: 'none', hasPlan: false, trace: [] });
});
