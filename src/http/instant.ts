import { z } from 'zod';

/** An instant on the wire: UTC, to the millisecond, as `Date.toISOString` writes it. */
export const instantSchema = z.iso.datetime();
