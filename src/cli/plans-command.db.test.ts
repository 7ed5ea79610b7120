import { describe, expect, test } from 'vitest';
import type {
  AppliedPlanResponse,
  PlanResponse,
  ResolutionResponse,
} from '../features/plans/plan-contract.ts';
import { useCommandLine } from './test-command-line.ts';

const cli = useCommandLine();

const baseline = `name: Baseline
description: The tenant as it should be
status: active
scopeType: workspace
driftTypes: [configuration, assignment]
`;

/** Applies a plan file and gives the plan. */
async function apply(text: string, ...more: string[]): Promise<PlanResponse> {
  const { plan } = await cli.json<AppliedPlanResponse>(
    'plans',
    'apply',
    '-f',
    cli.file('plan.yaml', text),
    ...more,
  );
  return plan as PlanResponse;
}

describe('plans list and show', () => {
  test('list plans by status, scope and template', async () => {
    await apply(baseline);
    await cli.run(
      'plans',
      'create',
      ...['--template', 'microservice', '--name', 'Billing', '--scope-type', 'repo'],
      ...['--scope', 'Contoso/Billing', '--doc-class', 'runbook'],
    );

    const all = await cli.run('plans', 'list');
    const drafts = await cli.json<PlanResponse[]>('plans', 'list', '--status', 'draft');
    const scoped = await cli.json('plans', 'list', '--scope-type', 'repo', '--scope', 'CONTOSO/billing');
    const made = await cli.json('plans', 'list', '--template', 'microservice');
    const none = await cli.run('plans', 'list', '--scope-type', 'service');

    expect(all.out).toMatch(/^PLAN +NAME +STATUS +SCOPE +VERSION +LATEST/);
    expect(all.out).toMatch(/\n[0-9a-f-]{36} +Baseline +active +workspace +1 +1 published/);
    expect(all.out).toContain('repo contoso/billing, document class runbook');
    expect(drafts).toMatchObject([{ name: 'Billing', templateId: 'microservice' }]);
    expect(scoped).toEqual(drafts);
    expect(made).toEqual(drafts);
    expect(none).toMatchObject({ out: '', said: 'There is no such plan.\n', code: 0 });
  });

  test('show a plan for people, as YAML and as JSON', async () => {
    const { planId, versionHash } = await apply(baseline);

    const { out, said } = await cli.run('plans', 'show', 'Baseline');
    const byId = await cli.run('plans', 'show', planId, '--yaml');

    expect(out).toMatch(/^plan +[0-9a-f-]{36}\nname +Baseline\ndescription +The tenant as it should be\n/);
    expect(out).toContain(`\nin force        version 1 (${versionHash})\n`);
    expect(out).toContain(`\nlatest version  1, published (${versionHash})\n`);
    expect(out.split('\n\n')[1]).toBe(byId.out);
    expect(said).toBe('');
    expect(byId.out).toMatch(
      /^name: Baseline\ndescription: The tenant as it should be\nstatus: active\nscopeType: workspace\n/,
    );
  });

  test('say which plans a name could mean', async () => {
    const draft = 'name: Twin\nscopeType: service\n';
    await cli.run('plans', 'create', '-f', cli.file('one.yaml', `${draft}scopeRef: one\n`));
    await cli.run('plans', 'create', '-f', cli.file('two.yaml', `${draft}scopeRef: two\n`));

    const ambiguous = await cli.fail('plans', 'show', 'Twin');
    const unknown = await cli.fail('plans', 'show', 'Twn');

    expect(ambiguous).toMatch(/\[plan_ambiguous\]/);
    expect(ambiguous).toMatch(/ {2}[0-9a-f-]{36} \(draft, service one\)\n/);
    expect(unknown).toMatch(/there is no plan "Twn"; did you mean "Twin"\? \[plan_not_found\]/);
  });
});

describe('plans create', () => {
  test('makes a draft, or puts it in force at once', async () => {
    const draft = await cli.run('plans', 'create', '--name', 'All', '--scope-type', 'workspace');
    const active = await cli.run(
      'plans',
      'create',
      ...['--name', 'Billing', '--scope-type', 'service', '--scope', 'billing', '--activate'],
      ...['--parent', 'All', '--description', 'of one', '--note', 'as a start'],
    );

    expect(draft.out).toMatch(/in force +nothing: it is a draft\n/);
    expect(draft.said).toMatch(/^Version 1 is not in force, it is draft\. Next: driftplane plans publish /);
    expect(active.out).toMatch(/in force +version 1 /);
    expect(active.out).toMatch(/made of +plan [0-9a-f-]{36}\n/);
    expect(active.said).toBe('');
    expect(await cli.json('plans', 'versions', 'Billing')).toMatchObject([{ changeNote: 'as a start' }]);
  });

  test('completes a file by a template', async () => {
    const file = cli.file('part.yaml', 'name: Mine\nscopeRef: billing\nthresholds: { digestOnly: 0.05 }\n');

    const plan = await cli.json<PlanResponse>('plans', 'create', '-f', file, '--template', 'microservice');

    const [template] = await cli.json<[{ plan: { thresholds: object } }]>('plans', 'templates', 'list');
    expect(plan).toMatchObject({ name: 'Mine', templateId: 'microservice', scopeRef: 'billing' });
    expect(plan.thresholds).toMatchObject({ ...template.plan.thresholds, digestOnly: 0.05 });
  });

  test.each([
    [['plans', 'create'], 'invalid_arguments'],
    [['plans', 'create', '--template', 'microservise'], 'invalid_plan'],
    [['plans', 'create', '--name', 'x'], 'invalid_plan'],
    [['plans', 'show', '6f9619ff-8b86-4011-b42d-00c04fc964ff'], 'plan_not_found'],
    [['plans', 'templates', 'show', 'none'], 'plan_template_not_found'],
    [['plans', 'resolve', '--source', 'x', '--repo', 'a/b'], 'invalid_arguments'],
    [['plans', 'resolve', '--all-sources', '-f', 'x.yaml'], 'invalid_arguments'],
    [['plans', 'resolve', '-f', '/no/such/file'], 'unreadable_config'],
  ])('%j fails with %s', async (args, code) => {
    expect(await cli.fail(...args)).toContain(`[${code}]`);
  });

  test('names the nearest template', async () => {
    const said = await cli.fail('plans', 'create', '--name', 'x', '--template', 'microservise');

    expect(said).toMatch(/\/templateId: there is no template "microservise".+did you mean "microservice"\?/);
  });
});

describe('plans archive and restore', () => {
  test('take a plan out of force and back', async () => {
    const { planId } = await apply(baseline);

    const archived = await cli.run('plans', 'archive', 'Baseline');
    const listed = await cli.json('plans', 'list');
    const ofArchived = await cli.json('plans', 'list', '--status', 'archived');
    const successor = await apply(baseline.replace('configuration', 'presence'));
    const taken = await cli.fail('plans', 'restore', planId);
    await cli.run('plans', 'archive', successor.planId);
    const twice = await cli.fail('plans', 'restore', 'Baseline');
    const restored = await cli.run('plans', 'restore', planId);

    expect(archived.out).toMatch(/in force +nothing: it is archived\n/);
    expect(listed).toEqual([]);
    expect(ofArchived).toMatchObject([{ name: 'Baseline' }]);
    expect(taken).toContain('[scope_taken]');
    expect(twice).toContain('[plan_ambiguous]');
    expect(restored.out).toMatch(/in force +version 1 /);
  });
});

test('plans restore --draft brings a plan back whose scope another one has', async () => {
  const { planId } = await apply(baseline);
  await cli.run('plans', 'archive', planId);
  await apply(baseline.replace('Baseline', 'Successor').replace('configuration', 'presence'));

  const refused = await cli.fail('plans', 'restore', planId);
  const restored = await cli.run('plans', 'restore', planId, '--draft');

  expect(refused).toContain('[scope_taken]');
  expect(restored.out).toMatch(/status +draft\nin force +nothing: it is a draft\nlatest version +2, draft/);
  expect(restored.said).toMatch(/^Version 2 is not in force, it is draft\. Next: driftplane plans publish/);
});

describe('plans templates', () => {
  test('are listed by category', async () => {
    const { out } = await cli.run('plans', 'templates', 'list');
    const data = await cli.json<{ category: string }[]>('plans', 'templates', 'list', '--category', 'data');

    expect(out).toMatch(/^TEMPLATE +CATEGORY +TITLE +DESCRIPTION\nmicroservice +service +/);
    expect(data.map(({ category }) => category)).toEqual(['data']);
  });

  test('are printed as plan files to be edited', async () => {
    const { out } = await cli.run('plans', 'templates', 'show', 'change_freeze');
    const other = await cli.run('plans', 'templates', 'show', 'microservice');

    const applied = await apply(out, '--template', 'change_freeze');
    const missing = await cli.fail('plans', 'apply', '-f', cli.file('other.yaml', other.out));

    expect(out).toMatch(/^# Change freeze \(template change_freeze\)\n#\n# For the weeks /);
    expect(out.split('\n').every((line) => !line.startsWith('#') || line.length <= 100)).toBe(true);
    expect(out).toContain('# Edit it, then: driftplane plans apply -f FILE --template change_freeze\n');
    expect(applied).toMatchObject({ name: 'Change freeze', scopeType: 'workspace', status: 'draft' });
    expect(applied.templateId).toBe('change_freeze');
    expect(other.out).toContain('\n# driftplane plans apply -f FILE --template microservice\n');
    const line = other.out.split('\n').indexOf('scopeRef: null') + 1;
    expect(missing).toContain(`line ${line}, /scopeRef: a service plan needs the id of its service`);
    expect(await cli.json('plans', 'templates', 'show', 'microservice')).toMatchObject({
      id: 'microservice',
      category: 'service',
    });
  });
});

describe('plans resolve', () => {
  test('says which plan counts for a binding or a source, and why', async () => {
    const { planId } = await apply(baseline);
    const billing = 'name: Billing\nstatus: active\nscopeType: repo\nscopeRef: contoso/billing\n';
    await apply(billing);
    await apply(`${billing.replace('Billing', 'Runbooks')}docClass: runbook\n`);
    await cli.run('sources', 'create', 'Tenant', '--push', '--repo', 'Contoso/Billing');

    const exact = await cli.run('plans', 'resolve', '--repo', 'contoso/Billing', '--doc-class', 'runbook');
    const source = await cli.json<ResolutionResponse>('plans', 'resolve', '--source', 'Tenant');
    const fallback = await cli.run('plans', 'resolve', '--service', 'unknown');
    await cli.run('plans', 'archive', planId);
    const none = await cli.run('plans', 'resolve');

    expect(exact.out).toMatch(/^plan +Runbooks\n/);
    expect(exact.out).toMatch(/\nfound in +step 1, exact\n\nSTEP +PLAN +VERSION +CHOSEN +WHY +ID\n/);
    expect(exact.out).toMatch(/\n1 +Runbooks +1 +yes +it is for the repository and the document class, and/);
    expect(exact.out).toMatch(/\n4 +Baseline +1 +no +it is for the workspace, but step 1 is more specific/);
    expect(source).toMatchObject({ plan: { name: 'Billing' }, step: 2, resolutionMethod: 'repo' });
    expect(fallback.out).toMatch(/\nfound in +step 4, workspace\n/);
    expect(none.out).toMatch(/^plan +none: the built-in default counts\n/);
    expect(none.said).toBe('No plan in force matches any step.\n');
    expect([exact.code, fallback.code, none.code]).toEqual([0, 0, 0]);
  });

  test('says it of every source at once', async () => {
    await apply(baseline);
    await apply('name: Billing\nstatus: active\nscopeType: service\nscopeRef: billing\n');
    await cli.run('sources', 'create', 'Tenant', '--push');
    await cli.run('sources', 'create', 'Ledger', '--push', '--service', 'billing');
    await cli.run('sources', 'archive', 'Tenant');
    await cli.run('sources', 'create', 'Tenant two', '--push');

    const shown = await cli.run('plans', 'resolve', '--all-sources');
    const listed = await cli.json<object[]>('plans', 'resolve', '--all-sources');

    expect(shown.out).toMatch(/^SOURCE +PLAN +VERSION +STEP +PLAN ID\n/);
    expect(shown.out).toMatch(/\nLedger +Billing +1 +3 service +[0-9a-f-]{36}\n/);
    expect(shown.out).toMatch(/\nTenant two +Baseline +1 +4 workspace /);
    expect(listed).toHaveLength(2);
    expect(listed).toContainEqual({
      source: { sourceId: expect.any(String), name: 'Ledger' },
      subject: { serviceId: 'billing', repoFullName: null, docClass: null },
      resolution: await cli.json('plans', 'resolve', '--source', 'Ledger'),
    });
  });

  test('says it of every subject in a file, in its order, however many', async () => {
    await apply('name: Billing\nstatus: active\nscopeType: service\nscopeRef: billing\n');
    const many = [
      ...Array(1000).fill('- serviceId: other'),
      '- serviceId: billing\n  docClass: runbook',
      '- {}',
    ];
    const file = cli.file('subjects.yaml', many.join('\n'));

    const shown = await cli.run('plans', 'resolve', '-f', file);
    const listed = await cli.json<{ resolution: ResolutionResponse }[]>('plans', 'resolve', '-f', file);
    const none = await cli.run('plans', 'resolve', '-f', cli.file('empty.yaml', '[]'));

    expect(shown.out).toMatch(/^SERVICE +REPOSITORY +DOCUMENT CLASS +PLAN +VERSION +STEP +PLAN ID\n/);
    expect(shown.out).toMatch(/\nbilling +– +runbook +Billing +1 +3 service +[0-9a-f-]{36}\n/);
    expect(shown.out).toMatch(/\n– +– +– +built-in default +– +5 none +–\n$/);
    expect(listed.map(({ resolution }) => resolution.step)).toEqual([...Array(1000).fill(5), 3, 5]);
    expect(none).toMatchObject({ out: '', code: 0 });
  });

  test('tells what is wrong with a file of subjects with its lines', async () => {
    const many = [...Array(1000).fill('- {}'), '- serviceId: 7\n  repo: a/b', '- text'];

    const said = await cli.fail('plans', 'resolve', '-f', cli.file('wrong.yaml', many.join('\n')));
    const noList = await cli.fail('plans', 'resolve', '-f', cli.file('wrong.yaml', 'serviceId: billing'));
    const noYaml = await cli.fail('plans', 'resolve', '-f', cli.file('wrong.yaml', '- {a: 1, a: 2}'));

    expect(said).toContain(
      'wrong.yaml is not valid [invalid_request]\n' +
        '  line 1001, /1000/serviceId: it is not a text\n' +
        '  line 1002, /1000/repo: there is no such field\n' +
        '  line 1003, /1001: it is not an object\n',
    );
    expect(noList).toContain('is not a list of subjects');
    expect(noYaml).toContain('the key "a" is there twice');
  });
});
