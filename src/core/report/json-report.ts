import { DIFF_SCHEMA, type DiffReport, findingToJson } from '../diff-report.ts';
import { jsonDocument } from './json-text.ts';
import {
  ambiguousToJson,
  coverageToJson,
  namedItemToJson,
  problemToJson,
  summaryToJson,
} from './report-to-json.ts';

/** The report as one JSON document of the shape `driftplane/diff@1`. */
export function jsonReport(report: DiffReport): string {
  return jsonDocument({
    schema: DIFF_SCHEMA,
    summary: summaryToJson(report.summary),
    coverage: report.coverage.map(coverageToJson),
    problems: report.problems.map(problemToJson),
    unprovenRemovals: report.unprovenRemovals.map(namedItemToJson),
    unprovenAdditions: report.unprovenAdditions.map(namedItemToJson),
    ambiguous: report.ambiguous.map(ambiguousToJson),
    findings: report.findings.map(findingToJson),
    inputsDigest: report.inputsDigest,
    findingsDigest: report.findingsDigest,
  });
}
