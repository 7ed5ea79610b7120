import { z } from 'zod';
import type { ErrorDetail } from '../../core/errors.ts';
import { MAX_SUBJECTS, MAX_TRACE_ENTRIES, resolutionMethods } from '../../core/plan-resolution.ts';
import { planReviewStates } from '../../core/plan-review-state.ts';
import { type PlanContent, planDocumentSchema } from '../../core/plan-schema.ts';
import { isRepoName, repoNameFault } from '../../core/plan-text.ts';
import { planScopeTypes, planStatuses } from '../../core/plan-vocabulary.ts';
import { isStorable, storableFault } from '../../core/storable-text.ts';
import { instantSchema } from '../../http/instant.ts';
import { pageOf, pageQuery } from '../../http/page.ts';
import type { DriftPlan } from './plan.ts';
import { documentFaults, type PlanBody, planFaults, tellPlanFaults } from './plan-body.ts';
import { completeFromTemplate, templateFaults } from './plan-template-use.ts';

type JsonSchema = Record<string, unknown> & { properties: Record<string, unknown>; required?: string[] };

const options = { unrepresentable: 'any', reused: 'inline' } as const;

/** What people write: for editors that complete plan files, and for the bodies of requests. */
export const planJsonSchema = {
  ...z.toJSONSchema(planDocumentSchema, { ...options, io: 'input' }),
  title: 'Drift plan',
  description: 'A plan of Driftplane, as a file or in a request. See docs/plans.md.',
} as unknown as JsonSchema;

const { $schema: _, ...bodySchema } = planJsonSchema;

/** Shown in the OpenAPI document with all its fields; checked by `parsePlan`, which tells all that is wrong at once. */
function planBody<Fields extends z.ZodRawShape>(
  more: Record<string, unknown>,
  fields: Fields,
  faultsOf: (body: PlanBody) => readonly ErrorDetail[],
) {
  return tellPlanFaults(z.looseObject(fields), faultsOf).meta({
    ...bodySchema,
    additionalProperties: false,
    properties: { ...more, ...bodySchema.properties },
  });
}

/** Texts that are kept with a version. */
const note = z.string().max(2000).refine(isStorable, storableFault);

const extraFields = {
  parentId: z.string().nullish(),
  changeNote: note.optional(),
};

const extraSchemas = {
  parentId: { type: ['string', 'null'], description: 'The plan that it is made of' },
  changeNote: { type: 'string', maxLength: 2000, description: 'Why; kept with the version' },
};

/** A new plan; `templateId` fills in what is left out. */
export const createPlanBody = planBody(
  {
    workspaceId: { type: 'string', description: "The token's workspace; it may be left out" },
    templateId: { type: 'string', description: 'A template that fills in what is left out' },
    ...extraSchemas,
  },
  { workspaceId: z.string().optional(), templateId: z.string().max(200).optional(), ...extraFields },
  (body) => {
    const { document, details } = completeFromTemplate(newDocumentOf(body), templateOf(body));
    return [...details, ...planFaults(document)];
  },
);

/** What the server alone sets of a plan. */
const serverMembers = [
  'planId',
  'version',
  'versionHash',
  'templateId',
  'revision',
  'createdAt',
  'updatedAt',
  'createdBy',
  'updatedBy',
  'archivedAt',
  'latest',
] as const satisfies (keyof DriftPlan)[];

const echoedSchema = { readOnly: true, description: 'May be left as it was read; only the server sets it' };

export const updatePlanBody = planBody(
  { ...extraSchemas, ...Object.fromEntries(serverMembers.map((name) => [name, echoedSchema])) },
  extraFields,
  (body) => planFaults(changeOf(body).document),
);

/**
 * What the body of a change says: the plan, without what the route takes besides; and what it repeats of what only the
 * server sets, as it does where a plan is read, changed and sent back.
 */
export function changeOf(body: PlanBody): {
  readonly document: PlanBody;
  readonly echoed: PlanBody;
} {
  const isEchoed = ([name]: [string, unknown]): boolean =>
    (serverMembers as readonly string[]).includes(name);
  const members = Object.entries(withoutExtras(body));
  return {
    document: Object.fromEntries(members.filter((member) => !isEchoed(member))),
    echoed: Object.fromEntries(members.filter(isEchoed)),
  };
}

/** The plan in the body that makes a new one: what the route takes besides is no part of it, all else is a fault. */
export function newDocumentOf(body: PlanBody): PlanBody {
  const { workspaceId: _workspace, templateId: _template, ...document } = withoutExtras(body);
  return document;
}

function withoutExtras({ parentId: _parent, changeNote: _note, ...members }: PlanBody): PlanBody {
  return members;
}

/** The template that a body names; what is no text is told already. */
function templateOf({ templateId }: PlanBody): string | null {
  return typeof templateId === 'string' ? templateId : null;
}

export const applyPlanBody = tellPlanFaults(
  z.strictObject({
    document: z.unknown().meta({ ...bodySchema, description: 'The plan as it stands in the file' }),
    planId: z
      .string()
      .optional()
      .meta({ description: 'Without it the plan of that name and scope, or a new one' }),
    templateId: z
      .string()
      .max(200)
      .optional()
      .meta({ description: 'The template that the file was made of; kept with a plan that is new' }),
    changeNote: note.optional(),
    dryRun: z.boolean().default(false).meta({ description: 'Only says what would be otherwise' }),
  }),
  (body) => [...templateFaults(templateOf(body)), ...documentFaults(body)],
);

/** The content of a plan on the wire: validated when it was stored, described as it comes out. */
const contentShape = z
  .unknown()
  .meta({ type: 'object', description: 'The plan with every default filled in; see /api/plans/schema.json' });

const latestSchema = z.object({
  version: z.int(),
  versionHash: z.string(),
  state: z.enum(planReviewStates),
});

export const planSchema = z
  .looseObject({
    planId: z.string(),
    name: z.string(),
    description: z.string(),
    status: z.enum(planStatuses),
    scopeType: z.enum(planScopeTypes),
    scopeRef: z.string().nullable(),
    docClass: z.string().nullable(),
    version: z.int().meta({ description: 'In force; of a plan that never was, the newest' }),
    versionHash: z.string().meta({ description: 'SHA-256 of all that changes its behaviour' }),
    parentId: z.string().nullable(),
    templateId: z.string().nullable(),
    revision: z.int().meta({ description: 'For If-Match, as "3"' }),
    createdAt: instantSchema,
    updatedAt: instantSchema,
    createdBy: z.string(),
    updatedBy: z.string(),
    archivedAt: instantSchema.nullable(),
    latest: latestSchema.meta({ description: 'The newest version, which may be under review' }),
  })
  .meta({ id: 'DriftPlan', description: 'A plan with its config, every default filled in' });

export type PlanResponse = z.infer<typeof planSchema> & PlanContent;

export const planPageSchema = pageOf(planSchema);

export const planListQuery = z.object({
  ...pageQuery,
  status: z.enum(planStatuses).optional().meta({ description: 'Without it: all but the archived ones' }),
  scopeType: z.enum(planScopeTypes).optional(),
  scopeRef: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'A repository in any case, a service as it is' }),
  templateId: z.string().max(200).optional(),
  latestState: z
    .enum(planReviewStates)
    .optional()
    .meta({ description: 'Of the newest version: what is in_review waits for reviewers' }),
});

export const planVersionSchema = z
  .object({
    planId: z.string(),
    version: z.int(),
    versionHash: z.string(),
    state: z.enum(planReviewStates),
    parentVersion: z.int().nullable().meta({ description: 'The version that it was made of' }),
    changeNote: z.string(),
    createdAt: instantSchema,
    createdBy: z.string(),
    publishedAt: instantSchema.nullable(),
    content: contentShape,
  })
  .meta({ id: 'PlanVersion' });

export type PlanVersionResponse = z.infer<typeof planVersionSchema>;

export const planVersionPageSchema = pageOf(planVersionSchema);

const planChangeSchema = z.object({
  path: z.string(),
  op: z.enum(['add', 'remove', 'replace']),
  before: z.json(),
  after: z.json(),
});

export const planComparisonSchema = z
  .object({
    from: planVersionSchema,
    to: planVersionSchema,
    isSame: z.boolean(),
    changes: z.array(planChangeSchema),
    unifiedDiff: z.string().meta({ description: 'Of the two as YAML' }),
  })
  .meta({ id: 'PlanComparison' });

export const appliedPlanSchema = z
  .object({
    action: z.enum(['created', 'updated', 'unchanged']),
    isDryRun: z.boolean(),
    plan: planSchema.nullable(),
    waitingVersion: z.int().nullable().meta({
      description: 'A newer version than the one in force, which waits to be approved or published',
    }),
    scopeHolder: z
      .object({ planId: z.string(), name: z.string() })
      .nullable()
      .meta({ description: 'Another plan, in force for the scope of one that is new' }),
    changes: z.array(planChangeSchema),
    unifiedDiff: z.string(),
  })
  .meta({ id: 'AppliedPlan' });

export type AppliedPlanResponse = z.infer<typeof appliedPlanSchema>;

const asked = z.string().max(200).nullish();

const subjectFields = {
  serviceId: asked,
  repoFullName: z
    .string()
    .max(200)
    .refine((name) => isRepoName(name.trim()), repoNameFault)
    .nullish()
    .meta({ description: 'owner/name, in any case' }),
  docClass: asked,
};

export const resolvePlanBody = z.strictObject({
  workspaceId: z.string().optional().meta({ description: "The token's workspace; it may be left out" }),
  ...subjectFields,
});

const planSubjectSchema = z.strictObject(subjectFields);

export type PlanSubjectBody = z.infer<typeof planSubjectSchema>;

export const resolvePlansBody = z.strictObject({
  subjects: z.array(planSubjectSchema).min(1).max(MAX_SUBJECTS),
});

const traceEntrySchema = z.object({
  step: z.int().min(1).max(5),
  planId: z.string(),
  name: z.string(),
  version: z.int(),
  isChosen: z.boolean(),
  because: z.string(),
});

const resolvablePlanSchema = z.object({
  planId: z.string(),
  name: z.string(),
  scopeType: z.enum(planScopeTypes),
  scopeRef: z.string().nullable(),
  docClass: z.string().nullable(),
  version: z.int(),
  versionHash: z.string(),
  createdAt: instantSchema,
});

export const resolutionSchema = z
  .object({
    plan: resolvablePlanSchema.nullable(),
    step: z.int().min(1).max(5),
    resolutionMethod: z.enum(resolutionMethods),
    hasPlan: z.boolean().meta({ description: 'False: the built-in default counts' }),
    planScope: z.enum(planScopeTypes).nullable(),
    trace: z
      .array(traceEntrySchema)
      .max(MAX_TRACE_ENTRIES)
      .meta({ description: 'The plans that match a step, and why each won or lost; the first ones' }),
    omittedTraceEntries: z.int().meta({ description: 'How many more plans match a step' }),
  })
  .meta({ id: 'PlanResolution' });

export type ResolutionResponse = z.infer<typeof resolutionSchema>;

export const resolutionsSchema = z.object({ resolutions: z.array(resolutionSchema) });

export type ResolutionsResponse = z.infer<typeof resolutionsSchema>;

export const templateSchema = z
  .object({
    id: z.string(),
    category: z.string(),
    title: z.string(),
    description: z.string(),
    plan: z.unknown().meta({ type: 'object', description: 'What a plan made of it takes over' }),
  })
  .meta({ id: 'PlanTemplate' });

export const templatesSchema = z.object({ items: z.array(templateSchema) });

export const reviewBody = z.strictObject({
  version: z
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  action: z.enum(['submit', 'approve', 'reject', 'withdraw']),
  comment: note.default(''),
  versionHash: z
    .string()
    .max(64)
    .optional()
    .meta({ description: 'What was looked at; 412 where it is another' }),
});

export const reviewStandingSchema = z
  .object({
    version: planVersionSchema,
    requiredApprovals: z.int(),
    givenApprovals: z.int(),
  })
  .meta({ id: 'PlanReviewStanding' });

const reviewEntrySchema = z
  .object({
    version: z.int(),
    eventNo: z.int(),
    kind: z.string(),
    fromState: z.enum(planReviewStates).nullable(),
    toState: z.enum(planReviewStates),
    versionHash: z.string(),
    at: instantSchema,
    actor: z.object({ kind: z.string(), id: z.string().nullable(), label: z.string() }),
    comment: z.string(),
  })
  .meta({ id: 'PlanReviewEvent' });

export const reviewPageSchema = pageOf(reviewEntrySchema);

export const publishBody = z
  .strictObject({
    version: z
      .int()
      .min(1)
      .max(2 ** 31 - 1)
      .optional(),
  })
  .nullish()
  .meta({ description: 'Without a version: the newest' });

export const restoreBody = z
  .strictObject({
    asDraft: z.boolean().default(false).meta({
      description: 'As a draft with what was in force, to go through review, instead of in force at once',
    }),
  })
  .nullish();

export const rollbackBody = z.strictObject({
  version: z
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  changeNote: note.default(''),
});
