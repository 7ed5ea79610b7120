import type { IdentityGroups } from '../../core/identity-groups.ts';
import type { Problem } from '../../core/problem.ts';
import { readingOf, type SideItem } from './reading.ts';
import type { Side } from './side.ts';

/** What is wrong with the records of a side, one by one and together. */
export function recordProblems(side: Side, groups: IdentityGroups<SideItem>): Problem[] {
  const problems: Problem[] = [];
  for (const record of side.records) {
    const flaws = record.failure !== null ? [record.failure] : record.isItem() ? readingOf(record).flaws : [];
    for (const flaw of flaws) problems.push({ ...flaw, path: record.path });
  }
  for (const { itemType, externalId, paths } of groups.duplicates) {
    problems.push(repeated('duplicate_item', itemType, externalId, paths));
  }
  for (const { itemType, externalId, paths } of groups.ambiguous) {
    if (paths.length > 1) problems.push(repeated('conflicting_items', itemType, externalId, paths));
  }
  return problems;
}

function repeated(
  code: Problem['code'],
  itemType: string,
  externalId: string,
  paths: readonly string[],
): Problem {
  const others = paths.length > 2 ? `${paths[1]} and ${paths.length - 2} more` : paths[1];
  return {
    code,
    path: paths[0] as string,
    detail: `${itemType} ${externalId} stands also in ${others}`,
    itemType,
  };
}
