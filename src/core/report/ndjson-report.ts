import { DIFF_SCHEMA, type DiffReport, findingToJson } from '../diff-report.ts';
import type { JsonObject } from '../json-value.ts';
import { jsonLine } from './json-text.ts';
import {
  ambiguousToJson,
  coverageToJson,
  namedItemToJson,
  problemToJson,
  summaryToJson,
} from './report-to-json.ts';

/** The parts of `driftplane/diff@1` as one JSON object per line, each naming what it is in `record`. */
export function ndjsonReport(report: DiffReport): string {
  const { inputsDigest, findingsDigest } = report;
  const summary = summaryToJson(report.summary);
  const records: JsonObject[] = [
    { record: 'summary', schema: DIFF_SCHEMA, summary, inputsDigest, findingsDigest },
    ...report.coverage.map((entry) => ({ record: 'coverage', ...coverageToJson(entry) })),
    ...report.problems.map((problem) => ({ record: 'problem', ...problemToJson(problem) })),
    ...report.unprovenRemovals.map((item) => ({ record: 'unprovenRemoval', ...namedItemToJson(item) })),
    ...report.unprovenAdditions.map((item) => ({ record: 'unprovenAddition', ...namedItemToJson(item) })),
    ...report.ambiguous.map((item) => ({ record: 'ambiguous', ...ambiguousToJson(item) })),
    ...report.findings.map((finding) => ({ record: 'finding', ...findingToJson(finding) })),
  ];
  return records.map((record) => `${jsonLine(record)}\n`).join('');
}
