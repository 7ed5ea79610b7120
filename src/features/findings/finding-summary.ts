import type { DriftType, Severity } from '../../core/drift-type.ts';
import type { FindingState } from '../../core/finding-lifecycle.ts';
import type { ChangeKind } from '../../core/fingerprint.ts';
import type { FindingRoute } from '../../core/plan-route.ts';
import type { DismissReason, Resolution } from './finding-decision.ts';

/** A finding without what it shows. */
export interface FindingSummary {
  readonly findingId: string;
  readonly fingerprint: string;
  readonly findingType: 'drift';
  readonly driftType: DriftType;
  readonly change: ChangeKind;
  readonly scopeId: string;
  readonly sourceId: string;
  readonly itemType: string;
  readonly externalId: string;
  readonly label: string;
  readonly severity: Severity;
  readonly impact: number;
  readonly score: number;
  readonly state: FindingState;
  readonly stateChangedAt: Date;
  readonly snoozedUntil: Date | null;
  readonly dismissReason: DismissReason | null;
  readonly resolution: Resolution | null;
  readonly resolvedAt: Date | null;
  readonly changeSignature: string;
  readonly route: FindingRoute | null;
  readonly planId: string | null;
  readonly planVersion: number | null;
  readonly isFlapping: boolean;
  readonly occurrenceCount: number;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly linkedFindingId: string | null;
  readonly revision: number;
}

/** Of the table `f`. */
export const summaryColumns = `f.finding_id as "findingId", f.fingerprint, f.finding_type as "findingType",
  f.drift_type as "driftType", f.change, f.scope_id as "scopeId", f.source_id as "sourceId", f.item_type as "itemType",
  f.external_id as "externalId", f.label, f.severity, f.impact, f.drift_score as score, f.state, f.state_changed_at as "stateChangedAt",
  f.snoozed_until as "snoozedUntil", f.dismiss_reason as "dismissReason", f.resolution, f.resolved_at as "resolvedAt",
  f.change_signature as "changeSignature", f.route, f.plan_id as "planId", f.plan_version as "planVersion", f.is_flapping as "isFlapping",
  f.occurrence_count as "occurrenceCount", f.first_seen_at as "firstSeenAt", f.last_seen_at as "lastSeenAt",
  f.linked_finding_id as "linkedFindingId", f.revision`;
