import type { TypeCoverage } from '../../core/coverage.ts';
import type { NamedItem } from '../../core/diff-report.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { Problem } from '../../core/problem.ts';
import type { RunState } from '../../core/run-state.ts';
import type { HeldType, RunCounts } from './ingest/apply-run.ts';
import type { PartSummary } from './ingest/part-reader.ts';

export type RunTrigger = 'manual' | 'schedule' | 'push';

/** What was read and found so far. What has not been found yet is missing. */
export type SyncCounts = Partial<RunCounts> & Partial<PartSummary>;

/** One observation of a scope. */
export interface SyncRun {
  readonly runId: string;
  readonly scopeId: string;
  readonly sourceId: string;
  readonly status: RunState;
  readonly trigger: RunTrigger;
  readonly requestedBy: string;
  /** Ordinal among the applied runs of the scope; null unless it is one. */
  readonly runSeq: number | null;
  readonly seq: number | null;
  readonly endSeq: number | null;
  /** The head of the scope that it is compared with; null before it has started. */
  readonly baseSeq: number | null;
  readonly coverage: readonly TypeCoverage[];
  readonly counts: SyncCounts;
  readonly problems: readonly Problem[];
  readonly ambiguous: readonly { itemType: string; externalId: string; paths: readonly string[] }[];
  readonly unprovenRemovals: readonly NamedItem[];
  readonly declaredTypes: readonly string[] | null;
  readonly hold: { readonly types: readonly HeldType[] } | null;
  readonly contentDigest: string | null;
  readonly attempts: number;
  readonly holderKey: number | null;
  readonly partCount: number;
  readonly isCancelRequested: boolean;
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
  readonly requestedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly heldUntil: Date | null;
}

/** What the generator of findings has to know of a run that was just applied. */
export interface AppliedRun {
  readonly runId: string;
  readonly scopeId: string;
  readonly sourceId: string;
  readonly runSeq: number;
}
