// Every rule of a plan changes what the pipeline makes of the same drift.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../core/json-value.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import { listHeldCandidates } from '../executions/held-candidates.ts';
import { createDriftPlan, updateDriftPlan } from '../plans/plan-service.ts';
import { setBaseline } from './baseline-service.ts';
import { digestInputs } from './drift-tally.ts';
import { replayExecution } from './replay-service.ts';
import { loadRunPair } from './run-pair.ts';
import { generate } from './test-drift.ts';
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

const SERVICE = 'shop';

/** Drift of every kind: `secure` has an impact of 0.9, everything else of 0.5. */
const before = { a: { x: 1, assignments: ['g1'] }, b: { secure: true, note: 1 }, c: { x: 1 } };
const after = { a: { x: 2, assignments: ['g2'] }, b: { secure: false, note: 2 }, d: { x: 1 } };
const ALL = ['a assignment', 'a configuration', 'b configuration', 'c presence', 'd presence'];

interface StoredFinding {
  name: string;
  severity: string;
  route: string | null;
  disposition: JsonObject;
  plan_id: string | null;
  plan_version: number | null;
  drift_score: number;
  evidence: { changes: { path: string }[] };
}

/** A history whose source is bound to a service. */
async function openHistory(): Promise<TestHistory> {
  const history = await TestHistory.open(database);
  await history.inWorkspace(({ client }) =>
    client.query('update driftplane.sources set service_id = $2, repo_full_name = $3 where source_id = $1', [
      history.sourceId,
      SERVICE,
      'acme/shop',
    ]),
  );
  return history;
}

/** The ingest may not write plans. */
function asPerson<T>(history: TestHistory, work: (tx: WorkspaceTransaction) => Promise<T>): Promise<T> {
  return withWorkspace(database.app, { workspaceId: history.workspaceId, actor: systemActor }, work);
}

function makePlan(history: TestHistory, plan: object) {
  const document = {
    name: `plan ${randomUUID()}`,
    scopeType: 'service',
    scopeRef: SERVICE,
    status: 'active',
    ...plan,
  };
  return asPerson(history, (tx) => createDriftPlan(tx, { document }));
}

async function findingsOf(history: TestHistory): Promise<StoredFinding[]> {
  const { rows } = await history.inWorkspace(({ client }) =>
    client.query(
      `select external_id || ' ' || drift_type as name, severity, route, disposition, plan_id, plan_version, drift_score,
         evidence
       from driftplane.findings where scope_id = $1 order by external_id, drift_type`,
      [history.scopeId],
    ),
  );
  return rows.map((row) => ({
    ...row,
    disposition: JSON.parse(row.disposition),
    evidence: JSON.parse(row.evidence),
  }));
}

/** What the drift comes to under a plan; null: without one. */
async function under(plan: object | null) {
  const history = await openHistory();
  const made = plan === null ? null : await makePlan(history, plan);
  await history.run(before);
  await history.run(after);
  const execution = await generate(history, 2);
  const held = await history.inWorkspace((tx) =>
    listHeldCandidates(tx, execution.executionId, { limit: 100 }),
  );
  return { history, plan: made, execution, held: held.items, findings: await findingsOf(history) };
}

const namesOf = (findings: readonly StoredFinding[]) => findings.map(({ name }) => name);
const of = (findings: readonly StoredFinding[], name: string): StoredFinding =>
  findings.find((finding) => finding.name === name) as StoredFinding;

test('without a plan everything is found, and the execution says that there was none', async () => {
  const { execution, findings, held } = await under(null);

  expect(namesOf(findings)).toEqual(ALL);
  expect(execution).toMatchObject({ hasPlan: false, planId: null, resolution: { step: 5, trace: [] } });
  expect(findings.every(({ plan_id, route }) => plan_id === null && route === 'notify')).toBe(true);
  expect(held).toEqual([]);
});

test('with a plan each finding says which version let it through, and the execution how it was found', async () => {
  const { execution, findings, plan } = await under({});

  expect(execution).toMatchObject({
    hasPlan: true,
    planId: plan?.planId,
    planVersion: 1,
    planVersionHash: plan?.versionHash,
    resolution: { step: 3, resolutionMethod: 'service', trace: [{ planId: plan?.planId, isChosen: true }] },
    observation: { source: { kind: 'push', serviceId: SERVICE, repoFullName: 'acme/shop' }, author: 'test' },
    counts: { candidates: 5, findings: 5, heldBack: 0 },
    routing: { routes: { notify: 5 }, inputs: null },
  });
  expect(findings.every((finding) => finding.plan_id === plan?.planId && finding.plan_version === 1)).toBe(
    true,
  );
});

describe('what is held back', () => {
  test.each<[string, object, string[], string]>([
    ['input sources', { inputSources: ['files'] }, [], 'inputSources'],
    ['drift types', { driftTypes: ['presence'] }, ['c presence', 'd presence'], 'driftTypes'],
    ['minConfidence', { thresholds: { minConfidence: 1 } }, ALL, ''],
    [
      'minImpactScore',
      { thresholds: { minImpactScore: 0.6 } },
      ['b configuration'],
      'thresholds.minImpactScore',
    ],
    [
      'minDriftScore',
      { thresholds: { minDriftScore: 0.6 } },
      ['b configuration'],
      'thresholds.minDriftScore',
    ],
    [
      'ignore',
      { thresholds: { ignore: 0.6, digestOnly: 0.6, notify: 0.6 } },
      ['b configuration'],
      'thresholds.ignore',
    ],
    ['minSeverity', { eligibility: { minSeverity: 'sev2' } }, ['b configuration'], 'eligibility.minSeverity'],
    ['when', { eligibility: { when: 'change == "added"' } }, ['d presence'], 'eligibility.when'],
    [
      'ignorePatterns',
      { noiseControls: { ignorePatterns: ['a'] } },
      ['b configuration', 'c presence', 'd presence'],
      'noiseControls.ignorePatterns',
    ],
    [
      'ignorePaths',
      { noiseControls: { ignorePaths: ['/secure', '/note'] } },
      ['a assignment', 'a configuration', 'c presence', 'd presence'],
      'noiseControls.ignorePaths',
    ],
    ['ignoreAuthors', { noiseControls: { ignoreAuthors: ['te*'] } }, [], 'noiseControls.ignoreAuthors'],
    [
      'ignoreChanges',
      { noiseControls: { ignoreChanges: [{ itemType: 'test.*', path: '/x' }] } },
      ['a assignment', 'b configuration', 'c presence', 'd presence'],
      'noiseControls.ignoreChanges',
    ],
    [
      'ignoreChanges with a condition',
      { noiseControls: { ignoreChanges: [{ path: '/**', when: 'after == false || after == 2' }] } },
      ['a assignment', 'c presence', 'd presence'],
      'noiseControls.ignoreChanges',
    ],
  ])('by %s is counted, listed with its reason, and no finding', async (_, plan, left, code) => {
    const { execution, findings, held } = await under(plan);

    expect(namesOf(findings)).toEqual(left);
    expect(execution.counts).toMatchObject({
      candidates: 5,
      findings: left.length,
      heldBack: 5 - left.length,
    });
    expect(held).toHaveLength(5 - left.length);
    expect(new Set(held.flatMap(({ reasons }) => reasons.map((reason) => reason.code)))).toEqual(
      new Set(code === '' ? [] : [code]),
    );
    expect(execution.heldBack.rules.map((rule) => rule.code)).toEqual(
      code === '' ? [] : execution.heldBack.rules.map(() => code),
    );
  });

  test('is listed with every reason, not only the first', async () => {
    const { held } = await under({
      driftTypes: ['assignment'],
      thresholds: { minImpactScore: 0.6, minDriftScore: 0.6 },
      eligibility: { minSeverity: 'sev1', when: 'false' },
      noiseControls: { ignorePatterns: ['c'] },
    });

    expect(held.find(({ externalId }) => externalId === 'c')?.reasons.map(({ code }) => code)).toEqual([
      'driftTypes',
      'noiseControls.ignorePatterns',
      'eligibility.minSeverity',
      'eligibility.when',
      'thresholds.minImpactScore',
      'thresholds.minDriftScore',
    ]);
  });

  test('in part leaves the rest of its finding, with the fingerprint that it had', async () => {
    const whole = await under(null);
    const { execution, findings } = await under({ noiseControls: { ignoreChanges: [{ path: '/secure' }] } });

    const finding = of(findings, 'b configuration');
    expect(finding.evidence.changes.map(({ path }) => path)).toEqual(['/note']);
    expect(finding.severity).toBe('sev3');
    expect(of(whole.findings, 'b configuration').severity).toBe('sev1');
    expect(execution.heldBack).toMatchObject({ candidates: 0, changes: 1 });
  });
});

describe('how much it matters', () => {
  test('is what the plan says instead of the item type', async () => {
    const { findings } = await under({ impactRules: { baseImpact: 0.3 } });

    expect(findings.map(({ severity }) => severity)).toEqual(Array(5).fill('sev4'));
    expect(findings.map(({ drift_score }) => drift_score)).toEqual(Array(5).fill(expect.closeTo(0.3, 5)));
  });

  test('is multiplied by the factors whose condition is true, at most 1', async () => {
    const { findings } = await under({
      impactRules: {
        multipliers: [
          { name: 'removed', factor: 1.5, when: 'change == "removed"' },
          { name: 'secure', factor: 5, when: 'paths.exists(p, p == "/secure")' },
        ],
      },
    });

    expect(of(findings, 'c presence')).toMatchObject({ severity: 'sev2', drift_score: 0.75 });
    expect(of(findings, 'b configuration')).toMatchObject({ severity: 'sev1', drift_score: 1 });
    expect(of(findings, 'd presence')).toMatchObject({ severity: 'sev3', drift_score: 0.5 });
  });
});

describe('where findings go', () => {
  test('is said by their score: recorded, digest or at once', async () => {
    const { findings, execution } = await under({
      impactRules: { multipliers: [{ name: 'low', factor: 0.2, when: 'change == "added"' }] },
      thresholds: { digestOnly: 0.2, notify: 0.8 },
    });

    expect(findings.map(({ route }) => route)).toEqual(['digest', 'digest', 'notify', 'digest', 'recorded']);
    expect(execution.routing).toEqual({
      inputs: null,
      routes: { digest: 3, notify: 1, recorded: 1 },
      demoted: {},
    });
  });

  test('is recorded with outputs, documents, sections and write-back', async () => {
    const { findings } = await under({
      primaryDocId: 'runbook-7',
      primaryDocSystem: 'confluence',
      allowedOutputs: ['slack', 'jira_issue', 'confluence'],
      sectionTargets: { configuration: ['Settings'], assignment: ['Groups'] },
      docTargeting: { strategy: 'primary_only', maxDocsPerDrift: 1 },
      writeback: { enabled: false, reviewers: ['it'] },
      eligibility: { requiresApproval: true },
    });

    expect(of(findings, 'a configuration').disposition).toMatchObject({
      route: 'notify',
      outputs: ['jira_issue', 'slack'],
      needsAcknowledgement: true,
      primaryDoc: { id: 'runbook-7', system: 'confluence' },
      sections: ['Settings'],
      docTargeting: { strategy: 'primary_only', maxDocsPerDrift: 1 },
      writeback: { isEnabled: false, approval: 'required', reviewers: ['it'] },
    });
    expect(of(findings, 'a assignment').disposition).toMatchObject({ sections: ['Groups'] });
  });

  test('is lower where a budget is used up: the highest scores are told first', async () => {
    const { findings, execution } = await under({ budgets: { maxDriftsPerDay: 1 } });

    expect(of(findings, 'b configuration').route).toBe('notify');
    expect(findings.filter(({ route }) => route === 'recorded')).toHaveLength(4);
    expect(of(findings, 'c presence').disposition).toMatchObject({
      scoreRoute: 'notify',
      demotedBy: ['budgets.maxDriftsPerDay'],
      outputs: [],
    });
    expect(execution.routing).toMatchObject({
      inputs: { toldInDay: 0 },
      routes: { notify: 1, recorded: 4 },
      demoted: { 'budgets.maxDriftsPerDay': 4 },
    });
  });

  test.each([
    ['maxDriftsPerWeek', 'recorded'],
    ['maxNotificationsPerHour', 'digest'],
  ])('counts what the plan has told before, for %s', async (budget, route) => {
    const history = await openHistory();
    await makePlan(history, { budgets: { [budget]: 3 } });
    await history.run({ a: { x: 1 }, b: { x: 1 } });
    await history.run({ a: { x: 2 }, b: { x: 2 } });
    await history.run({ a: { x: 3 }, b: { x: 3 } });

    await generate(history, 2);
    const execution = await generate(history, 3);

    expect(execution.routing).toMatchObject({
      routes: { notify: 1, [route]: 1 },
      demoted: { [`budgets.${budget}`]: 1 },
    });
  });

  test('counts none that another plan told first, though it is found again under this one', async () => {
    const history = await openHistory();
    await history.run({ a: { x: 1 }, b: { x: 1 }, c: { x: 1 } });
    await history.inWorkspace((tx) =>
      setBaseline(tx, history.scopeId, { mode: 'pinned', runId: history.runs[0]?.runId as string }),
    );
    await history.run({ a: { x: 2 }, b: { x: 2 }, c: { x: 1 } });
    await generate(history, 2);
    await makePlan(history, { budgets: { maxDriftsPerDay: 2 } });
    await history.run({ a: { x: 2 }, b: { x: 2 }, c: { x: 2 } });
    const execution = await generate(history, 3);

    expect(execution.routing).toMatchObject({ inputs: { toldInDay: 0 }, routes: { notify: 1 }, demoted: {} });
    expect((await findingsOf(history)).map(({ plan_version }) => plan_version)).toEqual([1, 1, 1]);
  });

  test('is only recorded while a plan that requires an incident has none', async () => {
    const plan = { eligibility: { requiresIncident: true } };
    const calm = await under(plan);
    const history = await openHistory();
    await makePlan(history, plan);
    await asPerson(history, ({ client, workspaceId, now }) =>
      client.query(
        `insert into driftplane.incidents (workspace_id, incident_id, external_id, title, service_id, opened_at, created_by)
         values ($1, gen_random_uuid(), 'INC-1', 'down', $2, $3, 'test')`,
        [workspaceId, SERVICE, now],
      ),
    );
    await history.run(before);
    await history.run(after);
    const stormy = await generate(history, 2);

    expect(calm.execution.routing).toMatchObject({
      inputs: { hasOpenIncident: false },
      routes: { recorded: 5 },
    });
    expect(stormy.routing).toMatchObject({ inputs: { hasOpenIncident: true }, routes: { notify: 5 } });
  });

  test('stays as it was decided when the finding opened, under a later version too', async () => {
    const { history, plan } = await under({ eligibility: { requiresIncident: true } });
    await asPerson(history, (tx) =>
      updateDriftPlan(tx, plan?.planId ?? '', {
        document: {
          name: 'later',
          scopeType: 'service',
          scopeRef: SERVICE,
          status: 'active',
          eligibility: { requiresIncident: true },
          impactRules: { baseImpact: 0.9 },
        },
        revision: null,
      }),
    );
    await history.run(before);
    await generate(history, 3);
    await history.run(after);
    await generate(history, 4);

    const { plan_version, route, disposition, drift_score } = of(
      await findingsOf(history),
      'a configuration',
    );
    expect({ plan_version, route, demotedBy: disposition.demotedBy }).toEqual({
      plan_version: 2,
      route: 'recorded',
      demotedBy: ['eligibility.requiresIncident'],
    });
    expect(drift_score).toBeCloseTo(0.9);
  });
});

describe('a condition that can not be told', () => {
  test('holds nothing back, and is counted', async () => {
    const { execution, findings } = await under({
      noiseControls: { ignoreChanges: [{ path: '/**', when: 'after.missing == 1' }] },
      eligibility: { when: 'changes[99].op == "add"' },
    });

    expect(namesOf(findings)).toEqual(ALL);
    expect(execution.heldBack.conditionProblems).toEqual([
      { rule: '/eligibility/when', outcome: 'failed', count: 5 },
      { rule: '/noiseControls/ignoreChanges/0', outcome: 'failed', count: expect.any(Number) },
    ]);
  });
});

describe('an execution is computed again', () => {
  test('under the version that it had, after the plan and the binding have changed', async () => {
    const { history, plan, execution } = await under({
      eligibility: { when: 'source.serviceId == "shop" && author == "test"' },
      driftTypes: ['configuration'],
    });
    await asPerson(history, (tx) =>
      updateDriftPlan(tx, plan?.planId ?? '', {
        document: { name: 'other', scopeType: 'service', scopeRef: SERVICE, driftTypes: ['presence'] },
        revision: null,
      }),
    );
    await history.inWorkspace(({ client }) =>
      client.query("update driftplane.sources set service_id = 'moved'"),
    );

    const replay = await asPerson(history, (tx) => replayExecution(tx, execution.executionId));

    expect(replay).toMatchObject({ isSame: true, findings: 2 });
  });

  test('of the default as it was hashed before there were plans', async () => {
    const { history, execution } = await under(null);
    const hash = 'e385a0759cc1ab5ac9e4b576628b0634c9b5dfdef34cb3bcb49bab2f4a71bf56';
    await asPerson(history, async (tx) => {
      const digest = digestInputs(await loadRunPair(tx, execution), hash);
      await tx.client.query(
        'update driftplane.executions set plan_version_hash = $1, inputs_digest = $2, observation = null',
        [hash, digest],
      );
    });

    const replay = await asPerson(history, (tx) => replayExecution(tx, execution.executionId));

    expect(replay).toMatchObject({ isSame: true, findings: 5 });
  });
});

test('a new version changes what comes next, and makes no other finding of what there is', async () => {
  const history = await openHistory();
  const plan = await makePlan(history, {});
  await history.run({ a: { x: 1 }, b: { y: 1 } });
  await history.run({ a: { x: 2 }, b: { y: 1 } });
  await generate(history, 2);
  const document = {
    name: plan.name,
    scopeType: 'service',
    scopeRef: SERVICE,
    noiseControls: { ignorePaths: ['/y'] },
  };
  await asPerson(history, (tx) => updateDriftPlan(tx, plan.planId, { document, revision: null }));
  await history.run({ a: { x: 2 }, b: { y: 2 } });

  const execution = await generate(history, 3);

  expect(namesOf(await findingsOf(history))).toEqual(['a configuration']);
  expect(execution).toMatchObject({ planVersion: 2, counts: { changed: 1, findings: 0, heldBack: 1 } });
});
