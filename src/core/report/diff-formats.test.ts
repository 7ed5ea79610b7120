import { expect, test } from 'vitest';
import { diffFormats, renderDiff } from './diff-formats.ts';
import { jsonReport } from './json-report.ts';
import { junitReport } from './junit-report.ts';
import { markdownReport } from './markdown-report.ts';
import { ndjsonReport } from './ndjson-report.ts';
import { sarifReport } from './sarif-report.ts';
import { tableReport } from './table-report.ts';
import { sampleReport } from './test-sample-report.ts';

const options = { width: 80, isColoured: true, toolVersion: '1.2.3' };

test('every format is rendered by its own function', () => {
  const report = sampleReport();

  expect(diffFormats.map((format) => renderDiff(report, { ...options, format }))).toEqual([
    tableReport(report, options),
    jsonReport(report),
    ndjsonReport(report),
    markdownReport(report),
    sarifReport(report, options),
    junitReport(report),
  ]);
});

test.each(diffFormats)(
  '%s gives the same bytes for the same report and ends with one line feed',
  (format) => {
    const text = renderDiff(sampleReport(), { ...options, format });

    expect(renderDiff(sampleReport(), { ...options, format })).toBe(text);
    expect(text).toMatch(/[^\n]\n$/);
    expect(text.isWellFormed()).toBe(true);
  },
);
