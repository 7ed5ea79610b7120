import { z } from 'zod';
import { driftTypes, severities } from '../../core/drift-type.ts';
import { instantSchema } from '../../http/instant.ts';
import { pageOf, pageQuery } from '../../http/page.ts';
import { coverageSchema, unprovenSchema } from '../executions/execution-contract.ts';

const jsonValue = z.unknown().meta({ description: 'Any JSON value, as evidence shows it' });

export const comparisonQuery = z.object({
  limit: z.coerce.number().int().min(0).max(1000).default(100).meta({ description: 'Findings shown' }),
});

export const comparisonBody = z.object({ baselineRunId: z.string(), currentRunId: z.string() });

export const comparisonSchema = z
  .object({
    counts: z.record(z.string(), z.number()),
    coverage: coverageSchema,
    unproven: unprovenSchema,
    findings: z.array(
      z.object({
        fingerprint: z.string(),
        change: z.enum(['added', 'removed', 'changed']),
        itemType: z.string(),
        externalId: z.string(),
        label: z.string(),
        driftType: z.enum(driftTypes),
        severity: z.enum(severities),
        changes: z.array(
          z.object({
            path: z.string(),
            op: z.enum(['add', 'remove', 'replace']),
            before: jsonValue,
            after: jsonValue,
          }),
        ),
        truncated: z
          .object({ shownChanges: z.int(), totalChanges: z.int(), omittedBytes: z.int() })
          .nullable()
          .meta({ description: 'Where changes were too large to show' }),
      }),
    ),
    isTruncated: z.boolean().meta({ description: 'Whether there are more findings than are shown' }),
    findingsDigest: z.string(),
  })
  .meta({ id: 'RunComparison' });

export type ComparisonResponse = z.infer<typeof comparisonSchema>;

export const replaySchema = z
  .object({
    executionId: z.string(),
    isSame: z.boolean(),
    digest: z.string(),
    recordedDigest: z.string(),
    findings: z.int().nonnegative(),
  })
  .meta({ id: 'Replay' });

export type ReplayResponse = z.infer<typeof replaySchema>;

export const baselineSchema = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('rolling') }),
  z.object({ mode: z.literal('pinned'), runId: z.string() }),
]);

export const scopeOverviewSchema = z
  .object({
    scopeId: z.string(),
    scopeKey: z.string(),
    sourceId: z.string(),
    sourceName: z.string(),
    selection: z.object({ itemTypes: z.array(z.string()).nullable() }),
    itemCount: z.int().nonnegative(),
    runCount: z.int().nonnegative(),
    headRun: z.object({ runId: z.string(), runSeq: z.int(), finishedAt: instantSchema }).nullable(),
    baseline: baselineSchema,
  })
  .meta({ id: 'ScopeOverview' });

export type ScopeOverviewResponse = z.infer<typeof scopeOverviewSchema>;

export const scopeOverviewPageSchema = pageOf(scopeOverviewSchema);
export const scopeListQuery = z.object(pageQuery);
