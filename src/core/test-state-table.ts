import { readFileSync } from 'node:fs';

/**
 * The first table, of states × events, in this document of docs/ under this heading: state → event → next state, null
 * where the cell is `–`.
 */
export function documentedTable(
  heading: string,
  name = 'finding-lifecycle.md',
): Record<string, Record<string, string | null>> {
  const document = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
  const section = document.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const lines = section.split('\n');
  const start = lines.findIndex((line) => line.startsWith('|'));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  const rows = lines
    .slice(start, end < 0 ? undefined : end)
    .filter((line) => !line.startsWith('|---'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
  const [head = [], ...body] = rows;
  return Object.fromEntries(
    body.map(([state = '', ...cells]) => [
      state,
      Object.fromEntries(cells.map((cell, index) => [head[index + 1] ?? '', cell === '–' ? null : cell])),
    ]),
  );
}

/** The same of a function that answers every cell. */
export function tableOf<State extends string, Event extends string>(
  states: readonly State[],
  events: readonly Event[],
  next: (state: State, event: Event) => State | null,
): Record<string, Record<string, string | null>> {
  return Object.fromEntries(
    states.map((state) => [state, Object.fromEntries(events.map((event) => [event, next(state, event)]))]),
  );
}
