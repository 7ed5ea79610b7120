import { expect } from 'vitest';
import { type ErrorCode, errorCatalogue } from '../../src/core/errors.ts';
import type { DiffReport, Problem, Run, Side } from './run-cli.ts';

const stackLine = /^\s+at .+[:(]\d+|node:internal|UnhandledPromise|FATAL ERROR|RangeError|TypeError/m;

/** Nothing that only a programmer would understand. */
export function expectNoTrace(run: Run): void {
  expect(run.stderr).not.toMatch(stackLine);
  expect(run.stdout).not.toMatch(/^\s+at .+:\d+:\d+/m);
  expect(run.signal).toBeNull();
  expect(run.stderr).not.toContain('internal_error');
}

/** Ends with exit code 2, nothing on stdout, and a message that says what happened, with `code` in brackets. */
export function expectError(run: Run, code: ErrorCode): void {
  expectNoTrace(run);
  expect({ status: run.status, stdout: run.stdout }).toEqual({ status: 2, stdout: '' });
  expect(run.stderr).toContain(`[${code}]`);
  expect(errorCatalogue[code].kind).toBe('error');
}

function sideOf(problem: Problem): Side | undefined {
  if (problem.path.startsWith('baseline')) return 'baseline';
  return problem.path.startsWith('current') ? 'current' : undefined;
}

function effectOf(problem: Problem): string {
  const entry = errorCatalogue[problem.code as ErrorCode];
  return entry.kind === 'problem' ? entry.effect : 'error';
}

/** What holds of every answer in JSON, whatever the input. Answers with the report. */
export function expectHonest(run: Run): DiffReport {
  expectNoTrace(run);
  expect(run.status, run.stderr).toBeOneOf([0, 1, 3]);
  const report: DiffReport = JSON.parse(run.stdout);
  expect(report.schema).toBe('driftplane/diff@1');

  expect(Object.keys(errorCatalogue)).toEqual(
    expect.arrayContaining(report.problems.map((problem) => problem.code)),
  );
  expect(report.problems.map(effectOf)).not.toContain('error');
  for (const { status, reason } of report.coverage) {
    expect(status).toBeOneOf(['complete', 'partial', 'failed', 'not_checked']);
    if (status === 'complete') expect(reason).toBeNull();
    else expect(reason).toEqual(expect.any(String));
  }
  for (const unread of report.problems.filter((problem) => effectOf(problem) === 'unread')) {
    expect(report.coverage.map(({ status }) => status)).not.toContain('complete');
    const change = sideOf(unread) === 'baseline' ? 'added' : 'removed';
    expect(report.findings.filter((finding) => finding.change === change)).toEqual([]);
    expect(report.summary[change]).toBe(0);
  }

  expect(run.status).toBe(exitCodeOf(report));
  expectConsistentCounts(report);
  return report;
}

function exitCodeOf(report: DiffReport): number {
  if (report.findings.length > 0) return 1;
  const isAllChecked =
    report.coverage.every(({ status }) => status === 'complete') &&
    report.ambiguous.length === 0 &&
    report.problems.every((problem) => effectOf(problem) === 'notice');
  return isAllChecked ? 0 : 3;
}

function expectConsistentCounts(report: DiffReport): void {
  const { summary, ambiguous, unprovenRemovals, unprovenAdditions } = report;
  expect(summary).toMatchObject({
    ambiguous: ambiguous.length,
    unprovenRemovals: unprovenRemovals.length,
    unprovenAdditions: unprovenAdditions.length,
  });
  if (ambiguous.length > 0) return;
  const common = summary.changed + summary.unchanged;
  expect(summary.baselineItems).toBe(common + summary.removed + summary.unprovenRemovals);
  expect(summary.currentItems).toBe(common + summary.added + summary.unprovenAdditions);
}

/** `code path` of every problem but those that only say that a type is unknown. */
export function problemsOf(report: DiffReport): string[] {
  return report.problems
    .filter((problem) => problem.code !== 'unknown_item_type')
    .map((problem) => `${problem.code} ${problem.path}`);
}

/** `change id` of every finding. */
export function driftOf(report: DiffReport): string[] {
  return report.findings.map((finding) => `${finding.change} ${finding.externalId}`);
}

/** `op path before after` of every property change, without what is absent. */
export function changesOf(report: DiffReport): [string, string, unknown, unknown][] {
  return report.findings.flatMap((finding) =>
    finding.changes.map(
      ({ path, op, before, after }) => [op, path, before, after] as [string, string, unknown, unknown],
    ),
  );
}

export function idsOf(items: readonly { externalId: string }[]): string[] {
  return items.map((item) => item.externalId);
}
