import { driftTypes } from '../../core/drift-type.ts';
import { newlySensitiveType } from '../../core/redact-shown-change.ts';
import { subjectKeyOf } from '../../core/subject.ts';
import { subjectValueHash } from '../../core/subject-value.ts';
import type { Database } from '../../db/database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import { markRedacted } from '../executions/mark-redacted.ts';
import {
  type CandidateKey,
  redactBacktestChanges,
  redactHeldCandidates,
} from '../executions/redact-candidates.ts';
import { redactEvidence } from '../findings/redact-evidence.ts';
import { type RenewedValue, renewValues } from '../findings/renew-values.ts';
import {
  findTypeInForce,
  type HistoryKey,
  listFormerTypes,
  type RedactedVersion,
  redactVersions,
} from '../inventory/redact-history.ts';

/** Versions or findings that one transaction rewrites. */
const BATCH = 500;

/**
 * Works off `inventory.redact_history`: what has become sensitive is digested in the versions of a type, redacted in
 * the evidence of its findings, in what was held back and in what backtests tell, and the executions that were made
 * from it say that they can't be computed again. In transactions of a bounded size; begun again after a crash, it does
 * what is left.
 */
export async function redactHistory(
  database: Database,
  job: HistoryKey & { workspaceId: string; signal?: AbortSignal | undefined },
  limit: number = BATCH,
): Promise<void> {
  const { workspaceId, scopeId, itemType, signal } = job;
  const inWorkspace = <T>(work: (tx: WorkspaceTransaction) => Promise<T>): Promise<T> =>
    withWorkspace(database.app, { workspaceId, actor: systemActor }, work);
  const { inForce, added } = await inWorkspace(async (tx) => {
    const type = await findTypeInForce(tx, { scopeId, itemType });
    return { inForce: type, added: type && newlySensitiveType(type, await listFormerTypes(tx, type)) };
  });
  if (inForce === null || added === null) return;
  let versions = 0;
  for (let after: number | null = 0; after !== null; ) {
    signal?.throwIfAborted();
    const from: number = after;
    after = await inWorkspace(async (tx) => {
      const { redacted, next } = await redactVersions(tx, { scopeId, itemType, inForce, after: from, limit });
      await markRedacted(tx, scopeId, redacted);
      await renewValues(tx, scopeId, await renewedValues(tx, { scopeId, itemType }, redacted));
      versions += redacted.length;
      return next;
    });
  }
  let findings = 0;
  let afterFinding: string | null = null;
  do {
    signal?.throwIfAborted();
    const from: string | null = afterFinding;
    const batch: { count: number; next: string | null } = await inWorkspace((tx) =>
      redactEvidence(tx, { scopeId, type: added, after: from, limit }),
    );
    findings += batch.count;
    afterFinding = batch.next;
  } while (afterFinding !== null);
  for (const redactSome of [redactHeldCandidates, redactBacktestChanges]) {
    let afterRow: CandidateKey | null = null;
    do {
      signal?.throwIfAborted();
      const from: CandidateKey | null = afterRow;
      afterRow = await inWorkspace((tx) => redactSome(tx, { scopeId, type: added, after: from, limit }));
    } while (afterRow !== null);
  }
  await inWorkspace(async (tx) => {
    tx.audit({
      action: 'inventory.redact_history',
      target: { kind: 'scope', id: scopeId },
      detail: { itemType, versions, findings },
    });
  });
}

/** Findings and acceptances go on knowing the values that they were made of. */
async function renewedValues(
  tx: WorkspaceTransaction,
  { scopeId, itemType }: HistoryKey,
  redacted: readonly RedactedVersion[],
): Promise<RenewedValue[]> {
  if (redacted.length === 0) return [];
  const { rows } = await tx.client.query<{ scope_key: string }>(
    'select scope_key from driftplane.scopes where workspace_id = $1 and scope_id = $2',
    [tx.workspaceId, scopeId],
  );
  const scopeKey = rows[0]?.scope_key ?? '';
  const renewed = new Map<string, RenewedValue>();
  for (const { externalId, type, before, after } of redacted) {
    for (const driftType of driftTypes) {
      const [from, to] = [before, after].map((facts) => subjectValueHash(facts, type, driftType));
      if (typeof from !== 'string' || typeof to !== 'string' || from === to) continue;
      const subjectKey = subjectKeyOf({ findingType: 'drift', driftType, scopeKey, itemType, externalId });
      renewed.set(`${subjectKey} ${from}`, { subjectKey, from, to });
    }
  }
  return [...renewed.values()];
}
