import { compareText } from './compare-text.ts';
import { type DriftType, type Severity, severityOf } from './drift-type.ts';
import { DriftplaneError } from './errors.ts';
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
import { matchesGlob, patternMatcher } from './path-pattern.ts';
import type { Plan } from './plan-schema.ts';
import type { PropertyChange } from './property-diff.ts';
import { hideDigests, isSensitiveDigest, maskSecrets } from './redact.ts';

/** What a comparison found of one item. */
export interface ItemChange {
  readonly change: ChangeKind;
  readonly type: ItemType;
  readonly externalId: string;
  readonly label: string;
  /** Where the item stands now (or stood, if it was removed), as the user can open it. */
  readonly path: string;
  /** SHA-256 of the facts without their secrets; null on the side that has none. */
  readonly beforeHash: string | null;
  readonly afterHash: string | null;
  /** Of a changed item, from `diffProperties`; empty otherwise. */
  readonly properties: readonly PropertyChange[];
}

/** One property change as a finding shows it. `before` is null for an addition, `after` for a removal. */
export interface ShownChange {
  readonly path: string;
  readonly op: 'add' | 'remove' | 'replace';
  readonly before: JsonValue;
  readonly after: JsonValue;
}

export interface Finding {
  readonly fingerprint: string;
  readonly change: ChangeKind;
  readonly itemType: string;
  /** What people call the item type. */
  readonly itemTypeTitle: string;
  readonly externalId: string;
  readonly label: string;
  readonly driftType: DriftType;
  readonly severity: Severity;
  /** The greatest impact of the changes that count, in [0, 1]: what the severity is the band of. */
  readonly impact: number;
  readonly changes: readonly ShownChange[];
  readonly path: string;
}

/** Why drift did not become a finding, or not all of it. Counts single changes. */
export interface HeldBack {
  readonly driftTypes: number;
  readonly ignoreChanges: number;
}

export interface Generated {
  /** Sorted by item type, external id and drift type. */
  readonly findings: readonly Finding[];
  readonly heldBack: HeldBack;
}

/**
 * Makes findings of changes under a plan: one per item and drift type. A pure function: the same changes and
 * plan give the same findings. Fingerprints are taken before the plan's noise controls, so a new plan does
 * not make another finding of the same drift.
 */
export function generateFindings(changes: readonly ItemChange[], plan: Plan, scopeKey: string): Generated {
  const counts = new Set<DriftType>(plan.driftTypes);
  const isIgnored = ignoredChanges(plan);
  const heldBack = { driftTypes: 0, ignoreChanges: 0 };
  const findings: Finding[] = [];
  for (const change of changes) {
    for (const candidate of candidatesOf(change)) {
      if (!counts.has(candidate.driftType)) {
        heldBack.driftTypes += candidate.values.length;
        continue;
      }
      const kept = candidate.values.filter((value) => !isIgnored(change.type.name, value.path));
      heldBack.ignoreChanges += candidate.values.length - kept.length;
      if (kept.length > 0) findings.push(makeFinding(change, candidate, kept, scopeKey));
    }
  }
  findings.sort(compareFindings);
  return { findings, heldBack };
}

/** The findings of several parts of one comparison as if they had been generated at once. */
export function joinGenerated(parts: readonly Generated[]): Generated {
  const count = (reason: keyof HeldBack): number =>
    parts.reduce((sum, { heldBack }) => sum + heldBack[reason], 0);
  return {
    findings: parts.flatMap(({ findings }) => findings).sort(compareFindings),
    heldBack: { driftTypes: count('driftTypes'), ignoreChanges: count('ignoreChanges') },
  };
}

/** One subject's drift before the plan has been asked. */
interface Candidate {
  readonly driftType: DriftType;
  /** Of a changed item its property changes; of an added or removed one the item itself, at path "". */
  readonly values: readonly (ChangedValue & {
    readonly property: PropertyChange | null;
    readonly impact: number;
  })[];
}

function candidatesOf(change: ItemChange): Candidate[] {
  if (change.change !== 'changed') {
    const { presenceImpact } = change.type.definition;
    const impact = presenceImpact[change.change] ?? change.type.rulesAt(change.type.root).baseImpact;
    const value = {
      path: '',
      before: change.beforeHash ?? undefined,
      after: change.afterHash ?? undefined,
      property: null,
      impact,
    };
    return [{ driftType: 'presence', values: [value] }];
  }
  if (change.properties.length === 0) {
    throw new DriftplaneError(
      'internal_error',
      `${change.type.name} ${change.externalId} differs, but no property does`,
    );
  }
  const byDriftType = new Map<DriftType, Candidate['values'][number][]>();
  for (const property of change.properties) {
    const rules = change.type.rulesAt(property.place);
    const value = { ...property, property, impact: rules.baseImpact };
    const values = byDriftType.get(rules.driftType);
    if (values === undefined) byDriftType.set(rules.driftType, [value]);
    else values.push(value);
  }
  return [...byDriftType].map(([driftType, values]) => ({ driftType, values }));
}

function ignoredChanges(plan: Plan): (itemType: string, path: string) => boolean {
  const rules = plan.noiseControls.ignoreChanges.map((rule) => ({
    itemType: rule.itemType,
    matches: patternMatcher(rule.path),
  }));
  return (itemType, path) => rules.some((rule) => matchesGlob(rule.itemType, itemType) && rule.matches(path));
}

function makeFinding(
  change: ItemChange,
  candidate: Candidate,
  kept: Candidate['values'],
  scopeKey: string,
): Finding {
  const { externalId, type } = change;
  const itemType = type.name;
  const impact = kept.reduce((most, value) => Math.max(most, value.impact), 0);
  const subject: Subject = {
    findingType: 'drift',
    driftType: candidate.driftType,
    scopeKey,
    itemType,
    externalId,
  };
  return {
    fingerprint: fingerprint(
      subject,
      change.change,
      scopeKey === OFFLINE_SCOPE_KEY ? candidate.values.map(maskValue) : candidate.values,
    ),
    change: change.change,
    itemType,
    itemTypeTitle: type.title,
    externalId,
    label: change.label,
    driftType: candidate.driftType,
    severity: severityOf(impact),
    impact,
    changes: kept.flatMap(({ property }) => (property === null ? [] : [showChange(property, type)])),
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

function compareFindings(a: Finding, b: Finding): number {
  return (
    compareText(a.itemType, b.itemType) ||
    compareText(a.externalId, b.externalId) ||
    compareText(a.driftType, b.driftType)
  );
}
