import type { TypeCoverage } from '../../core/coverage.ts';
import type { NamedItem } from '../../core/diff-report.ts';
import type { ExecutionState } from '../../core/execution-state.ts';
import type { JsonObject } from '../../core/json-value.ts';

/** What a pair is compared with: the run before, or one that a person chose. */
export type BaselineMode = 'rolling' | 'pinned';

/** One generation of findings for a pair of runs, as DESIGN's glossary has it. */
export interface Execution {
  readonly executionId: string;
  readonly scopeId: string;
  readonly sourceId: string;
  readonly baselineMode: BaselineMode;
  readonly baselineRunId: string;
  readonly currentRunId: string;
  readonly status: ExecutionState;
  readonly planVersionHash: string | null;
  readonly hasPlan: boolean | null;
  /** Which step found the plan, and what was looked at on the way. */
  readonly resolution: JsonObject | null;
  readonly engineVersion: string | null;
  readonly inputsDigest: string | null;
  readonly findingsDigest: string | null;
  readonly coverage: readonly TypeCoverage[];
  readonly counts: Readonly<Record<string, number>>;
  readonly unproven: UnprovenChanges;
  /** Null: it can be computed again. Otherwise why not. */
  readonly notReplayableBecause: string | null;
  readonly progress: { readonly done: number; readonly total: number } | null;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly queuedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** Identities that drifted as far as one can see, without proof. `items` are the first thousand of `count`. */
export interface UnprovenChanges {
  readonly additions: UnprovenList;
  readonly removals: UnprovenList;
}

interface UnprovenList {
  readonly count: number;
  readonly items: readonly NamedItem[];
}

export const noUnprovenChanges: UnprovenChanges = {
  additions: { count: 0, items: [] },
  removals: { count: 0, items: [] },
};
