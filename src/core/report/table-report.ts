import type { DiffReport } from '../diff-report.ts';
import { wrapText } from './fit-text.ts';
import { groupFindings } from './group-findings.ts';
import { findingLines, groupTitleLines } from './table-findings.ts';
import type { TableLayout } from './table-layout.ts';
import { noteSections } from './table-notes.ts';
import { terminalStyles } from './terminal-style.ts';
import { type Verdict, verdictOf } from './verdict.ts';

export interface TableOptions {
  /** Columns of the terminal; at least 40 are used. */
  readonly width: number;
  readonly isColoured: boolean;
}

const MIN_WIDTH = 40;

/**
 * The report for people at a terminal. No line is wider than the width, and nothing of the export reaches the
 * terminal that it could obey.
 */
export function tableReport(report: DiffReport, { width, isColoured }: TableOptions): string {
  const layout = { width: Math.max(MIN_WIDTH, Math.floor(width)), styles: terminalStyles(isColoured) };
  const verdict = verdictOf(report);
  const sections = [
    verdictLines(report, verdict, layout),
    ...groupFindings(report.findings).map((group) => [
      ...groupTitleLines(group, layout),
      ...group.findings.flatMap((finding) => ['', ...findingLines(finding, layout)]),
    ]),
    ...noteSections(report, layout),
    closingLines(verdict, layout),
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** What was not checked comes first where nothing was found, so that nobody reads only the good news. */
function verdictLines(report: DiffReport, verdict: Verdict, { width, styles }: TableLayout): string[] {
  const hasFindings = report.findings.length > 0;
  const outcomeStyle = verdict.unchecked === null && !hasFindings ? styles.green : styles.bold;
  const outcome = wrapText(verdict.outcome, width, 4).map(outcomeStyle);
  const unchecked =
    verdict.unchecked === null ? [] : wrapText(verdict.unchecked, width, 4).map(styles.yellow);
  return hasFindings ? [...outcome, ...unchecked] : [...unchecked, ...outcome];
}

function closingLines({ heldBack, totals }: Verdict, { width, styles }: TableLayout): string[] {
  return [
    ...(heldBack === null ? [] : wrapText(heldBack, width, 4)),
    ...wrapText(totals, width, 6).map(styles.dim),
  ];
}
