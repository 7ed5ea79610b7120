import { z } from 'zod';
import { DriftplaneError } from '../core/errors.ts';

/** What every listing takes, to be spread into the object of its query. */
export const pageQuery = {
  cursor: z.string().max(2000).optional().meta({ description: 'nextCursor of the page before' }),
  limit: z.coerce.number().int().min(1).max(200).default(50).meta({ description: 'Items on a page' }),
};

/** The shape of one page; without `nextCursor` it is the last. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** A page of `rows`, which may hold one more than it takes: that says that there is a next one. */
export function cutPage<T>(
  rows: readonly T[],
  limit: number,
  cursorOf: (last: T) => string,
): { items: T[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}

/** Where a page ended, as a text that only `decodeCursor` reads. `kind` names the listing and its order. */
export function encodeCursor(kind: string, fields: readonly (string | number | null)[]): string {
  const bytes = new TextEncoder().encode(JSON.stringify([kind, ...fields]));
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/**
 * The fields of a cursor of the same kind; the caller checks what kind of value each is, as a client can write
 * anything. Throws `invalid_cursor`.
 */
export function decodeCursor(kind: string, cursor: string, length: number): (string | number | null)[] {
  const value = parseCursor(cursor);
  const isOurs = Array.isArray(value) && value.length === length + 1 && value[0] === kind;
  if (!isOurs || !value.every(isField)) {
    throw new DriftplaneError('invalid_cursor', 'the cursor does not belong to this listing and order');
  }
  return value.slice(1);
}

/** The ordinal of a cursor that holds nothing else, from 0. Throws `invalid_cursor`. */
export function decodeOrdinal(kind: string, cursor: string): number {
  const [ordinal] = decodeCursor(kind, cursor, 1);
  if (Number.isInteger(ordinal) && (ordinal as number) >= 0 && (ordinal as number) < 2 ** 31) {
    return ordinal as number;
  }
  throw new DriftplaneError('invalid_cursor', 'the cursor does not belong to this listing');
}

function isField(value: unknown): value is string | number | null {
  return value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}

function parseCursor(cursor: string): unknown {
  try {
    const text = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}
