import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePlan } from './compiled-plan.ts';
import { formatPointer } from './json-pointer.ts';
import { findNoise } from './noise.ts';
import type { NoisyFinding } from './noise-rule.ts';
import { builtInPlan, parsePlan } from './parse-plan.ts';

const finding = (...paths: string[]): NoisyFinding => ({ itemType: 'policy', paths, isWhole: true });
const times = (count: number, one: (index: number) => NoisyFinding) =>
  Array.from({ length: count }, (_, at) => one(at));

describe('findNoise', () => {
  it('says what a rule would have removed, and what would have shown less', () => {
    const findings = [
      ...times(6, (at) => finding(`/settings/s${at % 5}x/value`)),
      ...times(2, () => finding('/settings/s0x/value', '/name')),
      ...times(2, () => finding('/name')),
    ];

    expect(findNoise(findings).paths).toEqual([
      {
        itemType: 'policy',
        path: '/settings/*/value',
        findings: 8,
        removed: 6,
        reduced: 2,
        distinctPaths: 5,
        examples: ['/settings/s0x/value', '/settings/s1x/value', '/settings/s2x/value'],
      },
      {
        itemType: 'policy',
        path: '/name',
        findings: 4,
        removed: 2,
        reduced: 2,
        distinctPaths: 1,
        examples: ['/name'],
      },
    ]);
  });

  it('lists no path of one finding, nor of two among many', () => {
    const loud = times(199, () => finding('/loud'));
    const pathsOf = (findings: readonly NoisyFinding[]) => findNoise(findings).paths.map(({ path }) => path);

    expect(pathsOf([finding('/once')])).toEqual([]);
    expect(pathsOf([finding('/once'), finding('/other', '/another')])).toEqual([]);
    expect(pathsOf([...loud, finding('/twice'), finding('/twice')])).toEqual(['/loud']);
    expect(pathsOf([...loud.slice(1), finding('/twice'), finding('/twice')])).toEqual(['/loud', '/twice']);
    expect(pathsOf([...loud, ...times(3, () => finding('/thrice'))])).toEqual(['/loud', '/thrice']);
  });

  it('lists a path that never makes a finding alone, by the findings that it is in', () => {
    const findings = [
      ...times(25, (at) => finding('/spec/tpl/rev', `/spec/x${at % 4}`)),
      ...times(10, () => finding('/spec/image')),
      ...times(5, () => finding('/spec/tpl/rev', '/spec/image')),
    ];

    expect(findNoise(findings).paths.slice(0, 2)).toMatchObject([
      { path: '/spec/tpl/rev', findings: 30, removed: 0, reduced: 30 },
      { path: '/spec/image', findings: 15, removed: 10, reduced: 5 },
    ]);
  });

  it('finds the paths that always change at once, and what ignoring them together would remove', () => {
    const findings = [
      ...times(30, () => finding('/count', '/info/seen', '/more/stamp')),
      ...times(2, () => finding('/count', '/real')),
      ...times(4, () => finding('/other')),
    ];

    const { paths, combinations } = findNoise(findings);

    expect(paths.map(({ path, removed }) => [path, removed])).toEqual([
      ['/count', 0],
      ['/info/seen', 0],
      ['/more/stamp', 0],
      ['/other', 4],
      ['/real', 0],
    ]);
    expect(combinations).toEqual([
      {
        itemType: 'policy',
        rules: ['/count', '/info/seen', '/more/stamp'].map((path) => ({ itemType: 'policy', path })),
        findings: 32,
        removed: 30,
        reduced: 2,
      },
    ]);
  });

  it('finds paths that change in ever other company', () => {
    const noisy = ['/a', '/b', '/c', '/d', '/e'];
    // Every subset of them but those of one, once.
    const findings = times(32, (at) => finding(...noisy.filter((_, bit) => (at >> bit) & 1))).filter(
      ({ paths }) => paths.length > 1,
    );

    const { combinations } = findNoise([...findings, ...times(40, (at) => finding('/x', `/y/${at}/z/q`))]);

    // Which have nothing to do with each other, so they are not one.
    expect(combinations).toMatchObject([
      { removed: 40, rules: [{ path: '/x' }, { path: '/y/*/z/q' }] },
      { removed: 26, rules: noisy.map((path) => ({ path })) },
    ]);
  });

  it('weighs a longer set against a shorter one by what each rule removes', () => {
    const three = times(30, () => finding('/a', '/b', '/c'));
    const lengthsWith = (...more: NoisyFinding[]) =>
      findNoise([...three, ...more]).combinations.map(({ rules }) => rules.length);

    expect(lengthsWith(...times(4, () => finding('/a', '/b', '/c', '/d')))).toEqual([3]);
    expect(lengthsWith(...times(6, () => finding('/a', '/b', '/c', '/d')))).toEqual([4, 3]);
    expect(lengthsWith(...times(10, () => finding('/a', '/b', '/c', '/d')))).toEqual([4]);
  });

  it('calls nothing a combination that its rules do alone as well, or whose findings are not whole', () => {
    const alone = [...times(9, () => finding('/a')), ...times(9, () => finding('/b'))];
    const cut = times(9, () => ({ ...finding('/c', '/d'), isWhole: false }));

    expect(findNoise([...alone, ...cut, finding('/a', '/b')]).combinations).toEqual([]);
    expect(findNoise([...alone, ...times(3, () => finding('/a', '/b'))]).combinations).toMatchObject([
      { removed: 21, reduced: 0 },
    ]);
  });

  it('tells of a type whose items come and go, and never of all types', () => {
    const {
      paths: [proposal, ...others],
    } = findNoise([
      ...times(3, () => finding('')),
      ...times(3, () => ({ itemType: '*', paths: [''], isWhole: true })),
    ]);

    expect(proposal).toMatchObject({ itemType: 'policy', path: '', removed: 3 });
    expect(others).toEqual([]);
  });

  it('takes a finding that keeps a part of its changes for one that is only made shorter', () => {
    const cut = times(2, () => ({ ...finding('/x'), isWhole: false }));

    expect(findNoise([...times(3, () => finding('/x')), ...cut]).paths).toMatchObject([
      { path: '/x', findings: 5, removed: 3, reduced: 2 },
    ]);
  });

  it('lists the twenty of most findings, equal ones by type and path', () => {
    const paths = Array.from({ length: 30 }, (_, at) => `/p${String(at).padStart(2, '0')}`);
    const findings = paths.flatMap((path, at) => times(at < 2 ? 3 : 4, () => finding(path)));

    expect(findNoise(findings).paths.map(({ path }) => path)).toEqual(paths.slice(2, 22));
  });

  const token = fc.oneof(
    fc.constantFrom('a', 'b', '*', '**', 'x*', '', '~', '/', '[withheld]', 'cafe\u0301', '\ud800', '\0', '='),
    fc.nat({ max: 4 }).map(String),
    fc.constantFrom(...'cdefghijk'),
  );
  const path = fc.array(token, { maxLength: 3 }).map(formatPointer);
  const noisy: fc.Arbitrary<NoisyFinding> = fc.record({
    itemType: fc.constantFrom('one', 'two', '*', 'a*', ' odd '),
    paths: fc.array(path, { minLength: 2, maxLength: 3 }),
    isWhole: fc.boolean(),
  });

  /** Of which many have the same paths. */
  const alike: fc.Arbitrary<NoisyFinding> = fc.record({
    itemType: fc.constantFrom('one', 'two'),
    paths: fc.subarray(['/a', '/b', '/d/1', '/d/2', '/d/3', '/e/*', '/e/x'], { minLength: 2, maxLength: 3 }),
    isWhole: fc.boolean(),
  });

  /** What a plan with the rules would do to the findings, by the plan itself. */
  function outcomeOf(
    ignoreChanges: readonly { itemType: string; path: string }[],
    findings: readonly NoisyFinding[],
  ) {
    const parsed = parsePlan({ name: 'plan', scopeType: 'workspace', noiseControls: { ignoreChanges } });
    expect(parsed.ok).toBe(true);
    const plan = compilePlan(parsed.ok ? parsed.plan : builtInPlan);
    const isIgnored = (one: NoisyFinding) => (at: string) =>
      plan.ignoreChangesAt(one.itemType, at).length > 0;
    const hit = findings.filter((one) => one.paths.some(isIgnored(one)));
    const gone = hit.filter((one) => one.isWhole && one.paths.every(isIgnored(one)));
    return {
      findings: hit.length,
      removed: gone.length,
      reduced: hit.length - gone.length,
      distinctPaths: new Set(hit.flatMap((one) => one.paths.filter(isIgnored(one)))).size,
    };
  }

  it('counts exactly what a plan with the rules would ignore, whatever the order of the findings', () => {
    let combined = 0;
    fc.assert(
      fc.property(
        fc.oneof(fc.array(noisy, { maxLength: 80 }), fc.array(alike, { maxLength: 80 })),
        (findings) => {
          const noise = findNoise(findings);

          for (const { itemType, path: pattern, examples: _, ...shown } of noise.paths) {
            expect(shown).toEqual(outcomeOf([{ itemType, path: pattern }], findings));
            expect(shown.findings >= 3 || shown.findings >= findings.length / 100).toBe(true);
            expect(itemType).not.toContain('*');
          }
          for (const { itemType: _, rules, ...shown } of noise.combinations) {
            combined++;
            expect(outcomeOf(rules, findings)).toMatchObject(shown);
            for (const rule of rules) {
              const rest = rules.filter((other) => other !== rule);
              expect(outcomeOf(rest, findings).removed).toBeLessThan(shown.removed);
            }
          }
          for (const counts of [
            noise.paths.map((path) => path.findings),
            noise.combinations.map(({ removed }) => removed),
          ]) {
            expect(counts).toEqual([...counts].sort((a, b) => b - a));
          }
          expect(findNoise([...findings].reverse())).toEqual(noise);
        },
      ),
      { numRuns: 500 },
    );
    expect(combined).toBeGreaterThan(10);
  });
});
