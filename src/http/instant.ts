import { z } from 'zod';

/**
 * An instant on the wire: UTC, to the millisecond, as `Date.toISOString` writes it, of the years 1 to 9999: there
 * is no year 0 in PostgreSQL.
 */
export const instantSchema = z.iso
  .datetime()
  .refine((text) => !text.startsWith('0000'), 'is of a year before the first');
