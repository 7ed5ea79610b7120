import { describe, expect, test } from 'vitest';
import type { AppliedPlanResponse, PlanResponse } from '../features/plans/plan-contract.ts';
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
    expect(created.out).toMatch(/\ncreated: "Baseline" \([0-9a-f-]{36}\), version 1, in force\n$/);
    expect(again.out).toMatch(/^unchanged: "Baseline" \([0-9a-f-]{36}\)\n$/);
    expect(changed.out).toMatch(/^--- version 1\n\+\+\+ the file\n/);
    expect(changed.out).toContain('\n-  - assignment\n');
    expect(changed.out).toMatch(/\nupdated: "Baseline" \(.+\), version 2, in force\n$/);
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

  test('writes nothing that would steer a terminal', async () => {
    const odd = baseline.replace('Baseline', '"\\u202eenil"');

    const { out } = await cli.run('plans', 'apply', '-f', cli.file('odd.yaml', odd));
    const shown = await cli.run('plans', 'show', '\u202eenil');
    const listed = await cli.run('plans', 'list');

    for (const text of [out, shown.out, listed.out]) {
      expect(text).toContain('\\u202eenil');
      expect(text).not.toContain('\u202e');
    }
  });

  test('is about the plan that is named, whatever the scope of the file', async () => {
    const { planId } = await apply(baseline);
    const moved = baseline.replace('workspace', 'service\nscopeRef: billing');

    const applied = await apply(moved, '--plan', 'Baseline');

    expect(applied).toMatchObject({ planId, scopeType: 'service', scopeRef: 'billing', version: 2 });
  });

  test('makes another plan of a file with another name, and says what is in force for the same scope', async () => {
    const { planId } = await apply(baseline);
    const renamed = baseline.replace('Baseline', 'Other').replace('status: active\n', '');

    const dry = await cli.run('plans', 'apply', '-f', cli.file('other.yaml', renamed), '--dry-run');
    const made = await cli.run('plans', 'apply', '-f', cli.file('other.yaml', renamed));
    const taken = await cli.fail(
      'plans',
      'apply',
      '-f',
      cli.file('third.yaml', baseline.replace('Baseline', 'Third')),
    );

    const hint = `"Baseline" is in force for the same scope. If the file is that plan under another name: --plan ${planId}\n`;
    expect(dry.out).toMatch(/\nwould be created: "Other"\n$/);
    expect(made.out).toMatch(/\ncreated: "Other" \([0-9a-f-]{36}\), version 1\n$/);
    for (const { said } of [dry, made]) expect(said).toContain(hint);
    expect(taken).toContain('[scope_taken]');
    expect(taken).toContain('change that one, or archive it first');
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

  test('tells what is wrong here and what only the server knows at once', async () => {
    await apply(baseline);
    const wrong = baseline.replace('Baseline', 'Other').replace('assignment', 'asignment');

    const said = await cli.fail(
      'plans',
      'apply',
      '-f',
      cli.file('both.yaml', wrong),
      '--template',
      'nothing',
    );

    expect(said).toMatch(/^error: .+both\.yaml is not a valid plan \[invalid_plan\]\n/);
    expect(said).toContain('/templateId: there is no template "nothing"');
    expect(said).toMatch(/line 4, \/scopeType: the plan ".+" \([0-9a-f-]{36}\) is in force for it/);
    expect(said).toMatch(/line 5, \/driftTypes\/1: .+did you mean "assignment"\?/);
  });

  test('tells what only the server finds wrong with the lines of the file', async () => {
    await apply(baseline);
    const taken = baseline.replace('Baseline', 'Other').replace('status: active', 'status: archived');

    const said = await cli.fail('plans', 'create', '-f', cli.file('archived.yaml', taken));

    expect(said).toMatch(/\[invalid_plan\]\n {2}line 3, \/status: a new plan is a draft or active\n/);
  });

  test.each([
    ['is no YAML', 'name: [\n', /line \d/],
    [
      'has a key twice, and what is wrong besides',
      'name: a\nscopeType: workspace\nname: b\ndriftTypes: [presense]\n',
      /line 3, \/name: the key "name" is there twice\n.*line 4, \/driftTypes\/0: .*did you mean "presence"/,
    ],
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
