import { z } from 'zod';
import { instantSchema } from '../../http/instant.ts';
import { pageOf } from '../../http/page.ts';

const actorKindSchema = z.enum(['token', 'system', 'cli']);

export const auditEventSchema = z
  .object({
    seq: z.int().meta({ description: '1 for the first of the workspace, then without gaps' }),
    at: instantSchema,
    actor: z.object({ kind: actorKindSchema, id: z.string().nullable(), label: z.string() }),
    action: z.string(),
    target: z.object({ kind: z.string(), id: z.string().nullable() }),
    detail: z.json().meta({ description: 'What changed, before and after, minimised' }),
    previousHash: z.string(),
    hash: z.string().meta({ description: 'SHA-256 over the canonical form of all that stands before it' }),
  })
  .meta({ id: 'AuditEvent' });

export const auditPageSchema = pageOf(auditEventSchema);

export const auditFilterSchema = {
  action: z.string().max(200).optional(),
  targetKind: z.string().max(200).optional(),
  targetId: z.string().max(200).optional(),
  actorKind: actorKindSchema.optional(),
  actorId: z.string().max(200).optional(),
  from: instantSchema.optional().meta({ description: 'Not before' }),
  to: instantSchema.optional().meta({ description: 'Before' }),
};

/** The first line of an export: whose trail it is, and where its chain ends. */
export const auditExportHeadSchema = z.object({
  schema: z.literal('driftplane/audit@1'),
  workspaceId: z.uuid(),
  exportedAt: instantSchema,
  headSeq: z.int(),
  headHash: z.string(),
});

export type AuditEventResponse = z.infer<typeof auditEventSchema>;
export type AuditExportHead = z.infer<typeof auditExportHeadSchema>;
