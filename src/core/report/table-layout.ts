import { fits, wrapText } from './fit-text.ts';
import { printable } from './printable.ts';
import type { TerminalStyles } from './terminal-style.ts';

/** What every part of the table is laid out with. */
export interface TableLayout {
  /** Columns, at least 40. */
  readonly width: number;
  readonly styles: TerminalStyles;
}

/** A name longer than this is cut; the other formats have all of it. */
const MAX_NAME_LINES = 3;

/**
 * An item's label, then `notes` and its external id, on one line where they fit into `room` columns. Item names
 * come first in every list, so that the eye finds them.
 */
export function nameLines(
  item: { readonly label: string; readonly externalId: string },
  notes: readonly string[],
  room: number,
  styles: TerminalStyles,
): string[] {
  const isNamedById = item.label === '' || item.label === item.externalId;
  const label = wrapText(printable(isNamedById ? item.externalId : item.label), room, MAX_NAME_LINES);
  const details = [...notes, ...(isNamedById ? [] : [item.externalId])].map(printable).join(' · ');
  const last = label.at(-1) ?? '';
  if (details === '') return label.map(styles.bold);
  if (fits(`${last}  ${details}`, room)) {
    return [...label.slice(0, -1).map(styles.bold), `${styles.bold(last)}  ${styles.dim(details)}`];
  }
  return [...label.map(styles.bold), ...wrapText(details, room, MAX_NAME_LINES).map(styles.dim)];
}

/** `lines` behind `head`, which is `indent` columns wide; the lines after the first are indented as far. */
export function hang(head: string, indent: number, lines: readonly string[]): string[] {
  return lines.map((line, index) => (index === 0 ? head : ' '.repeat(indent)) + line);
}
