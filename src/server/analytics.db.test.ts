import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectOwner } from '../db/owner-connection.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../db/workspace-transaction.ts';
import { generate } from '../features/drift/test-drift.ts';
import { TestHistory, type TestItems } from '../features/drift/test-history.ts';
import type {
  PlanAnalyticsResponse,
  WorkspaceAnalyticsResponse,
} from '../features/executions/analytics-contract.ts';
import type { FindingDecision } from '../features/findings/finding-decision.ts';
import { getFinding } from '../features/findings/finding-read-model.ts';
import { triageFinding } from '../features/findings/finding-triage.ts';
import { createDriftPlan, updateDriftPlan } from '../features/plans/plan-service.ts';
import { createTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let owner: pg.Client;

beforeAll(async () => {
  server = await createTestServer();
  owner = await connectOwner(server.ownerUrl);
});

afterAll(async () => {
  await owner?.end();
  await server?.close();
});

const DAY_MS = 86_400_000;
const comment = null;

/** Noon of a UTC day that lies so many days back. */
function noon(daysAgo: number): Date {
  return new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - daysAgo * DAY_MS + DAY_MS / 2);
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10);

/** As the system, with the rights of requests. */
function inWorkspace<T>(workspaceId: string, work: (tx: WorkspaceTransaction) => Promise<T>): Promise<T> {
  return withWorkspace(server.database.app, { workspaceId, actor: systemActor }, work);
}

/** A scope whose source belongs to a service, in a workspace of its own unless one is given. */
async function openHistory(service: string | null, workspaceId?: string): Promise<TestHistory> {
  const history = await TestHistory.open(server.database, workspaceId);
  await owner.query('update driftplane.sources set service_id = $2 where source_id = $1', [
    history.sourceId,
    service,
  ]);
  return history;
}

/** A run whose drift was generated at an instant. */
async function runAt(history: TestHistory, items: TestItems, at: Date): Promise<string> {
  const { runSeq } = await history.run(items);
  const { executionId } = await generate(history, runSeq);
  await owner.query('update driftplane.executions set finished_at = $2 where execution_id = $1', [
    executionId,
    at,
  ]);
  await owner.query('update driftplane.findings set first_seen_at = $2 where first_execution_id = $1', [
    executionId,
    at,
  ]);
  return executionId;
}

/** The id of the finding of an item that an execution opened. */
async function findingOf(executionId: string, externalId: string): Promise<string> {
  const { rows } = await owner.query<{ finding_id: string }>(
    'select finding_id from driftplane.findings where first_execution_id = $1 and external_id = $2',
    [executionId, externalId],
  );
  return rows[0]?.finding_id ?? '';
}

/** Decides about a finding as if it were `at`. */
async function decideAt(
  history: TestHistory,
  findingId: string,
  decision: FindingDecision,
  at: Date,
): Promise<void> {
  const revision = await inWorkspace(history.workspaceId, async (tx) => {
    const finding = await getFinding(tx, findingId);
    await triageFinding(tx, { findingId, revision: finding.revision }, decision);
    return finding.revision + 1;
  });
  await owner.query('update driftplane.finding_events set at = $3 where finding_id = $1 and event_no = $2', [
    findingId,
    revision,
    at,
  ]);
}

const after = (at: Date, seconds: number): Date => new Date(at.getTime() + seconds * 1000);

async function ask<T>(token: string, path: string): Promise<T> {
  const answer = await server.call(token, { method: 'GET', url: `/api/plans/${path}` });
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json();
}

const plan = {
  name: 'shop',
  scopeType: 'service',
  scopeRef: 'shop',
  status: 'active',
  budgets: { maxNotificationsPerHour: 3 },
  noiseControls: { ignorePaths: ['/noise'] },
};

/** A plan of two versions with a history of triage, beside drift without a plan, and the same in another workspace. */
async function prepare() {
  const { workspaceId, adminToken } = await server.createWorkspace();
  const shop = await openHistory('shop', workspaceId);
  const { planId, revision } = await inWorkspace(workspaceId, (tx) =>
    createDriftPlan(tx, { document: plan }),
  );
  const five = (x: number, noise: number): TestItems => ({
    a: { x: 1, noise },
    b: { x, noise },
    c: { x },
    d: { x },
    e: { x },
  });
  await shop.run(five(1, 1));
  const first = await runAt(shop, five(2, 2), noon(8));
  const b = await findingOf(first, 'b');
  await decideAt(shop, b, { event: 'acknowledge', comment }, after(noon(8), 60));
  await decideAt(shop, b, { event: 'accept', expiresAt: null, comment }, after(noon(8), 120));
  const falsePositive = { event: 'dismiss', reason: 'false_positive', comment } as const;
  await decideAt(shop, await findingOf(first, 'd'), falsePositive, after(noon(8), 86_400));
  const document = {
    ...plan,
    thresholds: { notify: 0.6 },
    // The rule that stays stands elsewhere now.
    noiseControls: { ignorePaths: ['/noise', '/dead'] },
  };
  await inWorkspace(workspaceId, (tx) => updateDriftPlan(tx, planId, { document, revision }));
  const later = { ...five(2, 2), a: { x: 1, noise: 3 }, c: { x: 3 }, f: { x: 1 } };
  const second = await runAt(shop, later, noon(5));
  const c = await findingOf(second, 'c');
  await decideAt(
    shop,
    c,
    { event: 'snooze', until: new Date(Date.now() + DAY_MS), comment },
    after(noon(5), 30),
  );
  const f = await findingOf(second, 'f');
  await decideAt(shop, f, { event: 'acknowledge', comment }, after(noon(5), 10));
  await decideAt(shop, f, { event: 'reopen', comment }, after(noon(5), 20));
  await runAt(shop, { ...later, g: { x: 1 }, a: { x: 1, noise: 4 } }, noon(100));
  const bare = await openHistory(null, workspaceId);
  await bare.run({ a: { y: 1 } });
  const third = await runAt(bare, { a: { y: 2 } }, noon(3));
  const wontFix = { event: 'dismiss', reason: 'wont_fix', comment } as const;
  await decideAt(bare, await findingOf(third, 'a'), wontFix, after(noon(3), 1.5));
  return { workspaceId, adminToken, planId, bare, shop };
}

let known: Awaited<ReturnType<typeof prepare>>;

beforeAll(async () => {
  await prepare();
  known = await prepare();
});

const noTriage = {
  findings: 0,
  acknowledged: 0,
  accepted: 0,
  falsePositive: 0,
  wontFix: 0,
  snoozed: 0,
  reopened: 0,
  resolvedUntouched: 0,
  untouched: 0,
  timeToTriage: { count: 0, medianSeconds: null, p90Seconds: null },
};

const none = {
  executions: 0,
  candidates: 0,
  letThrough: 0,
  heldBack: { candidates: 0, changes: 0, codes: [] },
  opened: 0,
  routes: { recorded: 0, digest: 0, notify: 0 },
  demoted: [],
  triage: noTriage,
};

const firstVersion = {
  executions: 1,
  candidates: 5,
  letThrough: 4,
  heldBack: {
    candidates: 1,
    changes: 2,
    codes: [{ code: 'noiseControls.ignorePaths', candidates: 1, changes: 2 }],
  },
  opened: 4,
  routes: { recorded: 0, digest: 1, notify: 3 },
  demoted: [{ code: 'budgets.maxNotificationsPerHour', count: 1 }],
  triage: {
    ...noTriage,
    findings: 4,
    accepted: 1,
    falsePositive: 1,
    resolvedUntouched: 1,
    untouched: 1,
    timeToTriage: { count: 2, medianSeconds: 43_230, p90Seconds: 77_766 },
  },
};

const secondVersion = {
  executions: 1,
  candidates: 3,
  letThrough: 2,
  heldBack: {
    candidates: 1,
    changes: 1,
    codes: [{ code: 'noiseControls.ignorePaths', candidates: 1, changes: 1 }],
  },
  opened: 2,
  routes: { recorded: 0, digest: 2, notify: 0 },
  demoted: [],
  triage: {
    ...noTriage,
    findings: 2,
    snoozed: 1,
    reopened: 1,
    timeToTriage: { count: 2, medianSeconds: 20, p90Seconds: 28 },
  },
};

const both = {
  executions: 2,
  candidates: 8,
  letThrough: 6,
  heldBack: {
    candidates: 2,
    changes: 3,
    codes: [{ code: 'noiseControls.ignorePaths', candidates: 2, changes: 3 }],
  },
  opened: 6,
  routes: { recorded: 0, digest: 3, notify: 3 },
  demoted: [{ code: 'budgets.maxNotificationsPerHour', count: 1 }],
  triage: {
    ...noTriage,
    findings: 6,
    accepted: 1,
    falsePositive: 1,
    snoozed: 1,
    reopened: 1,
    resolvedUntouched: 1,
    untouched: 1,
    timeToTriage: { count: 4, medianSeconds: 45, p90Seconds: 60_498 },
  },
};

describe('the analytics of a plan', () => {
  const analyse = (query = ''): Promise<PlanAnalyticsResponse> =>
    ask(known.adminToken, `${known.workspaceId}/${known.planId}/analytics${query}`);

  test('count what its versions held back and let through, and what people made of it', async () => {
    const { totals, versions, omittedVersions, ...head } = await analyse();

    expect(head).toMatchObject({ planId: known.planId, name: 'shop', version: 2 });
    expect(totals).toEqual(both);
    expect(versions).toEqual([
      {
        version: 2,
        ...secondVersion,
        rules: [
          {
            code: 'noiseControls.ignorePaths',
            rule: '/noiseControls/ignorePaths/1',
            text: '/noise',
            candidates: 1,
            changes: 1,
          },
        ],
        omittedRules: 0,
      },
      {
        version: 1,
        ...firstVersion,
        rules: [
          {
            code: 'noiseControls.ignorePaths',
            rule: '/noiseControls/ignorePaths/0',
            text: '/noise',
            candidates: 1,
            changes: 2,
          },
        ],
        omittedRules: 0,
      },
    ]);
    expect(omittedVersions).toBe(0);
  });

  test('have every day of the window, those without anything too', async () => {
    const { trend, window } = await analyse('?days=20');

    const quiet = { executions: 0, candidates: 0, letThrough: 0, heldBack: 0, opened: 0, firstTriaged: 0 };
    const busy = [
      {
        ...quiet,
        day: dayOf(noon(8)),
        executions: 1,
        candidates: 5,
        letThrough: 4,
        heldBack: 1,
        opened: 4,
        firstTriaged: 1,
      },
      { ...quiet, day: dayOf(noon(7)), firstTriaged: 1 },
      {
        ...quiet,
        day: dayOf(noon(5)),
        executions: 1,
        candidates: 3,
        letThrough: 2,
        heldBack: 1,
        opened: 2,
        firstTriaged: 2,
      },
    ];
    expect(trend).toHaveLength(20);
    expect(trend[0]?.day).toBe(window.since.slice(0, 10));
    expect(trend.at(-1)?.day).toBe(window.until.slice(0, 10));
    expect(window.since).toMatch(/T00:00:00\.000Z$/);
    for (const day of trend) {
      expect(day).toEqual(busy.find((one) => one.day === day.day) ?? { ...quiet, day: day.day });
    }
    expect(trend.filter(({ executions, firstTriaged }) => executions + firstTriaged > 0)).toEqual(busy);
  });

  test('look back as far as they are asked to', async () => {
    const year = await analyse('?days=365');
    const week = await analyse('?days=6');
    const day = await analyse('?days=1');

    expect(year.totals).toMatchObject({ executions: 3, candidates: 10, letThrough: 7, opened: 7 });
    expect(year.trend).toHaveLength(365);
    expect(week.totals).toEqual(secondVersion);
    expect(week.versions.map(({ version }) => version)).toEqual([2]);
    expect(day.totals).toEqual(none);
    expect(day).toMatchObject({ versions: [], noise: { findings: 0, paths: [], rules: [] } });
  });

  test('tell the noisiest paths with a rule that would ignore them', async () => {
    const { noise } = await analyse();

    expect(noise).toMatchObject({ findings: 6, omittedFindings: 0, cutFindings: 0 });
    expect(noise.paths).toEqual([
      {
        itemType: 'test.policy',
        path: '/x',
        findings: 5,
        removed: 5,
        removedShare: 5 / 6,
        reduced: 0,
        distinctPaths: 1,
        examples: ['/x'],
        rule: { itemType: 'test.policy', path: '/x' },
      },
    ]);
  });

  test('propose no rule that the plan in force has by now', async () => {
    const { workspaceId, adminToken: token } = await server.createWorkspace();
    const history = await TestHistory.open(server.database, workspaceId);
    const put = (ignorePaths: string[]) =>
      server.call(token, {
        method: 'POST',
        url: `/api/plans/${workspaceId}/apply`,
        payload: {
          document: { name: 'p', scopeType: 'workspace', status: 'active', noiseControls: { ignorePaths } },
        },
      });
    const { planId } = (await put(['/other'])).json().plan;
    for (const x of [1, 2]) {
      await history.run({ a: { x, y: 1 }, b: { x, y: 1 }, c: { x, y: x }, d: { x, y: x } });
    }
    await generate(history, 2);
    const analysed = async () =>
      (await server.call(token, { url: `/api/plans/${workspaceId}/${planId}/analytics` })).json();

    const before = await analysed();
    await put(['/x']);
    const after = await analysed();

    const told = ({ noise }: PlanAnalyticsResponse) =>
      noise.paths.map(({ path, findings, removed }) => [path, findings, removed]);
    expect(told(before)).toEqual([
      ['/x', 4, 2],
      ['/y', 2, 0],
    ]);
    // With the one gone, the other is all that is left of two findings.
    expect(told(after)).toEqual([['/y', 2, 2]]);
    expect(after.noise).toMatchObject({ findings: 4, combinations: [] });
  });

  test('take the same rule of two versions for one, and name those in force that held nothing back', async () => {
    const { noise } = await analyse();

    expect(noise.rules).toEqual([
      {
        code: 'noiseControls.ignorePaths',
        rule: '/noiseControls/ignorePaths/1',
        version: 2,
        isInForce: true,
        text: '/noise',
        executions: 2,
        candidates: 2,
        changes: 3,
      },
    ]);
    expect(noise.deadRules).toEqual([
      {
        code: 'noiseControls.ignorePaths',
        rule: '/noiseControls/ignorePaths/0',
        version: 2,
        isInForce: true,
        text: '/dead',
        executions: 1,
        candidates: 0,
        changes: 0,
      },
    ]);
    expect(noise).toMatchObject({ omittedRules: 0, omittedDeadRules: 0 });
  });

  test('say since when everything is kept, where retention reaches into the window', async () => {
    await owner.query(
      'update driftplane.workspaces set execution_retention_days = 10, finding_retention_days = 20 where workspace_id = $1',
      [known.workspaceId],
    );
    const { window } = await analyse('?days=15');
    await owner.query(
      'update driftplane.workspaces set execution_retention_days = 400, finding_retention_days = 400 where workspace_id = $1',
      [known.workspaceId],
    );

    const keptFrom = Date.parse(window.until) - 10 * DAY_MS;
    expect(window).toMatchObject({
      executionsKeptSince: new Date(keptFrom).toISOString(),
      findingsKeptSince: null,
    });
    expect((await analyse('?days=15')).window).toMatchObject({
      executionsKeptSince: null,
      findingsKeptSince: null,
    });
  });

  test('are refused for a plan that is not there and for days that are none', async () => {
    const other = await server.createWorkspace();
    const call = (token: string, path: string) =>
      server.call(token, { method: 'GET', url: `/api/plans/${path}` });
    const { workspaceId, planId, adminToken } = known;

    const foreign = await call(other.adminToken, `${other.workspaceId}/${planId}/analytics`);
    const long = await call(adminToken, `${workspaceId}/${planId}/analytics?days=366`);
    const short = await call(adminToken, `${workspaceId}/analytics?days=0`);

    expect([foreign.statusCode, foreign.json().code]).toEqual([404, 'plan_not_found']);
    expect([long.statusCode, short.statusCode]).toEqual([400, 400]);
  });
});

describe('the analytics of a workspace', () => {
  test('have a line for every plan, what is without one, and the scopes that no plan is for', async () => {
    const draft = { name: 'draft', scopeType: 'workspace' };
    const idle = { ...draft, name: 'idle', scopeType: 'service', scopeRef: 'other', status: 'active' };
    for (const document of [draft, idle]) {
      await inWorkspace(known.workspaceId, (tx) => createDriftPlan(tx, { document }));
    }

    const analytics = await ask<WorkspaceAnalyticsResponse>(
      known.adminToken,
      `${known.workspaceId}/analytics`,
    );

    const { plans, withoutPlan, scopesWithoutPlan, noise, ...rest } = analytics;
    expect(plans).toEqual([
      { planId: known.planId, name: 'shop', status: 'active', version: 2, ...both },
      { planId: expect.any(String), name: 'idle', status: 'active', version: 1, ...none },
    ]);
    expect(withoutPlan).toEqual({
      ...none,
      executions: 1,
      candidates: 1,
      letThrough: 1,
      opened: 1,
      routes: { recorded: 0, digest: 0, notify: 1 },
      triage: {
        ...noTriage,
        findings: 1,
        wontFix: 1,
        timeToTriage: { count: 1, medianSeconds: 1.5, p90Seconds: 1.5 },
      },
    });
    expect(scopesWithoutPlan).toEqual([
      {
        scopeId: known.bare.scopeId,
        sourceId: known.bare.sourceId,
        sourceName: `source ${known.bare.sourceId}`,
        lastRunAt: expect.stringMatching(/Z$/),
        findings: 1,
      },
    ]);
    expect(noise).toMatchObject({
      findings: 7,
      omittedFindings: 0,
      paths: [{ path: '/x', removed: 5, removedShare: 5 / 7 }],
    });
    expect(rest).toMatchObject({ omittedPlans: 0, omittedScopes: 0, window: { days: 30 } });
  });

  test('leave out sources that are archived and selections that are over', async () => {
    const { workspaceId, adminToken } = await server.createWorkspace();
    const [archived, narrowed, observed] = [
      await openHistory('a', workspaceId),
      await openHistory('b', workspaceId),
      await openHistory('c', workspaceId),
    ];
    await owner.query('update driftplane.sources set archived_at = now() where source_id = $1', [
      archived?.sourceId,
    ]);
    await owner.query(
      `update driftplane.sources set selection = '{"itemTypes":["x"]}' where source_id = $1`,
      [narrowed?.sourceId],
    );

    const { scopesWithoutPlan } = await ask<WorkspaceAnalyticsResponse>(
      adminToken,
      `${workspaceId}/analytics`,
    );

    expect(scopesWithoutPlan).toEqual([
      expect.objectContaining({ scopeId: observed?.scopeId, lastRunAt: null, findings: 0 }),
    ]);
  });

  test('read evidence that holds texts which jsonb refuses, and know what of it was cut', async () => {
    const { workspaceId, adminToken } = await server.createWorkspace();
    const history = await openHistory(null, workspaceId);
    const items = (x: string): TestItems =>
      Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`i${at}`, { x }]));
    await history.run(items('\u0000 before'));
    const executionId = await runAt(history, items('\u0000 after'), noon(1));
    const cut = async (externalId: string, evidence: object) =>
      owner.query('update driftplane.findings set evidence = $2 where finding_id = $1', [
        await findingOf(executionId, externalId),
        JSON.stringify(evidence),
      ]);
    await cut('i0', {
      changes: [{ path: '/x' }],
      truncated: { shownChanges: 1, totalChanges: 9, omittedBytes: 1 },
    });
    await cut('i1', {
      changes: [{ path: '/x' }, { path: `/${'y'.repeat(299)}… [cut: 400 characters]` }],
      truncated: { shownChanges: 1, totalChanges: 2, omittedBytes: 1 },
    });
    await cut('i2', {
      changes: [{ path: '/x', before: '[too large to keep: 70000 bytes of JSON]' }],
      truncated: { shownChanges: 0, totalChanges: 1, omittedBytes: 1 },
    });
    await cut('i3', {});

    const { noise } = await ask<WorkspaceAnalyticsResponse>(adminToken, `${workspaceId}/analytics`);

    expect(noise).toMatchObject({
      findings: 8,
      cutFindings: 3,
      paths: [{ path: '/x', findings: 7, removed: 5, reduced: 2 }],
    });
  });
});
