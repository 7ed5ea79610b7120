import { z } from 'zod';

const typeSummary = {
  itemType: z.string(),
  title: z.string(),
  isFallback: z.boolean().meta({ description: 'Tried after all others' }),
  isCompanion: z.boolean().meta({ description: 'Passed over: it is no item' }),
  matchCount: z.int().meta({ description: 'Rules by which an object is recognised' }),
  identity: z.array(z.string()).meta({ description: 'Where its id is; the first that it has counts' }),
  rulesDigest: z.string(),
};

const itemTypeSummarySchema = z.object(typeSummary).meta({ id: 'ItemTypeSummary' });

export type ItemTypeSummary = z.infer<typeof itemTypeSummarySchema>;

/** In the order in which they are tried. All of them: there are some hundreds at most. */
export const itemTypeListSchema = z.object({
  registryDigest: z.string(),
  items: z.array(itemTypeSummarySchema),
});

export const itemTypeResponseSchema = z
  .object({ ...typeSummary, definition: z.record(z.string(), z.unknown()) })
  .meta({ id: 'ItemType' });
