import { z } from 'zod';
import { executionStates } from '../../core/execution-state.ts';
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

export const executionResponseSchema = z
  .object({
    executionId: z.string(),
    scopeId: z.string(),
    sourceId: z.string(),
    baselineMode: z.enum(['rolling', 'pinned']),
    baselineRunId: z.string(),
    currentRunId: z.string(),
    status: z.enum(executionStates),
    planVersionHash: z.string().nullable(),
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
});
