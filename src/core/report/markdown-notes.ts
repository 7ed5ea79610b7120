import { EVERY_TYPE } from '../coverage.ts';
import type { DiffReport, NamedItem } from '../diff-report.ts';
import { countText } from './count-text.ts';
import { cutEnd } from './fit-text.ts';
import type { MarkdownSection } from './markdown-sections.ts';
import { codeSpan } from './markdown-text.ts';
import { printable } from './printable.ts';
import { groupProblems } from './problem-groups.ts';

const MAX_WIDTH = 300;
const MAX_PATHS = 10;

/** What was not proven or not checked, and what was wrong with the exports. Empty sections are left out. */
export function markdownNotes(report: DiffReport): MarkdownSection[] {
  const { unprovenRemovals, unprovenAdditions, ambiguous } = report;
  const incomplete = report.coverage.filter(({ status }) => status !== 'complete');
  const section = (summary: string, entries: readonly string[]): MarkdownSection => ({
    summary,
    isOpen: false,
    isList: true,
    entries,
  });
  return [
    section(
      `${countText(incomplete.length, 'item type')} not completely read`,
      incomplete.map(({ itemType, status, reason }) => {
        const name = itemType === EVERY_TYPE ? 'every item type' : code(itemType);
        return `${name}: ${status}${reason === null ? '' : `, ${code(reason)}`}`;
      }),
    ),
    section(
      `${countText(ambiguous.length, 'ambiguous item')}, left out of the comparison`,
      ambiguous.map(({ itemType, externalId, paths }) => {
        const more = paths.length > MAX_PATHS ? ` and ${paths.length - MAX_PATHS} more` : '';
        return `${code(externalId)} · ${code(itemType)} in ${paths.slice(0, MAX_PATHS).map(code).join(', ')}${more}`;
      }),
    ),
    section(
      `${countText(unprovenRemovals.length, 'unproven removal')}: missing now, but not all was read`,
      unprovenRemovals.map(namedItem),
    ),
    section(
      `${countText(unprovenAdditions.length, 'unproven addition')}: new now, but not all was read before`,
      unprovenAdditions.map(namedItem),
    ),
    ...groupProblems(report.problems).map((group) =>
      section(
        `${group.title} (<code>${group.code}</code>): ${countText(group.problems.length, 'time')}`,
        group.problems.map(({ path, detail }) => `${code(path)}${detail === '' ? '' : `: ${code(detail)}`}`),
      ),
    ),
  ].filter(({ entries }) => entries.length > 0);
}

function namedItem({ itemType, externalId, label }: NamedItem): string {
  const names = label === '' || label === externalId ? [externalId] : [label, externalId];
  return `${[...names, itemType].map(code).join(' · ')}`;
}

function code(text: string): string {
  return codeSpan(cutEnd(printable(text), MAX_WIDTH));
}
