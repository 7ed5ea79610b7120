import { z } from 'zod';
import { instantSchema } from '../../http/instant.ts';
import { pageOf } from '../../http/page.ts';

const retentionDays = z.int().min(1).max(36_500);
const requiredPlanApprovals = z.int().min(0).max(10);

export const workspaceNameSchema = z
  .string()
  .normalize('NFC')
  .trim()
  .min(1, 'a name has at least one character')
  .max(200, 'a name has at most 200 characters')
  .refine((name) => !/\p{Cc}/u.test(name), 'a name holds no control characters');

export const workspaceSchema = z
  .object({
    workspaceId: z.uuid(),
    name: z.string(),
    versionRetentionDays: z.int().meta({ description: 'How long old versions of items are kept' }),
    executionRetentionDays: z.int(),
    findingRetentionDays: z.int().meta({ description: 'How long resolved findings are kept' }),
    requiredPlanApprovals: z
      .int()
      .meta({ description: 'Approvals that a plan version needs to be published' }),
    revision: z.int(),
    createdAt: instantSchema,
    updatedAt: instantSchema,
  })
  .meta({ id: 'Workspace' });

export const workspacePageSchema = pageOf(workspaceSchema);

export const workspaceChangeSchema = z
  .strictObject({
    name: workspaceNameSchema,
    versionRetentionDays: retentionDays,
    executionRetentionDays: retentionDays,
    findingRetentionDays: retentionDays,
    requiredPlanApprovals,
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'name at least one field to change');

export type WorkspaceResponse = z.infer<typeof workspaceSchema>;
export type WorkspaceChange = z.infer<typeof workspaceChangeSchema>;
