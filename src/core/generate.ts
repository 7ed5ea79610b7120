import { type Candidate, candidatesOf, type ItemChange } from './candidate.ts';
import { compareText } from './compare-text.ts';
import type { CompiledPlan } from './compiled-plan.ts';
import { ConditionCheck, type ConditionProblem, joinConditionProblems } from './condition-check.ts';
import type { DriftType } from './drift-type.ts';
import { REDACTED, showValue } from './evidence.ts';
import {
  type ChangedValue,
  type ChangeKind,
  fingerprint,
  OFFLINE_SCOPE_KEY,
  type Subject,
} from './fingerprint.ts';
import type { ItemType } from './item-type.ts';
import type { JsonValue } from './json-value.ts';
import {
  countHeld,
  INVENTORY_CONFIDENCE,
  type JudgedCandidate,
  type Judgement,
  judgeCandidate,
} from './judge-candidate.ts';
import { type Observation, offlineObservation } from './observation.ts';
import { type HeldBack, type HoldReason, HoldTally, keptReasons } from './plan-hold.ts';
import { type FindingRoute, routeOf } from './plan-route.ts';
import type { PropertyChange } from './property-diff.ts';
import { hideDigests, isSensitiveDigest, maskSecrets } from './redact.ts';

/** One property change as a finding shows it. `before` is null for an addition, `after` for a removal. */
export interface ShownChange {
  readonly path: string;
  readonly op: 'add' | 'remove' | 'replace';
  readonly before: JsonValue;
  readonly after: JsonValue;
}

export interface Finding extends Judgement {
  readonly fingerprint: string;
  readonly change: ChangeKind;
  readonly itemType: string;
  /** What people call the item type. */
  readonly itemTypeTitle: string;
  readonly externalId: string;
  readonly label: string;
  readonly driftType: DriftType;
  readonly confidence: number;
  readonly route: FindingRoute;
  readonly changes: readonly ShownChange[];
  readonly path: string;
}

/** A subject's drift that did not become a finding, with the reasons. */
export interface HeldCandidate extends Judgement {
  readonly change: ChangeKind;
  readonly itemType: string;
  readonly externalId: string;
  readonly label: string;
  readonly driftType: DriftType;
  /** The first twenty of `reasonCount`, and one of each code. */
  readonly reasons: readonly HoldReason[];
  readonly reasonCount: number;
  readonly changeCount: number;
  /** The first of its changes, as they are shown. */
  readonly paths: readonly string[];
}

export interface Generated {
  /** Sorted by item type, external id and drift type. */
  readonly findings: readonly Finding[];
  /** Likewise. */
  readonly held: readonly HeldCandidate[];
  readonly heldBack: HeldBack;
  readonly conditionProblems: readonly ConditionProblem[];
}

export interface GenerateOptions {
  readonly plan: CompiledPlan;
  readonly scopeKey: string;
  /** Without it nothing is known of where the changes come from. */
  readonly observation?: Observation;
}

/** Paths that a held candidate names. */
const MAX_HELD_PATHS = 20;

/**
 * Makes findings of changes under a plan: one per item and drift type. A pure function: the same changes, plan and
 * observation give the same findings. Fingerprints are taken before the plan's noise controls, so a new plan does
 * not make another finding of the same drift.
 */
export function generateFindings(changes: readonly ItemChange[], options: GenerateOptions): Generated {
  const { plan, observation = offlineObservation } = options;
  const conditions = new ConditionCheck(observation);
  const tally = new HoldTally();
  const findings: Finding[] = [];
  const held: HeldCandidate[] = [];
  for (const change of changes) {
    for (const candidate of candidatesOf(change)) {
      const judged = judgeCandidate(change, candidate, { plan, observation, conditions });
      countHeld(tally, candidate, judged);
      if (judged.reasons.length > 0) held.push(heldCandidate(change, candidate, judged));
      else findings.push(makeFinding(change, candidate, judged, options));
    }
  }
  return {
    findings: findings.sort(compareFindings),
    held: held.sort(compareFindings),
    heldBack: tally.result(),
    conditionProblems: joinConditionProblems([conditions.problems()]),
  };
}

/** The findings of several parts of one comparison as if they had been generated at once. */
export function joinGenerated(parts: readonly Generated[]): Generated {
  const tally = new HoldTally();
  for (const { heldBack } of parts) tally.add(heldBack);
  return {
    findings: parts.flatMap(({ findings }) => findings).sort(compareFindings),
    held: parts.flatMap(({ held }) => held).sort(compareFindings),
    heldBack: tally.result(),
    conditionProblems: joinConditionProblems(parts.map(({ conditionProblems }) => conditionProblems)),
  };
}

function heldCandidate(
  { change, type, externalId, label }: ItemChange,
  { driftType, values }: Candidate,
  { severity, impact, score, reasons }: JudgedCandidate,
): HeldCandidate {
  return {
    change,
    itemType: type.name,
    externalId,
    label,
    driftType,
    severity,
    impact,
    score,
    reasons: keptReasons(reasons),
    reasonCount: reasons.length,
    changeCount: values.length,
    paths: values.slice(0, MAX_HELD_PATHS).map(({ property }) => property?.shownPath ?? ''),
  };
}

function makeFinding(
  change: ItemChange,
  candidate: Candidate,
  { severity, impact, score, noise }: JudgedCandidate,
  { plan, scopeKey }: GenerateOptions,
): Finding {
  const { externalId, type } = change;
  return {
    fingerprint: fingerprintOf(change, candidate, scopeKey),
    change: change.change,
    itemType: type.name,
    itemTypeTitle: type.title,
    externalId,
    label: change.label,
    driftType: candidate.driftType,
    severity,
    impact,
    confidence: INVENTORY_CONFIDENCE,
    score,
    route: routeOf(score, plan.content.thresholds),
    changes: noise.kept.flatMap(({ property }) => (property === null ? [] : [showChange(property, type)])),
    path: change.path,
  };
}

/** The fingerprint of the finding that a candidate is under whatever plan. */
export function fingerprintOf(
  { change, externalId, type }: ItemChange,
  { driftType, values }: Candidate,
  scopeKey: string,
): string {
  const subject: Subject = { findingType: 'drift', driftType, scopeKey, itemType: type.name, externalId };
  return fingerprint(subject, change, scopeKey === OFFLINE_SCOPE_KEY ? values.map(maskValue) : values);
}

/** A changed value without what could give a secret away where the key of its digests is public. */
function maskValue({ path, before, after }: ChangedValue): ChangedValue {
  return {
    path: hideDigests(path),
    before: before === undefined ? undefined : maskSecrets(before),
    after: after === undefined ? undefined : maskSecrets(after),
  };
}

/** A change with values that may be shown. */
export function showChange(
  { shownPath, op, before, after, place }: PropertyChange,
  type: ItemType,
): ShownChange {
  // What took the place of a secret, or gave way to one, may be the same secret without its mark.
  const isSecret = [before, after].some((value) => value !== undefined && isSensitiveDigest(value));
  const show = (value: JsonValue | undefined): JsonValue => {
    if (value === undefined || value === null) return null;
    return isSecret ? REDACTED : showValue(value, place, type);
  };
  return { path: shownPath, op, before: show(before), after: show(after) };
}

type Named = Pick<Finding, 'itemType' | 'externalId' | 'driftType'>;

function compareFindings(a: Named, b: Named): number {
  return (
    compareText(a.itemType, b.itemType) ||
    compareText(a.externalId, b.externalId) ||
    compareText(a.driftType, b.driftType)
  );
}
