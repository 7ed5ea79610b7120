import type { DriftType } from '../../core/drift-type.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { lockFindings } from './finding-store.ts';
import type { KnownSubject } from './generated-finding.ts';

const PAGE = 500;

/** The digest of a subject's value under the rules before, and of the same value under the rules in force. */
export interface RenewedValue {
  readonly subjectKey: string;
  readonly from: string;
  readonly to: string;
}

/** The subjects of a scope with a finding that still says something of their value, in pages. One at a time in a transaction. */
export async function* listValuedSubjects(
  tx: WorkspaceTransaction,
  scopeId: string,
): AsyncGenerator<KnownSubject[]> {
  await tx.client.query(
    `declare valued_subjects no scroll cursor for
     select distinct subject_key, drift_type, item_type, external_id from driftplane.findings
     where workspace_id = $1 and scope_id = $2 and (state <> 'resolved' or not is_undone)`,
    [tx.workspaceId, scopeId],
  );
  for (;;) {
    const { rows } = await tx.client.query<{
      subject_key: string;
      drift_type: DriftType;
      item_type: string;
      external_id: string;
    }>(`fetch ${PAGE} from valued_subjects`);
    yield rows.map((row) => ({
      subjectKey: row.subject_key,
      driftType: row.drift_type,
      itemType: row.item_type,
      externalId: row.external_id,
    }));
    if (rows.length < PAGE) break;
  }
  await tx.client.query('close valued_subjects');
}

/** A value that only our rules changed is the same value: findings and acceptances go on knowing it. */
export async function renewValues(
  tx: WorkspaceTransaction,
  scopeId: string,
  values: readonly RenewedValue[],
): Promise<void> {
  if (values.length === 0) return;
  await lockFindings(tx, 'shared');
  const lists = [
    values.map(({ subjectKey }) => subjectKey),
    values.map(({ from }) => from),
    values.map(({ to }) => to),
  ];
  await tx.client.query(
    `update driftplane.findings f set
       baseline_hash = case when f.baseline_hash = r.from_hash then r.to_hash else f.baseline_hash end,
       current_hash = case when f.current_hash = r.from_hash then r.to_hash else f.current_hash end
     from unnest($3::text[], $4::text[], $5::text[]) as r(subject_key, from_hash, to_hash)
     where f.workspace_id = $1 and f.scope_id = $2 and f.subject_key = r.subject_key
       and r.from_hash in (f.baseline_hash, f.current_hash)`,
    [tx.workspaceId, scopeId, ...lists],
  );
  await tx.client.query(
    `update driftplane.acceptances a set value_hash = r.to_hash
     from unnest($2::text[], $3::text[], $4::text[]) as r(subject_key, from_hash, to_hash)
     where a.workspace_id = $1 and a.subject_key = r.subject_key and a.value_hash = r.from_hash`,
    [tx.workspaceId, ...lists],
  );
}
