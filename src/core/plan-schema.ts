import { z } from 'zod';
import { planConfigFields } from './plan-config-schema.ts';
import { MAX_SCOPE_REF, planLine, planText } from './plan-text.ts';
import { docSystems, planScopeTypes, planStatuses } from './plan-vocabulary.ts';

const line = (maxLength: number) => planLine(maxLength).nullable().default(null);

/** What a plan says besides its config. */
const headFields = {
  name: planLine(200).describe('What people call the plan.'),
  description: planText(2000).default('').describe('What it is for. Not part of its content hash.'),
  status: z
    .enum(planStatuses)
    .optional()
    .describe('draft, active (in force) or archived. Not part of its content hash. A new plan is a draft.'),
  scopeType: z
    .enum(planScopeTypes)
    .describe('What it is for: the whole workspace, a service, or a repository.'),
  scopeRef: line(MAX_SCOPE_REF).describe(
    'The service id, or the repository as owner/name (kept in lower case). Null for a workspace plan.',
  ),
  docClass: line(200).describe('Of a repo plan: the document class it is narrowed to. Null: every class.'),
  primaryDocId: line(500).describe('The document that describes what the plan is for.'),
  primaryDocSystem: z
    .enum(docSystems)
    .nullable()
    .default(null)
    .describe('Where that document is kept. Goes with primaryDocId.'),
};

/** A plan as people write it: in YAML, and in what the API takes. */
export const planDocumentSchema = z.strictObject({ ...headFields, ...planConfigFields });

/** A plan file of `driftplane diff`, which need not say whose plan it is. */
export const planFileSchema = planDocumentSchema.extend({
  name: headFields.name.default('plan'),
  scopeType: headFields.scopeType.default('workspace'),
});

/** A plan document with every default filled in and its sets in order. */
export type PlanDocument = z.output<typeof planDocumentSchema>;

/** What a plan document may be written as: everything with a default may be left out. */
export type PlanDocumentInput = z.input<typeof planDocumentSchema>;

/** All of a plan that changes behaviour: what its hash is taken of. */
export type PlanContent = Omit<PlanDocument, 'description' | 'status'>;

/** The content of a plan: without what does not change its behaviour. */
export function contentOf({ description: _, status: __, ...content }: PlanDocument): PlanContent {
  return content;
}
