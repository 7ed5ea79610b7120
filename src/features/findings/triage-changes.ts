import { randomUUID } from 'node:crypto';
import { transition } from '../../core/finding-lifecycle.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { endAcceptancesOfFindings, insertAcceptances } from './acceptance-store.ts';
import { inState, withEvent } from './finding-changes.ts';
import type { FindingDecision } from './finding-decision.ts';
import { insertFindingEvents } from './finding-event-store.ts';
import { type LockedFinding, updateFindings } from './finding-store.ts';

/** Whether the state of the finding allows the decision. */
export function isAllowed(finding: LockedFinding, decision: FindingDecision): boolean {
  return transition(finding.state, decision.event) !== null;
}

/**
 * Carries out a decision on locked findings, all of which allow it: their state, their history, and the
 * acceptance that it gives or takes. Gives the findings as they are now.
 */
export async function writeDecision(
  tx: WorkspaceTransaction,
  findings: readonly LockedFinding[],
  decision: FindingDecision,
): Promise<LockedFinding[]> {
  const changes = findings.map((before) => {
    const acceptanceId = decision.event === 'accept' ? randomUUID() : null;
    const after = decide(before, decision, tx.now);
    const detail = { ...eventDetail(decision), ...(acceptanceId === null ? {} : { acceptanceId }) };
    return { ...withEvent(before, after, decision.event, detail), acceptanceId };
  });
  const changed = changes.map(({ finding }) => finding);
  await updateFindings(tx, changed);
  await insertFindingEvents(
    tx,
    changes.map(({ event }) => event),
  );
  await endAcceptancesOfFindings(
    tx,
    changed.map(({ findingId }) => findingId),
    decision.event === 'accept' ? 'replaced' : 'revoked',
  );
  if (decision.event === 'accept') {
    const { expiresAt, comment } = decision;
    await insertAcceptances(
      tx,
      changes.map(({ finding, acceptanceId }) => ({
        acceptanceId: acceptanceId as string,
        findingId: finding.findingId,
        subjectKey: finding.subjectKey,
        valueHash: finding.currentHash,
        expiresAt,
        comment,
      })),
    );
  }
  return changed;
}

function decide(finding: LockedFinding, decision: FindingDecision, now: Date): LockedFinding {
  const state = transition(finding.state, decision.event);
  if (state === null) throw new TypeError(`${finding.state} does not allow ${decision.event}`);
  return inState(finding, state, now, {
    ...(decision.event === 'snooze' ? { snoozedUntil: decision.until } : {}),
    ...(decision.event === 'dismiss' ? { dismissReason: decision.reason } : {}),
  });
}

/** What a decision says besides its event, as JSON. */
function eventDetail(decision: FindingDecision): JsonObject {
  return { ...decisionDetail(decision), ...(decision.comment === null ? {} : { comment: decision.comment }) };
}

/** The same without the comment, which is kept in the finding's history alone. */
export function decisionDetail(decision: FindingDecision): JsonObject {
  switch (decision.event) {
    case 'accept':
      return { expiresAt: decision.expiresAt?.toISOString() ?? null };
    case 'dismiss':
      return { reason: decision.reason };
    case 'snooze':
      return { until: decision.until.toISOString() };
    case 'acknowledge':
    case 'reopen':
      return {};
  }
}
