import { EVERY_TYPE, type TypeCoverage } from '../coverage.ts';
import type { DiffReport, NamedItem } from '../diff-report.ts';
import type { AmbiguousItem } from '../identity-groups.ts';
import { countText } from './count-text.ts';
import { wrapText } from './fit-text.ts';
import { printable } from './printable.ts';
import { groupProblems, type ProblemGroup } from './problem-groups.ts';
import { hang, nameLines, type TableLayout } from './table-layout.ts';

/** Where entries begin: behind two columns and the mark. */
const ENTRY_INDENT = 4;
const MAX_LINES = 6;

/** What was not proven or not checked, and what was wrong with the exports: a block of lines each. */
export function noteSections(report: DiffReport, layout: TableLayout): string[][] {
  const { unprovenRemovals, unprovenAdditions, ambiguous } = report;
  const incomplete = report.coverage.filter(({ status }) => status !== 'complete');
  const removals = `${countText(unprovenRemovals.length, 'unproven removal')}: missing now, but not all was read`;
  const additions = `${countText(unprovenAdditions.length, 'unproven addition')}: new now, but not all was read before`;
  const conflicts = `${countText(ambiguous.length, 'ambiguous item')}: one identity, different contents; left out`;
  const gaps = `${countText(incomplete.length, 'item type')} not completely read`;
  return [
    section(removals, unprovenRemovals, namedItemLines, layout),
    section(additions, unprovenAdditions, namedItemLines, layout),
    section(conflicts, ambiguous, ambiguousLines, layout),
    section(gaps, incomplete, coverageLines, layout),
    ...groupProblems(report.problems).map((group) => problemLines(group, layout)),
  ].filter((lines) => lines.length > 0);
}

function section<Entry>(
  title: string,
  entries: readonly Entry[],
  linesOf: (entry: Entry, layout: TableLayout) => string[],
  layout: TableLayout,
): string[] {
  if (entries.length === 0) return [];
  return [
    ...wrapText(title, layout.width, MAX_LINES).map(layout.styles.bold),
    ...entries.flatMap((entry) => linesOf(entry, layout)),
  ];
}

function namedItemLines(item: NamedItem, { width, styles }: TableLayout): string[] {
  const name = nameLines(item, [item.itemType], width - ENTRY_INDENT, styles);
  return hang(`  ${styles.yellow('?')} `, ENTRY_INDENT, name);
}

function ambiguousLines({ itemType, externalId, paths }: AmbiguousItem, layout: TableLayout): string[] {
  const { width, styles } = layout;
  const name = nameLines({ label: '', externalId }, [itemType], width - ENTRY_INDENT, styles);
  return [
    ...hang(`  ${styles.yellow('!')} `, ENTRY_INDENT, name),
    ...paths.flatMap((path) => indentedText(path, layout)),
  ];
}

function coverageLines({ itemType, status, reason }: TypeCoverage, layout: TableLayout): string[] {
  const { width, styles } = layout;
  const externalId = itemType === EVERY_TYPE ? 'every item type' : itemType;
  const name = nameLines({ label: '', externalId }, [status], width - ENTRY_INDENT, styles);
  return [
    ...hang(`  ${styles.yellow('!')} `, ENTRY_INDENT, name),
    ...(reason === null ? [] : indentedText(reason, layout)),
  ];
}

function problemLines(
  { title, code, action, effect, problems }: ProblemGroup,
  layout: TableLayout,
): string[] {
  const { width, styles } = layout;
  const [mark, style] = effect === 'notice' ? ['i', styles.dim] : ['!', styles.yellow];
  const heading = wrapText(`${title} (${code}), ${countText(problems.length, 'time')}`, width - 2, MAX_LINES);
  return [
    ...hang(`${style(mark)} `, 2, heading.map(styles.bold)),
    ...wrapText(action, width - 2, MAX_LINES).map((line) => `  ${styles.dim(line)}`),
    ...problems.flatMap(({ path, detail }) =>
      indentedText(detail === '' ? path : `${path}: ${detail}`, layout),
    ),
  ];
}

function indentedText(text: string, { width }: TableLayout): string[] {
  const indent = ENTRY_INDENT + 2;
  return hang(' '.repeat(ENTRY_INDENT), indent, wrapText(printable(text), width - indent, MAX_LINES));
}
