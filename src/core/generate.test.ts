import { describe, expect, it } from 'vitest';
import type { ItemChange } from './candidate.ts';
import { compilePlan } from './compiled-plan.ts';
import { contentHash } from './content-hash.ts';
import type { ChangeKind } from './fingerprint.ts';
import { type Finding, type Generated, generateFindings } from './generate.ts';
import { compileItemType, type ItemType } from './item-type.ts';
import { itemTypeSchema } from './item-type-schema.ts';
import type { JsonObject } from './json-value.ts';
import { normalise } from './normalise.ts';
import { parsePlanFile } from './parse-plan.ts';
import { type HeldBack, nothingHeldBack } from './plan-hold.ts';
import type { PlanDocumentInput } from './plan-schema.ts';
import { diffProperties } from './property-diff.ts';

const policy = compileItemType(
  itemTypeSchema.parse({
    itemType: 'policy',
    title: 'Policy',
    absent: ['empty_array'],
    keyed: [{ path: '/assignments', key: ['/group'] }],
    evidence: { show: ['/**'], withhold: ['/blob'] },
    driftTypes: [
      { path: '/assignments/**', driftType: 'assignment' },
      { path: '/owner', driftType: 'ownership' },
    ],
    impact: [
      { path: '/name', baseImpact: 0.2 },
      { path: '/assignments/**', baseImpact: 0.7 },
      { path: '/critical', baseImpact: 0.9 },
    ],
    presenceImpact: { removed: 0.9 },
  }),
);

function changed(before: JsonObject, after: JsonObject, rest: Partial<ItemChange> = {}): ItemChange {
  const [one, other] = [normalise(before, policy, 'key'), normalise(after, policy, 'key')];
  return {
    change: 'changed',
    type: policy,
    externalId: '1',
    label: 'One',
    path: 'current/one.json',
    beforeHash: contentHash(one),
    afterHash: contentHash(other),
    properties: diffProperties(one, other, policy),
    ...rest,
  };
}

function whole(change: ChangeKind, rest: Partial<ItemChange> = {}): ItemChange {
  const hash = contentHash({ id: '1' });
  return {
    change,
    type: policy,
    externalId: '1',
    label: 'One',
    path: 'one.json',
    beforeHash: change === 'added' ? null : hash,
    afterHash: change === 'removed' ? null : hash,
    properties: [],
    ...rest,
  };
}

function generate(changes: readonly ItemChange[], plan: object = {}, scopeKey = 'offline'): Generated {
  const parsed = parsePlanFile(plan);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.details));
  return generateFindings(changes, { plan: compilePlan(parsed.plan), scopeKey });
}

function ignoring(...ignoreChanges: { path: string; itemType?: string }[]): Partial<PlanDocumentInput> {
  return { noiseControls: { ignoreChanges } };
}

/** Single changes that each field of the plan held back. */
const changesBy = ({ rules }: HeldBack): Record<string, number> =>
  Object.fromEntries(rules.map(({ code, changes }) => [code, changes]));

const summary = ({ driftType, severity, changes }: Finding): unknown[] => [
  driftType,
  severity,
  changes.map(({ path }) => path),
];

describe('a changed item', () => {
  it('is one finding that shows what changed', () => {
    const { findings, heldBack } = generate([changed({ name: 'a', x: 1 }, { name: 'b', y: 2 })]);

    expect(findings).toEqual([
      {
        fingerprint: expect.stringMatching(/^v1:[0-9a-f]{64}$/),
        change: 'changed',
        itemType: 'policy',
        itemTypeTitle: 'Policy',
        externalId: '1',
        label: 'One',
        driftType: 'configuration',
        severity: 'sev3',
        impact: 0.5,
        confidence: 1,
        score: 0.5,
        route: 'notify',
        changes: [
          { path: '/name', op: 'replace', before: 'a', after: 'b' },
          { path: '/x', op: 'remove', before: 1, after: null },
          { path: '/y', op: 'add', before: null, after: 2 },
        ],
        path: 'current/one.json',
      },
    ]);
    expect(heldBack).toEqual(nothingHeldBack);
  });

  it('is one finding for each drift type that it touches', () => {
    const before = { x: 1, owner: 'a', assignments: [{ group: 'g', mode: 1 }] };
    const after = { x: 2, owner: 'b', assignments: [{ group: 'g', mode: 2 }, { group: 'h' }] };

    const { findings } = generate([changed(before, after)]);

    expect(findings.map(summary)).toEqual([
      ['assignment', 'sev2', ['/assignments/g/mode', '/assignments/h']],
      ['configuration', 'sev3', ['/x']],
      ['ownership', 'sev3', ['/owner']],
    ]);
    expect(new Set(findings.map(({ fingerprint }) => fingerprint)).size).toBe(3);
  });

  it.each([
    [{ name: 'a' }, 'sev4'],
    [{ name: 'a', x: 1 }, 'sev3'],
    [{ name: 'a', x: 1, critical: 1 }, 'sev1'],
  ])('is as severe as the worst of its changes: %j', (after, severity) => {
    expect(generate([changed({}, after)]).findings.map((finding) => finding.severity)).toEqual([severity]);
  });

  it('has the impact of the worst of its changes that count', () => {
    const change = changed({}, { name: 'a', x: 1, critical: 1 });
    const plan = ignoring({ itemType: 'policy', path: '/critical' });

    expect(generate([change]).findings.map(({ impact }) => impact)).toEqual([0.9]);
    expect(generate([change], plan).findings.map(({ impact }) => impact)).toEqual([0.5]);
  });

  it('shows neither secrets nor what the type withholds', () => {
    const { findings } = generate([
      changed({ password: 'hunter2', blob: 'xxxx' }, { password: 'hunter3', blob: 'yyyy' }),
    ]);

    expect(findings[0]?.changes).toEqual([
      { path: '/blob', op: 'replace', before: '[withheld]', after: '[withheld]' },
      { path: '/password', op: 'replace', before: '[redacted]', after: '[redacted]' },
    ]);
  });

  it('does not show a secret that is a name', () => {
    const token = `ghp_${'aB3'.repeat(12)}`;

    const { findings } = generate([changed({ env: {} }, { env: { [token]: 1 } })]);

    expect(findings[0]?.changes.map(({ path }) => path)).toEqual(['/env/[redacted]']);
  });

  it('without changes of properties is a bug of ours, and never silence', () => {
    expect(() => generate([changed({ x: 1 }, { x: 1 })])).toThrow('no property does');
  });

  it('has offline a fingerprint from which no secret can be guessed, and in a workspace its own', () => {
    const pin = (value: string) => ({ password: value, x: 1 });

    const first = changed(pin('0000'), pin('7391'));
    const second = changed(pin('1111'), pin('2222'));
    const fingerprintOf = (change: ItemChange, scopeKey: string) =>
      generate([change], {}, scopeKey).findings[0]?.fingerprint;
    const one = generate([first]).findings[0];

    expect(fingerprintOf(first, 'offline')).toBe(fingerprintOf(second, 'offline'));
    expect(fingerprintOf(first, 'a workspace')).not.toBe(fingerprintOf(second, 'a workspace'));
    expect(one?.changes).toEqual([
      { path: '/password', op: 'replace', before: '[redacted]', after: '[redacted]' },
    ]);
  });

  it('does not show what took the place of a secret', () => {
    const before = normalise({ password: 'secret' }, policy, 'key');
    const after = { password: 'the-same-without-its-mark' };
    const { findings } = generate([changed({}, {}, { properties: diffProperties(before, after, policy) })]);

    expect(findings[0]?.changes).toMatchObject([{ before: '[redacted]', after: '[redacted]' }]);
  });
});

describe('an added or removed item', () => {
  it('is one finding of its presence, without values', () => {
    const { findings } = generate([whole('added'), whole('removed', { externalId: '2' })]);

    expect(findings).toMatchObject([
      { change: 'added', driftType: 'presence', severity: 'sev3', changes: [], externalId: '1' },
      { change: 'removed', driftType: 'presence', severity: 'sev1', changes: [], externalId: '2' },
    ]);
  });

  it('has the impact of the item itself where nothing is said of its presence', () => {
    const type: ItemType = compileItemType(
      itemTypeSchema.parse({ itemType: 't', impact: [{ path: '', baseImpact: 0.7 }] }),
    );

    expect(generate([whole('added', { type })]).findings).toMatchObject([{ severity: 'sev2' }]);
  });

  it('has a fingerprint of its content', () => {
    const other = whole('added', { afterHash: contentHash({ id: '1', x: 1 }) });

    const fingerprints = [whole('added'), other, whole('removed')].map(
      (change) => generate([change]).findings[0]?.fingerprint,
    );

    expect(new Set(fingerprints).size).toBe(3);
  });
});

describe('a plan', () => {
  const changes = [
    changed({ x: 1, name: 'a', assignments: [] }, { x: 2, name: 'b', assignments: [{ group: 'g' }] }),
    whole('removed', { externalId: '2' }),
  ];

  it('holds back the drift types that do not count, and says how many changes that were', () => {
    const { findings, heldBack } = generate(changes, { driftTypes: ['assignment'] });

    expect(findings.map(({ driftType }) => driftType)).toEqual(['assignment']);
    expect(changesBy(heldBack)).toEqual({ driftTypes: 3 });
  });

  it('holds back the changes that it ignores, and says how many', () => {
    const { findings, heldBack } = generate(changes, ignoring({ itemType: 'pol*', path: '/name' }));

    expect(findings.map(summary)).toEqual([
      ['assignment', 'sev2', ['/assignments/g']],
      ['configuration', 'sev3', ['/x']],
      ['presence', 'sev1', []],
    ]);
    expect(changesBy(heldBack)).toEqual({ 'noiseControls.ignoreChanges': 1 });
  });

  it('ignores nothing of other item types', () => {
    expect(generate(changes, ignoring({ itemType: 'polic', path: '/**' })).heldBack.changes).toBe(0);
  });

  it('makes no finding of which every change is ignored', () => {
    const { findings, heldBack } = generate(changes, ignoring({ path: '/*' }, { path: '/assignments/**' }));

    expect(findings.map(({ driftType }) => driftType)).toEqual(['presence']);
    expect(heldBack.changes).toBe(3);
  });

  it('ignores the coming and going of items by the path of the item itself', () => {
    expect(generate(changes, ignoring({ path: '' })).findings.map(({ change }) => change)).toEqual([
      'changed',
      'changed',
    ]);
    expect(generate(changes, ignoring({ path: '/**' })).findings).toEqual([]);
  });

  it('names an element of a keyed array by its key', () => {
    expect(generate(changes, ignoring({ path: '/assignments/g' })).heldBack.changes).toBe(1);
    expect(generate(changes, ignoring({ path: '/assignments/h' })).heldBack.changes).toBe(0);
  });

  it('names every rule that does not want a change, and counts the change once', () => {
    const plan = { driftTypes: ['presence'], ...ignoring({ path: '/name' }) };

    const { heldBack } = generate(changes, plan);

    expect(heldBack.changes).toBe(3);
    expect(changesBy(heldBack)).toEqual({ driftTypes: 3, 'noiseControls.ignoreChanges': 1 });
  });

  it('rates what is left only', () => {
    const change = changed({}, { critical: 1, name: 'b' });

    expect(generate([change], ignoring({ path: '/critical' })).findings).toMatchObject([
      { severity: 'sev4' },
    ]);
  });

  it('never changes a fingerprint', () => {
    const [before] = generate(changes).findings.filter(({ driftType }) => driftType === 'configuration');
    const plan = { name: 'Other', driftTypes: ['configuration'], ...ignoring({ path: '/name' }) };

    const [after] = generate(changes, plan).findings;

    expect(after?.changes).not.toEqual(before?.changes);
    expect(after?.fingerprint).toBe(before?.fingerprint);
  });
});

describe('the findings', () => {
  it('are sorted by item type, id and drift type, in whatever order the changes came', () => {
    const other = compileItemType(itemTypeSchema.parse({ itemType: 'Other' }));
    const both = [
      { x: 1, owner: 'a' },
      { x: 2, owner: 'b' },
    ] as const;
    const changes = [
      changed(...both, { externalId: 'b' }),
      changed(...both, { externalId: 'B' }),
      whole('added', { externalId: 'z', type: other }),
      changed(...both, { externalId: 'a' }),
    ];

    const order = (changes: ItemChange[]): string[] =>
      generate(changes).findings.map(({ itemType, externalId, driftType }) =>
        [itemType, externalId, driftType].join(),
      );

    expect(order(changes)).toEqual([
      'Other,z,presence',
      'policy,B,configuration',
      'policy,B,ownership',
      'policy,a,configuration',
      'policy,a,ownership',
      'policy,b,configuration',
      'policy,b,ownership',
    ]);
    expect(order(changes.toReversed())).toEqual(order(changes));
  });

  it('have other fingerprints in another scope', () => {
    const changes = [whole('added')];

    const [one, two] = ['one', 'two'].map(
      (scopeKey) => generate(changes, {}, scopeKey).findings[0]?.fingerprint,
    );

    expect(one).not.toBe(two);
  });
});

it('an item with very many changes makes one finding', () => {
  const members = Object.fromEntries(Array.from({ length: 150_000 }, (_, index) => [`m${index}`, index]));

  const { findings } = generate([changed({}, members)]);

  expect(findings).toHaveLength(1);
  expect(findings[0]?.changes).toHaveLength(150_000);
});
