import { compareText } from '../compare-text.ts';
import type { Finding } from '../generate.ts';

export interface FindingGroup {
  readonly itemType: string;
  /** What people call the item type; the item type itself where it has no other name. */
  readonly title: string;
  readonly findings: readonly Finding[];
}

/**
 * Findings by item type, for people: the severest first, so that what is cut is what matters least. Then by
 * title, and within a type by label.
 */
export function groupFindings(findings: readonly Finding[]): FindingGroup[] {
  const groups = new Map<string, { itemType: string; title: string; findings: Finding[] }>();
  for (const finding of [...findings].sort(compareForPeople)) {
    const { itemType, itemTypeTitle } = finding;
    const group = groups.get(itemType);
    if (group === undefined) groups.set(itemType, { itemType, title: itemTypeTitle, findings: [finding] });
    else group.findings.push(finding);
  }
  return [...groups.values()];
}

function compareForPeople(a: Finding, b: Finding): number {
  return (
    compareText(a.severity, b.severity) ||
    compareText(a.itemTypeTitle, b.itemTypeTitle) ||
    compareText(a.itemType, b.itemType) ||
    compareText(a.label, b.label) ||
    compareText(a.externalId, b.externalId) ||
    compareText(a.driftType, b.driftType)
  );
}
