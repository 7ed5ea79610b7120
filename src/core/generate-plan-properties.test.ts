import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ItemChange } from './candidate.ts';
import { compilePlan } from './compiled-plan.ts';
import { severityOf } from './drift-type.ts';
import { type Generated, generateFindings, joinGenerated } from './generate.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import type { Observation } from './observation.ts';
import { holdCodes } from './plan-hold.ts';
import { routeOf } from './plan-route.ts';
import type { PlanDocument, PlanDocumentInput } from './plan-schema.ts';
import { anyPlanDocument, choicesOf } from './test-arbitrary-plan.ts';
import { changed, group, planOf, policy, whole } from './test-plan-drift.ts';

const anyMembers = fc.record(
  {
    x: fc.nat(2),
    name: fc.constantFrom('a', 'b'),
    owner: fc.constantFrom('ann', 'bob'),
    critical: fc.boolean(),
    'cafe\u0301/~': fc.nat(1),
    password: fc.constantFrom('hunter2', 'hunter3'),
    assignments: fc.uniqueArray(fc.record({ group: fc.constantFrom('g', 'h'), mode: fc.nat(1) }), {
      selector: ({ group }) => group,
    }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;

const anyNames = {
  label: fc.constantFrom('One', 'test-1', 'cafe\u0301'),
  type: fc.constantFrom(policy, group),
};

const anyChange: fc.Arbitrary<Omit<ItemChange, 'externalId'>> = fc.oneof(
  fc
    .record({ before: anyMembers, after: anyMembers, ...anyNames })
    .map(({ before, after, label, type }) => changed(before, after, { label, type }))
    .filter(({ properties }) => properties.length > 0),
  fc
    .record({ change: fc.constantFrom('added' as const, 'removed' as const), ...anyNames })
    .map(({ change, ...rest }) => whole(change, rest)),
);

const anyChanges = fc
  .array(anyChange, { maxLength: 6 })
  .map((changes) => changes.map((change, index): ItemChange => ({ ...change, externalId: `${index}` })));

const anyObservation: fc.Arbitrary<Observation> = fc.record({
  source: fc.record({
    kind: fc.constantFrom('git', 'files', null),
    serviceId: fc.constantFrom('identity', null),
    repoFullName: fc.constantFrom('contoso/infra', null),
    docClass: fc.constantFrom('runbook', null),
  }),
  author: fc.constantFrom('ann', 'renovate[bot]', null),
  observedAt: fc.constantFrom('2026-03-01T10:00:00.000Z', null),
});

const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { maxLength: 3 });

/** Rules that are about the changes above. */
const anyNoise = fc.record(
  {
    ignorePatterns: some(fc.constantFrom('One', 'test-*', 'caf\u00e9', '2', '*')),
    ignorePaths: some(fc.constantFrom('/x', '/name', '/**', '/*', '/assignments/g/**', '/caf\u00e9~1~0')),
    ignoreAuthors: some(fc.constantFrom('*[bot]', 'ann')),
    ignoreChanges: some(
      fc.record(
        {
          path: fc.constantFrom('', '/x', '/**', '/*', '/assignments/**', '/password'),
          itemType: fc.constantFrom('policy', 'g*', '*'),
          when: fc.constantFrom('op == "add"', 'op != "add"', 'observedAt.getFullYear() == 2026'),
        },
        { requiredKeys: ['path'] },
      ),
    ),
  },
  { requiredKeys: [] },
);

const anyPlan = fc
  .tuple(anyPlanDocument(), fc.option(anyNoise, { nil: undefined }), fc.boolean())
  .map(([written, noiseControls, isWide]) =>
    planOf({
      ...written,
      ...(noiseControls === undefined ? {} : { noiseControls }),
      // Otherwise most is held back by its type or source.
      ...(isWide ? { driftTypes: undefined, inputSources: undefined, thresholds: {}, eligibility: {} } : {}),
    } as PlanDocumentInput),
  );

const anyCase = fc.record({ changes: anyChanges, plan: anyPlan, observation: anyObservation });

type Case = {
  readonly changes: readonly ItemChange[];
  readonly plan: PlanDocument;
  readonly observation: Observation;
};

const generateCase = ({ changes, plan, observation }: Case): Generated =>
  generateFindings(changes, { plan: compilePlan(plan), scopeKey: 'scope', observation });

const subject = ({
  itemType,
  externalId,
  driftType,
}: {
  itemType: string;
  externalId: string;
  driftType: string;
}) => [itemType, externalId, driftType].join('\n');

describe('whatever the plan', () => {
  it('never changes a fingerprint', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const { findings } = generateCase(given);

        const plain = generateCase({ ...given, plan: planOf() });
        const expected = new Map(plain.findings.map((finding) => [subject(finding), finding.fingerprint]));
        for (const finding of findings) expect(finding.fingerprint).toBe(expected.get(subject(finding)));
      }),
    );
  });

  it('makes of each subject either a finding or something held back, never both and never nothing', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const { findings, held } = generateCase(given);

        const plain = generateCase({ ...given, plan: planOf() });
        expect([...findings, ...held].map(subject).sort()).toEqual(plain.findings.map(subject).sort());
      }),
    );
  });

  it('says every reason why something is held back, in the order of the rules, each once', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        for (const { reasons } of generateCase(given).held) {
          const order = reasons.map(({ code }) => holdCodes.indexOf(code));
          expect(reasons.length).toBeGreaterThan(0);
          expect(order).toEqual(order.toSorted((a, b) => a - b));
          expect(new Set(reasons.map(({ rule }) => rule)).size).toBe(reasons.length);
          for (const { code, rule, detail } of reasons) {
            expect(valueAt(given.plan as unknown as JsonValue, rule)).not.toBeUndefined();
            expect(rule.startsWith(`/${code.replace('.', '/')}`)).toBe(true);
            expect(detail).not.toBe('');
          }
        }
      }),
    );
  });

  it('counts add up', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const { findings, held, heldBack } = generateCase(given);

        const total = given.changes.reduce((sum, { properties }) => sum + Math.max(1, properties.length), 0);
        const shown = findings.reduce(
          (sum, { change, changes }) => sum + (change === 'changed' ? changes.length : 1),
          0,
        );
        const heldWhole = held.reduce((sum, { changeCount }) => sum + changeCount, 0);
        expect(heldBack.candidates).toBe(held.length);
        expect(shown + heldBack.changes).toBe(total);
        expect(heldWhole).toBeLessThanOrEqual(heldBack.changes);
        for (const { rule, candidates, changes } of heldBack.rules) {
          const because = held.filter(({ reasons }) => reasons.some((reason) => reason.rule === rule));
          expect(candidates).toBe(because.length);
          expect(changes).toBeGreaterThanOrEqual(candidates);
          expect(changes).toBeLessThanOrEqual(heldBack.changes);
        }
        const named = new Set(heldBack.rules.map(({ rule }) => rule));
        for (const { reasons } of held) for (const { rule } of reasons) expect(named).toContain(rule);
        expect(heldBack.changes > 0).toBe(heldBack.rules.length > 0);
      }),
    );
  });

  it('makes findings that its own scores and thresholds allow', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const { thresholds, driftTypes, eligibility } = given.plan;

        const { findings, held } = generateCase(given);

        for (const { impact, score, confidence, severity } of [
          ...findings,
          ...held.map((one) => ({ ...one, confidence: 1 })),
        ]) {
          expect(severity).toBe(severityOf(impact));
          expect(score).toBe(confidence * impact);
        }
        for (const { score, impact, severity, route, driftType, confidence } of findings) {
          expect(confidence).toBe(1);
          expect(driftTypes).toContain(driftType);
          expect(severity <= eligibility.minSeverity).toBe(true);
          expect(score).toBeGreaterThanOrEqual(Math.max(thresholds.ignore, thresholds.minDriftScore));
          expect(impact).toBeGreaterThanOrEqual(thresholds.minImpactScore);
          expect(route).toBe(routeOf(score, thresholds));
        }
      }),
    );
  });

  it('ignores what a slow reader of its rules ignores', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const { findings } = generateCase(given);

        for (const { changes, change, itemType, externalId, driftType } of findings) {
          const item = given.changes.find((one) => one.externalId === externalId) as ItemChange;
          const kept = item.properties
            .filter(({ path }) => driftTypeAt(path, item) === driftType)
            .filter(({ path, op }) => !isNoise(given, item, { path, op }))
            .map(({ shownPath }) => shownPath);
          expect(itemType).toBe(item.type.name);
          if (change === 'changed') expect(changes.map(({ path }) => path)).toEqual(kept);
          else
            expect(isNoise(given, item, { path: '', op: change === 'added' ? 'add' : 'remove' })).toBe(false);
        }
      }),
    );
  });

  it('gives the same bytes again, in whatever order and parts the changes come', () => {
    fc.assert(
      fc.property(anyCase, fc.nat(), (given, seed) => {
        const { changes } = given;
        const choices = choicesOf(seed);
        const shuffled = choices.shuffled(changes);
        const cut = choices.below(changes.length + 1);
        const parts = [shuffled.slice(0, cut), shuffled.slice(cut)];

        const bytes = JSON.stringify(generateCase(given));

        expect(JSON.stringify(generateCase(given))).toBe(bytes);
        expect(JSON.stringify(generateCase({ ...given, changes: shuffled }))).toBe(bytes);
        expect(
          JSON.stringify(joinGenerated(parts.map((part) => generateCase({ ...given, changes: part })))),
        ).toBe(bytes);
      }),
    );
  });

  it('never finds more by one more rule of noise', () => {
    fc.assert(
      fc.property(anyCase, anyNoise, (given, more) => {
        const { noiseControls } = given.plan;
        const other = planOf({
          ...given.plan,
          noiseControls: {
            ignorePatterns: [...noiseControls.ignorePatterns, ...(more.ignorePatterns ?? [])],
            ignorePaths: [...noiseControls.ignorePaths, ...(more.ignorePaths ?? [])],
            ignoreAuthors: [...noiseControls.ignoreAuthors, ...(more.ignoreAuthors ?? [])],
            ignoreChanges: [...noiseControls.ignoreChanges, ...(more.ignoreChanges ?? [])],
          },
          // Which can say anything of what is left.
          eligibility: {},
          impactRules: { baseImpact: 0.5 },
        } as PlanDocumentInput);
        const before = planOf({
          ...given.plan,
          eligibility: {},
          impactRules: { baseImpact: 0.5 },
        } as PlanDocumentInput);

        const found = new Set(generateCase({ ...given, plan: before }).findings.map(subject));
        const { findings } = generateCase({ ...given, plan: other });

        for (const finding of findings) expect(found).toContain(subject(finding));
      }),
    );
  });
});

function valueAt(value: JsonValue, pointer: string): JsonValue | undefined {
  return pointer
    .split('/')
    .slice(1)
    .reduce<JsonValue | undefined>((at, name) => (at as JsonObject | undefined)?.[name], value);
}

function driftTypeAt(path: string, { type }: ItemChange): string {
  if (type !== policy) return 'configuration';
  return path.startsWith('/assignments') ? 'assignment' : path === '/owner' ? 'ownership' : 'configuration';
}

/** Globs and patterns of paths as regular expressions, the conditions above by hand. */
function isNoise(
  { plan, observation }: Case,
  item: ItemChange,
  change: { path: string; op: string },
): boolean {
  const { ignorePatterns, ignorePaths, ignoreAuthors, ignoreChanges } = plan.noiseControls;
  const path = change.path.normalize('NFC');
  const { author, observedAt } = observation;
  return (
    ignorePatterns.some((glob) =>
      [item.label, item.externalId].some((text) => isLike(glob, text.normalize('NFC'))),
    ) ||
    ignoreAuthors.some((glob) => author !== null && isLike(glob, author)) ||
    ignorePaths.some((pattern) => isAt(pattern, path)) ||
    ignoreChanges.some(({ path: pattern, itemType, when }) => {
      const isTrue: Record<string, boolean> = {
        'op == "add"': change.op === 'add',
        'op != "add"': change.op !== 'add',
        'observedAt.getFullYear() == 2026': observedAt !== null,
        "path.startsWith('/a') && itemType != 'x'": path.startsWith('/a'),
        'before == null': change.op === 'add' || path === '',
        'driftType in ["presence"]': path === '',
      };
      return (
        isAt(pattern, path) && isLike(itemType, item.type.name) && (when === null || isTrue[when] === true)
      );
    })
  );
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function isLike(glob: string, text: string): boolean {
  return new RegExp(`^${glob.split('*').map(literal).join('.*')}$`, 'su').test(text);
}

function isAt(pattern: string, path: string): boolean {
  const segments = pattern.split('/').slice(1);
  const source = segments
    .map((segment) =>
      segment === '**' ? '(?:/[^/]*)*' : `/${segment.split('*').map(literal).join('[^/]*')}`,
    )
    .join('');
  return new RegExp(`^${source}$`, 'su').test(path);
}
