import { contentHash } from './content-hash.ts';
import type { Selection } from './selection.ts';

/**
 * What tells a scope from all others: SHA-256 of the canonical form of the source's id and its normalised
 * selection, as 64 lower-case hex digits. Part of every subject key, so it never changes for the same scope.
 */
export function scopeKeyOf({
  sourceId,
  selection,
}: {
  readonly sourceId: string;
  readonly selection: Selection;
}): string {
  const { itemTypes } = selection;
  return contentHash({ sourceId, selection: { itemTypes: itemTypes === null ? null : [...itemTypes] } });
}
