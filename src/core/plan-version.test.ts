import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePlan } from './parse-plan.ts';
import { generatePlanHash, plansAreIdentical } from './plan-hash.ts';
import type { PlanDocument } from './plan-schema.ts';
import { createVersionMetadata, generateVersionNumber, requiresNewVersion } from './plan-version.ts';
import { planStatuses } from './plan-vocabulary.ts';
import { anyPlanDocument, anyText, respelled } from './test-arbitrary-plan.ts';

const now = '2026-03-01T00:00:00.000Z';

function parsed(written: unknown): PlanDocument {
  const result = parsePlan(written);
  if (!result.ok) throw new Error(JSON.stringify(result.details));
  return result.plan;
}

const plan = parsed({ name: 'x', scopeType: 'workspace' });

describe('generateVersionNumber', () => {
  it('begins with 1', () => {
    expect(generateVersionNumber(null)).toBe(1);
  });

  it('goes on without gaps', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (latest) => {
        expect(generateVersionNumber(latest)).toBe(latest + 1);
      }),
    );
  });
});

describe('createVersionMetadata', () => {
  it('says of the first version who made it, when, and of what content', () => {
    const metadata = createVersionMetadata({ content: plan, latest: null, now, createdBy: 'ann' });

    expect(metadata).toEqual({
      version: 1,
      versionHash: generatePlanHash(plan),
      parentVersion: null,
      createdAt: now,
      createdBy: 'ann',
    });
  });

  it('names the version that a later one was made of', () => {
    const metadata = createVersionMetadata({ content: plan, latest: 4, now, createdBy: 'ann' });

    expect(metadata).toMatchObject({ version: 5, parentVersion: 4 });
  });

  it('gives a rollback a new number and the old hash', () => {
    const other = { ...plan, name: 'y' };

    const versions = [plan, other, plan].map((content, index) =>
      createVersionMetadata({ content, latest: index === 0 ? null : index, now, createdBy: 'ann' }),
    );

    expect(versions.map(({ version }) => version)).toEqual([1, 2, 3]);
    expect(versions[2]?.versionHash).toBe(versions[0]?.versionHash);
    expect(versions[1]?.versionHash).not.toBe(versions[0]?.versionHash);
  });
});

describe('requiresNewVersion', () => {
  it('is not so for another description, status, order or spelling', () => {
    fc.assert(
      fc.property(
        anyPlanDocument(),
        anyText(),
        fc.constantFrom(...planStatuses),
        fc.nat(),
        (written, description, status, seed) => {
          const after = parsed({ ...respelled(written, seed), description, status });

          expect(requiresNewVersion(parsed(written), after)).toBe(false);
        },
      ),
    );
  });

  it.each<[string, Partial<PlanDocument>]>([
    ['the name', { name: 'y' }],
    ['what it is for', { scopeType: 'service', scopeRef: 'identity' }],
    ['a threshold', { thresholds: { ...plan.thresholds, notify: 0.5 } }],
    ['who reviews', { writeback: { ...plan.writeback, reviewers: ['ann'] } }],
    ['a budget', { budgets: { ...plan.budgets, maxDriftsPerDay: 0 } }],
  ])('is so for another content: %s', (_, change) => {
    expect(requiresNewVersion(plan, { ...plan, ...change })).toBe(true);
  });

  it('is so exactly where the plans are not identical', () => {
    fc.assert(
      fc.property(anyPlanDocument(), anyPlanDocument(), (one, other) => {
        const [before, after] = [parsed(one), parsed(other)];

        expect(requiresNewVersion(before, after)).toBe(!plansAreIdentical(before, after));
        expect(requiresNewVersion(before, before)).toBe(false);
      }),
    );
  });
});
