import { canonicalJson } from './canonical-json.ts';
import type { Comparison } from './compare.ts';
import type { TypeCoverage } from './coverage.ts';
import type { Finding } from './generate.ts';
import type { AmbiguousItem } from './identity-groups.ts';
import type { JsonObject } from './json-value.ts';
import type { HeldBack } from './plan-hold.ts';
import type { Problem } from './problem.ts';
import { sha256OfParts } from './sha256.ts';

/** The name and version of the output shape that `diff` writes. */
export const DIFF_SCHEMA = 'driftplane/diff@1';

export interface DiffSummary {
  readonly baselineItems: number;
  readonly currentItems: number;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly ambiguous: number;
  readonly unprovenRemovals: number;
  readonly unprovenAdditions: number;
}

export interface NamedItem {
  readonly itemType: string;
  readonly externalId: string;
  readonly label: string;
}

/** All that a comparison of two exports has to say, in any format. Every list is sorted. */
export interface DiffReport {
  readonly summary: DiffSummary;
  readonly coverage: readonly TypeCoverage[];
  readonly problems: readonly Problem[];
  readonly unprovenRemovals: readonly NamedItem[];
  readonly unprovenAdditions: readonly NamedItem[];
  readonly ambiguous: readonly AmbiguousItem[];
  readonly findings: readonly Finding[];
  readonly heldBack: HeldBack;
  /** SHA-256 over what went in: the items of both sides as read, the rules, the plan. */
  readonly inputsDigest: string;
  /** SHA-256 over `findings` as written in JSON. */
  readonly findingsDigest: string;
}

export function summarise(
  comparison: Comparison<unknown>,
  counts: { baselineItems: number; currentItems: number; ambiguous: number },
): DiffSummary {
  return {
    baselineItems: counts.baselineItems,
    currentItems: counts.currentItems,
    added: comparison.added.length,
    removed: comparison.removed.length,
    changed: comparison.changed.length,
    unchanged: comparison.unchanged,
    ambiguous: counts.ambiguous,
    unprovenRemovals: comparison.unprovenRemovals.length,
    unprovenAdditions: comparison.unprovenAdditions.length,
  };
}

/** A finding exactly as `driftplane/diff@1` writes it. */
export function findingToJson(finding: Finding): JsonObject {
  return {
    fingerprint: finding.fingerprint,
    change: finding.change,
    itemType: finding.itemType,
    externalId: finding.externalId,
    label: finding.label,
    driftType: finding.driftType,
    severity: finding.severity,
    changes: finding.changes.map(({ path, op, before, after }) => ({ path, op, before, after })),
  };
}

/** SHA-256 of the canonical form of all findings as they are written, for `DiffReport.findingsDigest`. */
export function digestFindings(findings: readonly Finding[]): string {
  return sha256OfParts(canonicalParts(findings));
}

function* canonicalParts(findings: readonly Finding[]): Generator<string> {
  yield '[';
  for (const [index, finding] of findings.entries()) {
    yield (index === 0 ? '' : ',') + canonicalJson(findingToJson(finding));
  }
  yield ']';
}

/** Whether every type was enumerated completely on both sides and every item compared. */
export function isFullyChecked({ coverage, ambiguous }: Pick<DiffReport, 'coverage' | 'ambiguous'>): boolean {
  return coverage.every(({ status }) => status === 'complete') && ambiguous.length === 0;
}

/**
 * What the exit code says: 1 there are findings; 3 there are none, but something was not checked (a type
 * whose enumeration is not complete, an ambiguous item); 0 nothing drifted. 2 is for errors, which have no
 * report.
 */
export function exitCodeOf(report: DiffReport): 0 | 1 | 3 {
  if (report.findings.length > 0) return 1;
  return isFullyChecked(report) ? 0 : 3;
}
