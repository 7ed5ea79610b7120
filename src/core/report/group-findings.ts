import type { Finding } from '../generate.ts';

export interface FindingGroup {
  readonly itemType: string;
  /** What people call the item type; the item type itself where it has no other name. */
  readonly title: string;
  readonly findings: readonly Finding[];
}

/** Findings by item type, in the order in which they come. */
export function groupFindings(findings: readonly Finding[]): FindingGroup[] {
  const groups = new Map<string, { itemType: string; title: string; findings: Finding[] }>();
  for (const finding of findings) {
    const { itemType, itemTypeTitle } = finding;
    const group = groups.get(itemType);
    if (group === undefined) groups.set(itemType, { itemType, title: itemTypeTitle, findings: [finding] });
    else group.findings.push(finding);
  }
  return [...groups.values()];
}
