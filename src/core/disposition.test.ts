import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DemotionCode, type Disposition, demote, demotionCodes, dispositionOf } from './disposition.ts';
import { type DriftType, driftTypes } from './drift-type.ts';
import { parsePlan } from './parse-plan.ts';
import { type FindingRoute, findingRoutes } from './plan-route.ts';
import type { PlanDocument, PlanDocumentInput } from './plan-schema.ts';
import {
  docSystems,
  documentOutputs,
  messageOutputs,
  type PlanOutput,
  planOutputs,
  ticketOutputs,
} from './plan-vocabulary.ts';
import { anyPlanDocument } from './test-arbitrary-plan.ts';

function planOf(written: Partial<PlanDocumentInput>): PlanDocument {
  const result = parsePlan({ name: 'x', scopeType: 'workspace', ...written });
  if (!result.ok) throw new Error(JSON.stringify(result.details));
  return result.plan;
}

const finding = {
  driftType: 'process' as DriftType,
  isOfDocument: true,
  confidence: 1,
  score: 0.8,
  route: 'notify' as FindingRoute,
};

const disposed = (
  written: Partial<PlanDocumentInput>,
  rest: Partial<Parameters<typeof dispositionOf>[1]> = {},
): Disposition => dispositionOf(planOf(written), { ...finding, ...rest });

const everywhere: Partial<PlanDocumentInput> = {
  allowedOutputs: [...planOutputs],
  writeback: { enabled: true },
};

const anyFinding = fc.record({
  driftType: fc.constantFrom(...driftTypes),
  isOfDocument: fc.boolean(),
  confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  score: fc.double({ min: 0, max: 1, noNaN: true }),
  route: fc.constantFrom(...findingRoutes),
});

const anyPlan = anyPlanDocument().map((written) => planOf(written));

describe('a disposition', () => {
  it('says all that outputs need, where the plan says nothing', () => {
    expect(disposed({})).toEqual({
      route: 'notify',
      scoreRoute: 'notify',
      demotedBy: [],
      confidence: 1,
      score: 0.8,
      outputs: ['email', 'microsoft_teams', 'slack', 'webhook'],
      needsAcknowledgement: false,
      primaryDoc: null,
      sections: [],
      docTargeting: { strategy: 'primary_first', maxDocsPerDrift: 3, priorityOrder: [] },
      writeback: { isEnabled: false, approval: 'required', autoMerge: false, reviewers: [] },
    });
  });

  it('begins where the score leads, with nothing taken from it', () => {
    fc.assert(
      fc.property(anyPlan, anyFinding, (plan, finding) => {
        const { route, scoreRoute, demotedBy, confidence, score } = dispositionOf(plan, finding);

        expect([route, scoreRoute]).toEqual([finding.route, finding.route]);
        expect(demotedBy).toEqual([]);
        expect([confidence, score]).toEqual([finding.confidence, finding.score]);
      }),
    );
  });

  it('is the same for plans that behave the same', () => {
    fc.assert(
      fc.property(anyPlan, anyFinding, (plan, finding) => {
        const other = { ...plan, description: 'another', status: 'archived' as const };

        expect(dispositionOf(other, finding)).toEqual(dispositionOf(plan, finding));
      }),
    );
  });
});

describe('the outputs', () => {
  it('are those that are allowed, sorted', () => {
    expect(disposed({ allowedOutputs: ['slack', 'jira_issue', 'slack'] }).outputs).toEqual([
      'jira_issue',
      'slack',
    ]);
    expect(disposed({ allowedOutputs: [] }).outputs).toEqual([]);
  });

  it('of what is only recorded are none', () => {
    expect(disposed(everywhere, { route: 'recorded' }).outputs).toEqual([]);
  });

  it('of the digest are those that tell people', () => {
    expect(disposed(everywhere, { route: 'digest' }).outputs).toEqual([...messageOutputs].sort());
  });

  it('change documents only where that is enabled', () => {
    const written = { ...everywhere, writeback: { enabled: false } };

    expect(disposed(everywhere).outputs).toEqual([...planOutputs].sort());
    expect(disposed(written).outputs).toEqual([...messageOutputs, ...ticketOutputs].sort());
  });

  it('are never others than are allowed, and never more on a lower route', () => {
    fc.assert(
      fc.property(anyPlan, anyFinding, (plan, finding) => {
        const [recorded, digest, notify] = findingRoutes.map(
          (route) => dispositionOf(plan, { ...finding, route }).outputs,
        ) as [PlanOutput[], PlanOutput[], PlanOutput[]];

        expect(notify.filter((output) => !plan.allowedOutputs.includes(output))).toEqual([]);
        expect(digest.filter((output) => !notify.includes(output))).toEqual([]);
        expect(recorded).toEqual([]);
        const changing = notify.filter((output) =>
          (documentOutputs as readonly PlanOutput[]).includes(output),
        );
        if (!plan.writeback.enabled) expect(changing).toEqual([]);
      }),
    );
  });
});

describe('the sections', () => {
  it.each(driftTypes)('are those of %s', (driftType) => {
    const sectionTargets = Object.fromEntries(driftTypes.map((type) => [type, [`Section of ${type}`]]));

    expect(disposed({ sectionTargets }, { driftType }).sections).toEqual([`Section of ${driftType}`]);
    expect(disposed({}, { driftType }).sections).toEqual([]);
  });
});

describe('the documents', () => {
  it('begin with the primary one, where the plan names it', () => {
    expect(disposed({ primaryDocId: 'docs/run.md' }).primaryDoc).toEqual({ id: 'docs/run.md', system: null });
    for (const primaryDocSystem of docSystems) {
      expect(disposed({ primaryDocId: 'x', primaryDocSystem }).primaryDoc).toEqual({
        id: 'x',
        system: primaryDocSystem,
      });
    }
  });

  it('are chosen as the plan says', () => {
    const docTargeting = {
      strategy: 'all_matching' as const,
      maxDocsPerDrift: 7,
      priorityOrder: ['notion' as const, 'git' as const],
    };

    expect(disposed({ docTargeting }).docTargeting).toEqual(docTargeting);
  });
});

describe('approval', () => {
  it.each(driftTypes)('of a proposed change for %s is left out only as the whole plan says', (driftType) => {
    for (let mask = 0; mask < 32; mask++) {
      const [enabled, asks, waits, isSure, isOfDocument] = [1, 2, 4, 8, 16].map(
        (bit) => (mask & bit) !== 0,
      ) as [boolean, boolean, boolean, boolean, boolean];
      const written: Partial<PlanDocumentInput> = {
        writeback: { enabled, requiresApproval: asks },
        eligibility: { requiresApproval: waits },
        thresholds: { autoApprove: 0.9 },
      };

      const { writeback } = disposed(written, {
        driftType,
        isOfDocument,
        confidence: isSure ? 0.9 : 0.89,
      });

      const isAutomatic = isOfDocument && enabled && !asks && !waits && isSure;
      expect(writeback.approval).toBe(isAutomatic ? 'automatic' : 'required');
    }
  });

  it('compares the confidence, and not the score', () => {
    const written: Partial<PlanDocumentInput> = {
      writeback: { enabled: true, requiresApproval: false },
      thresholds: { autoApprove: 0.9 },
    };

    expect(disposed(written, { confidence: 0.95, score: 0.1 }).writeback.approval).toBe('automatic');
    expect(disposed(written, { confidence: 0.85, score: 1 }).writeback.approval).toBe('required');
  });

  it('takes 0.98 where the plan says nothing', () => {
    const written = { writeback: { enabled: true, requiresApproval: false } };

    const approvals = [0.979, 0.98, 1].map(
      (confidence) => disposed(written, { confidence }).writeback.approval,
    );

    expect(approvals).toEqual(['required', 'automatic', 'automatic']);
  });

  it('is needed before tickets and changes of documents only where the plan asks for it', () => {
    expect(disposed({ eligibility: { requiresApproval: true } }).needsAcknowledgement).toBe(true);
    expect(disposed({ writeback: { enabled: true, requiresApproval: true } }).needsAcknowledgement).toBe(
      false,
    );
  });
});

describe('write-back', () => {
  it('is as the plan says, and merges nothing where it is not enabled', () => {
    const writeback = { enabled: true, autoMerge: true, reviewers: ['bob', 'ann'] };

    expect(disposed({ writeback }).writeback).toMatchObject({
      isEnabled: true,
      autoMerge: true,
      reviewers: ['ann', 'bob'],
    });
    expect(disposed({ writeback: { ...writeback, enabled: false } }).writeback).toMatchObject({
      isEnabled: false,
      autoMerge: false,
    });
    expect(disposed({ writeback: { enabled: true } }).writeback.autoMerge).toBe(false);
  });
});

describe('demote', () => {
  const rank = (route: FindingRoute): number => findingRoutes.indexOf(route);

  it.each(findingRoutes.flatMap((from) => findingRoutes.map((to) => ({ from, to }))))(
    'leads from $from to $to only where that is lower',
    ({ from, to }) => {
      const plan = planOf(everywhere);
      const before = dispositionOf(plan, { ...finding, route: from });

      const after = demote(plan, before, 'budgets.maxDriftsPerDay', to);

      if (rank(to) < rank(from)) {
        expect(after).toEqual({
          ...dispositionOf(plan, { ...finding, route: to }),
          scoreRoute: from,
          demotedBy: ['budgets.maxDriftsPerDay'],
        });
      } else expect(after).toBe(before);
    },
  );

  it('keeps what else is said, in whatever order it is done', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom(...demotionCodes), fc.constantFrom(...findingRoutes)));
    fc.assert(
      fc.property(anyPlan, anyFinding, steps, (plan, finding, steps) => {
        const before = dispositionOf(plan, finding);
        const copy = structuredClone(before);

        const after = steps.reduce(
          (disposition, [by, route]: [DemotionCode, FindingRoute]) => demote(plan, disposition, by, route),
          before,
        );

        const lowest = Math.min(rank(finding.route), ...steps.map(([, route]) => rank(route)));
        const { route, outputs, demotedBy, ...rest } = after;
        const { route: _, outputs: __, demotedBy: ___, ...restBefore } = before;
        expect(rank(route)).toBe(lowest);
        expect(rest).toEqual(restBefore);
        expect(outputs).toEqual(dispositionOf(plan, { ...finding, route }).outputs);
        expect(demotedBy.length > 0).toBe(route !== finding.route);
        expect(before).toEqual(copy);
      }),
    );
  });
});
