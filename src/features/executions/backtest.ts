import type { BacktestState } from '../../core/backtest-state.ts';
import type { ConditionProblem } from '../../core/condition-check.ts';
import type { DriftType, Severity } from '../../core/drift-type.ts';
import type { ChangeKind } from '../../core/fingerprint.ts';
import type { HeldBack, HoldReason } from '../../core/plan-hold.ts';
import type { FindingRoute } from '../../core/plan-route.ts';
import type { NotReplayableReason } from './execution.ts';

/** A plan tried on stored pairs of runs: what would be found otherwise under it. It writes no findings. */
export interface Backtest {
  readonly backtestId: string;
  /** The version that is tried; null where it is a document that is no plan yet. */
  readonly planId: string | null;
  readonly planVersion: number | null;
  readonly planVersionHash: string;
  readonly planName: string;
  /** Canonical JSON of the plan's content, as it is hashed. */
  readonly content: string;
  /** The scopes whose pairs are taken. */
  readonly scopeIds: readonly string[];
  readonly days: number;
  /** Pairs whose current run ended from `since` up to `requestedAt`. */
  readonly since: Date;
  readonly status: BacktestState;
  /** Null before it has begun. */
  readonly progress: BacktestProgress | null;
  /** Null until it has succeeded, as is the digest. */
  readonly summary: BacktestSummary | null;
  readonly resultDigest: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** A person has cancelled it; what runs ends soon. */
  readonly isCancelRequested: boolean;
  readonly attempts: number;
  readonly requestedAt: Date;
  readonly requestedBy: string;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export interface BacktestProgress {
  readonly donePairs: number;
  readonly totalPairs: number;
  readonly candidates: number;
}

/** What would be otherwise about a subject's finding. */
export const backtestEffects = ['appears', 'disappears', 'changes_severity', 'changes_route'] as const;

export type BacktestEffect = (typeof backtestEffects)[number];

/** Why drift is no finding: it is held back, or let through and nothing new. */
export const backtestAbsences = ['held_back', 'way_back', 'known', 'flapping'] as const;

export type BacktestAbsence = (typeof backtestAbsences)[number];

/** The finding that drift opens under a plan. */
export interface BacktestSide {
  readonly severity: Severity;
  /** Where its score leads. Budgets and incidents are of the world then: they are not asked. */
  readonly route: FindingRoute;
  readonly score: number;
}

/** A subject of a pair of which the tried plan would have made something else. */
export interface BacktestChange {
  /** One or both of the last two, or one of the first two. */
  readonly effects: readonly BacktestEffect[];
  readonly scopeId: string;
  readonly executionId: string;
  readonly fingerprint: string;
  readonly driftType: DriftType;
  readonly change: ChangeKind;
  readonly itemType: string;
  readonly externalId: string;
  readonly label: string;
  /** Under the plan that the execution used; null: it was none. */
  readonly before: BacktestSide | null;
  /** Under the tried plan; null: it would be none. */
  readonly after: BacktestSide | null;
  /** Why it is none on the side where it is none; null: it is one on both. */
  readonly absence: BacktestAbsence | null;
  /** What holds it back on that side; the first twenty of `reasonCount`, and one of each code. */
  readonly reasons: readonly HoldReason[];
  readonly reasonCount: number;
}

/** What the plan of some of the executions held back of the pairs. */
export interface PlanHolds extends HeldBack {
  readonly planVersionHash: string;
  /** Null: no plan of the workspace was in force. */
  readonly planId: string | null;
  readonly planVersion: number | null;
  readonly pairs: number;
}

/** What a backtest comes to. `Before`: under the plans that the executions used; `After`: under the tried one. */
export interface BacktestSummary {
  /** Pairs that were compared; those that could not be are in `skipped`. */
  readonly pairs: number;
  /** By reason, in the order of `notReplayableReasons`. */
  readonly skipped: readonly { readonly reason: NotReplayableReason; readonly count: number }[];
  /** Of `pairs`: those of sources for which another plan would be in force, were the tried one in force too. */
  readonly pairsOfOtherPlans: number;
  /** Subjects that drifted. */
  readonly candidates: number;
  /**
   * What would be opened from no finding on, without any decision of people: neither the way back of what was found nor
   * what is there again.
   */
  readonly findingsBefore: number;
  readonly findingsAfter: number;
  /** Subjects that are let through and open nothing. */
  readonly nothingNewBefore: number;
  readonly nothingNewAfter: number;
  /** Subjects whose findings had to be forgotten, as very much drifted: what they came back to was taken for news. */
  readonly forgottenSubjects: number;
  readonly appears: number;
  readonly disappears: number;
  /** Findings under both; one that changes in both ways counts for both. */
  readonly changesSeverity: number;
  readonly changesRoute: number;
  /** Findings that are the same under both. */
  readonly unchanged: number;
  /** Subjects with any effect: what is listed. */
  readonly changes: number;
  /** The first of them are kept. */
  readonly changesKept: number;
  readonly severitiesBefore: Readonly<Record<Severity, number>>;
  readonly severitiesAfter: Readonly<Record<Severity, number>>;
  readonly routesBefore: Readonly<Record<FindingRoute, number>>;
  readonly routesAfter: Readonly<Record<FindingRoute, number>>;
  readonly heldBack: {
    readonly before: {
      readonly candidates: number;
      readonly changes: number;
      /** The hundred that held back most. */
      readonly plans: readonly PlanHolds[];
    };
    readonly after: HeldBack;
  };
  /** Conditions of the tried plan that could not be told; they hold nothing back. */
  readonly conditionProblems: readonly ConditionProblem[];
}

/** A change as it is kept: its members that are no columns as canonical JSON. */
export interface KeptBacktestChange {
  /** The first of its effects. */
  readonly effect: BacktestEffect;
  readonly scopeId: string;
  readonly executionId: string;
  readonly fingerprint: string;
  readonly detail: string;
}

/** A change with its place among those of its backtest, from 1. */
export type ListedBacktestChange = BacktestChange & { readonly ordinal: number };

/** An execution that a backtest takes, with its place in the order: by scope, then run. */
export interface BacktestPair {
  readonly scopeId: string;
  readonly runSeq: number;
  /** A run may have two executions, as where a baseline was pinned meanwhile: the one that was done first comes first. */
  readonly finishedAt: Date;
  readonly executionId: string;
}
