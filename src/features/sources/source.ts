import type { Selection } from '../../core/selection.ts';

/** Where a source's state is read: a folder, archive or file on the server's disk, or what clients push. */
export type SourceConfig = { readonly kind: 'files'; readonly path: string } | { readonly kind: 'push' };

/** When a source is synced by itself. */
export interface SyncSchedule {
  /** Five fields: minute, hour, day of the month, month, day of the week. */
  readonly cron: string;
  /** IANA name of the time zone in which the fields are meant. */
  readonly timeZone: string;
}

/** What plans are resolved by. Each may be missing. */
interface SourceBinding {
  readonly serviceId: string | null;
  /** `owner/name`, lower-case. */
  readonly repoFullName: string | null;
  readonly docClass: string | null;
}

/** More than this share of a type, and at least so many of its items, gone at once holds a run. */
interface Safeguard {
  readonly maxRemovedShare: number;
  readonly minRemovedItems: number;
}

/** A configured connection to something that has state. */
export interface Source {
  readonly sourceId: string;
  readonly config: SourceConfig;
  readonly name: string;
  readonly selection: Selection;
  readonly binding: SourceBinding;
  readonly schedule: SyncSchedule | null;
  readonly nextSyncAt: Date | null;
  readonly safeguard: Safeguard;
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Since when it is not synced any more; its scopes stay readable. */
  readonly archivedAt: Date | null;
}

/** One source under one selection. Runs are comparable within a scope only. */
export interface Scope {
  readonly scopeId: string;
  readonly sourceId: string;
  readonly scopeKey: string;
  readonly selection: Selection;
  /** The last boundary of its intervals; 0 before the first run was applied. */
  readonly headSeq: number;
  /** How many runs have been applied. */
  readonly runCount: number;
  readonly headRunId: string | null;
  readonly itemCount: number;
  readonly contentDigest: string;
  readonly pinnedRunId: string | null;
  readonly createdAt: Date;
}
