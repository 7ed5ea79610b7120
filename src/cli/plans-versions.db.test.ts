import { describe, expect, test } from 'vitest';
import type { PlanResponse, PlanVersionResponse } from '../features/plans/plan-contract.ts';
import { useCommandLine } from './test-command-line.ts';

const cli = useCommandLine();

const plan = (driftTypes: string, more = ''): string =>
  `name: Baseline\ndescription: kept\nscopeType: workspace\ndriftTypes: [${driftTypes}]\n${more}`;

async function apply(text: string, ...more: string[]): Promise<void> {
  await cli.run('plans', 'apply', '-f', cli.file('plan.yaml', text), ...more);
}

/** A token of somebody else. */
async function tokenOf(name: string, role = 'admin'): Promise<string> {
  const { workspaceId, adminToken } = cli.workspace;
  const answer = await cli.server.call(adminToken, {
    method: 'POST',
    url: `/api/tokens/${workspaceId}`,
    payload: { name, role, expiresAt: null },
  });
  return answer.json().token;
}

describe('the versions of a plan', () => {
  test('are listed, and shown so that they can be applied again', async () => {
    await apply(plan('configuration'), '--note', 'the first');
    await apply(plan('presence'), '--note', 'the second');

    const listed = await cli.run('plans', 'versions', 'Baseline');
    const shown = await cli.run('plans', 'version', 'Baseline', '1');
    const yaml = await cli.run('plans', 'version', 'Baseline', '1', '--yaml');
    const json = await cli.json<PlanVersionResponse>('plans', 'version', 'Baseline', '1');
    await apply(yaml.out);
    const after = await cli.json<PlanResponse>('plans', 'show', 'Baseline');

    expect(listed.out).toMatch(
      /^VERSION +STATE +HASH +CREATED +BY +NOTE +PUBLISHED\n2 +draft +\w{12} +\S+Z +\S.* +the second\n1 +superseded /,
    );
    expect(shown.out).toMatch(/\nstate +superseded\n/);
    expect(shown.out).toMatch(/\nnote +the first\n/);
    expect(shown.out.split('\n\n')[1]).toBe(yaml.out);
    expect(after).toMatchObject({ description: 'kept', versionHash: json.versionHash });
    expect(after.latest.version).toBe(3);
  });

  test('are compared property by property and as text', async () => {
    await apply(plan('configuration'));
    await apply(plan('configuration, presence', 'thresholds: { notify: 0.6 }\n'));

    const compared = await cli.run('plans', 'compare', 'Baseline', '1', '2');
    const same = await cli.run('plans', 'compare', 'Baseline', '2', '2');
    const json = await cli.json('plans', 'compare', 'Baseline', '1', '2');

    expect(compared.out).toMatch(/^PATH +CHANGE +BEFORE +AFTER\n/);
    expect(compared.out).toMatch(/\n\/driftTypes\/\S+ +add +"presence"\n/);
    expect(compared.out).toMatch(/\n\/thresholds\/notify +replace +0\.4 +0\.6\n/);
    expect(compared.out).toContain('\n\n--- version 1\n+++ version 2\n@@');
    expect(compared.out).toContain('\n-  notify: 0.4\n+  notify: 0.6\n');
    expect(compared.code).toBe(1);
    expect(same).toMatchObject({ out: '', said: 'The two behave the same.\n', code: 0 });
    expect(json).toMatchObject({ isSame: false, from: { version: 1 }, to: { version: 2 } });
  });

  test('are published, and rolled back as new ones', async () => {
    await apply(plan('configuration'));
    const published = await cli.run('plans', 'publish', 'Baseline');
    await apply(plan('presence'));
    const back = await cli.run('plans', 'rollback', 'Baseline', '1', '--note', 'it was too quiet');
    const twice = await cli.fail('plans', 'rollback', 'Baseline', '1');

    expect(published.out).toMatch(/\nin force +version 1 /);
    expect(back.out).toMatch(/\nin force +version 3 /);
    expect(twice).toContain('[invalid_transition]');
    expect(await cli.json('plans', 'versions', 'Baseline')).toMatchObject([
      { version: 3, state: 'published', changeNote: 'it was too quiet', parentVersion: 2 },
      { version: 2, state: 'superseded' },
      { version: 1, state: 'superseded' },
    ]);
  });

  test.each([
    [['plans', 'version', 'Baseline', '7'], 'plan_version_not_found'],
    [['plans', 'version', 'Baseline', 'x'], 'invalid_arguments'],
    [['plans', 'publish', 'Baseline', '--version', '2'], 'plan_version_not_found'],
    [['plans', 'rollback', 'Baseline', '0'], 'invalid_arguments'],
    [['plans', 'approve', 'Baseline', '1'], 'invalid_transition'],
    [['plans', 'approve', 'Baseline', '2'], 'plan_version_not_found'],
    [['plans', 'settings', '--required-approvals', 'some'], 'invalid_arguments'],
  ])('%j fails with %s', async (args, code) => {
    await apply(plan('configuration'));

    expect(await cli.fail(...args)).toContain(`[${code}]`);
  });
});

describe('reviews', () => {
  test.each(['approve', 'reject'])('%s is said of a version that is named', async (verb) => {
    await apply(plan('configuration'));

    await expect(cli.run('plans', verb, 'Baseline')).rejects.toMatchObject({
      code: 'commander.missingArgument',
    });
  });

  test('bring a version into force where the workspace wants approvals', async () => {
    const settings = await cli.run('plans', 'settings', '--required-approvals', '1');
    const author = await tokenOf('Anna');
    cli.as(author);
    await apply(plan('configuration'));
    const early = await cli.fail('plans', 'publish', 'Baseline');
    const submitted = await cli.run('plans', 'submit', 'Baseline', '--comment', 'please');
    cli.as(await tokenOf('Berta', 'operator'));
    const rejected = await cli.run('plans', 'reject', 'Baseline', '1', '-c', 'too loud');
    cli.as(author);
    await cli.run('plans', 'submit', 'Baseline', '1');
    const withdrawn = await cli.json('plans', 'withdraw', 'Baseline');
    await cli.run('plans', 'submit', 'Baseline');
    cli.as(await tokenOf('Carla', 'operator'));
    const approved = await cli.run('plans', 'approve', 'Baseline', '1');
    cli.as(author);
    const { versionHash } = await cli.json<PlanVersionResponse>('plans', 'version', 'Baseline', '1');
    const published = await cli.run('plans', 'publish', 'Baseline', '--version', '1');
    await apply(plan('presence'));
    const pending = await cli.run('plans', 'show', 'Baseline');
    const yaml = await cli.run('plans', 'show', 'Baseline', '--yaml');
    const { out: reviews } = await cli.run('plans', 'reviews', 'Baseline', '--version', '1');

    expect(settings.out).toMatch(/^workspace +Contoso \([0-9a-f-]{36}\)\nrequired approvals +1\n$/);
    expect(await cli.json('plans', 'settings')).toMatchObject({ requiredPlanApprovals: 1 });
    expect(early).toContain('needs 1 approval and has 0 [approval_required]');
    expect(submitted.out).toMatch(
      /^version 1 of "Baseline" \([0-9a-f]{64}\) is in_review, with 0 of 1 required approval\.\n$/,
    );
    expect(rejected.out).toMatch(/ is rejected, /);
    expect(withdrawn).toMatchObject({ version: { state: 'draft' }, givenApprovals: 0 });
    expect(approved.out).toBe(
      `version 1 of "Baseline" (${versionHash}) is approved, with 1 of 1 required approval.\n`,
    );
    expect(published.out).toMatch(/\nin force +version 1 /);
    expect(pending.out).toMatch(/\nin force +version 1 .*\nlatest version +2, draft /);
    expect(yaml.out).toContain('driftTypes:\n  - configuration\n');
    expect(yaml.said).toBe(pending.said);
    expect(pending.said).toMatch(/^Version 2 is not in force, it is draft\. Next: /);
    expect(reviews).toMatch(/^VERSION +WHAT +STATE +AT +BY +COMMENT\n1 +publish +published /);
    expect(reviews).toMatch(/\n1 +reject +rejected +\S+Z +.*Berta.* too loud\n/);
    expect(reviews).toMatch(/\n1 +submit +in_review +.+ please\n1 +create +draft /);
    expect((await cli.json<object[]>('plans', 'reviews', 'Baseline')).length).toBeGreaterThan(7);
  });
});
