import { transition } from '../../core/finding-lifecycle.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { endAcceptances, listOverdueAcceptances } from './acceptance-store.ts';
import { FindingAnnouncer, inState, withEvent } from './finding-changes.ts';
import { insertFindingEvents } from './finding-event-store.ts';
import {
  findFindingsWithoutTheirValue,
  hasOverdueSnooze,
  type LockedFinding,
  lockFindings,
  lockFindingsById,
  lockSnoozedFindings,
  updateFindings,
} from './finding-store.ts';

/**
 * Makes snoozed findings new again whose time has come, at most `limit` at once. Gives how many; call it again,
 * in another transaction, as long as that is `limit`.
 */
export async function wakeFindings(tx: WorkspaceTransaction, limit = 500): Promise<number> {
  // Mostly there is nothing to do, and nobody has to wait for that.
  if (!(await hasOverdueSnooze(tx))) return 0;
  await lockFindings(tx, 'exclusive');
  const findings = await lockSnoozedFindings(tx, limit);
  await happen(tx, findings, 'wake');
  return findings.length;
}

/**
 * Ends acceptances whose time is over, at most `limit` at once, and opens their findings again where the
 * accepted value is still there; where another one has taken its place the finding waits for its return. Gives
 * how many acceptances ended; call it again, in another transaction, as long as that is `limit`.
 */
export async function expireAcceptances(tx: WorkspaceTransaction, limit = 500): Promise<number> {
  if ((await listOverdueAcceptances(tx, 1)).length === 0) return 0;
  await lockFindings(tx, 'exclusive');
  const overdue = await listOverdueAcceptances(tx, limit);
  if (overdue.length === 0) return 0;
  const findingIds = [...new Set(overdue.map(({ findingId }) => findingId))];
  const findings = await lockFindingsById(tx, findingIds);
  const withoutValue = await findFindingsWithoutTheirValue(tx, findingIds);
  await endAcceptances(
    tx,
    overdue.map(({ acceptanceId }) => acceptanceId),
    'expired',
  );
  const reopened = findings.filter(
    ({ findingId, state }) => transition(state, 'expire') !== null && !withoutValue.has(findingId),
  );
  await happen(tx, reopened, 'expire');
  return overdue.length;
}

async function happen(
  tx: WorkspaceTransaction,
  findings: readonly LockedFinding[],
  kind: 'wake' | 'expire',
): Promise<void> {
  if (findings.length === 0) return;
  const changes = findings.map((before) => {
    const state = transition(before.state, kind);
    if (state === null) throw new TypeError(`${before.state} does not allow ${kind}`);
    return withEvent(before, inState(before, state, tx.now), kind);
  });
  const changed = changes.map(({ finding }) => finding);
  await updateFindings(tx, changed);
  await insertFindingEvents(
    tx,
    changes.map(({ event }) => event),
  );
  tx.audit({
    action: `finding.${kind}`,
    target: { kind: 'finding', id: null },
    detail: { count: changed.length },
  });
  const announcer = new FindingAnnouncer();
  for (const finding of changed) announcer.add('finding.changed', finding);
  announcer.emit(tx, null);
}
