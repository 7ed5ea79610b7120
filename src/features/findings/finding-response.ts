import type { FindingEventResponse, FindingResponse, FindingSummaryResponse } from './finding-contract.ts';
import type { FindingDetail, FindingEventEntry, LinkedFinding } from './finding-read-model.ts';
import type { FindingSummary } from './finding-summary.ts';

export function summaryResponseOf(finding: FindingSummary): FindingSummaryResponse {
  return {
    ...finding,
    stateChangedAt: finding.stateChangedAt.toISOString(),
    snoozedUntil: finding.snoozedUntil?.toISOString() ?? null,
    resolvedAt: finding.resolvedAt?.toISOString() ?? null,
    firstSeenAt: finding.firstSeenAt.toISOString(),
    lastSeenAt: finding.lastSeenAt.toISOString(),
  };
}

export function findingResponseOf(finding: FindingDetail): FindingResponse {
  const { acceptance, linkedTo, linkedFrom } = finding;
  return {
    ...finding,
    ...summaryResponseOf(finding),
    acceptance:
      acceptance === null
        ? null
        : {
            ...acceptance,
            createdAt: acceptance.createdAt.toISOString(),
            expiresAt: acceptance.expiresAt?.toISOString() ?? null,
          },
    linkedTo: linkedTo === null ? null : linkedResponseOf(linkedTo),
    linkedFrom: linkedFrom.map(linkedResponseOf),
  };
}

export function eventResponseOf(event: FindingEventEntry): FindingEventResponse {
  return { ...event, at: event.at.toISOString() };
}

function linkedResponseOf(finding: LinkedFinding) {
  return { ...finding, firstSeenAt: finding.firstSeenAt.toISOString() };
}
