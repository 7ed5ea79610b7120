// The config of a plan: every field with its meaning, range and default. Editors and the API complete from it.
import { z } from 'zod';
import { conditionFaults } from './condition.ts';
import { MAX_CONDITION_LENGTH } from './condition-syntax.ts';
import type { ConditionKind } from './condition-variables.ts';
import { type DriftType, driftTypes, severities } from './drift-type.ts';
import { patternFault } from './path-pattern.ts';
import { planLine, planText } from './plan-text.ts';
import { docStrategies, docSystems, inputSources, messageOutputs, planOutputs } from './plan-vocabulary.ts';
import { isStorable, storableFault } from './storable-text.ts';

const MAX_RULES = 1000;
/** Elements of a list of words, with repetitions. */
const MAX_WORDS = 100;

/** A number in a range. -0 is 0: they mean the same, and only one of them is written. */
const numberWithin = (min: number, max: number) =>
  z
    .number()
    .min(min)
    .max(max)
    .overwrite((value) => value + 0);

const share = (fallback: number) => numberWithin(0, 1).default(fallback);

const condition = (kind: ConditionKind) =>
  planText(MAX_CONDITION_LENGTH).superRefine((text, context) => {
    // What is too long is told already.
    if (text === '' || text.length > MAX_CONDITION_LENGTH) return;
    for (const message of conditionFaults(kind, text)) context.addIssue({ code: 'custom', message });
  });

/** A condition that may be left out. One without text is a mistake: what was to narrow a rule down would not. */
const optionalCondition = (kind: ConditionKind) =>
  condition(kind).min(1, 'it is empty: leave it out where there is no condition').nullable().default(null);

/** Patterns are compiled one by one, and each of them is kept as long as its plan is. */
const fewPatterns =
  (most: number) =>
  (rules: readonly { readonly when: string | null }[], context: z.RefinementCtx): void => {
    const count = rules.reduce((sum, { when }) => sum + (when?.match(/\bmatches\s*\(/g)?.length ?? 0), 0);
    if (count > most) {
      const message = `its conditions use matches() ${count} times; ${most} times are allowed`;
      context.addIssue({ code: 'custom', message });
    }
  };

const pathPattern = z
  .string()
  .refine(isStorable, storableFault)
  .normalize('NFC')
  .max(1000, 'it is longer than 1000 characters')
  .superRefine((text, context) => {
    const fault = patternFault(text);
    if (fault !== null) context.addIssue({ code: 'custom', message: fault });
  });

const ignoreChange = z.strictObject({
  itemType: planLine(200)
    .default('*')
    .describe('The item types that are meant; "*" stands for any characters.'),
  path: pathPattern.describe(
    'JSON Pointer pattern of the changes; "*" within a segment, "**" for any segments. "" is the item itself.',
  ),
  when: optionalCondition('change').describe('CEL: only changes of which this is true. Null: all of them.'),
  reason: planText(500).default('').describe('Why it is ignored, for those who come after.'),
});

const multiplier = z.strictObject({
  name: planLine(100).describe('What people call it; unique within the plan.'),
  factor: numberWithin(0, 10).describe('What the impact is multiplied by, 0 to 10.'),
  when: condition('candidate').min(1, 'a multiplier needs a condition').describe('CEL: the drift it is for.'),
});

const thresholds = z.strictObject({
  minConfidence: share(0).describe('Drift of a lower confidence is held back. 0 to 1.'),
  minImpactScore: share(0).describe('Drift of a lower impact is held back. 0 to 1.'),
  minDriftScore: share(0).describe('Drift of a lower score (confidence × impact) is held back. 0 to 1.'),
  ignore: share(0).describe('Drift with a score below this is held back. Not above digestOnly.'),
  digestOnly: share(0.2).describe(
    'With a score below this it is recorded, and nobody is told. Not above notify.',
  ),
  notify: share(0.4).describe('With a score below this it is told in the digest; from it on, at once.'),
  autoApprove: share(0.98).describe(
    'Proposed changes of documents need no approval from this confidence on. It never accepts drift.',
  ),
});

const eligibility = z.strictObject({
  requiresIncident: z
    .boolean()
    .default(false)
    .describe('Tell of drift only while an incident of its service is open; otherwise it is recorded.'),
  minSeverity: z
    .enum(severities)
    .default('sev4')
    .describe('Less severe drift is held back; sev1 is the worst.'),
  requiresApproval: z
    .boolean()
    .default(false)
    .describe('Tickets and changes of documents wait until a person has acknowledged the finding.'),
  when: optionalCondition('eligibility').describe(
    'CEL: drift of which this is false is held back. Null: none.',
  ),
});

const sectionNames = z.array(planLine(200)).max(50).default([]);

const sectionTargets = z
  .strictObject(
    Object.fromEntries(
      driftTypes.map((type) => [
        type,
        sectionNames.describe(`Sections of the primary document for drift of the type ${type}.`),
      ]),
    ) as Record<DriftType, typeof sectionNames>,
  )
  .prefault({})
  .describe('Per drift type the sections of the primary document that are to be brought up to date.');

const impactRules = z.strictObject({
  baseImpact: numberWithin(0, 1)
    .nullable()
    .default(null)
    .describe('The impact of every change, 0 to 1. Null: what its item type says of its path.'),
  multipliers: z
    .array(multiplier)
    .max(100)
    .superRefine(fewPatterns(300))
    .default([])
    .describe('Factors of the impact, each with its condition.'),
});

const writeback = z.strictObject({
  enabled: z.boolean().default(false).describe('Whether documents may be changed at all.'),
  requiresApproval: z.boolean().default(true).describe('Whether a person approves each change.'),
  autoMerge: z.boolean().default(false).describe('Whether an approved change is merged by itself.'),
  reviewers: z.array(planLine(200)).max(50).default([]).describe('Who is asked to review changes.'),
});

const globs = (text: string) => z.array(planLine(500)).max(MAX_RULES).default([]).describe(text);

const noiseControls = z.strictObject({
  ignorePatterns: globs('Items whose label or external id is like this; "*" stands for any characters.'),
  ignorePaths: z
    .array(pathPattern.refine((text) => text !== '', 'a path begins with "/"'))
    .max(MAX_RULES)
    .default([])
    .describe(
      'Changes at these paths, of items of any type: JSON Pointer patterns; of documents "/" and their path.',
    ),
  ignoreAuthors: globs(
    'What these brought: who pushed or asked for the run, or who wrote the commit; "*" stands for any characters.',
  ),
  ignoreChanges: z
    .array(ignoreChange)
    .max(MAX_RULES)
    .superRefine(fewPatterns(MAX_RULES))
    .default([])
    .describe('Changes that never make a finding.'),
});

const limit = z
  .int()
  .min(0)
  .max(1_000_000)
  .overwrite((value) => value + 0)
  .nullable()
  .default(null);

const budgets = z.strictObject({
  maxDriftsPerDay: limit.describe(
    'New findings of the plan in 24 hours that are told; more are recorded. Null: all.',
  ),
  maxDriftsPerWeek: limit.describe('The same in 7 days.'),
  maxNotificationsPerHour: limit.describe(
    'New findings told at once in an hour; more go to the digest. Null: all.',
  ),
});

const docTargeting = z.strictObject({
  strategy: z
    .enum(docStrategies)
    .default('primary_first')
    .describe('The primary document only, it first and then others that match, or all that match.'),
  maxDocsPerDrift: z.int().min(1).max(50).default(3).describe('Documents that one finding may concern.'),
  priorityOrder: z
    .array(z.enum(docSystems))
    .max(docSystems.length)
    .default([])
    .describe('Which document systems come first, in this order; the others follow.'),
});

/** What a plan decides by. Each group may be left out as a whole or in part. */
export const planConfigFields = {
  inputSources: z
    .array(z.enum(inputSources))
    .min(1, 'without any input source it would be a plan for nothing')
    .max(MAX_WORDS)
    .default([...inputSources])
    .describe('Kinds of sources whose drift counts; all of them where nothing is said.'),
  driftTypes: z
    .array(z.enum(driftTypes))
    .min(1, 'without any drift type it would be a plan for nothing')
    .max(MAX_WORDS)
    .default([...driftTypes])
    .describe('The drift that counts; all of it where nothing is said.'),
  allowedOutputs: z
    .array(z.enum(planOutputs))
    .max(MAX_WORDS)
    .default([...messageOutputs])
    .describe('Where findings may go; messages to people where nothing is said.'),
  thresholds: thresholds.prefault({}).describe('Which scores count, and how loudly.'),
  eligibility: eligibility.prefault({}).describe('What drift must be like to become a finding.'),
  sectionTargets,
  impactRules: impactRules.prefault({}).describe('How much drift matters.'),
  writeback: writeback.prefault({}).describe('What may be written back to documents.'),
  noiseControls: noiseControls.prefault({}).describe('What is noise.'),
  budgets: budgets.prefault({}).describe('How much may be told.'),
  docTargeting: docTargeting.prefault({}).describe('Which documents a finding concerns.'),
};

export const planConfigSchema = z.strictObject(planConfigFields);

/** All that a plan decides by, with every default filled in. */
export type DriftPlanConfig = z.output<typeof planConfigSchema>;
