import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePlan } from './compiled-plan.ts';
import { formatPointer } from './json-pointer.ts';
import { type NoisyFinding, proposeIgnoreRules } from './noise-proposal.ts';
import { builtInPlan, parsePlan } from './parse-plan.ts';

const finding = (...paths: string[]): NoisyFinding => ({ itemType: 'policy', paths, isWhole: true });
const times = (count: number, one: (index: number) => NoisyFinding) =>
  Array.from({ length: count }, (_, at) => one(at));

describe('proposeIgnoreRules', () => {
  it('says what a rule would have removed, and what would have shown less', () => {
    const findings = [
      ...times(6, (at) => finding(`/settings/s${at % 5}x/value`)),
      ...times(2, () => finding('/settings/s0x/value', '/name')),
      ...times(2, () => finding('/name')),
    ];

    expect(proposeIgnoreRules(findings)).toEqual([
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

  it('proposes nothing that would remove one finding, or two of many', () => {
    const loud = times(199, () => finding('/loud'));

    expect(proposeIgnoreRules([finding('/once')])).toEqual([]);
    expect(proposeIgnoreRules([finding('/once'), finding('/once', '/other')])).toEqual([]);
    expect(
      proposeIgnoreRules([...loud, finding('/twice'), finding('/twice')]).map(({ path }) => path),
    ).toEqual(['/loud']);
    expect(proposeIgnoreRules([...loud.slice(1), finding('/twice'), finding('/twice')])).toHaveLength(2);
    expect(proposeIgnoreRules([...loud, ...times(3, () => finding('/thrice'))])).toHaveLength(2);
  });

  it('tells of a type whose items come and go, and never of all types', () => {
    const [proposal, ...others] = proposeIgnoreRules([
      ...times(3, () => finding('')),
      ...times(3, () => ({ itemType: '*', paths: [''], isWhole: true })),
    ]);

    expect(proposal).toMatchObject({ itemType: 'policy', path: '', removed: 3 });
    expect(others).toEqual([]);
  });

  it('takes a finding that keeps a part of its changes for one that is only made shorter', () => {
    const cut = times(2, () => ({ ...finding('/x'), isWhole: false }));

    expect(proposeIgnoreRules([...times(3, () => finding('/x')), ...cut])).toMatchObject([
      { path: '/x', findings: 5, removed: 3, reduced: 2 },
    ]);
  });

  it('lists the twenty that remove most, equal ones by type and path', () => {
    const paths = Array.from({ length: 30 }, (_, at) => `/p${String(at).padStart(2, '0')}`);
    const findings = paths.flatMap((path, at) => times(at < 2 ? 3 : 4, () => finding(path)));

    expect(proposeIgnoreRules(findings).map(({ path }) => path)).toEqual(paths.slice(2, 22));
  });

  const token = fc.oneof(
    fc.constantFrom('a', 'b', '*', '**', 'x*', '', '~', '/', '[withheld]', 'cafe\u0301', '\ud800', '\0', '='),
    fc.nat({ max: 4 }).map(String),
    fc.constantFrom(...'cdefghijk'),
  );
  const path = fc.array(token, { maxLength: 3 }).map(formatPointer);
  const noisy: fc.Arbitrary<NoisyFinding> = fc.record({
    itemType: fc.constantFrom('one', 'two', '*', 'a*', ' odd '),
    paths: fc.array(path, { maxLength: 4 }),
    isWhole: fc.boolean(),
  });

  it('counts exactly what a plan with the rule would ignore, whatever the order of the findings', () => {
    fc.assert(
      fc.property(fc.array(noisy, { maxLength: 80 }), (findings) => {
        const proposals = proposeIgnoreRules(findings);

        for (const { itemType, path: pattern, removed, reduced, findings: touched, ...shown } of proposals) {
          const parsed = parsePlan({
            name: 'plan',
            scopeType: 'workspace',
            noiseControls: { ignoreChanges: [{ itemType, path: pattern }] },
          });
          const plan = compilePlan(parsed.ok ? parsed.plan : builtInPlan);
          const isIgnored = (one: NoisyFinding) => (at: string) =>
            plan.ignoreChangesAt(one.itemType, at).length > 0;
          const hit = findings.filter((one) => one.paths.some(isIgnored(one)));
          const gone = hit.filter((one) => one.isWhole && one.paths.every(isIgnored(one)));

          expect(parsed.ok).toBe(true);
          expect({ removed, reduced, touched }).toEqual({
            removed: gone.length,
            reduced: hit.length - gone.length,
            touched: hit.length,
          });
          expect(shown.distinctPaths).toBe(
            new Set(hit.flatMap((one) => one.paths.filter(isIgnored(one)))).size,
          );
          expect(removed >= 3 || removed >= findings.length / 100).toBe(true);
          expect(itemType).not.toContain('*');
        }
        expect(proposals.map(({ removed }) => removed)).toEqual(
          proposals.map(({ removed }) => removed).sort((a, b) => b - a),
        );
        expect(proposeIgnoreRules([...findings].reverse())).toEqual(proposals);
      }),
      { numRuns: 500 },
    );
  });
});
