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

describe('plans apply', () => {
  test('creates a plan, then finds it unchanged, and says what it changes', async () => {
    const file = cli.file('plan.yaml', baseline);

    const created = await cli.run('plans', 'apply', '-f', file);
    const again = await cli.run('plans', 'apply', '-f', file);
    const changed = await cli.run(
      'plans',
      'apply',
      '-f',
      cli.file('plan.yaml', baseline.replace(', assignment', '')),
      '--note',
      'fewer',
    );

    expect(created.out).toMatch(/^--- \/dev\/null\n\+\+\+ Baseline\n@@/);
    expect(created.out).toMatch(/\ncreated: "Baseline" \([0-9a-f-]{36}\), version 1\n$/);
    expect(again.out).toMatch(/^unchanged: "Baseline" \([0-9a-f-]{36}\)\n$/);
    expect(changed.out).toMatch(/^--- version 1\n\+\+\+ the file\n/);
    expect(changed.out).toContain('\n-  - assignment\n');
    expect(changed.out).toMatch(/\nupdated: "Baseline" \(.+\), version 2\n$/);
    expect([created.code, again.code, changed.code]).toEqual([0, 0, 0]);
    expect(await cli.json('plans', 'versions', 'Baseline')).toMatchObject([
      { version: 2, changeNote: 'fewer', state: 'published' },
      { version: 1, changeNote: '', state: 'superseded' },
    ]);
  });

  test('in a dry run only says what it would do, and ends with 1 where that is something', async () => {
    const file = cli.file('plan.yaml', baseline);

    const create = await cli.run('plans', 'apply', '-f', file, '--dry-run');
    const none = await cli.json('plans', 'list');
    await cli.run('plans', 'apply', '-f', file);
    const nothing = await cli.run('plans', 'apply', '-f', file, '--dry-run');
    const other = cli.file('other.yaml', baseline.replace('assignment', 'presence'));
    const update = await cli.run('plans', 'apply', '-f', other, '--dry-run');

    expect(create.out).toMatch(/\nwould be created: "Baseline"\n$/);
    expect(none).toEqual([]);
    expect(nothing.out).toMatch(/^unchanged: /);
    expect(update.out).toMatch(/\nwould be updated: "Baseline" \(/);
    expect([create.code, nothing.code, update.code]).toEqual([1, 0, 1]);
    expect(await cli.json('plans', 'show', 'Baseline')).toMatchObject({
      version: 1,
      driftTypes: ['assignment', 'configuration'],
    });
  });

  test('finds what plans show --yaml printed unchanged', async () => {
    const rich = `${baseline}noiseControls:
  ignoreChanges:
    - { path: /description, when: 'op == "replace"', reason: "Größe: \\u202e nobody's" }
impactRules: { multipliers: [{ name: all, factor: 1.5, when: 'true' }] }
thresholds: { digestOnly: 0.1 }
`;
    await apply(rich);
    const { out: yaml } = await cli.run('plans', 'show', 'Baseline', '--yaml');

    const again = await cli.run('plans', 'apply', '-f', cli.file('shown.yaml', yaml));

    expect(again.out).toMatch(/^unchanged: /);
    expect((await cli.run('plans', 'show', 'Baseline', '--yaml')).out).toBe(yaml);
  });

  test('is about the plan that is named, whatever the scope of the file', async () => {
    const { planId } = await apply(baseline);
    const moved = baseline.replace('workspace', 'service\nscopeRef: billing');

    const applied = await apply(moved, '--plan', 'Baseline');

    expect(applied).toMatchObject({ planId, scopeType: 'service', scopeRef: 'billing', version: 2 });
  });

  test('shows the difference in colours on a terminal', async () => {
    cli.isColoured = true;

    const { out } = await cli.run('plans', 'apply', '-f', cli.file('plan.yaml', baseline), '--dry-run');

    expect(out).toContain('\u001b[32m+name: Baseline\u001b[0m\n');
  });

  test('refuses a file with everything that is wrong, each with its line, before it asks the server', async () => {
    cli.as('dp_00000000000000000000000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
    const said = await cli.fail(
      'plans',
      'apply',
      '-f',
      cli.file(
        'wrong.yaml',
        `name: Wrong
scopeType: workspace
scopeRef: billing
allowedOutputs: [slack, emial]
thresholds:
  ignore: 0.9
  notfy: 1
eligibility:
  when: severity = "sev1"
`,
      ),
    );

    expect(said).toMatch(/^error: .+wrong\.yaml is not a valid plan \[invalid_plan\]\n/);
    expect(said).toMatch(/line 3, \/scopeRef: a workspace plan has no scopeRef/);
    expect(said).toMatch(/line 4, \/allowedOutputs\/1: "emial" is not one of .+; did you mean "email"\?/);
    expect(said).toMatch(/line 6, \/thresholds\/digestOnly: /);
    expect(said).toMatch(/line 7, \/thresholds\/notfy: there is no such field/);
    expect(said).toMatch(/line 9, \/eligibility\/when: /);
    const lines = [...said.matchAll(/^ {2}line (\d+)/gm)].map(([, line]) => Number(line));
    expect(lines).toEqual([3, 4, 6, 7, 9]);
  });

  test('tells what only the server finds wrong with the lines of the file', async () => {
    await apply(baseline);
    const taken = baseline.replace('Baseline', 'Other').replace('status: active', 'status: archived');

    const said = await cli.fail('plans', 'create', '-f', cli.file('archived.yaml', taken));

    expect(said).toMatch(/\[invalid_plan\]\n {2}line 3, \/status: a new plan is a draft or active\n/);
  });

  test.each([
    ['is no YAML', 'name: [\n', /line \d/],
    ['has a key twice', 'name: a\nscopeType: workspace\nname: b\n', /line 3: Map keys must be unique/],
    ['is a list', '- name: a\n', /line 1: /],
    ['is empty', '', /\/name: /],
    [
      'is a bomb of aliases',
      `${Array.from({ length: 12 }, (_, level) =>
        level === 0 ? 'a0: &a0 [x, x, x]' : `a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}]`,
      ).join('\n')}\n`,
      /more than 100 aliases/,
    ],
  ])('refuses a file that %s', async (_, text, pattern) => {
    const said = await cli.fail('plans', 'apply', '-f', cli.file('bad.yaml', text));

    expect(said).toMatch(pattern);
    expect(said).toContain('[invalid_plan]');
    expect(said).toContain('bad.yaml');
  });

  test('refuses a file that is not there', async () => {
    expect(await cli.fail('plans', 'apply', '-f', '/nowhere.yaml')).toContain('[unreadable_config]');
  });
});

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

    const applied = await apply(out);
    const missing = await cli.fail('plans', 'apply', '-f', cli.file('other.yaml', other.out));

    expect(out).toMatch(/^# Change freeze \(template change_freeze\)\n#\n# For the weeks /);
    expect(out.split('\n').every((line) => !line.startsWith('#') || line.length <= 100)).toBe(true);
    expect(applied).toMatchObject({ name: 'Change freeze', scopeType: 'workspace', status: 'draft' });
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
});
