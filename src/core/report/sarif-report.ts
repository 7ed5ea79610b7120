import { type DiffReport, exitCodeOf, findingToJson } from '../diff-report.ts';
import type { Severity } from '../drift-type.ts';
import type { ChangeKind } from '../fingerprint.ts';
import type { Finding, ShownChange } from '../generate.ts';
import { briefValue } from './change-text.ts';
import { countText } from './count-text.ts';
import { cutEnd } from './fit-text.ts';
import { jsonDocument } from './json-text.ts';
import { printable } from './printable.ts';
import { summaryToJson } from './report-to-json.ts';
import { findingLocation } from './sarif-location.ts';
import { notificationDescriptors, sarifNotifications } from './sarif-notifications.ts';
import { ruleIdOf, rulesFor } from './sarif-rules.ts';
import { sarifText } from './sarif-text.ts';

export interface SarifOptions {
  readonly toolVersion: string;
  /** Where people read about the tool. */
  readonly informationUri?: string;
}

const SCHEMA_URI =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  sev1: 'error',
  sev2: 'error',
  sev3: 'warning',
  sev4: 'note',
};

const baselineStates: Readonly<Record<ChangeKind, 'new' | 'absent' | 'updated'>> = {
  added: 'new',
  removed: 'absent',
  changed: 'updated',
};

/** Changes that a message tells; `properties.changes` has all of them. */
const MAX_CHANGES = 5;
const MAX_TEXT_WIDTH = 200;

/** The report as a SARIF 2.1.0 log. */
export function sarifReport(report: DiffReport, { toolVersion, informationUri }: SarifOptions): string {
  const rules = rulesFor(report.findings);
  const ruleIndexes = new Map(rules.map(({ id }, index) => [id, index]));
  const notifications = sarifNotifications(report);
  return jsonDocument({
    $schema: SCHEMA_URI,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'driftplane',
            version: toolVersion,
            ...(informationUri === undefined ? {} : { informationUri }),
            rules,
            notifications: notificationDescriptors(notifications),
          },
        },
        invocations: [
          {
            executionSuccessful: report.coverage.every(({ status }) => status === 'complete'),
            exitCode: exitCodeOf(report),
            toolExecutionNotifications: notifications,
          },
        ],
        columnKind: 'utf16CodeUnits',
        results: report.findings.map((finding) => resultOf(finding, ruleIndexes)),
        properties: {
          summary: summaryToJson(report.summary),
          heldBack: report.heldBack,
          inputsDigest: report.inputsDigest,
          findingsDigest: report.findingsDigest,
        },
      },
    ],
  });
}

function resultOf(finding: Finding, ruleIndexes: ReadonlyMap<string, number>): object {
  const { fingerprint, change, severity, driftType, itemType, externalId } = finding;
  return {
    ruleId: ruleIdOf(finding),
    ruleIndex: ruleIndexes.get(ruleIdOf(finding)),
    level: levels[severity],
    message: { text: sarifText(messageOf(finding)) },
    locations: [findingLocation(finding)],
    partialFingerprints: { 'driftplane/v1': fingerprint },
    baselineState: baselineStates[change],
    properties: { severity, driftType, itemType, externalId, changes: findingToJson(finding).changes },
  };
}

function messageOf({ itemTypeTitle, label, externalId, change, changes }: Finding): string {
  const name = label === '' || label === externalId ? externalId : `${label} (${externalId})`;
  const what = changes.slice(0, MAX_CHANGES).map(describeChange);
  const more = changes.length - what.length;
  if (more > 0) what.push(`and ${countText(more, 'more change')}`);
  return `${cut(itemTypeTitle)} ${cut(name)} was ${change}${what.length === 0 ? '' : `: ${what.join('; ')}`}.`;
}

function describeChange({ path, op, before, after }: ShownChange): string {
  if (op === 'add') return `${cut(path)} added as ${cut(briefValue(after))}`;
  if (op === 'remove') return `${cut(path)} removed, was ${cut(briefValue(before))}`;
  return `${cut(path)} from ${cut(briefValue(before))} to ${cut(briefValue(after))}`;
}

function cut(text: string): string {
  return cutEnd(printable(text), MAX_TEXT_WIDTH);
}
