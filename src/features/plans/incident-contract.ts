import { z } from 'zod';
import { planLine } from '../../core/plan-text.ts';
import { instantSchema } from '../../http/instant.ts';
import { pageOf, pageQuery } from '../../http/page.ts';

/** An incident that is to be open from now on. */
export const openIncidentBody = z.strictObject({
  externalId: planLine(200).meta({ description: 'The id that it has where it comes from' }),
  title: planLine(300),
  serviceId: planLine(200)
    .nullable()
    .default(null)
    .meta({ description: 'The service that it concerns; null: the whole workspace' }),
  openedAt: instantSchema.optional().meta({ description: 'Not in the future; now where nothing is said' }),
});

export const incidentSchema = z
  .object({
    incidentId: z.string(),
    externalId: z.string(),
    title: z.string(),
    serviceId: z.string().nullable().meta({ description: 'Null: it concerns the whole workspace' }),
    openedAt: instantSchema,
    closedAt: instantSchema.nullable().meta({ description: 'Null: it is open' }),
    createdBy: z.string(),
  })
  .meta({ id: 'Incident', description: 'While one is open, plans that require it tell of drift' });

export type IncidentResponse = z.infer<typeof incidentSchema>;

export const incidentPageSchema = pageOf(incidentSchema);

export const incidentListQuery = z.object({
  ...pageQuery,
  open: z.stringbool().optional().meta({ description: 'true: open ones; false: closed ones' }),
  serviceId: z.string().max(200).optional().meta({ description: 'Those of this very service' }),
});
