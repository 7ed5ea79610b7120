import { z } from 'zod';
import { isStorable, storableFault } from '../../core/storable-text.ts';
import { instantSchema } from '../../http/instant.ts';
import { pageOf, pageQuery } from '../../http/page.ts';

/** A text that PostgreSQL takes. */
const text = (maxLength: number) => z.string().min(1).max(maxLength).refine(isStorable, storableFault);

const versionId = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

export const itemListQuery = z.object({
  ...pageQuery,
  scopeId: z.string().optional(),
  sourceId: z.string().optional(),
  itemType: text(200).optional(),
  label: text(500).optional().meta({ description: 'A part of the label, in any case' }),
  asOfRunId: z
    .string()
    .optional()
    .meta({ description: 'The state as of this applied run; without: the last' }),
});

export const itemParams = z.object({
  workspaceId: z.string(),
  scopeId: z.string(),
  identityHash: z.string().meta({ description: 'As the list of items has it' }),
});

export const itemShowQuery = z.object({
  asOfRunId: z.string().optional(),
  version: versionId.optional(),
});

export const itemHistoryQuery = z.object(pageQuery);

export const itemDiffQuery = z.object({ from: versionId, to: versionId });

const boundaryRun = z
  .object({ runId: z.string(), runSeq: z.int(), finishedAt: instantSchema.nullable() })
  .nullable();

export type BoundaryRunResponse = z.infer<typeof boundaryRun>;

const itemResponseSchema = z
  .object({
    scopeId: z.string(),
    identityHash: z.string(),
    itemType: z.string(),
    externalId: z.string(),
    label: z.string(),
    contentHash: z.string(),
    versionId: z.int(),
    since: boundaryRun.meta({ description: 'The run since which it is so' }),
  })
  .meta({ id: 'Item' });

export type ItemResponse = z.infer<typeof itemResponseSchema>;

export const itemPageSchema = pageOf(itemResponseSchema);

const versionEnd = { by: z.enum(['observed', 'renormalised']), run: boundaryRun };

const itemVersionSchema = z
  .object({
    scopeId: z.string(),
    identityHash: z.string(),
    versionId: z.int(),
    itemType: z.string(),
    externalId: z.string(),
    label: z.string(),
    contentHash: z.string(),
    rulesDigest: z.string(),
    opened: z.object(versionEnd),
    closed: z
      .object({ ...versionEnd, isRemoval: z.boolean() })
      .nullable()
      .meta({ description: 'Null: the last observed state' }),
  })
  .meta({ id: 'ItemVersion' });

export type ItemVersionResponse = z.infer<typeof itemVersionSchema>;

export const itemVersionPageSchema = pageOf(itemVersionSchema);

/** Any JSON; facts are checked nowhere but where they are made. */
const json = z.unknown();

export const shownItemSchema = z
  .object({
    version: itemVersionSchema,
    facts: json.meta({
      type: 'object',
      description: 'Secrets are "[redacted]", what the type does not allow as evidence is "[withheld]"',
    }),
  })
  .meta({ id: 'ShownItem' });

export const versionDiffSchema = z
  .object({
    from: itemVersionSchema,
    to: itemVersionSchema,
    hasSameRules: z.boolean().meta({
      description: 'Otherwise some of the changes may be of the rules, not of the item',
    }),
    changeCount: z.int(),
    changes: z
      .array(
        z.object({
          path: z.string(),
          op: z.enum(['add', 'remove', 'replace']),
          before: json,
          after: json,
        }),
      )
      .meta({ description: 'The first thousand, by path' }),
  })
  .meta({ id: 'ItemVersionDiff' });
