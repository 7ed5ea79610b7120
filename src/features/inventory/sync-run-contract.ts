import { z } from 'zod';
import { runStates } from '../../core/run-state.ts';
import { instantSchema } from '../../http/instant.ts';
import { pageOf, pageQuery } from '../../http/page.ts';

const count = z.int().nonnegative();

const namedItem = z.object({ itemType: z.string(), externalId: z.string(), label: z.string() });

const problemEntrySchema = z.object({
  code: z.string(),
  path: z.string(),
  detail: z.string(),
  itemType: z.string().nullable(),
});

const partSummarySchema = z.object({
  records: count.meta({ description: 'Objects read' }),
  same: count.meta({ description: 'Of these, byte for byte as they were' }),
  staged: count.meta({ description: 'Of these, read in full as they were not' }),
  bytes: count,
  repeated: count,
  unselected: count.meta({ description: 'Objects of types that are not selected' }),
});

const runCountsSchema = z.object({
  ...partSummarySchema.shape,
  items: count.meta({ description: 'Items of the inventory after the run' }),
  added: count,
  removed: count,
  changed: count,
  unchanged: count,
  renormalised: count.meta({ description: 'Brought under changed rules; no drift by that' }),
  ambiguous: count,
  unprovenRemovals: count.meta({ description: 'Not seen, but their type was not enumerated completely' }),
  problems: count,
});

/** A run in a listing. */
const runSummarySchema = z
  .object({
    runId: z.string(),
    scopeId: z.string(),
    sourceId: z.string(),
    status: z.enum(runStates),
    trigger: z.enum(['manual', 'schedule', 'push']),
    requestedBy: z.string(),
    runSeq: z.int().nullable().meta({ description: 'Ordinal among the applied runs of the scope' }),
    counts: runCountsSchema.partial(),
    partCount: count,
    isCancelRequested: z.boolean(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    contentDigest: z.string().nullable(),
    requestedAt: instantSchema,
    startedAt: instantSchema.nullable(),
    finishedAt: instantSchema.nullable(),
    heldUntil: instantSchema.nullable(),
  })
  .meta({ id: 'SyncRunSummary' });

export const runResponseSchema = runSummarySchema
  .extend({
    coverage: z.array(
      z.object({
        itemType: z.string().meta({ description: '`*` stands for every type that is not listed' }),
        status: z.enum(['complete', 'partial', 'failed', 'not_checked']),
        reason: z.string().nullable(),
      }),
    ),
    problems: z.array(problemEntrySchema).meta({ description: 'The first thousand; counts has them all' }),
    ambiguous: z.array(
      z.object({ itemType: z.string(), externalId: z.string(), paths: z.array(z.string()) }),
    ),
    unprovenRemovals: z.array(namedItem),
    declaredTypes: z.array(z.string()).nullable(),
    hold: z
      .object({ types: z.array(z.object({ itemType: z.string(), gone: count, live: count })) })
      .nullable(),
  })
  .meta({ id: 'SyncRun' });

export type RunSummaryResponse = z.infer<typeof runSummarySchema>;
export type RunResponse = z.infer<typeof runResponseSchema>;

export const runListQuery = z.object({
  ...pageQuery,
  scopeId: z.string().optional(),
  sourceId: z.string().optional(),
  status: z.enum(runStates).optional(),
});

export const runPageSchema = pageOf(runSummarySchema);

export const newRunSchema = z.strictObject({
  sourceId: z.string().meta({
    description: 'A source of files is synced; for a source of pushes a run is opened that takes parts',
  }),
});

export const closeRunSchema = z.strictObject({
  parts: z.int().min(0).max(100_000).meta({ description: 'How many parts were sent, numbered from 1' }),
  completeTypes: z
    .array(z.string().min(1).max(200))
    .max(10_000)
    .meta({ description: 'Item types, or globs, that were enumerated to their end; `*` for all' }),
});

export const receivedPartSchema = z
  .object({
    partNo: z.int(),
    isRepeated: z.boolean().meta({ description: 'It had come before; nothing was done' }),
    summary: partSummarySchema,
    problems: z.array(problemEntrySchema),
  })
  .meta({ id: 'ReceivedPart' });
