import { canonicalJson } from '../../core/canonical-json.ts';
import type { InheritedMembers } from '../../core/item-type-registry.ts';
import { sha256Packed } from '../../core/sha256.ts';

/** What two records must share to be read alike: their bytes, and what the list around them adds. */
export function recordKey(bytes: Uint8Array, inherited: InheritedMembers): string {
  const digest = sha256Packed(bytes);
  return inherited === null ? digest : digest + canonicalJson(inherited);
}
