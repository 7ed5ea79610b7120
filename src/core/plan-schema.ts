import { z } from 'zod';
import { driftTypes } from './drift-type.ts';
import type { ErrorDetail } from './errors.ts';
import { patternFault } from './path-pattern.ts';
import { describeIssues } from './validation.ts';

const ignoreChange = z.strictObject({
  itemType: z
    .string()
    .min(1)
    .max(200)
    .default('*')
    .describe('The item types that are meant; "*" stands for any characters.'),
  path: z
    .string()
    .max(1000)
    .superRefine((text, context) => {
      const fault = patternFault(text);
      if (fault !== null) context.addIssue({ code: 'custom', message: fault });
    })
    .describe(
      'JSON Pointer pattern of the changes; "*" within a segment, "**" for any segments. "" is the item itself.',
    ),
  reason: z.string().max(500).optional().describe('Why it is ignored, for those who come after.'),
});

/** A plan file. The whole plan model grows here; see docs/plan-file.md. */
export const planSchema = z.strictObject({
  name: z.string().min(1).max(200).default('plan').describe('What people call the plan.'),
  description: z.string().max(2000).default(''),
  driftTypes: z
    .array(z.enum(driftTypes))
    .min(1)
    .default([...driftTypes])
    .describe('The drift that counts; all of it where nothing is said.'),
  noiseControls: z
    .strictObject({
      ignoreChanges: z
        .array(ignoreChange)
        .max(1000)
        .default([])
        .describe('Changes that never make a finding.'),
    })
    .prefault({}),
});

export type Plan = z.output<typeof planSchema>;

export type PlanResult =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly details: readonly ErrorDetail[] };

/** The plan in force where none is given: everything counts, nothing is ignored. */
export const builtInPlan: Plan = planSchema.parse({});

/** Validates the content of a plan file; all that is wrong is returned together. */
export function parsePlan(content: unknown): PlanResult {
  const parsed = planSchema.safeParse(content, { reportInput: true });
  if (parsed.success) return { ok: true, plan: parsed.data };
  return { ok: false, details: describeIssues(parsed.error) };
}
