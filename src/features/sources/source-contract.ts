import { z } from 'zod';
import { isRepoName, repoNameFault } from '../../core/plan-text.ts';
import { isStorable, storableFault } from '../../core/storable-text.ts';
import { instantSchema } from '../../http/instant.ts';
import { pageOf, pageQuery } from '../../http/page.ts';
import { cronFault, timeZoneFault } from './cron-schedule.ts';

/** A check of a text by a function that says what is wrong with it, or null. */
const checked = (faultOf: (text: string) => string | null, maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .superRefine((text, context) => {
      const fault = faultOf(text);
      if (fault !== null) context.addIssue({ code: 'custom', message: fault });
    });

const line = (maxLength: number) =>
  z
    .string()
    .refine(isStorable, storableFault)
    .refine((text) => !/\p{Cc}/u.test(text), 'it holds a control character')
    .transform((text) => text.normalize('NFC').trim())
    .pipe(z.string().min(1).max(maxLength));

const nameSchema = line(200).meta({ description: 'Unique among the sources that are not archived' });

const pathSchema = z
  .string()
  .min(1)
  .max(4096)
  .refine(isStorable, storableFault)
  .refine((path) => /^(?:\/|[A-Za-z]:[\\/])/.test(path), 'an absolute path')
  .meta({ description: "A folder, archive or file on the server's disk, in one of its open roots" });

const selectionSchema = z.strictObject({
  itemTypes: z
    .array(
      z
        .string()
        .regex(
          /^[A-Za-z0-9._*-]{1,200}$/,
          'the name of an item type, in which "*" stands for any characters',
        ),
    )
    .min(1)
    .max(500)
    .nullable()
    .meta({ description: 'Names of item types or globs; null: all types' }),
});

const repoName = line(200)
  .refine(isRepoName, repoNameFault)
  .transform((name) => name.toLowerCase());

const bindingSchema = z.strictObject({
  serviceId: line(200).nullable().default(null),
  repoFullName: repoName.nullable().default(null),
  docClass: line(200).nullable().default(null),
});

const scheduleSchema = z.strictObject({
  cron: checked(cronFault, 200).transform((cron) => cron.trim().replaceAll(/\s+/g, ' ')),
  timeZone: checked(timeZoneFault, 100).default('UTC'),
});

const safeguardSchema = z.strictObject({
  maxRemovedShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .meta({ description: 'Above this share of a type gone at once a run is held; 1: never' }),
  minRemovedItems: z
    .int()
    .min(1)
    .max(2_000_000_000)
    .default(20)
    .meta({ description: 'Fewer than so many items gone never hold a run' }),
});

const common = {
  name: nameSchema,
  selection: selectionSchema.default({ itemTypes: null }),
  binding: bindingSchema.prefault({}),
  safeguard: safeguardSchema.prefault({}),
};

const noConfig = z.strictObject({});

/** What a new source is made of. */
export const newSourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('files'),
    ...common,
    config: z.strictObject({ path: pathSchema }),
    schedule: scheduleSchema.nullable().default(null),
  }),
  z.strictObject({ kind: z.literal('push'), ...common, config: noConfig.prefault({}) }),
]);

export type NewSource = z.output<typeof newSourceSchema>;

/** What of a source can be changed; what is not named stays. */
export const sourceChangeSchema = z.strictObject({
  name: nameSchema.optional(),
  config: z.strictObject({ path: pathSchema }).optional(),
  selection: selectionSchema.optional(),
  // Without defaults: what is not named inside them stays too.
  binding: z
    .strictObject({
      serviceId: line(200).nullable(),
      repoFullName: repoName.nullable(),
      docClass: line(200).nullable(),
    })
    .partial()
    .optional(),
  schedule: scheduleSchema.nullable().optional(),
  safeguard: z
    .strictObject({
      maxRemovedShare: z.number().min(0).max(1),
      minRemovedItems: z.int().min(1).max(2_000_000_000),
    })
    .partial()
    .optional(),
});

export type SourceChange = z.output<typeof sourceChangeSchema>;

const selectionResponse = z.object({ itemTypes: z.array(z.string()).nullable() });

export const sourceResponseSchema = z
  .object({
    sourceId: z.string(),
    kind: z.enum(['files', 'push']),
    name: z.string(),
    config: z.object({ path: z.string().optional() }),
    selection: selectionResponse,
    binding: z.object({
      serviceId: z.string().nullable(),
      repoFullName: z.string().nullable(),
      docClass: z.string().nullable(),
    }),
    schedule: z.object({ cron: z.string(), timeZone: z.string() }).nullable(),
    nextSyncAt: instantSchema.nullable(),
    safeguard: z.object({ maxRemovedShare: z.number(), minRemovedItems: z.int() }),
    revision: z.int(),
    createdAt: instantSchema,
    updatedAt: instantSchema,
    archivedAt: instantSchema.nullable(),
  })
  .meta({ id: 'Source' });

export type SourceResponse = z.infer<typeof sourceResponseSchema>;

export const sourceListQuery = z.object({
  ...pageQuery,
  kind: z.enum(['files', 'push']).optional(),
  includeArchived: z.stringbool().default(false).meta({ description: 'The archived ones too' }),
});

export const sourcePageSchema = pageOf(sourceResponseSchema);

const scopeResponseSchema = z
  .object({
    scopeId: z.string(),
    sourceId: z.string(),
    scopeKey: z.string(),
    selection: selectionResponse,
    isCurrent: z.boolean().meta({ description: "Whether it has the source's present selection" }),
    headSeq: z.int(),
    runCount: z.int(),
    headRunId: z.string().nullable(),
    itemCount: z.int(),
    contentDigest: z.string(),
    pinnedRunId: z.string().nullable(),
    createdAt: instantSchema,
  })
  .meta({ id: 'Scope' });

export type ScopeResponse = z.infer<typeof scopeResponseSchema>;

export const scopePageSchema = pageOf(scopeResponseSchema);
