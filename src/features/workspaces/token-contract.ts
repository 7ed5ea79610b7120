import { z } from 'zod';
import { instantSchema } from '../../http/instant.ts';
import { pageOf } from '../../http/page.ts';
import { workspaceNameSchema } from './workspace-contract.ts';

const roleSchema = z.enum(['viewer', 'operator', 'admin']);

export const tokenSchema = z
  .object({
    tokenId: z.uuid(),
    name: z.string(),
    role: roleSchema,
    createdAt: instantSchema,
    createdBy: z.string(),
    expiresAt: instantSchema.nullable(),
    lastUsedAt: instantSchema.nullable().meta({ description: 'To the minute' }),
    revokedAt: instantSchema.nullable(),
  })
  .meta({ id: 'Token' });

export const tokenPageSchema = pageOf(tokenSchema);

export const newTokenSchema = z.strictObject({
  name: workspaceNameSchema,
  role: roleSchema,
  expiresAt: instantSchema.nullable().default(null),
});

export const createdTokenSchema = tokenSchema
  .extend({
    token: z.string().nullable().meta({
      description:
        'The text of the token, this once; null where the request is repeated with its Idempotency-Key',
    }),
  })
  .meta({ id: 'CreatedToken' });

export type TokenResponse = z.infer<typeof tokenSchema>;
