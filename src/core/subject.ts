import { contentHash } from './content-hash.ts';
import type { Subject } from './fingerprint.ts';

/** SHA-256, in hex, of the canonical form of the five fields that make a subject: its identity in a workspace. */
export function subjectKeyOf({ findingType, driftType, scopeKey, itemType, externalId }: Subject): string {
  return contentHash({ findingType, driftType, scopeKey, itemType, externalId });
}
