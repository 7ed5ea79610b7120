import { type DiffReport, isFullyChecked } from '../diff-report.ts';
import { severities } from '../drift-type.ts';
import type { ChangeKind } from '../fingerprint.ts';
import { type HeldBack, type HoldCode, holdCodes } from '../plan-hold.ts';
import { countList, countText } from './count-text.ts';

/** What a report says in sentences. They hold counts only, nothing of the export. */
export interface Verdict {
  /** What was found. */
  readonly outcome: string;
  /** What was not checked; null where everything was. */
  readonly unchecked: string | null;
  /** What the plan kept from becoming a finding; null where it did not. */
  readonly heldBack: string | null;
  /** The items of both sides. */
  readonly totals: string;
}

export function verdictOf(report: DiffReport): Verdict {
  return {
    outcome: outcomeOf(report),
    unchecked: uncheckedOf(report),
    heldBack: heldBackOf(report),
    totals: totalsOf(report),
  };
}

const changeKinds: readonly ChangeKind[] = ['added', 'removed', 'changed'];

function outcomeOf(report: DiffReport): string {
  const { findings, summary } = report;
  if (findings.length > 0) {
    const kinds = countList(changeKinds.map((kind) => [countBy(findings, 'change', kind), kind]));
    const bands = countList(severities.map((band) => [countBy(findings, 'severity', band), band]));
    return `${countText(findings.length, 'finding')}: ${kinds} (${bands}).`;
  }
  const drifted = summary.added + summary.removed + summary.changed;
  if (report.heldBack.changes > 0)
    return `No findings: the plan held back all drift, of ${countText(drifted, 'item')}.`;
  if (!isFullyChecked(report)) return 'In what was checked, nothing drifted.';
  if (summary.currentItems === 0) return 'Nothing drifted: neither side holds an item.';
  return `Nothing drifted: ${countText(summary.unchanged, 'item')} compared, none differs.`;
}

function countBy<Key extends string>(
  findings: readonly Readonly<Record<Key, string>>[],
  key: Key,
  value: string,
): number {
  return findings.filter((finding) => finding[key] === value).length;
}

function uncheckedOf(report: DiffReport): string | null {
  if (isFullyChecked(report)) return null;
  const incomplete = report.coverage.filter(({ status }) => status !== 'complete').length;
  const parts = [
    incomplete === 0 ? '' : `${countText(incomplete, 'item type')} not completely read`,
    report.ambiguous.length === 0 ? '' : `${countText(report.ambiguous.length, 'ambiguous item')} left out`,
  ];
  return `Not everything was checked: ${parts.filter((part) => part !== '').join(', ')}.`;
}

function heldBackOf({ heldBack }: DiffReport): string | null {
  if (heldBack.changes === 0) return null;
  const byCode = holdCodes
    .map((code): [number, string] => [changesHeldBackBy(heldBack, code), `by ${code}`])
    .sort(([one], [other]) => other - one);
  return `The plan held back ${countText(heldBack.changes, 'change')}: ${countList(byCode)}.`;
}

function totalsOf({ summary }: DiffReport): string {
  const { added, removed, changed, unchanged, ambiguous } = summary;
  const uncertain = countList([
    [ambiguous, 'ambiguous'],
    [summary.unprovenRemovals, 'not proven to be removed'],
    [summary.unprovenAdditions, 'not proven to be added'],
  ]);
  const certain = `${added} added, ${removed} removed, ${changed} changed, ${unchanged} unchanged`;
  const items = `${summary.baselineItems} → ${countText(summary.currentItems, 'item')}`;
  return `${items}: ${certain}${uncertain === '' ? '' : `; ${uncertain}`}.`;
}

function changesHeldBackBy({ rules }: HeldBack, code: HoldCode): number {
  return rules.reduce((sum, rule) => (rule.code === code ? sum + rule.changes : sum), 0);
}
