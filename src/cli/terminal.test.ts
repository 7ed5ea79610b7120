import { afterEach, expect, test, vi } from 'vitest';
import { processTerminal } from './terminal.ts';

const { columns } = process.stdout;

afterEach(() => {
  vi.unstubAllEnvs();
  process.stdout.columns = columns;
});

test.each([
  ['a terminal is as wide as it is', 80, '', { width: 80, tableWidth: 80 }],
  ['a terminal is as wide as it is, whatever it was', 80, '120', { width: 80, tableWidth: 80 }],
  ['a width that was asked for is heeded', undefined, '120', { width: 120, tableWidth: 120 }],
  [
    'texts are wrapped and tables are not cut where there is none',
    undefined,
    '',
    { width: 100, tableWidth: Number.POSITIVE_INFINITY },
  ],
  ['what is no width is none', undefined, '-5', { width: 100, tableWidth: Number.POSITIVE_INFINITY }],
])('%s', (_, ofTerminal, asked, expected) => {
  process.stdout.columns = ofTerminal as number;
  vi.stubEnv('COLUMNS', asked);

  expect(processTerminal()).toMatchObject(expected);
});
