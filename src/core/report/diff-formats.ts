import type { DiffReport } from '../diff-report.ts';
import { jsonReport } from './json-report.ts';
import { junitReport } from './junit-report.ts';
import { markdownReport } from './markdown-report.ts';
import { ndjsonReport } from './ndjson-report.ts';
import { sarifReport } from './sarif-report.ts';
import { tableReport } from './table-report.ts';

export const diffFormats = ['table', 'json', 'ndjson', 'markdown', 'sarif', 'junit'] as const;

export type DiffFormat = (typeof diffFormats)[number];

export interface RenderOptions {
  readonly format: DiffFormat;
  /** Columns and colours are of the table only. */
  readonly width: number;
  readonly isColoured: boolean;
  readonly toolVersion: string;
}

const renderers: Readonly<Record<DiffFormat, (report: DiffReport, options: RenderOptions) => string>> = {
  table: tableReport,
  json: jsonReport,
  ndjson: ndjsonReport,
  markdown: (report) => markdownReport(report),
  sarif: (report, { toolVersion }) => sarifReport(report, { toolVersion }),
  junit: junitReport,
};

/** The whole report in one format, with a final line feed. A pure function: the same report gives the same text. */
export function renderDiff(report: DiffReport, options: RenderOptions): string {
  return renderers[options.format](report, options);
}
