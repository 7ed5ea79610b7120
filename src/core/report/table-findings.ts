import type { DriftType, Severity } from '../drift-type.ts';
import type { ChangeKind } from '../fingerprint.ts';
import type { Finding, ShownChange } from '../generate.ts';
import { type ChangeText, changeText } from './change-text.ts';
import { countText } from './count-text.ts';
import { displayWidth } from './display-width.ts';
import { cutEnd, cutStrings, differingEnds, fits, wrapText } from './fit-text.ts';
import type { FindingGroup } from './group-findings.ts';
import { printable } from './printable.ts';
import { shortenPointer } from './shorten-pointer.ts';
import { hang, nameLines, type TableLayout } from './table-layout.ts';
import type { TerminalStyles } from './terminal-style.ts';

/** Where names begin: behind two columns, the mark and the severity. */
const NAME_INDENT = 10;
/** Where paths begin, and values that don't fit beside their path. */
const VALUE_INDENT = 12;
const MAX_VALUE_LINES = 4;

const changeMarks: Readonly<Record<ChangeKind, ChangeText['mark']>> = {
  added: '+',
  removed: '-',
  changed: '~',
};

const markStyles = { '+': 'green', '-': 'red', '~': 'yellow' } as const;

const severityStyles: Readonly<Record<Severity, keyof TerminalStyles>> = {
  sev1: 'alarm',
  sev2: 'red',
  sev3: 'yellow',
  sev4: 'dim',
};

/** What the mark of a finding already says; only other drift types are named. */
const expectedDriftTypes: Readonly<Record<ChangeKind, DriftType>> = {
  added: 'presence',
  removed: 'presence',
  changed: 'configuration',
};

export function groupTitleLines(group: FindingGroup, { width, styles }: TableLayout): string[] {
  const title = printable(group.title);
  const count = countText(group.findings.length, 'finding');
  const details = group.itemType === group.title ? count : `${count} · ${printable(group.itemType)}`;
  if (fits(`${title} · ${details}`, width)) return [styles.bold(title) + styles.dim(` · ${details}`)];
  return [styles.bold(cutEnd(title, width)), styles.dim(`  ${cutEnd(details, width - 2)}`)];
}

export function findingLines(finding: Finding, layout: TableLayout): string[] {
  const { width, styles } = layout;
  const mark = changeMarks[finding.change];
  const severity = styles[severityStyles[finding.severity]](finding.severity);
  const head = `  ${styles[markStyles[mark]](mark)} ${severity}  `;
  const notes = expectedDriftTypes[finding.change] === finding.driftType ? [] : [finding.driftType];
  return [
    ...hang(head, NAME_INDENT, nameLines(finding, notes, width - NAME_INDENT, styles)),
    ...finding.changes.flatMap((change) => changeLines(change, layout)),
  ];
}

/** The path and, beside it where they fit and below it otherwise, the values. */
function changeLines(change: ShownChange, { width, styles }: TableLayout): string[] {
  const text = changeText(change);
  const room = width - VALUE_INDENT;
  const path = shortenPointer(text.path, room);
  const head = `${' '.repeat(NAME_INDENT)}${styles[markStyles[text.mark]](text.mark)} `;

  const inlineWidth = displayWidth([text.before, text.after].filter((side) => side !== null).join(' → '));
  if (displayWidth(path) + 2 + inlineWidth <= room) {
    return [`${head}${styles.cyan(path)}  ${inlineValue(text, styles)}`];
  }
  const values = inlineWidth <= room ? [inlineValue(text, styles)] : valueLines(text, room, styles);
  return [head + styles.cyan(path), ...values.map((line) => ' '.repeat(VALUE_INDENT) + line)];
}

function inlineValue({ before, after }: ChangeText, styles: TerminalStyles): string {
  return [
    ...(before === null ? [] : [styles.red(before)]),
    ...(after === null ? [] : [styles.green(after)]),
  ].join(styles.dim(' → '));
}

/** Values that need lines of their own. Of two long ones the part that differs is shown. */
function valueLines({ before, after }: ChangeText, room: number, styles: TerminalStyles): string[] {
  if (before === null || after === null) {
    const value = before ?? after ?? '';
    const text = /^[{[]/.test(value) ? cutStrings(value) : value;
    return wrapText(text, room, MAX_VALUE_LINES).map(before === null ? styles.green : styles.red);
  }
  const width = room - 2;
  const isWhole = [before, after].every(
    (side) => wrapText(side, width, MAX_VALUE_LINES + 1).length <= MAX_VALUE_LINES,
  );
  const [was, is] = isWhole ? [before, after] : differingEnds(before, after);
  const block = (text: string): string[] => wrapText(text, width, MAX_VALUE_LINES);
  return [...hang('- ', 2, block(was)).map(styles.red), ...hang('+ ', 2, block(is)).map(styles.green)];
}
