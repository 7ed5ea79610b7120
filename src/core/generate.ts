import { type Candidate, type CandidateValue, candidatesOf, type ItemChange } from './candidate.ts';
import { compareText } from './compare-text.ts';
import type { CompiledPlan } from './compiled-plan.ts';
import { ConditionCheck, type ConditionProblem, joinConditionProblems } from './condition-check.ts';
import { type DriftType, type Severity, severityOf } from './drift-type.ts';
import { checkPlanEligibility } from './eligibility.ts';
import { REDACTED, showValue } from './evidence.ts';
import {
  type ChangedValue,
  type ChangeKind,
  fingerprint,
  OFFLINE_SCOPE_KEY,
  type Subject,
} from './fingerprint.ts';
import { impactOf } from './impact.ts';
import type { ItemType } from './item-type.ts';
import type { JsonValue } from './json-value.ts';
import { type Observation, offlineObservation } from './observation.ts';
import { compareReasons, type HeldBack, type HoldReason, HoldTally } from './plan-hold.ts';
import { type Noise, noiseOf } from './plan-noise.ts';
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

/** What a plan makes of a subject's drift. */
interface Judgement {
  readonly severity: Severity;
  /** What the severity is the band of, in [0, 1]: the greatest impact of the changes that count, times the factors. */
  readonly impact: number;
  /** Confidence (1: facts of an inventory) × impact. */
  readonly score: number;
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

/** A subject's drift that did not become a finding, with every reason. */
export interface HeldCandidate extends Judgement {
  readonly change: ChangeKind;
  readonly itemType: string;
  readonly externalId: string;
  readonly label: string;
  readonly driftType: DriftType;
  readonly reasons: readonly HoldReason[];
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

/** Facts are facts: drift of an inventory is seen, not guessed. */
const INVENTORY_CONFIDENCE = 1;
/** Paths that a held candidate names. */
const MAX_HELD_PATHS = 20;

/**
 * Makes findings of changes under a plan: one per item and drift type. A pure function: the same changes, plan and
 * observation give the same findings. Fingerprints are taken before the plan's noise controls, so a new plan does
 * not make another finding of the same drift.
 */
export function generateFindings(changes: readonly ItemChange[], options: GenerateOptions): Generated {
  const { observation = offlineObservation } = options;
  const conditions = new ConditionCheck(observation);
  const tally = new HoldTally();
  const findings: Finding[] = [];
  const held: HeldCandidate[] = [];
  for (const change of changes) {
    for (const candidate of candidatesOf(change)) {
      const judged = judge(change, candidate, { ...options, observation, conditions });
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

interface Judged extends Judgement {
  readonly noise: Noise;
  /** Why it is no finding; empty where it is one. */
  readonly reasons: readonly HoldReason[];
}

function judge(
  change: ItemChange,
  candidate: Candidate,
  context: GenerateOptions & { readonly observation: Observation; readonly conditions: ConditionCheck },
): Judged {
  const { plan, observation, conditions } = context;
  const { driftType } = candidate;
  const noise = noiseOf(plan, { change, candidate, author: observation.author, conditions });
  const isNoise = noise.kept.length === 0;
  // What is noise throughout is judged as a whole, so that all other reasons are told too.
  const values = isNoise ? candidate.values : noise.kept;
  const drift = { change, driftType, values };
  const baseImpact = plan.content.impactRules.baseImpact ?? greatestImpact(values);
  const multipliers = plan.multipliers.map(({ name, factor, compiled }) => ({
    name,
    factor,
    outcome: conditions.outcomeOf(compiled, drift, { impact: baseImpact }),
  }));
  const impact = impactOf(baseImpact, multipliers);
  const confidence = INVENTORY_CONFIDENCE;
  const score = confidence * impact;
  const severity = severityOf(impact);
  const when =
    plan.when === null
      ? 'true'
      : conditions.outcomeOf(plan.when, drift, { impact, confidence, score, severity });
  const sourceKind = observation.source.kind;
  const eligible = checkPlanEligibility(plan.content, {
    driftType,
    sourceKind,
    confidence,
    impact,
    score,
    severity,
    when,
  });
  const noiseReasons = isNoise ? noise.rules.map(({ reason }) => reason) : [];
  const reasons = [...noiseReasons, ...eligible.reasons].sort(compareReasons);
  return { severity, impact, score, noise, reasons };
}

function greatestImpact(values: readonly CandidateValue[]): number {
  return values.reduce((most, { impact }) => Math.max(most, impact), 0);
}

function countHeld(tally: HoldTally, { values }: Candidate, { noise, reasons }: Judged): void {
  for (const { reason, changes } of noise.rules) tally.countChanges(reason, changes);
  if (reasons.length === 0) {
    for (let count = values.length - noise.kept.length; count > 0; count--) tally.holdChange();
    return;
  }
  const noiseRules = new Set(noise.rules.map(({ reason }) => reason.rule));
  for (const reason of reasons) {
    if (!noiseRules.has(reason.rule)) tally.countChanges(reason, values.length);
  }
  tally.holdCandidate(values.length, reasons);
}

function heldCandidate(
  { change, type, externalId, label }: ItemChange,
  { driftType, values }: Candidate,
  { severity, impact, score, reasons }: Judged,
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
    reasons,
    changeCount: values.length,
    paths: values.slice(0, MAX_HELD_PATHS).map(({ property }) => property?.shownPath ?? ''),
  };
}

function makeFinding(
  change: ItemChange,
  candidate: Candidate,
  { severity, impact, score, noise }: Judged,
  { plan, scopeKey }: GenerateOptions,
): Finding {
  const { externalId, type } = change;
  const { driftType, values } = candidate;
  const subject: Subject = { findingType: 'drift', driftType, scopeKey, itemType: type.name, externalId };
  return {
    fingerprint: fingerprint(
      subject,
      change.change,
      scopeKey === OFFLINE_SCOPE_KEY ? values.map(maskValue) : values,
    ),
    change: change.change,
    itemType: type.name,
    itemTypeTitle: type.title,
    externalId,
    label: change.label,
    driftType,
    severity,
    impact,
    confidence: INVENTORY_CONFIDENCE,
    score,
    route: routeOf(score, plan.content.thresholds),
    changes: noise.kept.flatMap(({ property }) => (property === null ? [] : [showChange(property, type)])),
    path: change.path,
  };
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
