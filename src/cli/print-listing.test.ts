import { describe, expect, test } from 'vitest';
import { type Column, printListing, printRecord } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

interface Row {
  readonly name: string;
  readonly count: number | null;
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', value: (row) => row.name, canShrink: true },
  { title: 'COUNT', value: (row) => row.count },
];

function testTerminal(width = 100): { terminal: Terminal; written: string[]; said: string[] } {
  const [written, said]: [string[], string[]] = [[], []];
  const terminal: Terminal = {
    width,
    tableWidth: width,
    isColoured: false,
    write: async (text) => void written.push(text),
    say: (text) => void said.push(text),
    progress() {},
  };
  return { terminal, written, said };
}

describe('a listing', () => {
  test('is aligned by what is seen, not by characters', async () => {
    const { terminal, written } = testTerminal();
    const rows = [
      { name: '漢字', count: 1 },
      { name: 'abcde', count: null },
    ];

    await printListing(rows, columns, { empty: 'none' }, terminal);

    expect(written.join('')).toBe('NAME   COUNT\n漢字   1\nabcde\n');
  });

  test('is no wider than the terminal', async () => {
    const { terminal, written } = testTerminal(30);

    await printListing([{ name: 'n'.repeat(80), count: 12 }], columns, { empty: 'none' }, terminal);

    expect(
      written
        .join('')
        .split('\n')
        .every((line) => line.length <= 30),
    ).toBe(true);
    expect(written.join('')).toContain('…  12');
  });

  test('is not cut where a program reads it', async () => {
    const { terminal, written } = testTerminal(Number.POSITIVE_INFINITY);

    await printListing([{ name: 'n'.repeat(800), count: 12 }], columns, { empty: 'none' }, terminal);

    expect(written.join('')).toContain(`${'n'.repeat(800)}  12\n`);
  });

  test('can not steer the terminal', async () => {
    const { terminal, written } = testTerminal();

    await printListing([{ name: '\u001b[2Jboo\nnext', count: 1 }], columns, { empty: 'none' }, terminal);

    expect(written.join('')).not.toContain('\u001b');
    expect(written.join('').split('\n')).toHaveLength(3);
  });

  test('is a JSON array of the rows as they came', async () => {
    const { terminal, written } = testTerminal();
    const rows = [
      { name: 'a\u001b', count: 1 },
      { name: 'b', count: null },
    ];

    await printListing(rows, columns, { json: true, empty: 'none' }, terminal);

    expect(JSON.parse(written.join(''))).toEqual(rows);
  });

  test('of nothing is an empty array, or a word to the person', async () => {
    const [json, table] = [testTerminal(), testTerminal()];

    await printListing([], columns, { json: true, empty: 'none' }, json.terminal);
    await printListing([], columns, { empty: 'There is none.' }, table.terminal);

    expect([json.written.join(''), json.said]).toEqual(['[]\n', []]);
    expect([table.written, table.said]).toEqual([[], ['There is none.']]);
  });
});

describe('a record', () => {
  test('is shown in two columns, what is absent as a dash', async () => {
    const { terminal, written } = testTerminal();

    await printRecord(
      {},
      [
        ['name', 'x'],
        ['expires', null],
      ],
      {},
      terminal,
    );

    expect(written.join('')).toBe('name     x\nexpires  –\n');
  });
});
