import { z } from 'zod';
import { driftTypes, severities } from '../../core/drift-type.ts';
import { executionStates } from '../../core/execution-state.ts';
import { holdCodes } from '../../core/plan-hold.ts';
import { instantSchema } from '../../http/instant.ts';
import { pageOf, pageQuery } from '../../http/page.ts';

const count = z.int().nonnegative();

const unprovenListSchema = z.object({
  count,
  items: z
    .array(z.object({ itemType: z.string(), externalId: z.string(), label: z.string() }))
    .meta({ description: 'The first thousand' }),
});

export const coverageSchema = z.array(
  z.object({
    itemType: z.string().meta({ description: '`*` stands for every type that is not listed' }),
    status: z.enum(['complete', 'partial', 'failed', 'not_checked']),
    reason: z.string().nullable(),
  }),
);

export const unprovenSchema = z
  .object({ additions: unprovenListSchema, removals: unprovenListSchema })
  .meta({ description: 'What seems to have come or gone, without proof; never a finding' });

const holdCodeSchema = z.enum(holdCodes);

const heldBackSchema = z
  .object({
    candidates: count.meta({ description: 'Subjects that drifted and became no finding' }),
    changes: count.meta({ description: 'Single changes, those of findings that show others too' }),
    rules: z.array(
      z.object({
        code: holdCodeSchema,
        rule: z.string().meta({ description: 'JSON Pointer into the plan' }),
        candidates: count,
        changes: count,
      }),
    ),
    conditionProblems: z
      .array(z.object({ rule: z.string(), outcome: z.string(), count }))
      .meta({ description: 'Conditions that could not be told; they held nothing back' }),
  })
  .meta({ id: 'HeldBack', description: 'What the plan kept from becoming a finding, by rule' });

const routingSchema = z
  .object({
    inputs: z
      .object({
        hasOpenIncident: z.boolean(),
        toldInDay: count,
        toldInWeek: count,
        notifiedInHour: count,
      })
      .nullable()
      .meta({ description: 'What of the world outside it depended on; null where it did not' }),
    routes: z.record(z.string(), count).meta({ description: 'Findings that were opened, by route' }),
    demoted: z
      .record(z.string(), count)
      .meta({ description: 'Those routed lower than their score, by reason' }),
  })
  .meta({ id: 'Routing' });

const heldCandidateSchema = z
  .object({
    ordinal: z.int(),
    driftType: z.enum(driftTypes),
    change: z.enum(['added', 'removed', 'changed']),
    itemType: z.string(),
    externalId: z.string(),
    label: z.string(),
    severity: z.enum(severities),
    impact: z.number(),
    score: z.number(),
    changeCount: count,
    reasons: z
      .array(z.object({ code: holdCodeSchema, rule: z.string(), detail: z.string() }))
      .meta({ description: 'The rules that held it back: the first twenty, and one of each code' }),
    reasonCount: count.meta({ description: 'How many rules held it back' }),
    paths: z.array(z.string()).meta({ description: 'The first twenty of its changes' }),
  })
  .meta({ id: 'HeldCandidate' });

export type HeldCandidateResponse = z.infer<typeof heldCandidateSchema>;

export const heldCandidatePageSchema = pageOf(heldCandidateSchema).extend({
  omitted: count.meta({ description: 'Held back too, beyond the ten thousand that are kept' }),
});

export const heldCandidateQuery = z.object({ ...pageQuery, code: holdCodeSchema.optional() });

export const executionResponseSchema = z
  .object({
    executionId: z.string(),
    scopeId: z.string(),
    sourceId: z.string(),
    baselineMode: z.enum(['rolling', 'pinned']),
    baselineRunId: z.string(),
    currentRunId: z.string(),
    status: z.enum(executionStates),
    planId: z.string().nullable().meta({ description: 'Null: none was found' }),
    planVersion: z.int().nullable(),
    planVersionHash: z.string().nullable(),
    observation: z
      .looseObject({})
      .nullable()
      .meta({ description: 'What the plan decided by besides: the source, who brought the run, when' }),
    hasPlan: z.boolean().nullable().meta({ description: 'False: the built-in default counted' }),
    resolution: z
      .looseObject({})
      .nullable()
      .meta({ description: 'The step that found the plan, and the trace of the search' }),
    engineVersion: z.string().nullable(),
    inputsDigest: z.string().nullable(),
    findingsDigest: z.string().nullable(),
    coverage: coverageSchema,
    counts: z
      .record(z.string(), z.number())
      .meta({ description: 'Items that drifted, findings made of them, and what became of these' }),
    unproven: unprovenSchema,
    heldBack: heldBackSchema,
    routing: routingSchema.nullable(),
    notReplayableBecause: z.string().nullable(),
    progress: z
      .object({ done: count, total: count })
      .nullable()
      .meta({ description: 'Items, while it runs' }),
    attempts: count,
    maxAttempts: count,
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    queuedAt: instantSchema,
    startedAt: instantSchema.nullable(),
    finishedAt: instantSchema.nullable(),
  })
  .meta({ id: 'Execution', description: 'One generation of findings for a pair of runs' });

export type ExecutionResponse = z.infer<typeof executionResponseSchema>;

export const executionPageSchema = pageOf(executionResponseSchema);

export const executionListQuery = z.object({
  ...pageQuery,
  status: z.enum(executionStates).optional(),
  scopeId: z.string().optional(),
  sourceId: z.string().optional(),
  currentRunId: z.string().optional(),
  planId: z.string().optional(),
});
