import type { DiffReport } from '../diff-report.ts';
import type { Finding, ShownChange } from '../generate.ts';
import { changeText } from './change-text.ts';
import { countText } from './count-text.ts';
import { cutEnd, cutPair } from './fit-text.ts';
import { groupFindings } from './group-findings.ts';
import { markdownNotes } from './markdown-notes.ts';
import { fitSections, type MarkdownSection } from './markdown-sections.ts';
import { codeSpan, diffBlock, htmlCode } from './markdown-text.ts';
import { printable } from './printable.ts';
import { verdictOf } from './verdict.ts';

export interface MarkdownOptions {
  /** UTF-16 code units; at least 3,000. GitHub refuses comments of more than 65,536 characters. */
  readonly maxLength?: number;
}

const DEFAULT_MAX_LENGTH = 65_000;
const MIN_MAX_LENGTH = 3_000;
/** Room for the sentences that say what was left out. */
const OMISSION_LENGTH = 500;
/** Longest path or value in columns, so that one finding can't fill the comment. */
const MAX_VALUE_WIDTH = 300;
const MAX_CHANGES = 40;
/** With no more findings than this they are shown unfolded. */
const MAX_OPEN_FINDINGS = 10;

/**
 * The report as a comment on a pull request, in GitHub's Markdown. What comes from the export stands in code
 * spans and code blocks only. Cut at a finding where it would be too long, and says so.
 */
export function markdownReport(report: DiffReport, options: MarkdownOptions = {}): string {
  const maxLength = options.maxLength ?? DEFAULT_MAX_LENGTH;
  if (maxLength < MIN_MAX_LENGTH)
    throw new RangeError(`maxLength is ${maxLength}, less than ${MIN_MAX_LENGTH}`);
  const head = headOf(report);
  const notes = fitSections(markdownNotes(report), Math.floor(maxLength / 4));
  const room = maxLength - head.length - notes.text.length - OMISSION_LENGTH;
  const findings = fitSections(findingSections(report), room);
  return [
    head,
    findings.text,
    omission(findings.omitted, 'finding'),
    notes.text,
    omission(notes.omitted, 'note on what was not checked', 'notes on what was not checked'),
  ]
    .join('')
    .replace(/\n+$/, '\n');
}

function headOf(report: DiffReport): string {
  const { outcome, unchecked, heldBack } = verdictOf(report);
  const title = report.findings.length > 0 ? outcome : (unchecked ?? outcome);
  const rest = [title === outcome ? unchecked : outcome, heldBack].filter((sentence) => sentence !== null);
  return [`## ${title.replace(/\.$/, '')}`, ...rest, countTable(report)]
    .map((block) => `${block}\n\n`)
    .join('');
}

function countTable({ summary }: DiffReport): string {
  const columns: readonly (readonly [string, number])[] = [
    ['Baseline items', summary.baselineItems],
    ['Current items', summary.currentItems],
    ['Added', summary.added],
    ['Removed', summary.removed],
    ['Changed', summary.changed],
    ['Unchanged', summary.unchanged],
    ['Ambiguous', summary.ambiguous],
    ['Unproven removals', summary.unprovenRemovals],
    ['Unproven additions', summary.unprovenAdditions],
  ];
  const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [
    row(columns.map(([name]) => name)),
    row(columns.map(() => '---:')),
    row(columns.map(([, count]) => count)),
  ].join('\n');
}

function findingSections({ findings }: DiffReport): MarkdownSection[] {
  return groupFindings(findings).map((group) => {
    const title = group.title === group.itemType ? '' : ` ${htmlCode(group.itemType)}`;
    return {
      summary: `<b>${htmlCode(group.title)}</b>${title}: ${countText(group.findings.length, 'finding')}`,
      isOpen: findings.length <= MAX_OPEN_FINDINGS,
      isList: false,
      entries: group.findings.map(findingEntry),
    };
  });
}

function findingEntry(finding: Finding): string {
  const { change, severity, driftType, label, externalId, changes } = finding;
  const facts = [
    `**${change}**`,
    severity,
    ...(driftType === 'presence' ? [] : [driftType]),
    ...(label === '' || label === externalId ? [] : [codeSpan(cutEnd(printable(label), MAX_VALUE_WIDTH))]),
    codeSpan(cutEnd(printable(externalId), MAX_VALUE_WIDTH)),
  ].join(' · ');
  if (changes.length === 0) return facts;
  const more = changes.length - MAX_CHANGES;
  return [
    facts,
    diffBlock(changes.slice(0, MAX_CHANGES).flatMap(changeLines)),
    ...(more > 0 ? [`… and ${countText(more, 'more change')} of this finding.`] : []),
  ].join('\n\n');
}

function changeLines(change: ShownChange): string[] {
  const { path, before, after } = changeText(change);
  const [was, is] = cutPair(before ?? '', after ?? '', MAX_VALUE_WIDTH);
  return [
    `@@ ${cutEnd(path, MAX_VALUE_WIDTH)} @@`,
    ...(before === null ? [] : [`- ${was}`]),
    ...(after === null ? [] : [`+ ${is}`]),
  ];
}

function omission(count: number, noun: string, plural = `${noun}s`): string {
  if (count === 0) return '';
  const what = `${count} more ${count === 1 ? noun : plural}`;
  return `**… and ${what}** that this comment has no room for: \`driftplane diff --format json\` has all of them.\n\n`;
}
