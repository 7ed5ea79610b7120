import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareText } from './compare-text.ts';
import { parsePlan } from './parse-plan.ts';
import { comparePlans, type PlanChange } from './plan-comparison.ts';
import { plansAreIdentical } from './plan-hash.ts';
import type { PlanDocument, PlanDocumentInput } from './plan-schema.ts';
import { anyPlanDocument, respelled } from './test-arbitrary-plan.ts';

function planOf(written: Partial<PlanDocumentInput>): PlanDocument {
  const result = parsePlan({ name: 'x', scopeType: 'workspace', ...written });
  if (!result.ok) throw new Error(JSON.stringify(result.details));
  return result.plan;
}

const compared = (before: Partial<PlanDocumentInput>, after: Partial<PlanDocumentInput>): PlanChange[] =>
  comparePlans(planOf(before), planOf(after));

describe('what changed from one plan to another', () => {
  it('is told property by property, with both values', () => {
    const before: Partial<PlanDocumentInput> = {
      thresholds: { notify: 0.5 },
      budgets: { maxDriftsPerDay: 5 },
    };
    const after: Partial<PlanDocumentInput> = { name: 'y', scopeType: 'service', scopeRef: 'identity' };

    expect(compared(before, after)).toEqual([
      { path: '/budgets/maxDriftsPerDay', op: 'replace', before: 5, after: null },
      { path: '/name', op: 'replace', before: 'x', after: 'y' },
      { path: '/scopeRef', op: 'replace', before: null, after: 'identity' },
      { path: '/scopeType', op: 'replace', before: 'workspace', after: 'service' },
      { path: '/thresholds/notify', op: 'replace', before: 0.5, after: 0.4 },
    ]);
  });

  it('names elements of sets by themselves', () => {
    expect(
      compared({ writeback: { reviewers: ['ann', 'bob'] } }, { writeback: { reviewers: ['bob', 'a/b'] } }),
    ).toEqual([
      { path: '/writeback/reviewers/ann', op: 'remove', before: 'ann', after: null },
      { path: '/writeback/reviewers/a~1b', op: 'add', before: null, after: 'a/b' },
    ]);
    expect(
      compared({ driftTypes: ['presence', 'process'] }, { driftTypes: ['process'] }).map(({ path }) => path),
    ).toEqual(['/driftTypes/presence']);
  });

  it('names multipliers by their names, in whatever order they are written', () => {
    const a = { name: 'a', factor: 1, when: 'true' };
    const b = { name: 'b/c', factor: 1, when: 'true' };

    const changes = compared(
      { impactRules: { multipliers: [b, a] } },
      { impactRules: { multipliers: [a, { ...b, factor: 2 }, { ...a, name: '0' }] } },
    );

    expect(changes).toEqual([
      { path: '/impactRules/multipliers/0', op: 'add', before: null, after: { ...a, name: '0' } },
      { path: '/impactRules/multipliers/b~1c/factor', op: 'replace', before: 1, after: 2 },
    ]);
  });

  it('of an ignored change is what of it changed', () => {
    const others = [{ path: '/b' }, { path: '/c' }];

    const changes = compared(
      { noiseControls: { ignoreChanges: [{ path: '/a' }, ...others] } },
      { noiseControls: { ignoreChanges: [...others, { path: '/a', reason: 'Known.' }] } },
    );

    expect(changes).toMatchObject([{ op: 'replace', before: '', after: 'Known.' }]);
    expect(changes[0]?.path).toMatch(/^\/noiseControls\/ignoreChanges\/\d\/reason$/);
  });

  it('of a list is told where only its order is another', () => {
    const changes = compared(
      { docTargeting: { priorityOrder: ['git', 'notion'] } },
      { docTargeting: { priorityOrder: ['notion', 'git'] } },
    );

    expect(changes.length).toBeGreaterThan(0);
    for (const { path } of changes) expect(path).toMatch(/^\/docTargeting\/priorityOrder\//);
  });

  it('is nothing of the description, the status, or what is kept beside a plan', () => {
    const plan = planOf({});
    const stored = { ...plan, description: 'd', status: 'active' as const, planId: 'x', version: 2 };

    expect(comparePlans(plan, stored)).toEqual([]);
    expect(comparePlans(stored, { ...stored, name: 'y' }).map(({ path }) => path)).toEqual(['/name']);
  });

  it('is nothing exactly where the plans behave the same', () => {
    fc.assert(
      fc.property(anyPlanDocument(), anyPlanDocument(), fc.nat(), (one, other, seed) => {
        const [before, after, same] = [one, other, respelled(one, seed)].map((written) =>
          planOf(written),
        ) as [PlanDocument, PlanDocument, PlanDocument];

        expect(comparePlans(before, after).length === 0).toBe(plansAreIdentical(before, after));
        expect(comparePlans(before, same)).toEqual([]);
        expect(comparePlans(before, before)).toEqual([]);
      }),
    );
  });

  it('is in order and says of each side what is there', () => {
    fc.assert(
      fc.property(anyPlanDocument(), anyPlanDocument(), (one, other) => {
        const changes = compared(one, other);

        expect(changes.map(({ path }) => path)).toEqual(changes.map(({ path }) => path).sort(compareText));
        for (const change of changes) {
          expect(Object.values(change)).not.toContain(undefined);
          expect(change.before).not.toEqual(change.after);
          if (change.op === 'add') expect(change.before).toBeNull();
          if (change.op === 'remove') expect(change.after).toBeNull();
        }
      }),
    );
  });
});
