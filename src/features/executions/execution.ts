import type { ConditionProblem } from '../../core/condition-check.ts';
import type { TypeCoverage } from '../../core/coverage.ts';
import type { NamedItem } from '../../core/diff-report.ts';
import type { DemotionCode } from '../../core/disposition.ts';
import type { ExecutionState } from '../../core/execution-state.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { Observation } from '../../core/observation.ts';
import { type HeldBack, nothingHeldBack } from '../../core/plan-hold.ts';
import type { FindingRoute } from '../../core/plan-route.ts';
import type { RoutingInputs } from '../../core/routing.ts';

/** What a pair is compared with: the run before, or one that a person chose. */
export type BaselineMode = 'rolling' | 'pinned';

/**
 * Why an execution can not be computed again: its versions were swept, or redacted; another engine made it; its plan
 * version is not kept; its runs are not what they were.
 */
export const notReplayableReasons = [
  'retention',
  'redaction',
  'other_engine',
  'plan_version_gone',
  'inputs_changed',
] as const;

export type NotReplayableReason = (typeof notReplayableReasons)[number];

/** One generation of findings for a pair of runs, as DESIGN's glossary has it. */
export interface Execution {
  readonly executionId: string;
  readonly scopeId: string;
  readonly sourceId: string;
  readonly baselineMode: BaselineMode;
  readonly baselineRunId: string;
  readonly currentRunId: string;
  readonly status: ExecutionState;
  /** The plan and its version; null where none was found, or it is not known yet. */
  readonly planId: string | null;
  readonly planVersion: number | null;
  readonly planVersionHash: string | null;
  readonly hasPlan: boolean | null;
  /** Which step found the plan, and what was looked at on the way. */
  readonly resolution: JsonObject | null;
  /** What the plan decided by besides the changes; null where it is not known yet. */
  readonly observation: Observation | null;
  readonly engineVersion: string | null;
  readonly inputsDigest: string | null;
  readonly findingsDigest: string | null;
  readonly coverage: readonly TypeCoverage[];
  readonly counts: Readonly<Record<string, number>>;
  readonly unproven: UnprovenChanges;
  /** What the plan held back, by rule. */
  readonly heldBack: ExecutionHolds;
  /** Where the findings that it opened went; null where it is not known yet. */
  readonly routing: ExecutionRouting | null;
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

/** What of an execution is needed to compute it again. */
export type ReplayInputs = Pick<
  Execution,
  | 'executionId'
  | 'baselineMode'
  | 'baselineRunId'
  | 'currentRunId'
  | 'planId'
  | 'planVersion'
  | 'planVersionHash'
  | 'observation'
  | 'engineVersion'
  | 'inputsDigest'
  | 'notReplayableBecause'
>;

/** What a plan held back, and its conditions that could not be told. */
export interface ExecutionHolds extends HeldBack {
  readonly conditionProblems: readonly ConditionProblem[];
}

export interface ExecutionRouting {
  /** What of the world outside it depended on; null where it did not. */
  readonly inputs: RoutingInputs | null;
  /** Findings that were opened, by where they went. */
  readonly routes: Readonly<Partial<Record<FindingRoute, number>>>;
  /** Those that went lower than their score, by what took them there. */
  readonly demoted: Readonly<Partial<Record<DemotionCode, number>>>;
}

export const noExecutionHolds: ExecutionHolds = { ...nothingHeldBack, conditionProblems: [] };

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
