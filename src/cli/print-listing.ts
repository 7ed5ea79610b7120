import { displayWidth } from '../core/report/display-width.ts';
import { cutEnd } from '../core/report/fit-text.ts';
import { printable } from '../core/report/printable.ts';
import { terminalStyles } from '../core/report/terminal-style.ts';
import type { Terminal } from './terminal.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | null;
  /** True for the columns that are cut first where a line is too long. */
  readonly canShrink?: boolean;
  /** True for the columns that are left out, the last one first, before others are cut too short to read. */
  readonly canDrop?: boolean;
}

const GAP = '  ';
const MIN_SHRUNK_WIDTH = 12;
/** What a column that shrinks should have left before others are left out. */
const GOOD_SHRUNK_WIDTH = 28;

/**
 * Writes a listing: with `json` an array of the rows as they came, else a table no wider than the terminal, aligned,
 * with what is in the rows made harmless to it. `empty` is said where there is nothing.
 */
export async function printListing<Row>(
  rows: AsyncIterable<Row> | Iterable<Row>,
  columns: readonly Column<Row>[],
  options: { readonly json?: boolean | undefined; readonly empty: string },
  terminal: Terminal,
): Promise<void> {
  if (options.json === true) return printJsonArray(rows, terminal);
  const all: string[][] = [];
  for await (const row of rows) {
    all.push(columns.map((column) => printable(String(column.value(row) ?? ''))));
  }
  if (all.length === 0) return terminal.say(options.empty);
  const shown = chooseColumns(columns, all, terminal.tableWidth);
  const cells = all.map((line) => shown.map((index) => line[index] ?? ''));
  const kept = shown.map((index) => columns[index] as Column<Row>);
  const widths = fitWidths(kept, cells, terminal.tableWidth);
  const styles = terminalStyles(terminal.isColoured);
  const head = layOut(
    kept.map(({ title }) => title),
    widths,
  );
  const lines = [styles.bold(head), ...cells.map((line) => layOut(line, widths))];
  await terminal.write(`${lines.join('\n')}\n`);
}

/** Writes one thing: as JSON, or as `name: value` lines in a column. */
export async function printRecord(
  record: object,
  fields: readonly (readonly [name: string, value: string | number | null])[],
  options: { readonly json?: boolean | undefined },
  terminal: Terminal,
): Promise<void> {
  if (options.json === true) return terminal.write(`${JSON.stringify(record, null, 2)}\n`);
  const width = Math.max(...fields.map(([name]) => name.length));
  const lines = fields.map(
    ([name, value]) => `${name.padEnd(width)}${GAP}${printable(String(value ?? '–'))}`,
  );
  await terminal.write(`${lines.join('\n')}\n`);
}

async function printJsonArray<Row>(
  rows: AsyncIterable<Row> | Iterable<Row>,
  terminal: Terminal,
): Promise<void> {
  let isFirst = true;
  for await (const row of rows) {
    await terminal.write(`${isFirst ? '[\n' : ',\n'}${JSON.stringify(row)}`);
    isFirst = false;
  }
  await terminal.write(isFirst ? '[]\n' : '\n]\n');
}

/** The columns that there is room for, by their index. */
function chooseColumns<Row>(
  columns: readonly Column<Row>[],
  cells: readonly (readonly string[])[],
  room: number,
): number[] {
  const needed = columns.map((column, index) => {
    const widest = cells.reduce(
      (most, line) => Math.max(most, displayWidth(line[index] ?? '')),
      column.title.length,
    );
    return column.canShrink === true ? Math.min(widest, GOOD_SHRUNK_WIDTH) : widest;
  });
  const shown = columns.map((_, index) => index);
  const total = () => shown.reduce((sum, index) => sum + (needed[index] ?? 0) + GAP.length, -GAP.length);
  for (const index of shown.toReversed()) {
    if (total() <= room) break;
    if (columns[index]?.canDrop === true) shown.splice(shown.indexOf(index), 1);
  }
  return shown;
}

/** How wide each column is: as its widest cell, less where the line would not fit. */
function fitWidths<Row>(
  columns: readonly Column<Row>[],
  cells: readonly (readonly string[])[],
  room: number,
): number[] {
  const widths = columns.map(({ title }, index) =>
    cells.reduce((widest, line) => Math.max(widest, displayWidth(line[index] ?? '')), title.length),
  );
  const total = () => widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
  while (total() > room) {
    const widest = columns
      .map((column, index) => ({ column, index, width: widths[index] ?? 0 }))
      .filter(({ column, width }) => column.canShrink === true && width > MIN_SHRUNK_WIDTH)
      .sort((a, b) => b.width - a.width)[0];
    if (widest === undefined) break;
    widths[widest.index] = widest.width - 1;
  }
  return widths;
}

function layOut(line: readonly string[], widths: readonly number[]): string {
  return line
    .map((cell, index) => {
      const width = widths[index] ?? 0;
      const cut = cutEnd(cell, width);
      return cut + ' '.repeat(Math.max(0, width - displayWidth(cut)));
    })
    .join(GAP)
    .trimEnd();
}
