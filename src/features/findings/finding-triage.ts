import { DriftplaneError } from '../../core/errors.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { requireRevision } from '../../http/revision.ts';
import { FindingAnnouncer } from './finding-changes.ts';
import { type FindingDecision, refusedDecision, requireFuture } from './finding-decision.ts';
import { lockFindingsById } from './finding-store.ts';
import { decisionDetail, isAllowed, writeDecision } from './triage-changes.ts';

/**
 * Carries out what a person decided about one finding, as they read it at `revision`. Throws
 * `finding_not_found`, `revision_mismatch`, `invalid_transition` (naming what its state allows) and
 * `invalid_request` (a snooze or an acceptance into the past).
 */
export async function triageFinding(
  tx: WorkspaceTransaction,
  finding: { readonly findingId: string; readonly revision: number },
  decision: FindingDecision,
): Promise<void> {
  const { findingId } = finding;
  const [before] = isUuid(findingId) ? await lockFindingsById(tx, [findingId]) : [];
  if (before === undefined) throw new DriftplaneError('finding_not_found', 'there is no such finding');
  requireRevision(finding.revision, before.revision);
  requireFuture(decision, tx.now);
  if (!isAllowed(before, decision)) throw refusedDecision(before.state, decision.event);
  const [after] = await writeDecision(tx, [before], decision);
  if (after === undefined) throw new TypeError('the finding was not written');
  tx.audit({
    action: `finding.${decision.event}`,
    target: { kind: 'finding', id: findingId },
    detail: {
      before: { state: before.state },
      after: { state: after.state, ...decisionDetail(decision) },
    },
  });
  const announcer = new FindingAnnouncer();
  announcer.add('finding.changed', after);
  announcer.emit(tx, null);
}
