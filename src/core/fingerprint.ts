import { contentHash } from './content-hash.ts';
import type { DriftType } from './drift-type.ts';
import type { JsonValue } from './json-value.ts';

/** What a finding is about. The five fields of the subject key, in the words of docs/fingerprint.md. */
export interface Subject {
  readonly findingType: 'drift';
  readonly driftType: DriftType;
  readonly scopeKey: string;
  readonly itemType: string;
  readonly externalId: string;
}

/** The scope key of comparisons without a workspace (`driftplane diff`). */
export const OFFLINE_SCOPE_KEY = 'offline';

export type ChangeKind = 'added' | 'removed' | 'changed';

/** One changed path with the facts on each side; undefined where there is none. */
export interface ChangedValue {
  readonly path: string;
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
}

/**
 * `v1:` and the SHA-256, in hex, of the canonical form of exactly: the subject, the kind of change, and for
 * each changed path (sorted) the digests of both values. Specified with vectors in docs/fingerprint.md; what
 * is hashed here may never change without a new version prefix.
 */
export function fingerprint(subject: Subject, change: ChangeKind, values: readonly ChangedValue[]): string {
  const digests = values.map(({ path, before, after }) => ({
    path,
    before: before === undefined ? null : contentHash(before),
    after: after === undefined ? null : contentHash(after),
  }));
  digests.sort((a, b) => comparePath(a, b));
  const { findingType, driftType, scopeKey, itemType, externalId } = subject;
  return `v1:${contentHash({ findingType, driftType, scopeKey, itemType, externalId, change, values: digests })}`;
}

type DigestedValue = { path: string; before: string | null; after: string | null };

function comparePath(a: DigestedValue, b: DigestedValue): number {
  const key = ({ path, before, after }: DigestedValue): string =>
    `${path}\u0000${before ?? ''}\u0000${after ?? ''}`;
  return key(a) < key(b) ? -1 : 1;
}
