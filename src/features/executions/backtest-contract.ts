import { z } from 'zod';
import { backtestStates } from '../../core/backtest-state.ts';
import { driftTypes, severities } from '../../core/drift-type.ts';
import { holdCodes } from '../../core/plan-hold.ts';
import { findingRoutes } from '../../core/plan-route.ts';
import { instantSchema } from '../../http/instant.ts';
import { pageOf, pageQuery } from '../../http/page.ts';
import { documentFaults, tellPlanFaults } from '../plans/plan-body.ts';
import { planJsonSchema } from '../plans/plan-contract.ts';
import { backtestAbsences, backtestEffects } from './backtest.ts';
import { notReplayableReasons } from './execution.ts';

const count = z.int().nonnegative();
const { $schema: _, ...documentSchema } = planJsonSchema;

const requestSchema = z
  .strictObject({
    planId: z.string().optional().meta({ description: 'The plan to try; or `document`' }),
    version: z
      .int()
      .min(1)
      .max(2 ** 31 - 1)
      .optional()
      .meta({ description: 'Of the plan; without it the newest, a draft too' }),
    document: z
      .unknown()
      .optional()
      .meta({ ...documentSchema, description: 'A plan that is none yet, as people write it' }),
    scopeIds: z
      .array(z.string())
      .min(1)
      .max(200)
      .optional()
      .meta({ description: 'Without it every scope whose source the plan would be for' }),
    days: z.int().min(1).max(365).default(30).meta({ description: 'Runs that ended in the last days' }),
  })
  .superRefine(({ planId, document, version }, context) => {
    const refuse = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (planId === undefined && document === undefined) refuse('planId', 'planId or document is needed');
    if (planId !== undefined && document !== undefined) refuse('document', 'planId names the plan already');
    if (planId === undefined && version !== undefined) refuse('version', 'it is the version of a planId');
  });

export const createBacktestBody = tellPlanFaults(requestSchema, documentFaults);

const holdCode = z.enum(holdCodes);
const perSeverity = z.record(z.enum(severities), count);
const perRoute = z.record(z.enum(findingRoutes), count);

const holdFields = {
  candidates: count.meta({ description: 'Subjects of which nothing became a finding' }),
  changes: count.meta({ description: 'Single changes, those of findings that show others too' }),
  rules: z.array(
    z.object({
      code: holdCode,
      rule: z.string().meta({ description: 'JSON Pointer into the plan' }),
      candidates: count,
      changes: count,
    }),
  ),
};

const summarySchema = z
  .object({
    pairs: count.meta({ description: 'Pairs of runs that were compared' }),
    skipped: z
      .array(z.object({ reason: z.enum(notReplayableReasons), count }))
      .meta({ description: 'Pairs that can not be computed again, by reason' }),
    pairsOfOtherPlans: count.meta({
      description:
        'Pairs of sources for which another plan would be in force, were the tried one in force too; they are compared all the same',
    }),
    candidates: count.meta({ description: 'Subjects that drifted' }),
    findingsBefore: count.meta({
      description:
        'That would be opened under the plans that the executions used, from none on and without decisions of people',
    }),
    findingsAfter: count.meta({ description: 'The same under the tried plan' }),
    nothingNewBefore: count.meta({
      description:
        'Subjects that are let through and open nothing: ways back, and what is there already or again',
    }),
    nothingNewAfter: count,
    forgottenSubjects: count.meta({
      description:
        'Subjects whose findings had to be forgotten, as very much drifted; what they came back to counts as new',
    }),
    appears: count,
    disappears: count,
    changesSeverity: count,
    changesRoute: count.meta({ description: 'A finding may change both; then it counts for both' }),
    unchanged: count.meta({ description: 'Findings that are the same under both' }),
    changes: count.meta({ description: 'Subjects with any effect' }),
    changesKept: count.meta({ description: 'The first of them, which are listed' }),
    severitiesBefore: perSeverity,
    severitiesAfter: perSeverity,
    routesBefore: perRoute,
    routesAfter: perRoute,
    heldBack: z.object({
      before: z.object({
        candidates: count,
        changes: count,
        plans: z
          .array(
            z.object({
              planVersionHash: z.string(),
              planId: z.string().nullable(),
              planVersion: z.int().nullable(),
              pairs: count,
              ...holdFields,
            }),
          )
          .meta({ description: 'The hundred that held back most' }),
      }),
      after: z.object(holdFields),
    }),
    conditionProblems: z
      .array(z.object({ rule: z.string(), outcome: z.string(), count }))
      .meta({ description: 'Conditions of the tried plan that could not be told; they hold nothing back' }),
  })
  .meta({
    id: 'BacktestSummary',
    description:
      'What would be otherwise. Routes are those that scores lead to: budgets and incidents, which are of the world then, are not asked',
  });

export const backtestSchema = z
  .object({
    backtestId: z.string(),
    planId: z.string().nullable().meta({ description: 'Null: a document that is no plan yet' }),
    planVersion: z.int().nullable(),
    planVersionHash: z.string(),
    planName: z.string(),
    scopeIds: z.array(z.string()).meta({ description: 'The scopes whose pairs of runs are taken' }),
    days: z.int(),
    since: instantSchema.meta({ description: 'Pairs whose current run ended from here up to requestedAt' }),
    status: z.enum(backtestStates),
    progress: z.object({ donePairs: count, totalPairs: count, candidates: count }).nullable(),
    summary: summarySchema.nullable().meta({ description: 'Null until it has succeeded' }),
    resultDigest: z
      .string()
      .nullable()
      .meta({ description: 'SHA-256 of all changes and the summary: the same for the same executions' }),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    isCancelRequested: z.boolean(),
    attempts: count,
    requestedAt: instantSchema,
    requestedBy: z.string(),
    startedAt: instantSchema.nullable(),
    finishedAt: instantSchema.nullable(),
  })
  .meta({ id: 'Backtest', description: 'A plan tried on stored pairs of runs; it writes no findings' });

export type BacktestResponse = z.infer<typeof backtestSchema>;

export const backtestPageSchema = pageOf(backtestSchema);

export const backtestListQuery = z.object({ ...pageQuery, planId: z.string().optional() });

const sideSchema = z
  .object({ severity: z.enum(severities), route: z.enum(findingRoutes), score: z.number() })
  .nullable();

const backtestChangeSchema = z
  .object({
    ordinal: z.int(),
    effects: z
      .array(z.enum(backtestEffects))
      .meta({ description: 'One, or `changes_severity` and `changes_route` together' }),
    scopeId: z.string(),
    executionId: z.string(),
    fingerprint: z.string(),
    driftType: z.enum(driftTypes),
    change: z.enum(['added', 'removed', 'changed']),
    itemType: z.string(),
    externalId: z.string(),
    label: z.string(),
    before: sideSchema.meta({
      description: 'Opened under the plan that the execution used; null: it was none',
    }),
    after: sideSchema.meta({ description: 'Opened under the tried plan; null: it would be none' }),
    absence: z.enum(backtestAbsences).nullable().meta({
      description:
        'Why it is none on the side where it is none: held back, the way back of what was found, known already, or flapping',
    }),
    reasons: z
      .array(z.object({ code: holdCode, rule: z.string(), detail: z.string() }))
      .meta({ description: 'What holds it back on that side; the first twenty' }),
    reasonCount: count,
  })
  .meta({ id: 'BacktestChange' });

export type BacktestChangeResponse = z.infer<typeof backtestChangeSchema>;

export const backtestChangePageSchema = pageOf(backtestChangeSchema).extend({
  omitted: count.meta({ description: 'Changes of any effect beyond those that are kept' }),
});

export const backtestChangeQuery = z.object({ ...pageQuery, effect: z.enum(backtestEffects).optional() });
