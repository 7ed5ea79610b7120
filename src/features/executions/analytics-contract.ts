import { z } from 'zod';
import { demotionCodes } from '../../core/disposition.ts';
import { holdCodes } from '../../core/plan-hold.ts';
import { findingRoutes } from '../../core/plan-route.ts';
import { planStatuses } from '../../core/plan-vocabulary.ts';
import { instantSchema } from '../../http/instant.ts';

const count = z.int().nonnegative();

/** Days that analytics look back on, the present one among them. */
export const analyticsQuery = z.object({
  days: z.coerce
    .number()
    .int()
    .min(1)
    .max(365)
    .default(30)
    .meta({ description: 'UTC days to look back on, today among them' }),
});

const windowSchema = z
  .object({
    days: z.int(),
    since: instantSchema.meta({ description: 'The beginning of its first UTC day' }),
    until: instantSchema.meta({ description: 'Now' }),
    executionsKeptSince: instantSchema
      .nullable()
      .meta({ description: 'Where retention has taken older executions: what is counted began then' }),
    findingsKeptSince: instantSchema
      .nullable()
      .meta({ description: 'The same for findings that were resolved before' }),
  })
  .meta({ id: 'AnalyticsWindow' });

const triageSchema = z
  .object({
    findings: count.meta({ description: 'Opened in the window and still kept; the sum of all that follow' }),
    acknowledged: count.meta({ description: 'By what a person decided last, whatever became of it' }),
    accepted: count,
    falsePositive: count.meta({ description: 'Dismissed as no drift that matters' }),
    wontFix: count.meta({ description: 'Dismissed, as nobody will do anything about it' }),
    snoozed: count,
    reopened: count.meta({ description: 'Somebody took a decision back' }),
    resolvedUntouched: count.meta({ description: 'Over before anybody decided anything' }),
    untouched: count.meta({ description: 'Nobody has decided anything yet' }),
    timeToTriage: z
      .object({
        count: count.meta({ description: 'Findings about which somebody decided' }),
        medianSeconds: z.number().nullable(),
        p90Seconds: z.number().nullable(),
      })
      .meta({ description: 'From the opening of a finding to the first decision about it' }),
  })
  .meta({
    id: 'PlanTriage',
    description: 'What people did about the findings that were opened in the window',
  });

/** What executions came to. */
const totalsFields = {
  executions: count.meta({ description: 'That succeeded in the window' }),
  candidates: count.meta({ description: 'Subjects that drifted' }),
  letThrough: count.meta({ description: 'Those that the plan let through' }),
  heldBack: z.object({
    candidates: count.meta({ description: 'Those that became no finding' }),
    changes: count.meta({ description: 'Single changes, those of findings that show others too' }),
    codes: z
      .array(z.object({ code: z.enum(holdCodes), candidates: count, changes: count }))
      .meta({ description: 'By the field of the plan. What two rules hold back counts for both' }),
  }),
  opened: count.meta({ description: 'Findings that were opened; the rest told of known ones' }),
  routes: z
    .record(z.enum(findingRoutes), count)
    .meta({ description: 'Findings that were opened, by where they went' }),
  demoted: z
    .array(z.object({ code: z.enum(demotionCodes), count }))
    .meta({ description: 'Those that went lower than their score, by what took them there' }),
  triage: triageSchema,
};

const totalsSchema = z.object(totalsFields).meta({ id: 'PlanTotals' });

export type PlanTotalsResponse = z.infer<typeof totalsSchema>;

const ruleSchema = z
  .object({
    code: z.enum(holdCodes),
    rule: z.string().meta({ description: 'JSON Pointer into the version' }),
    version: z.int().meta({ description: 'The newest of those in which it stands' }),
    isInForce: z.boolean().meta({ description: 'Whether it stands in the version in force' }),
    text: z.string().meta({ description: 'The rule as people read it' }),
    executions: count.meta({ description: 'Of the versions in which it stands' }),
    candidates: count,
    changes: count,
  })
  .meta({ id: 'RuleUse' });

const versionSchema = z.object({
  version: z.int(),
  ...totalsFields,
  rules: z
    .array(
      z.object({
        code: z.enum(holdCodes),
        rule: z.string(),
        text: z.string(),
        candidates: count,
        changes: count,
      }),
    )
    .meta({ description: 'What held drift back, by rule; the 100 that held back most' }),
  omittedRules: count,
});

const daySchema = z.object({
  day: z.iso.date(),
  executions: count,
  candidates: count,
  letThrough: count,
  heldBack: count,
  opened: count,
  firstTriaged: count.meta({
    description: 'Findings of the window about which somebody decided first on that day',
  }),
});

const removedShare = z.number().meta({
  description: 'The same of all findings that were looked at, 0 to 1',
});

const ignoreRuleSchema = z
  .object({ itemType: z.string(), path: z.string() })
  .meta({ description: 'For noiseControls.ignoreChanges' });

const noisePathSchema = z
  .object({
    itemType: z.string(),
    path: z.string().meta({
      description: 'Pattern of the changes; `*` where there are many keys. Empty: items that come and go',
    }),
    findings: count.meta({ description: 'Findings with such a change' }),
    removed: count.meta({ description: 'Findings that the rule would have removed altogether' }),
    removedShare,
    reduced: count.meta({ description: 'Findings that would have shown less' }),
    distinctPaths: count,
    examples: z.array(z.string()).meta({ description: 'Up to three of the paths' }),
    rule: ignoreRuleSchema,
  })
  .meta({ id: 'NoisePath' });

const noiseCombinationSchema = z
  .object({
    itemType: z.string(),
    rules: z.array(ignoreRuleSchema).meta({ description: 'Two to ten, none of which could be left out' }),
    findings: count.meta({ description: 'Findings with a change that one of them matches' }),
    removed: count.meta({ description: 'Findings that the rules together would have removed altogether' }),
    removedShare,
    reduced: count.meta({ description: 'Findings that would have shown less' }),
  })
  .meta({ id: 'NoiseCombination' });

const noisePathsFields = {
  findings: count.meta({ description: 'The newest of the window, up to 20,000' }),
  omittedFindings: count.meta({ description: 'Older ones that were not looked at' }),
  cutFindings: count.meta({
    description: 'Those that keep only a part of their changes; no rule is said to remove them',
  }),
  paths: z.array(noisePathSchema).meta({ description: 'Those of most findings first; up to 20' }),
  combinations: z.array(noiseCombinationSchema).meta({
    description: 'Rules that remove findings only together, those that remove most first; up to 10',
  }),
};

export const planAnalyticsSchema = z
  .object({
    planId: z.string(),
    name: z.string(),
    status: z.enum(planStatuses),
    version: z
      .int()
      .meta({ description: 'In force; of a plan that is not, the last one that was, or the newest' }),
    window: windowSchema,
    totals: totalsSchema,
    versions: z
      .array(versionSchema)
      .meta({ description: 'With executions in the window, newest first; up to 100' }),
    omittedVersions: count.meta({ description: 'Older ones; the totals have them too' }),
    trend: z.array(daySchema).meta({ description: 'Every UTC day of the window' }),
    noise: z.object({
      ...noisePathsFields,
      rules: z
        .array(ruleSchema)
        .meta({ description: 'Rules that held something back, most first; up to 100' }),
      deadRules: z
        .array(ruleSchema)
        .meta({ description: 'Rules of the version in force that held nothing back; up to 100' }),
      omittedRules: count,
      omittedDeadRules: count,
    }),
  })
  .meta({ id: 'PlanAnalytics' });

export type PlanAnalyticsResponse = z.infer<typeof planAnalyticsSchema>;

export const workspaceAnalyticsSchema = z
  .object({
    window: windowSchema,
    plans: z
      .array(
        z.object({
          planId: z.string(),
          name: z.string(),
          status: z.enum(planStatuses),
          version: z.int(),
          ...totalsFields,
        }),
      )
      .meta({ description: 'In force or with executions in the window, most findings first; up to 1,000' }),
    omittedPlans: count,
    withoutPlan: totalsSchema.meta({ description: 'What the built-in default decided' }),
    scopesWithoutPlan: z
      .array(
        z.object({
          scopeId: z.string(),
          sourceId: z.string(),
          sourceName: z.string(),
          lastRunAt: instantSchema.nullable(),
          findings: count.meta({ description: 'That were opened in the window' }),
        }),
      )
      .meta({ description: 'Scopes that are observed and for which no plan is in force; up to 1,000' }),
    omittedScopes: count,
    noise: z.object(noisePathsFields).meta({ description: 'Over all findings, whatever their plan' }),
  })
  .meta({ id: 'WorkspaceAnalytics' });

export type WorkspaceAnalyticsResponse = z.infer<typeof workspaceAnalyticsSchema>;
