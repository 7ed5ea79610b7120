import type { DriftType } from './drift-type.ts';
import type { FindingRoute } from './plan-route.ts';
import type { PlanContent } from './plan-schema.ts';
import {
  type DocStrategy,
  type DocSystem,
  documentOutputs,
  messageOutputs,
  type PlanOutput,
} from './plan-vocabulary.ts';

/** Why a finding is routed lower than its score says. */
export const demotionCodes = [
  'eligibility.requiresIncident',
  'budgets.maxDriftsPerDay',
  'budgets.maxDriftsPerWeek',
  'budgets.maxNotificationsPerHour',
] as const;

export type DemotionCode = (typeof demotionCodes)[number];

/** What the outputs are to do about a finding, decided by its plan: they carry it out and decide nothing. */
export interface Disposition {
  readonly route: FindingRoute;
  /** Where its score leads by itself. */
  readonly scoreRoute: FindingRoute;
  /** What took it from there to `route`; empty where nothing did. */
  readonly demotedBy: readonly DemotionCode[];
  readonly confidence: number;
  readonly score: number;
  /** Where it may go, sorted. Empty where it is only recorded. */
  readonly outputs: readonly PlanOutput[];
  /** Whether tickets and changes of documents wait until a person has acknowledged the finding. */
  readonly needsAcknowledgement: boolean;
  readonly primaryDoc: { readonly id: string; readonly system: DocSystem | null } | null;
  /** The sections of it that are to be brought up to date. */
  readonly sections: readonly string[];
  readonly docTargeting: {
    readonly strategy: DocStrategy;
    readonly maxDocsPerDrift: number;
    readonly priorityOrder: readonly DocSystem[];
  };
  readonly writeback: {
    readonly isEnabled: boolean;
    /** `automatic`: a proposed change needs no person's approval. */
    readonly approval: 'required' | 'automatic';
    readonly autoMerge: boolean;
    readonly reviewers: readonly string[];
  };
}

/** The disposition of a finding under its plan, before anything outside is asked. */
export function dispositionOf(
  plan: PlanContent,
  finding: {
    readonly driftType: DriftType;
    /** Whether it was found in a document. Its drift type does not say: an item has an `ownership`, too. */
    readonly isOfDocument: boolean;
    readonly confidence: number;
    readonly score: number;
    readonly route: FindingRoute;
  },
): Disposition {
  const { driftType, isOfDocument, confidence, score, route } = finding;
  const { writeback, docTargeting, eligibility } = plan;
  return {
    route,
    scoreRoute: route,
    demotedBy: [],
    confidence,
    score,
    outputs: outputsFor(route, plan),
    needsAcknowledgement: eligibility.requiresApproval,
    primaryDoc: plan.primaryDocId === null ? null : { id: plan.primaryDocId, system: plan.primaryDocSystem },
    sections: plan.sectionTargets[driftType],
    docTargeting,
    writeback: {
      isEnabled: writeback.enabled,
      approval: isAutoApproved(plan, { isOfDocument, confidence }) ? 'automatic' : 'required',
      autoMerge: writeback.enabled && writeback.autoMerge,
      reviewers: writeback.reviewers,
    },
  };
}

/**
 * Whether a proposed change of a document needs no person: it is about a document, confident enough, and neither the
 * plan's write-back nor its eligibility asks for approval. Drift of an inventory is never approved by itself.
 */
function isAutoApproved(
  { writeback, eligibility, thresholds }: PlanContent,
  { isOfDocument, confidence }: { readonly isOfDocument: boolean; readonly confidence: number },
): boolean {
  return (
    writeback.enabled &&
    !writeback.requiresApproval &&
    !eligibility.requiresApproval &&
    isOfDocument &&
    confidence >= thresholds.autoApprove
  );
}

function outputsFor(route: FindingRoute, { allowedOutputs, writeback }: PlanContent): PlanOutput[] {
  if (route === 'recorded') return [];
  const isMessage = (output: PlanOutput): boolean => (messageOutputs as readonly string[]).includes(output);
  if (route === 'digest') return allowedOutputs.filter(isMessage);
  const changesDocuments = (output: PlanOutput): boolean =>
    (documentOutputs as readonly string[]).includes(output);
  return allowedOutputs.filter((output) => writeback.enabled || !changesDocuments(output));
}

/** The disposition routed lower; unchanged where it is not above `route` already. */
export function demote(
  plan: PlanContent,
  disposition: Disposition,
  by: DemotionCode,
  route: FindingRoute,
): Disposition {
  const isLower = rank(route) < rank(disposition.route);
  if (!isLower) return disposition;
  return {
    ...disposition,
    route,
    demotedBy: [...disposition.demotedBy, by],
    outputs: outputsFor(route, plan),
  };
}

function rank(route: FindingRoute): number {
  return { recorded: 0, digest: 1, notify: 2 }[route];
}
