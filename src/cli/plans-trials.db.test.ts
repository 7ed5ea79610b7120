import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { generate } from '../features/drift/test-drift.ts';
import { TestHistory } from '../features/drift/test-history.ts';
import type { BacktestResponse } from '../features/executions/backtest-contract.ts';
import type { IncidentResponse } from '../features/plans/incident-contract.ts';
import { startDriftWorker } from '../worker/test-drift-worker.ts';
import type { Worker } from '../worker/worker.ts';
import { useCommandLine } from './test-command-line.ts';

const cli = useCommandLine();

const plan = `name: Tenant
status: active
scopeType: workspace
noiseControls: { ignorePatterns: [noisy*, never*] }
`;

let worker: Worker | null = null;

afterEach(async () => {
  await worker?.stop();
  worker = null;
});

/** Two runs with three drifts, of which the plan holds back one. */
async function drift(): Promise<TestHistory> {
  const { server, workspace } = cli;
  const history = await TestHistory.open(server.database, workspace.workspaceId);
  await history.run({ one: { a: 1 }, two: { secure: 1 }, noisy1: { a: 1 } });
  await history.run({ one: { a: 2 }, two: { secure: 2 }, noisy1: { a: 2 } });
  await generate(history, 2);
  return history;
}

describe('plans backtest', () => {
  let history: TestHistory;

  beforeEach(async () => {
    await cli.run('plans', 'apply', '-f', cli.file('plan.yaml', plan));
    history = await drift();
  });

  test('tries a version of a plan and waits for what would be otherwise', async () => {
    worker = await startDriftWorker(cli.server.database);
    const stricter = plan.replace('never*', 'one');
    await cli.run('plans', 'apply', '-f', cli.file('plan.yaml', stricter));

    const { out, said, code } = await cli.run(
      ...['plans', 'backtest', 'start', 'Tenant', '--version', '2', '--days', '7', '--wait'],
    );
    const [, id = ''] = /^backtest +(\S+)\n/.exec(out) ?? [];
    const changes = await cli.run('plans', 'backtest', 'changes', id);
    const ofEffect = await cli.json('plans', 'backtest', 'changes', id, '--effect', 'appears');
    const listed = await cli.run('plans', 'backtest', 'list', 'Tenant');

    expect(out).toMatch(/\nstatus +succeeded\n/);
    expect(out).toMatch(/\nplan +Tenant, version 2\n/);
    expect(out).toMatch(/\nscopes +[0-9a-f-]{36}\nruns +of 7 days, since /);
    expect(out).toMatch(/\nfindings +2 → 1\nnothing new +–\nwould appear +0\nwould disappear +1\n/);
    expect(out).toMatch(/\nheld back +1 → 2 subjects\n/);
    expect(out).toMatch(
      /\n\nWOULD HOLD BACK +SUBJECTS +CHANGES\n\/noiseControls\/ignorePatterns\/\d +1 +1\n/,
    );
    expect(said).toBe(`What would be otherwise: driftplane plans backtest changes ${id}\n`);
    expect(code).toBe(0);
    expect(changes.out).toMatch(
      /^EFFECT +SEVERITY +ROUTE +DRIFT +ITEM TYPE +(?:EXECUTION +)?LABEL +NO FINDING BECAUSE\n/,
    );
    expect(changes.out).toMatch(
      /\ndisappears +sev3 → none +notify → none +configuration +test\.policy +(?:[0-9a-f-]{36} +)?one +noiseControls\.ignorePatterns: ignorePatterns has "one"/,
    );
    expect(ofEffect).toEqual([]);
    expect(listed.out).toMatch(/^BACKTEST +STATUS +PLAN +DAYS +PAIRS +\+ +- +~ +REQUESTED +BY\n/);
    expect(listed.out).toMatch(/\n[0-9a-f-]{36} +succeeded +Tenant, version 2 +7 +1 +0 +1 +0 /);
  });

  test('tries a file that is no plan yet, on the scopes that are named', async () => {
    worker = await startDriftWorker(cli.server.database);
    const file = cli.file('tried.yaml', 'name: Tried\nscopeType: workspace\nthresholds: { notify: 0.6 }\n');

    const backtest = await cli.json<BacktestResponse>(
      ...['plans', 'backtest', 'start', '-f', file, '--scope', history.scopeId, '--wait'],
    );
    const { out } = await cli.run('plans', 'backtest', 'show', backtest.backtestId);

    expect(backtest).toMatchObject({ planId: null, planName: 'Tried', scopeIds: [history.scopeId] });
    expect(backtest.summary).toMatchObject({ appears: 1, disappears: 0, changesRoute: 1 });
    expect(out).toMatch(/\nplan +Tried, a document\n/);
    expect(out).toMatch(/\nroutes +.*notify 2 → 1/);
    expect(await cli.json('plans', 'list')).toHaveLength(1);
  });

  test('is started without waiting, and cancelled', async () => {
    const started = await cli.run('plans', 'backtest', 'start', 'Tenant');
    const [, id = ''] = /^backtest +(\S+)\n/.exec(started.out) ?? [];

    const cancelled = await cli.run('plans', 'backtest', 'cancel', id);

    expect(started.out).toMatch(/\nstatus +queued\n/);
    expect(cancelled.out).toMatch(/\nstatus +cancelled\n/);
    expect((await cli.run('plans', 'backtest', 'cancel', id)).out).toBe(cancelled.out);
  });

  test.each([
    [[], 'invalid_arguments'],
    [['Tenant', '-f', 'x.yaml'], 'invalid_arguments'],
    [['-f', 'x.yaml', '--version', '1'], 'invalid_arguments'],
    [['Tenant', '--version', '9'], 'plan_version_not_found'],
    [['Tenant', '--scope', 'nowhere'], 'scope_not_found'],
    [['-f', '/nowhere.yaml'], 'unreadable_config'],
  ])('start %j fails with %s', async (args, code) => {
    expect(await cli.fail('plans', 'backtest', 'start', ...args)).toContain(`[${code}]`);
  });

  test('refuses a wrong file with its lines', async () => {
    const said = await cli.fail(
      'plans',
      'backtest',
      'start',
      '-f',
      cli.file('x.yaml', `${plan}budget: {}\n`),
    );

    expect(said).toMatch(/line 5, \/budget: there is no such field/);
  });
});

describe('plans analytics', () => {
  test('says what a plan let through and held back, by rule', async () => {
    await cli.run('plans', 'apply', '-f', cli.file('plan.yaml', plan));
    await drift();

    const { out, code } = await cli.run('plans', 'analytics', 'Tenant', '--days', '7');
    const json = await cli.json('plans', 'analytics', 'Tenant');

    expect(out).toMatch(/^plan +Tenant, version 1 in force \([0-9a-f-]{36}\)\nwindow +7 days, /);
    expect(out).toMatch(/\nsubjects +3 drifted, 2 let through\nheld back +1 subject, 1 single change\n/);
    expect(out).toMatch(/\nrouted +2 notify\n/);
    expect(out).toMatch(/\ndecided +2 untouched\n/);
    expect(out).toMatch(
      /\n\nDAY +EXECUTIONS +DRIFTED +LET THROUGH +HELD BACK +OPENED +DECIDED\n20\S+ +1 +3 +2 +1 +2 +0\n/,
    );
    expect(out).toMatch(
      /\n\nHELD BACK BY +RULE +VERSION +SUBJECTS +CHANGES +EXECUTIONS\n\/noiseControls\/ignorePatterns\/\d /,
    );
    expect(out).toMatch(
      /\n\nHELD NOTHING BACK +RULE .+\n(?:.+\n)*\/noiseControls\/ignorePatterns\/\d +.*never/,
    );
    expect(code).toBe(0);
    expect(json).toMatchObject({ name: 'Tenant', window: { days: 30 }, totals: { letThrough: 2 } });
  });

  test('says of a plan that is not in force that nothing of it is', async () => {
    await cli.run('plans', 'apply', '-f', cli.file('plan.yaml', plan));
    await cli.run('plans', 'archive', 'Tenant');

    const { out } = await cli.run('plans', 'analytics', 'Tenant');

    expect(out).toMatch(/^plan +Tenant, archived, nothing in force \([0-9a-f-]{36}\)\n/);
  });

  test('says what all plans did, and what is without one', async () => {
    await drift();
    await cli.run(
      'plans',
      'create',
      '--name',
      'Billing',
      '--scope-type',
      'service',
      '--scope',
      'b',
      '--activate',
    );

    const { out } = await cli.run('plans', 'analytics');
    const json = await cli.json('plans', 'analytics', '--days', '1');

    expect(out).toMatch(/^window +30 days, .+\nplans +1\nscopes without plan +1\n/);
    expect(out).toMatch(/\n\nPLAN +STATUS +EXECUTIONS +DRIFTED +LET THROUGH .+\nBilling +active +0 +0 /);
    expect(out).toMatch(/\n\(built-in default\) +1 +3 +3 +0 +3 +3 +0\n/);
    expect(out).toMatch(/\n\nSCOPE WITHOUT PLAN +SOURCE +LAST RUN +FINDINGS\n[0-9a-f-]{36} +source .+ +3\n/);
    expect(json).toMatchObject({ plans: [{ name: 'Billing' }], withoutPlan: { letThrough: 3 } });
  });
});

describe('incidents', () => {
  test('are opened once, listed and closed', async () => {
    const opened = await cli.run('incidents', 'open', 'INC-1', '--title', 'It burns', '--service', 'billing');
    const again = await cli.json<IncidentResponse>(
      'incidents',
      'open',
      'INC-1',
      '--title',
      'It burns',
      '--service',
      'billing',
    );
    await cli.run(
      'incidents',
      'open',
      'INC-2',
      '--title',
      'All of it',
      '--opened-at',
      '2026-01-01T00:00:00Z',
    );
    const closed = await cli.run('incidents', 'close', 'INC-1');
    const open = await cli.run('incidents', 'list', '--open');
    const ofService = await cli.json('incidents', 'list', '--service', 'billing');

    expect(opened.out).toMatch(
      /^incident +[0-9a-f-]{36}\nexternal id +INC-1\ntitle +It burns\nservice +billing\n/,
    );
    expect(opened.out).toContain(again.incidentId);
    expect(closed.out).toMatch(/\nclosed +20\S+Z\n/);
    expect(open.out).toMatch(
      /^INCIDENT +EXTERNAL ID +SERVICE +OPENED +CLOSED +TITLE\n\S+ +INC-2 +all +2026-01-01\S+ +open +All of it\n$/,
    );
    expect(ofService).toMatchObject([{ externalId: 'INC-1', closedAt: expect.any(String) }]);
    expect(await cli.fail('incidents', 'close', 'INC-3')).toContain('[incident_not_found]');
  });
});
