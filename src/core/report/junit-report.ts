import { compareText } from '../compare-text.ts';
import { EVERY_TYPE, type TypeCoverage } from '../coverage.ts';
import type { DiffReport, NamedItem } from '../diff-report.ts';
import { errorCatalogue } from '../errors.ts';
import type { Finding, ShownChange } from '../generate.ts';
import type { AmbiguousItem } from '../identity-groups.ts';
import { type Problem, problemEffect } from '../problem.ts';
import { changeText } from './change-text.ts';
import { cutEnd, cutPair } from './fit-text.ts';
import { type JunitCase, type JunitSuite, junitDocument } from './junit-document.ts';

/** Longest value in columns; the JSON formats have all of it. */
const MAX_VALUE_WIDTH = 500;

/**
 * The report as JUnit XML: a suite for each item type, in which every finding fails, and one for problems. What
 * should have been checked and could not be is an error, what can't be told because of that is skipped, and a
 * mere notice passes: so something fails exactly where the exit code is not 0. No times, no host names.
 */
export function junitReport(report: DiffReport): string {
  const { problems } = report;
  const problemSuites = problems.length === 0 ? [] : [{ name: 'problems', cases: problems.map(problemCase) }];
  return junitDocument('driftplane diff', [...typeSuites(report), ...problemSuites]);
}

function typeSuites(report: DiffReport): JunitSuite[] {
  const suites = new Map<string, JunitCase[]>();
  const casesOf = (itemType: string): JunitCase[] => {
    const cases = suites.get(itemType) ?? [];
    suites.set(itemType, cases);
    return cases;
  };
  for (const entry of report.coverage) casesOf(entry.itemType).push(...coverageCases(entry));
  for (const finding of report.findings) casesOf(finding.itemType).push(findingCase(finding));
  for (const item of report.ambiguous) casesOf(item.itemType).push(ambiguousCase(item));
  for (const item of report.unprovenRemovals) casesOf(item.itemType).push(unprovenCase(item, 'removed'));
  for (const item of report.unprovenAdditions) casesOf(item.itemType).push(unprovenCase(item, 'added'));
  return [...suites]
    .sort(([a], [b]) => compareText(a, b))
    .map(([itemType, cases]) => ({
      name: itemType === EVERY_TYPE ? 'every item type' : itemType,
      cases: cases.length > 0 ? cases : [passedCase(itemType)],
    }));
}

function passedCase(itemType: string): JunitCase {
  return { className: itemType, name: 'nothing drifted', result: { kind: 'passed', output: null } };
}

function coverageCases({ itemType, status, reason }: TypeCoverage): JunitCase[] {
  if (status === 'complete') return [];
  const message = `${status}${reason === null ? '' : `: ${reason}`}`;
  const result = { kind: 'error', type: `coverage/${status}`, message, lines: [] } as const;
  return [{ className: itemType, name: 'everything was read', result }];
}

function findingCase(finding: Finding): JunitCase {
  const { itemType, itemTypeTitle, driftType, change, severity, changes, path } = finding;
  const message =
    changes.length === 0
      ? `${severity}: ${itemTypeTitle} ${change}`
      : `${severity}: ${itemTypeTitle} ${change}, ${driftType}: ${changes.map((each) => each.path).join(', ')}`;
  return {
    className: itemType,
    name: `${nameOf(finding)}: ${driftType}`,
    result: {
      kind: 'failure',
      type: `${driftType}/${change}`,
      message: cutEnd(message, MAX_VALUE_WIDTH),
      lines: [path, ...changes.flatMap(changeLines)],
    },
  };
}

function changeLines(change: ShownChange): string[] {
  const { mark, path, before, after } = changeText(change);
  const [was, is] = cutPair(before ?? '', after ?? '', MAX_VALUE_WIDTH);
  return [
    `${mark} ${path}`,
    ...(before === null ? [] : [`  - ${was}`]),
    ...(after === null ? [] : [`  + ${is}`]),
  ];
}

function ambiguousCase(item: AmbiguousItem): JunitCase {
  return {
    className: item.itemType,
    name: `${item.externalId}: identity`,
    result: {
      kind: 'error',
      type: 'ambiguous',
      message: 'One identity with different contents: left out of the comparison.',
      lines: item.paths,
    },
  };
}

function unprovenCase(item: NamedItem, change: 'removed' | 'added'): JunitCase {
  const side = change === 'removed' ? 'current' : 'baseline';
  const message = `Not proven to be ${change}: the ${side} side was not completely read.`;
  return {
    className: item.itemType,
    name: `${nameOf(item)}: presence`,
    result: { kind: 'skipped', message },
  };
}

function problemCase(problem: Problem): JunitCase {
  const { code, path, detail } = problem;
  const { title, action } = errorCatalogue[code];
  const message = detail === '' ? title : `${title}: ${detail}`;
  return {
    className: `problems.${code}`,
    name: path,
    result:
      problemEffect(problem) === 'notice'
        ? { kind: 'passed', output: message }
        : { kind: 'error', type: code, message, lines: [action] },
  };
}

function nameOf({ label, externalId }: { readonly label: string; readonly externalId: string }): string {
  return label === '' || label === externalId ? externalId : `${label} (${externalId})`;
}
