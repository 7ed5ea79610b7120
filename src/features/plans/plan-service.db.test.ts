import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DriftplaneError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json-value.ts';
import { builtInPlan } from '../../core/parse-plan.ts';
import { generatePlanHash } from '../../core/plan-hash.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import type { DriftPlan } from './plan.ts';
import { publishPlanVersion, rollbackPlan } from './plan-publication.ts';
import { comparePlanVersions, findContentByHash, listPlanVersions } from './plan-read-model.ts';
import {
  createDriftPlan,
  deleteDriftPlan,
  getDriftPlan,
  listDriftPlans,
  restoreDriftPlan,
  updateDriftPlan,
} from './plan-service.ts';
import { TestPlanDesk } from './test-plans.ts';

let testDatabase: TestDatabase;
let database: Database;
let desk: TestPlanDesk;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
  desk = await TestPlanDesk.open(database);
});

afterAll(async () => {
  await database?.close();
  await testDatabase?.drop();
});

/** A document of a service of its own, so that tests do not stand in each other's way. */
function document(more: object = {}): Record<string, unknown> {
  const scopeRef = `service-${randomUUID()}`;
  return { name: `plan of ${scopeRef}`, scopeType: 'service', scopeRef, ...more };
}

const create = (wanted: Record<string, unknown>, more: object = {}) =>
  desk.as((tx) => createDriftPlan(tx, { document: wanted, ...more }));
const update = (planId: string, wanted: Record<string, unknown>, revision: number | null = null) =>
  desk.as((tx) => updateDriftPlan(tx, planId, { document: wanted, revision }));
/** What is wrong with a plan, by the error that says so. */
const faultsOf = ({ code, details }: DriftplaneError): string[] => [
  code,
  ...details.map(({ pointer, detail }) => `${pointer}: ${detail}`),
];
const everything = { after: null, limit: 1000 };

describe('a new plan', () => {
  test('is a draft at version 1, with every default filled in', async () => {
    const plan = await create(document());

    expect(plan).toMatchObject({
      status: 'draft',
      version: 1,
      revision: 1,
      thresholds: builtInPlan.thresholds,
      latest: { version: 1, state: 'draft' },
      createdBy: 'author',
      parentId: null,
    });
    expect(plan.versionHash).toBe(generatePlanHash(plan));
  });

  test('is in force at once where it says so and nobody has to approve it', async () => {
    const plan = await create(document({ status: 'active' }));

    expect(plan).toMatchObject({ status: 'active', latest: { version: 1, state: 'published' } });
  });

  test('takes what it leaves out from its template', async () => {
    const plan = await create(document({ thresholds: { notify: 0.77 } }), { templateId: 'microservice' });

    expect(plan.templateId).toBe('microservice');
    expect(plan.thresholds.notify).toBe(0.77);
    expect(plan.impactRules.multipliers.length).toBeGreaterThan(0);
  });

  test('of which all is wrong is told everything at once, and nothing is stored', async () => {
    const before = await desk.as((tx) => listDriftPlans(tx, {}, everything));
    const wanted = {
      name: 'x'.repeat(10_000),
      scopeType: 'workspace',
      scopeRef: 'not for a workspace',
      driftTypes: ['asignment'],
      inputSources: ['file'],
      allowedOutputs: ['slak'],
      thresholds: { minConfidence: 2, ignore: 0.5, digestOnly: 0.3 },
      eligibility: { when: 'itemTyp == "a"' },
      impactRules: { multipliers: [{ name: 'a', factor: 2, when: 'impact >' }] },
    };

    const refused = create(wanted, { templateId: 'microservce', parentId: randomUUID() });

    await expect(refused).rejects.toMatchObject({ code: 'invalid_plan' });
    const { details } = (await refused.catch((error: unknown) => error)) as {
      details: { pointer: string; detail: string }[];
    };
    expect(details.map(({ pointer }) => pointer).sort()).toEqual([
      '/allowedOutputs/0',
      '/driftTypes/0',
      '/eligibility/when',
      '/impactRules/multipliers/0/when',
      '/inputSources/0',
      '/name',
      '/parentId',
      '/scopeRef',
      '/templateId',
      '/thresholds/digestOnly',
      '/thresholds/minConfidence',
    ]);
    expect(details.find(({ pointer }) => pointer === '/allowedOutputs/0')?.detail).toContain(
      'did you mean "slack"?',
    );
    expect(await desk.as((tx) => listDriftPlans(tx, {}, everything))).toEqual(before);
  });

  test.each<[string, JsonObject, JsonObject, string | null]>([
    ['service', { scopeRef: 'shop' }, { scopeRef: 'shop' }, '/scopeRef'],
    ['service', { scopeRef: 'shop' }, { scopeRef: 'till' }, null],
    ['service', { scopeRef: 'shop' }, { scopeRef: 'shop', status: 'draft' }, null],
    ['repo', { scopeRef: 'a/b' }, { scopeRef: 'A/B' }, '/scopeRef'],
    ['repo', { scopeRef: 'a/b' }, { scopeRef: 'a/b', docClass: 'runbook' }, null],
    ['workspace', {}, {}, '/scopeType'],
  ])(
    'of a taken scope is told so with all else that is wrong: %s %j, then %j',
    async (scopeType, held, wanted, at) => {
      const own = await TestPlanDesk.open(database);
      const make = (plan: JsonObject) => own.as((tx) => createDriftPlan(tx, { document: plan }));
      const change = ({ planId }: DriftPlan, plan: object) =>
        own.as((tx) => updateDriftPlan(tx, planId, { document: plan, revision: null }));
      const holder = await make({ name: 'holder', status: 'active', scopeType, ...held });
      const other = await make({ name: 'other', scopeType: 'service', scopeRef: 'other' });
      const wrong = { name: 'x', status: 'active', scopeType, driftTypes: ['asignment'], ...wanted };

      const created = await make(wrong).catch(faultsOf);
      const updated = await change(other, wrong).catch(faultsOf);
      const ofItself = await change(holder, wrong).catch(faultsOf);

      const taken =
        at === null
          ? []
          : [`${at}: the plan ${JSON.stringify(holder.name)} (${holder.planId}) is in force for it`];
      const rest = ['invalid_plan', expect.stringMatching(/^\/driftTypes\/0: /)];
      expect(created).toEqual([...rest, ...taken]);
      expect(updated).toEqual([...rest, ...taken]);
      expect(ofItself).toEqual(rest);
    },
  );

  test('of the same content as another one is refused, and the other one named', async () => {
    const wanted = document();
    const first = await create(wanted);

    const refused = create({
      ...wanted,
      description: 'another description',
      driftTypes: [...first.driftTypes].reverse(),
    });

    await expect(refused).rejects.toMatchObject({
      code: 'plan_exists',
      extensions: { planId: first.planId },
    });
  });

  test('of the content of an archived one is told that it may be restored', async () => {
    const wanted = document();
    const { planId } = await create(wanted);
    await desk.as((tx) => deleteDriftPlan(tx, { planId, revision: null }));

    await expect(create(wanted)).rejects.toMatchObject({
      code: 'plan_exists',
      extensions: { planId, planStatus: 'archived', mayRestore: true },
    });
  });

  test('is not in force where another one is for the same scope', async () => {
    const wanted = document({ status: 'active' });
    const first = await create(wanted);

    await expect(create({ ...wanted, name: 'another' })).rejects.toMatchObject({
      code: 'scope_taken',
      extensions: { planId: first.planId },
    });
  });

  test('of a repository is told from another by its document class, and null is one of them', async () => {
    const repo = `Acme/Repo-${randomUUID()}`;
    const of = (name: string, docClass: string | null) =>
      create({ name, scopeType: 'repo', scopeRef: repo, docClass, status: 'active' });
    const plain = await of('plain', null);
    await of('runbooks', 'runbook');

    await expect(of('again', null)).rejects.toMatchObject({ code: 'scope_taken' });
    await expect(of('again', 'runbook')).rejects.toMatchObject({ code: 'scope_taken' });
    expect(plain.scopeRef).toBe(repo.toLowerCase());
  });

  test.each([
    ['of nowhere', () => randomUUID()],
    ['that is no id', () => 'x'],
  ])('has no parent %s', async (_, parentId) => {
    await expect(create(document(), { parentId: parentId() })).rejects.toMatchObject({
      code: 'invalid_plan',
      details: [{ pointer: '/parentId' }],
    });
  });

  test('has no parent of another workspace', async () => {
    const elsewhere = await TestPlanDesk.open(database);
    const { planId } = await elsewhere.as((tx) => createDriftPlan(tx, { document: document() }));

    await expect(create(document(), { parentId: planId })).rejects.toMatchObject({ code: 'invalid_plan' });
  });
});

describe('a plan that is changed', () => {
  test('gets a version of another content, and none of another description or order', async () => {
    const wanted = document({ status: 'active' });
    const { planId } = await create(wanted);

    const described = await update(planId, { ...wanted, description: 'Now described' });
    const changed = await update(planId, {
      ...wanted,
      description: 'Now described',
      thresholds: { notify: 0.9 },
    });

    expect(described).toMatchObject({ version: 1, revision: 2, description: 'Now described' });
    expect(changed).toMatchObject({
      version: 2,
      thresholds: { notify: 0.9 },
      latest: { version: 2, state: 'published' },
    });
    const { items } = await desk.as((tx) => listPlanVersions(tx, planId, { limit: 10 }));
    expect(items.map(({ version, parentVersion, state }) => [version, parentVersion, state])).toEqual([
      [2, 1, 'published'],
      [1, null, 'superseded'],
    ]);
  });

  test('is left alone where it is so already', async () => {
    const wanted = document({ status: 'active', writeback: { reviewers: ['b', 'a', 'a'] } });
    const before = await create(wanted);

    const after = await update(before.planId, { ...wanted, writeback: { reviewers: ['a', 'b'] } });

    expect(after).toEqual(before);
  });

  test('is refused to who has read an older revision', async () => {
    const wanted = document();
    const { planId } = await create(wanted);
    await update(planId, { ...wanted, description: 'changed meanwhile' }, 1);

    await expect(update(planId, { ...wanted, thresholds: { notify: 0.5 } }, 1)).rejects.toMatchObject({
      code: 'revision_mismatch',
    });
  });

  test('can not become its own ancestor', async () => {
    const wanted = document();
    const parent = await create(wanted);
    const child = await create(document(), { parentId: parent.planId });
    const cyclic = desk.as((tx) =>
      updateDriftPlan(tx, parent.planId, { document: wanted, revision: null, parentId: child.planId }),
    );

    await expect(cyclic).rejects.toMatchObject({ code: 'invalid_plan', details: [{ pointer: '/parentId' }] });
  });

  test('at the same time by two keeps the versions without gaps', async () => {
    const wanted = document({ status: 'active' });
    const { planId } = await create(wanted);

    await Promise.all(
      [0.91, 0.92, 0.93, 0.94].map((notify) => update(planId, { ...wanted, thresholds: { notify } })),
    );

    const { items } = await desk.as((tx) => listPlanVersions(tx, planId, { limit: 10 }));
    expect(items.map(({ version }) => version)).toEqual([5, 4, 3, 2, 1]);
  });

  test('out of force stays out of force until it is restored', async () => {
    const wanted = document({ status: 'active' });
    const { planId } = await create(wanted);
    const archived = await desk.as((tx) => deleteDriftPlan(tx, { planId, revision: null }));

    await expect(update(planId, wanted)).rejects.toMatchObject({ code: 'invalid_transition' });
    const restored = await desk.as((tx) => restoreDriftPlan(tx, { planId, revision: null }));

    expect(archived).toMatchObject({ status: 'archived', archivedAt: expect.any(Date) });
    expect(restored).toMatchObject({ status: 'active', archivedAt: null, version: 1 });
  });

  test('can not be restored where another one has taken its scope', async () => {
    const wanted = document({ status: 'active' });
    const { planId } = await create(wanted);
    await desk.as((tx) => deleteDriftPlan(tx, { planId, revision: null }));
    await create({ ...wanted, name: 'the successor' });

    await expect(desk.as((tx) => restoreDriftPlan(tx, { planId, revision: null }))).rejects.toMatchObject({
      code: 'scope_taken',
    });
  });
});

describe('a plan that is archived or restored', () => {
  test('is so alone: with another change at the same time it is left as it is', async () => {
    const wanted = document({ status: 'active', description: 'as it was' });
    const before = await create(wanted);
    const archived = { ...wanted, status: 'archived' };

    for (const more of [{ description: 'other' }, { name: 'other' }, { thresholds: { notify: 0.9 } }]) {
      await expect(update(before.planId, { ...archived, ...more })).rejects.toMatchObject({
        code: 'invalid_plan',
        details: [{ pointer: '/status', detail: expect.stringContaining('archive it alone') }],
      });
    }

    expect(await desk.as((tx) => getDriftPlan(tx, before.planId))).toEqual(before);
    const first = await update(before.planId, archived);
    expect(first).toMatchObject({ status: 'archived', version: 1 });
    expect(await update(before.planId, archived)).toEqual(first);
    await expect(update(before.planId, { ...archived, name: 'other' })).rejects.toMatchObject({
      code: 'invalid_transition',
    });
  });

  test('is left alone for who has read an older revision', async () => {
    const { planId } = await create(document());
    const stale = desk.as((tx) => deleteDriftPlan(tx, { planId, revision: 2 }));
    await expect(stale).rejects.toMatchObject({ code: 'revision_mismatch' });
    await desk.as((tx) => deleteDriftPlan(tx, { planId, revision: 1 }));

    const early = desk.as((tx) => restoreDriftPlan(tx, { planId, revision: 1 }));

    await expect(early).rejects.toMatchObject({ code: 'revision_mismatch' });
    expect(await desk.as((tx) => restoreDriftPlan(tx, { planId, revision: 2 }))).toMatchObject({
      status: 'draft',
    });
  });
});

test('services are told apart by case, repositories are not', async () => {
  const own = await TestPlanDesk.open(database);
  for (const scopeRef of ['payments', 'Payments']) {
    await own.as((tx) =>
      createDriftPlan(tx, { document: { name: scopeRef, scopeType: 'service', scopeRef } }),
    );
  }
  await own.as((tx) =>
    createDriftPlan(tx, { document: { name: 'repo', scopeType: 'repo', scopeRef: 'Acme/Shop' } }),
  );
  const namesOf = async (scopeRef: string) =>
    (await own.as((tx) => listDriftPlans(tx, { scopeRef }, everything))).map(({ name }) => name);

  expect(await namesOf('Payments')).toEqual(['Payments']);
  expect(await namesOf('payments')).toEqual(['payments']);
  expect(await namesOf('PAYMENTS')).toEqual([]);
  expect(await namesOf('ACME/shop')).toEqual(['repo']);
});

describe('versions', () => {
  test('are compared property by property and as YAML', async () => {
    const wanted = document({ status: 'active', driftTypes: ['configuration'] });
    const { planId } = await create(wanted);
    await update(planId, {
      ...wanted,
      driftTypes: ['presence', 'configuration'],
      thresholds: { notify: 0.6 },
    });

    const compared = await desk.as((tx) => comparePlanVersions(tx, planId, { from: 1, to: 2 }));

    expect(compared.changes).toEqual([
      { path: '/driftTypes/presence', op: 'add', before: null, after: 'presence' },
      { path: '/thresholds/notify', op: 'replace', before: 0.4, after: 0.6 },
    ]);
    expect(compared.unifiedDiff).toContain('-  notify: 0.4\n+  notify: 0.6\n');
    expect(compared.unifiedDiff).toMatch(/^--- version 1\n\+\+\+ version 2\n/);
  });

  test('go back as a new one with the old content and the old hash', async () => {
    const wanted = document({ status: 'active' });
    const first = await create(wanted);
    await update(first.planId, { ...wanted, thresholds: { notify: 0.9 } });

    const back = await desk.as((tx) =>
      rollbackPlan(tx, { planId: first.planId, revision: null, version: 1, changeNote: '' }),
    );

    expect(back).toMatchObject({ version: 3, versionHash: first.versionHash, status: 'active' });
    const again = desk.as((tx) =>
      rollbackPlan(tx, { planId: first.planId, revision: null, version: 1, changeNote: '' }),
    );
    await expect(again).rejects.toMatchObject({ code: 'invalid_transition' });
  });

  test.each(['update', 'delete'])('can not be changed by %s, by nobody', async (verb) => {
    const { planId } = await create(document());
    const statement =
      verb === 'update'
        ? "update driftplane.drift_plan_versions set content = '{}' where plan_id = $1"
        : 'delete from driftplane.drift_plan_versions where plan_id = $1';

    const asApp = desk.as(({ client }) => client.query(statement, [planId]));

    await expect(asApp).rejects.toMatchObject({ code: '42501' });
    const { connectOwner } = await import('../../db/owner-connection.ts');
    const owner = await connectOwner(testDatabase.ownerUrl);
    await expect(owner.query(statement, [planId])).rejects.toMatchObject({ code: '23000' });
    await owner.end();
  });

  test('are found by their hash as long as their content has it', async () => {
    const wanted = document({ status: 'active' });
    const { planId, versionHash } = await create(wanted);
    await update(planId, { ...wanted, thresholds: { notify: 0.9 } });

    const content = await desk.as((tx) => findContentByHash(tx, versionHash));

    expect(content && generatePlanHash(content)).toBe(versionHash);
    expect(await desk.as((tx) => findContentByHash(tx, '0'.repeat(64)))).toBeUndefined();
  });

  test('are published by their number', async () => {
    const wanted = document();
    const { planId } = await create(wanted);
    await update(planId, { ...wanted, thresholds: { notify: 0.9 } });

    const published = await desk.as((tx) =>
      publishPlanVersion(tx, { planId, revision: null, version: null }),
    );

    expect(published).toMatchObject({ status: 'active', version: 2 });
    const older = desk.as((tx) => publishPlanVersion(tx, { planId, revision: null, version: 1 }));
    await expect(older).rejects.toMatchObject({ code: 'invalid_transition' });
  });
});

test('what is done to plans stands in the audit trail', async () => {
  const own = await TestPlanDesk.open(database);
  const wanted = document({ status: 'active' });
  const { planId } = await own.as((tx) => createDriftPlan(tx, { document: wanted }));
  await own.as((tx) =>
    updateDriftPlan(tx, planId, { document: { ...wanted, thresholds: { notify: 0.9 } }, revision: null }),
  );
  await own.as((tx) => deleteDriftPlan(tx, { planId, revision: null }));

  const { rows } = await own.as(({ client }) =>
    client.query("select action from driftplane.audit_events where target_kind = 'plan' order by seq"),
  );
  expect(rows.map(({ action }) => action)).toEqual(['plan.create', 'plan.update', 'plan.archive']);
  expect(await own.as((tx) => getDriftPlan(tx, planId))).toMatchObject({ status: 'archived' });
});
