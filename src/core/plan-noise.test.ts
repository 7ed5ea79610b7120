import { describe, expect, it } from 'vitest';
import type { ItemChange } from './candidate.ts';
import type { Generated } from './generate.ts';
import { type Observation, offlineObservation } from './observation.ts';
import { type HoldCode, nothingHeldBack } from './plan-hold.ts';
import type { PlanDocumentInput } from './plan-schema.ts';
import { changed, codesOf, generate, observation, scenario, whole } from './test-plan-drift.ts';

describe('what is held back', () => {
  it('is nothing where the plan says nothing', () => {
    const { findings, held, heldBack, conditionProblems } = generate(scenario, {}, observation);

    expect(findings).toHaveLength(5);
    expect(held).toEqual([]);
    expect(heldBack).toEqual(nothingHeldBack);
    expect(conditionProblems).toEqual([]);
  });

  it('says who it is, how much it matters and every reason, without its values', () => {
    const written: Partial<PlanDocumentInput> = {
      driftTypes: ['presence'],
      noiseControls: { ignorePaths: ['/x', '/name'], ignoreChanges: [{ path: '/name', reason: 'Known.' }] },
      eligibility: { minSeverity: 'sev2' },
      thresholds: { minDriftScore: 0.6 },
    };
    const { held } = generate([changed({ x: 'secret', name: 'a' }, { x: 'other', name: 'b' })], written);

    expect(held).toEqual([
      {
        change: 'changed',
        itemType: 'policy',
        externalId: '1',
        label: 'One',
        driftType: 'configuration',
        severity: 'sev3',
        impact: 0.5,
        score: 0.5,
        reasons: [
          { code: 'driftTypes', rule: '/driftTypes', detail: 'configuration is not among the drift types' },
          {
            code: 'noiseControls.ignorePaths',
            rule: '/noiseControls/ignorePaths/0',
            detail: 'ignorePaths has "/name"',
          },
          {
            code: 'noiseControls.ignorePaths',
            rule: '/noiseControls/ignorePaths/1',
            detail: 'ignorePaths has "/x"',
          },
          {
            code: 'noiseControls.ignoreChanges',
            rule: '/noiseControls/ignoreChanges/0',
            detail: 'ignoreChanges has "/name" of "*": Known.',
          },
          {
            code: 'eligibility.minSeverity',
            rule: '/eligibility/minSeverity',
            detail: 'sev3 is less severe than sev2',
          },
          {
            code: 'thresholds.minDriftScore',
            rule: '/thresholds/minDriftScore',
            detail: 'the score 0.5 is below 0.6',
          },
        ],
        reasonCount: 6,
        changeCount: 2,
        paths: ['/name', '/x'],
      },
    ]);
  });

  it('has its paths as they are shown, and not too many of them', () => {
    const members = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`m${index}`, 1]));
    const token = `ghp_${'aB3'.repeat(12)}`;

    const { held } = generate(
      [
        changed({}, members),
        changed({ env: {} }, { env: { [token]: 1 } }, { externalId: '2' }),
        whole('removed', { externalId: '3' }),
      ],
      { driftTypes: ['process'] },
    );

    expect(held.map(({ paths, changeCount }) => [paths.length, changeCount])).toEqual([
      [20, 30],
      [1, 1],
      [1, 1],
    ]);
    expect(held[1]?.paths).toEqual(['/env/[redacted]']);
    expect(held[2]?.paths).toEqual(['']);
  });

  it('is counted by rule: subjects of which nothing is left, and single changes', () => {
    const { heldBack } = generate(scenario, {
      driftTypes: ['configuration', 'presence'],
      noiseControls: { ignorePaths: ['/x', '/owner'] },
    });

    expect(heldBack).toEqual({
      candidates: 2,
      changes: 3,
      rules: [
        { code: 'driftTypes', rule: '/driftTypes', candidates: 2, changes: 2 },
        {
          code: 'noiseControls.ignorePaths',
          rule: '/noiseControls/ignorePaths/0',
          candidates: 1,
          changes: 1,
        },
        {
          code: 'noiseControls.ignorePaths',
          rule: '/noiseControls/ignorePaths/1',
          candidates: 0,
          changes: 1,
        },
      ],
    });
  });
});

describe('the rules of what is held back', () => {
  it('are in the order of the plan, the tenth behind the second', () => {
    const ignorePaths = Array.from({ length: 12 }, (_, index) => `/${'x'.repeat(index + 1)}`);
    const members = Object.fromEntries(ignorePaths.map((path) => [path.slice(1), 1]));

    const { heldBack, held } = generate([changed({}, members)], { noiseControls: { ignorePaths } });

    const inOrder = ignorePaths.map((_, index) => `/noiseControls/ignorePaths/${index}`);
    expect(heldBack.rules.map(({ rule }) => rule)).toEqual(inOrder);
    expect(held[0]?.reasons.map(({ rule }) => rule)).toEqual(inOrder);
  });
});

describe('noise', () => {
  const held = (
    written: PlanDocumentInput['noiseControls'],
    changes = scenario,
    seen: Observation = observation,
  ) => codesOf(generate(changes, { noiseControls: written }, seen));
  const all = (code: HoldCode) => ({
    assignment: [code],
    configuration: [code],
    ownership: [code],
    presence: [code],
  });

  it.each(['One', 'O*', '*e', '1', '*'])('is what an item like %s brings, by its label or id', (pattern) => {
    const [item] = scenario as [ItemChange];

    expect(held({ ignorePatterns: [pattern] }, [item])).toEqual({
      configuration: ['noiseControls.ignorePatterns'],
      assignment: ['noiseControls.ignorePatterns'],
      ownership: ['noiseControls.ignorePatterns'],
    });
    expect(held({ ignorePatterns: ['one', 'On', 'O?e', 'o*'] }, [item])).toEqual({});
  });

  it('is what these authors brought', () => {
    expect(held({ ignoreAuthors: ['renovate*'] })).toEqual(all('noiseControls.ignoreAuthors'));
    expect(held({ ignoreAuthors: ['renovate', 'Renovate*'] })).toEqual({});
    expect(held({ ignoreAuthors: ['*'] }, scenario, { ...observation, author: null })).toEqual({});
  });

  it('is what changes at these paths, of any type', () => {
    expect(held({ ignorePaths: ['/x'] })).toEqual({});
    expect(held({ ignorePaths: ['/x', '/name'] })).toEqual({
      configuration: ['noiseControls.ignorePaths', 'noiseControls.ignorePaths'],
    });
    expect(held({ ignorePaths: ['/assignments/g'] })).toEqual({ assignment: ['noiseControls.ignorePaths'] });
    expect(held({ ignorePaths: ['/assignments/h', '/*/*/*'] })).toEqual({});
    expect(held({ ignorePaths: ['/**'] })).toEqual(all('noiseControls.ignorePaths'));
  });

  it.each([
    ['itemType', 'policy'],
    ['itemType', 'pol*'],
    ['when', 'itemType == "policy"'],
    ['when', 'op == "replace"'],
    ['when', 'before == "ann" && after == "bob"'],
    ['when', "path == '/owner' && externalId == '1' && label == 'One' && change == 'changed'"],
    [
      'when',
      'driftType == "ownership" && author.endsWith("[bot]") && source.repoFullName == "contoso/infra"',
    ],
    ['when', 'observedAt.getFullYear() == 2026'],
  ])('is a change whose %s is %s', (name, value) => {
    expect(held({ ignoreChanges: [{ path: '/owner', [name]: value }] })).toEqual({
      ownership: ['noiseControls.ignoreChanges'],
    });
  });

  it.each([
    ['itemType', 'polic'],
    ['when', 'op == "add"'],
    ['when', 'before == after'],
    ['when', 'itemType != "policy"'],
  ])('is no change whose %s is not %s', (name, value) => {
    expect(held({ ignoreChanges: [{ path: '/owner', [name]: value }] })).toEqual({});
  });

  it('is found in whatever Unicode form the data is', () => {
    const written = {
      ignorePatterns: ['cafe\u0301*'],
      ignorePaths: ['/gro\u0308\u00dfe'],
      ignoreAuthors: ['Ann\u0301'],
    };
    const [nfc, nfd] = (['NFC', 'NFD'] as const).map((form) => {
      const name = 'gr\u00f6\u00dfe'.normalize(form);
      return generate(
        [
          changed({ [name]: 1 }, { [name]: 2 }),
          whole('added', { label: 'caf\u00e9 1'.normalize(form) }),
          whole('added', { externalId: 'caf\u00e9 2'.normalize(form) }),
        ],
        { noiseControls: written },
      );
    }) as [Generated, Generated];

    expect(nfc.findings).toEqual([]);
    expect(nfd.findings).toEqual([]);
    expect(nfd.heldBack).toEqual(nfc.heldBack);
  });
});

describe('a condition', () => {
  it('that can not be told holds nothing back, ignores nothing and multiplies nothing, and is counted', () => {
    const when = 'observedAt.getFullYear() == 2026';
    const written: Partial<PlanDocumentInput> = {
      eligibility: { when },
      noiseControls: { ignoreChanges: [{ path: '/**', when }] },
      impactRules: { multipliers: [{ name: 'a', factor: 0, when }] },
    };

    const { findings, heldBack, conditionProblems } = generate(scenario, written, offlineObservation);

    const plain = generate(scenario);
    expect(findings).toEqual(plain.findings);
    expect(heldBack).toEqual(nothingHeldBack);
    expect(conditionProblems).toEqual([
      { rule: '/eligibility/when', outcome: 'failed', count: 5 },
      { rule: '/impactRules/multipliers/0', outcome: 'failed', count: 5 },
      { rule: '/noiseControls/ignoreChanges/0', outcome: 'failed', count: 6 },
    ]);
  });

  it('sees what is drift of one subject, and of it what is no noise', () => {
    const written: Partial<PlanDocumentInput> = {
      noiseControls: { ignorePaths: ['/name'] },
      eligibility: { when: "changes.size() == 1 && paths == ['/x'] && changes[0].after == 2.0" },
    };

    const { findings } = generate(scenario, written);

    expect(findings.map(({ driftType }) => driftType)).toEqual(['configuration']);
  });

  it.each([
    ['impact == 0.5', 'impact == 1.0'],
    ['true', 'score == 1.0'],
    ['true', 'severity == "sev1" && confidence == 1.0'],
  ])(
    'of a multiplier sees the impact before it (%s), that of eligibility behind all (%s)',
    (multiplies, isEligible) => {
      const { findings, held } = generate([changed({ x: 1 }, { x: 2 })], {
        impactRules: {
          multipliers: [
            { name: 'a', factor: 2, when: multiplies },
            { name: 'b', factor: 1, when: multiplies },
          ],
        },
        eligibility: { when: isEligible },
      });

      expect(held).toEqual([]);
      expect(findings).toMatchObject([{ impact: 1, severity: 'sev1', route: 'notify' }]);
    },
  );

  it('sees no secret, and none that stands in a path', () => {
    const token = `ghp_${'aB3'.repeat(12)}`;
    const change = changed({ password: 'hunter2', env: {} }, { password: 'hunter3', env: { [token]: 1 } });
    const whens = [
      "after == 'hunter3'",
      "before == 'hunter2'",
      `path.contains('${token}')`,
      "path.contains('hmac')",
    ];

    for (const when of whens) {
      const { heldBack } = generate([change], { noiseControls: { ignoreChanges: [{ path: '/**', when }] } });

      expect(heldBack).toEqual(nothingHeldBack);
    }
  });

  it('sees of a changed secret that there is one, and the same one on both sides', () => {
    const change = changed({ password: 'hunter2' }, { password: 'hunter3' });
    const held = (when: string) =>
      generate([change], { noiseControls: { ignoreChanges: [{ path: '/password', when }] } }).held;

    expect(held('before != null && before == after')).toHaveLength(1);
    expect(held('before != after')).toEqual([]);
  });

  it('sees that an item came or went, and nothing of what it was', () => {
    const when =
      "path == '' && op == (change == 'added' ? 'add' : 'remove') && before == null && after == null";
    const changes = [whole('added'), whole('removed', { externalId: '3' })];

    const { held } = generate(changes, { noiseControls: { ignoreChanges: [{ path: '', when }] } });

    expect(held).toHaveLength(2);
  });
});

describe('the impact', () => {
  it('is what the plan says in place of the item type, times its factors', () => {
    const impacts = (written: PlanDocumentInput['impactRules']): number[] =>
      generate(scenario, { impactRules: written }).findings.map(({ impact }) => impact);
    const multipliers = [
      { name: 'b', factor: 2, when: 'driftType == "assignment"' },
      { name: 'a', factor: 0.5, when: 'change == "changed"' },
    ];

    // Group added; policy: assignment, configuration, ownership, removed.
    expect(impacts({})).toEqual([0.5, 0.7, 0.5, 0.5, 0.9]);
    expect(impacts({ baseImpact: 0.6 })).toEqual([0.6, 0.6, 0.6, 0.6, 0.6]);
    expect(impacts({ baseImpact: 0 })).toEqual([0, 0, 0, 0, 0]);
    expect(impacts({ multipliers })).toEqual([0.5, 0.7, 0.25, 0.25, 0.9]);
    expect(impacts({ multipliers, baseImpact: 0.6 })).toEqual([0.6, 0.6, 0.3, 0.3, 0.6]);
  });
});
