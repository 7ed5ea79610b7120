import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { AuditEventResponse, AuditExportHead } from './audit-contract.ts';
import { type AuditRow, readAuditChain, readAuditHead } from './audit-read-model.ts';

const BATCH_SIZE = 1000;

/**
 * The whole trail as NDJSON, batch by batch: a head line, then every event from the first to what was the last
 * when it began. Rows are never changed, so no transaction is held open while a slow reader takes its time.
 */
export async function* exportAuditTrail(
  workspaceId: string,
  read: <T>(work: (transaction: WorkspaceTransaction) => Promise<T>) => Promise<T>,
): AsyncGenerator<string> {
  const {
    seq: headSeq,
    hash: headHash,
    exportedAt,
  } = await read(async (transaction) => ({
    ...(await readAuditHead(transaction)),
    exportedAt: transaction.now.toISOString(),
  }));
  const head: AuditExportHead = { schema: 'driftplane/audit@1', workspaceId, exportedAt, headSeq, headHash };
  yield `${JSON.stringify(head)}\n`;
  for (let afterSeq = 0; afterSeq < headSeq; ) {
    const range = { afterSeq, toSeq: headSeq, limit: BATCH_SIZE };
    const rows = await read((transaction) => readAuditChain(transaction, range));
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map((row) => `${JSON.stringify(auditResponseOf(row))}\n`).join('');
    afterSeq = last.seq;
  }
}

export function auditResponseOf(row: AuditRow): AuditEventResponse {
  return {
    seq: row.seq,
    at: row.at.toISOString(),
    actor: { kind: row.actor_kind, id: row.actor_id, label: row.actor_label },
    action: row.action,
    target: { kind: row.target_kind, id: row.target_id },
    detail: JSON.parse(row.detail),
    previousHash: row.previous_hash,
    hash: row.hash,
  };
}
