import type { ApiClient } from './api-client.ts';
import { type Column, printListing } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

interface KeptListing<Row, Line> {
  readonly resource: string;
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string | undefined>>;
  /** What a row takes in the table. */
  readonly linesOf: (row: Row) => readonly Line[];
  readonly columns: readonly Column<Line>[];
  readonly empty: string;
}

/** Prints a listing of which the server keeps the first only, and says what is not shown and what is not kept. */
export async function printKept<Row, Line>(
  api: ApiClient,
  listing: KeptListing<Row, Line>,
  { limit, json }: { readonly limit: number; readonly json?: true | undefined },
  terminal: Terminal,
): Promise<void> {
  const { resource, path, query, linesOf, columns, empty } = listing;
  const rows: Row[] = [];
  for await (const row of api.listAll<Row>({ resource, path, query }, limit + 1)) rows.push(row);
  const shown = rows.slice(0, limit);
  if (json === true) await printListing(shown, [], { json, empty }, terminal);
  else await printListing(shown.flatMap(linesOf), columns, { empty }, terminal);
  if (rows.length > limit) return terminal.say(`There are more than ${limit}; see --limit.`);
  // Told at the end of what is kept.
  const first = { resource, path, query: { ...query, limit: 1 } };
  const { omitted } = await api.call<{ omitted: number }>(first);
  if (omitted > 0) terminal.say(`${omitted} more were found and are not kept.`);
}
