import { beforeEach, describe, expect, test } from 'vitest';
import { generate } from '../features/drift/test-drift.ts';
import { TestHistory } from '../features/drift/test-history.ts';
import type { Execution } from '../features/executions/execution.ts';
import type { FindingSummaryResponse } from '../features/findings/finding-contract.ts';
import { useCommandLine } from './test-command-line.ts';

const cli = useCommandLine();

const plan = `name: Tenant
status: active
scopeType: workspace
primaryDocId: runbooks/tenant.md
primaryDocSystem: git
allowedOutputs: [slack, github_pull_request]
thresholds: { minDriftScore: 0.3 }
eligibility: { requiresApproval: true, minSeverity: sev3 }
impactRules:
  multipliers:
    - { name: quiet, factor: 0.1, when: 'label == "calm"' }
noiseControls:
  ignorePatterns: [noisy*]
budgets: { maxNotificationsPerHour: 1 }
sectionTargets: { configuration: [Settings] }
writeback: { enabled: true, autoMerge: true, reviewers: [anna] }
`;

let history: TestHistory;
let execution: Execution;

beforeEach(async () => {
  await cli.run('plans', 'apply', '-f', cli.file('plan.yaml', plan));
  const { server, workspace } = cli;
  history = await TestHistory.open(server.database, workspace.workspaceId);
  await history.run({ loud: { secure: 1 }, second: { a: 1 }, calm: { a: 1 }, noisy1: { a: 1 } });
  await history.run({ loud: { secure: 2 }, second: { a: 2 }, calm: { a: 2 }, noisy1: { a: 2 } });
  execution = await generate(history, 2);
});

describe('executions show', () => {
  test('says which plan decided, how it was found, what it held back and where findings went', async () => {
    const { out, said } = await cli.run('executions', 'show', execution.executionId);

    expect(out).toMatch(/\nplan +Tenant, version 1 \([0-9a-f-]{36}\)\n/);
    expect(out).toMatch(/\nplan version hash +[0-9a-f]{64}\n/);
    expect(out).toMatch(/\nplan found in +step 4, workspace\n/);
    expect(out).toMatch(/\nheld back +2 subjects, 2 single changes\n/);
    expect(out).toMatch(/\nrouted +1 digest, 1 notify\n/);
    expect(out).toMatch(/\nrouted lower by +1 budgets\.maxNotificationsPerHour\n/);
    expect(out).toMatch(
      /\ndepending on +no incident was open, 0 told in the day before, 0 in the week, 0 at/,
    );
    expect(out).toMatch(
      /\n\nSTEP +PLAN +VERSION +CHOSEN +WHY +ID\n4 +Tenant +1 +yes +it is for the workspace/,
    );
    expect(out).toMatch(/\n\nHELD BACK BY +SUBJECTS +CHANGES\n\/noiseControls\/ignorePatterns\/0 +1 +1\n/);
    expect(out).toMatch(/\n\/eligibility\/minSeverity +1 +1\n/);
    expect(said).toBe(`What was held back: driftplane executions held ${execution.executionId}\n`);
  });

  test('is listed by its plan', async () => {
    const listed = await cli.json('executions', 'list', '--plan', 'Tenant');
    await cli.run('plans', 'create', '--name', 'Other', '--scope-type', 'service', '--scope', 'x');
    const none = await cli.json('executions', 'list', '--plan', 'Other');

    expect(listed).toMatchObject([{ executionId: execution.executionId }]);
    expect(none).toEqual([]);
  });
});

describe('executions held', () => {
  test('lists what was held back, with every reason', async () => {
    const { out, said } = await cli.run('executions', 'held', execution.executionId);
    const ofCode = await cli.json<{ label: string }[]>(
      'executions',
      'held',
      execution.executionId,
      '--code',
      'noiseControls.ignorePatterns',
    );

    expect(out).toMatch(/^SEVERITY +DRIFT +CHANGE +ITEM TYPE +LABEL +REASONS\n/);
    expect(out).toMatch(
      /\nsev4 +configuration +changed +test\.policy +calm +eligibility\.minSeverity: sev4 is less severe than sev3\n +thresholds\.minDriftScore: the score 0\.05 is below 0\.3\n/,
    );
    expect(out).toMatch(/ +noisy1 +noiseControls\.ignorePatterns: ignorePatterns has "noisy\*"\n/);
    expect(said).toBe('');
    expect(ofCode).toMatchObject([
      { label: 'noisy1', reasons: [{ rule: '/noiseControls/ignorePatterns/0' }] },
    ]);
  });

  test('says that there are more than its limit', async () => {
    const { out, said } = await cli.run('executions', 'held', execution.executionId, '--limit', '1');
    const none = await cli.run('executions', 'held', execution.executionId, '--code', 'inputSources');

    expect(out).toContain('calm');
    expect(out).not.toContain('noisy1');
    expect(said).toBe('There are more than 1; see --limit.\n');
    expect(none).toMatchObject({ out: '', said: 'Nothing was held back.\n', code: 0 });
  });

  test('fails where there is no such execution', async () => {
    expect(await cli.fail('executions', 'held', 'none')).toContain('[execution_not_found]');
  });
});

describe('findings show', () => {
  async function show(label: string): Promise<string> {
    const rows = await cli.json<FindingSummaryResponse[]>('findings', 'list', '--text', label);
    return (await cli.run('findings', 'show', rows[0]?.findingId ?? '')).out;
  }

  test('says which plan let it through, where it goes and what is to be done', async () => {
    const out = await show('loud');

    expect(out).toMatch(/^plan +Tenant, version 1 \([0-9a-f-]{36}\)$/m);
    expect(out).toMatch(/^plan hash +[0-9a-f]{64}$/m);
    expect(out).toMatch(/^score +0\.9 \(impact 0\.9, confidence 1\)$/m);
    expect(out).toMatch(/^route +notify: told at once \(by its score\)$/m);
    expect(out).toMatch(/^outputs +github_pull_request, slack$/m);
    expect(out).toMatch(/^approval +tickets and changes of documents wait until it is acknowledged$/m);
    expect(out).toMatch(/^document +runbooks\/tenant\.md \(git\), sections Settings$/m);
    expect(out).toMatch(/^documents +primary_first, at most 3$/m);
    expect(out).toMatch(/^write-back +needs approval, merged by itself, reviewed by anna$/m);
  });

  test('says why it is routed lower than its score', async () => {
    expect(await show('second')).toMatch(
      /^route +digest: told in the digest \(its score leads to notify, lowered by budgets\.maxNotificationsPerHour\)$/m,
    );
  });
});
