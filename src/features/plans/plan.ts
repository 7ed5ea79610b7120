import type { Resolution, ResolvablePlan } from '../../core/plan-resolution.ts';
import type { PlanReviewState } from '../../core/plan-review-state.ts';
import type { PlanContent, PlanDocumentInput } from '../../core/plan-schema.ts';
import type { PlanStatus } from '../../core/plan-vocabulary.ts';

/** The head of a plan: its published version, or the latest one where none has been published yet. */
export interface DriftPlan extends PlanContent {
  readonly planId: string;
  readonly description: string;
  readonly status: PlanStatus;
  readonly version: number;
  readonly versionHash: string;
  /** The plan that it was made of. */
  readonly parentId: string | null;
  readonly templateId: string | null;
  /** For If-Match; grows with every change, of description and status too. */
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly createdBy: string;
  readonly updatedBy: string;
  readonly archivedAt: Date | null;
  /** The newest version, which may be under review. */
  readonly latest: {
    readonly version: number;
    readonly versionHash: string;
    readonly state: PlanReviewState;
  };
}

/** One version; never changed. */
export interface PlanVersion {
  readonly planId: string;
  readonly version: number;
  readonly versionHash: string;
  readonly content: PlanContent;
  readonly parentVersion: number | null;
  readonly changeNote: string;
  readonly createdAt: Date;
  readonly createdBy: string;
  /** The token that made it; null where it was none. */
  readonly createdById: string | null;
  readonly state: PlanReviewState;
  readonly publishedAt: Date | null;
}

/** What a new plan is made of. */
export interface CreatePlanArgs {
  /** As people write it, not validated yet. */
  readonly document: PlanDocumentInput | Readonly<Record<string, unknown>>;
  readonly templateId?: string | undefined;
  readonly parentId?: string | undefined;
  readonly changeNote?: string | undefined;
}

/** What a plan is looked up for. */
export interface ResolvePlanArgs {
  readonly serviceId?: string | null | undefined;
  readonly repoFullName?: string | null | undefined;
  readonly docClass?: string | null | undefined;
}

/** Which plan is for a subject, and how it was found. */
export type PlanResolutionResult = Resolution<ResolvablePlan>;
