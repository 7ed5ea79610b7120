import { EVERY_TYPE, type TypeCoverage } from '../../../core/coverage.ts';
import type { WorkspaceTransaction } from '../../../db/workspace-transaction.ts';
import type { RunLedger } from './run-ledger.ts';

/** Types that a scope has had a word about, ever. */
export async function listKnownTypes(tx: WorkspaceTransaction, scopeId: string): Promise<string[]> {
  const { rows } = await tx.client.query<{ item_type: string }>(
    `select item_type from driftplane.scope_types
     where workspace_id = $1 and scope_id = $2 and item_type <> $3 order by item_type collate "C"`,
    [tx.workspaceId, scopeId, EVERY_TYPE],
  );
  return rows.map((row) => row.item_type);
}

/**
 * Keeps since when each type has been enumerated completely at least once: from then on an item that was not
 * there before is a proven addition, because an item stays live until its absence is proven. A type that is named
 * for the first time takes over what was true of all types.
 */
export async function recordCoverage(
  tx: WorkspaceTransaction,
  options: { scopeId: string; seq: number; ledger: RunLedger },
): Promise<void> {
  const { scopeId, seq, ledger } = options;
  const isComplete = ({ status }: TypeCoverage): boolean => status === 'complete';
  await tx.client.query(
    `insert into driftplane.scope_types (workspace_id, scope_id, item_type, complete_since_seq)
     select $1, $2, r.item_type, coalesce(every_type.complete_since_seq, r.complete_since_seq)
     from unnest($3::text[], $4::bigint[]) as r(item_type, complete_since_seq)
     left join driftplane.scope_types every_type
       on every_type.workspace_id = $1 and every_type.scope_id = $2 and every_type.item_type = $5
     on conflict do nothing`,
    [
      tx.workspaceId,
      scopeId,
      ledger.entries.map(({ itemType }) => itemType),
      ledger.entries.map((entry) => (isComplete(entry) ? seq : null)),
      EVERY_TYPE,
    ],
  );
  await tx.client.query(
    `update driftplane.scope_types set complete_since_seq = $4
     where workspace_id = $1 and scope_id = $2 and item_type = any($3) and complete_since_seq is null`,
    [tx.workspaceId, scopeId, ledger.entries.filter(isComplete).map(({ itemType }) => itemType), seq],
  );
}
