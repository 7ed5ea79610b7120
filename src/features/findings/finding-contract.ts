import { z } from 'zod';
import { driftTypes, severities } from '../../core/drift-type.ts';
import { findingStates } from '../../core/finding-lifecycle.ts';
import { findingRoutes } from '../../core/plan-route.ts';
import { instantSchema } from '../../http/instant.ts';
import { pageOf, pageQuery } from '../../http/page.ts';
import { findingSorts } from './finding-branches.ts';
import { dismissReasons, resolutions } from './finding-decision.ts';
import { findingFilterFields } from './finding-filter-contract.ts';

const stateSchema = z.enum(findingStates);
const changeSchema = z.enum(['added', 'removed', 'changed']);

const linkedFindingSchema = z.object({
  findingId: z.string(),
  fingerprint: z.string(),
  change: changeSchema,
  severity: z.enum(severities),
  state: stateSchema,
  firstSeenAt: instantSchema,
});

const findingSummarySchema = z
  .object({
    findingId: z.string(),
    fingerprint: z.string().meta({ description: 'The same drift has the same one for ever' }),
    findingType: z.literal('drift'),
    driftType: z.enum(driftTypes),
    change: changeSchema,
    scopeId: z.string(),
    sourceId: z.string(),
    itemType: z.string(),
    externalId: z.string(),
    label: z.string(),
    severity: z.enum(severities),
    impact: z.number().meta({ description: '0 to 1' }),
    score: z.number().meta({ description: 'Confidence × impact, 0 to 1: what its plan routes by' }),
    state: stateSchema,
    stateChangedAt: instantSchema,
    snoozedUntil: instantSchema.nullable(),
    dismissReason: z.enum(dismissReasons).nullable(),
    resolution: z.enum(resolutions).nullable(),
    resolvedAt: instantSchema.nullable(),
    changeSignature: z
      .string()
      .meta({ description: 'The same change has the same one, wherever it happened' }),
    route: z
      .enum(findingRoutes)
      .nullable()
      .meta({ description: 'What its plan does about it: told at once, in the digest, or only recorded' }),
    planId: z.string().nullable().meta({ description: 'The plan that let it through; null: the default' }),
    planVersion: z.int().nullable(),
    isFlapping: z.boolean(),
    occurrenceCount: z.int().meta({ description: 'Runs in which it was generated' }),
    firstSeenAt: instantSchema,
    lastSeenAt: instantSchema,
    linkedFindingId: z.string().nullable().meta({ description: 'The finding whose value it replaced' }),
    revision: z.int().meta({ description: 'For If-Match, as "3"' }),
  })
  .meta({ id: 'FindingSummary' });

export const findingSchema = findingSummarySchema
  .extend({
    evidence: z
      .record(z.string(), z.json())
      .meta({ description: 'What it shows: allowed, redacted, capped' }),
    disposition: z.record(z.string(), z.json()).nullable().meta({
      description: 'What outputs are to do about it: route and why, outputs, documents, write-back',
    }),
    planVersionHash: z.string().nullable(),
    hasPlan: z.boolean(),
    engineVersion: z.string(),
    firstExecutionId: z.string(),
    lastExecutionId: z.string(),
    firstRunId: z.string(),
    lastRunId: z.string(),
    acceptance: z
      .object({
        acceptanceId: z.string(),
        comment: z.string().nullable(),
        createdAt: instantSchema,
        createdBy: z.string(),
        expiresAt: instantSchema.nullable(),
      })
      .nullable()
      .meta({ description: 'Given to this finding and in force' }),
    linkedTo: linkedFindingSchema.nullable().meta({ description: 'The finding whose value it replaced' }),
    linkedFrom: z
      .array(linkedFindingSchema)
      .meta({ description: 'Findings of values that replaced its own' }),
  })
  .meta({ id: 'Finding' });

export const findingPageSchema = pageOf(findingSummarySchema);

export const findingListQuery = z.object({
  ...findingFilterFields,
  sort: z
    .enum(findingSorts)
    .default('-firstSeen')
    .meta({ description: '`-` is newest first; `severity` is the worst first, of the same the newest' }),
  ...pageQuery,
});

const facetSchema = z.object({
  values: z.array(z.object({ value: z.string(), count: z.int() })),
  omittedValues: z.int().meta({ description: 'How many more values there are' }),
});

export const findingFacetsSchema = z
  .object({
    total: z.int(),
    facets: z.object({
      state: facetSchema,
      severity: facetSchema,
      driftType: facetSchema,
      change: facetSchema,
      itemType: facetSchema,
      scopeId: facetSchema,
      sourceId: facetSchema,
      signature: facetSchema,
    }),
  })
  .meta({ id: 'FindingFacets' });

const findingEventSchema = z
  .object({
    eventNo: z.int().meta({ description: 'The revision of the finding after it' }),
    at: instantSchema,
    kind: z.string(),
    fromState: stateSchema.nullable(),
    toState: stateSchema,
    actor: z.object({ kind: z.string(), id: z.string().nullable(), label: z.string() }),
    executionId: z.string().nullable(),
    runId: z.string().nullable(),
    detail: z.record(z.string(), z.json()),
  })
  .meta({ id: 'FindingEvent' });

export const findingEventPageSchema = pageOf(findingEventSchema);

export const bulkResultSchema = z
  .object({
    isDryRun: z.boolean(),
    matched: z.int().meta({ description: 'Findings that were named or that the filter found' }),
    changed: z.int().meta({ description: 'Of these, those that took it, or would' }),
    refused: z
      .array(z.object({ state: stateSchema, count: z.int() }))
      .meta({ description: 'Those whose state does not allow it' }),
    changedMeanwhile: z
      .int()
      .meta({ description: 'Those that no longer met the filter when their turn came' }),
    notFound: z.int().meta({ description: 'Ids of no finding' }),
  })
  .meta({ id: 'BulkTriageResult' });

export type FindingSummaryResponse = z.output<typeof findingSummarySchema>;
export type FindingResponse = z.output<typeof findingSchema>;
export type FindingEventResponse = z.output<typeof findingEventSchema>;
export type BulkResultResponse = z.output<typeof bulkResultSchema>;
