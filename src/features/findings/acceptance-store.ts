import type { KnownAcceptance } from '../../core/known-finding.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';

export type AcceptanceEnd = 'revoked' | 'expired' | 'replaced';

export interface NewAcceptance {
  readonly acceptanceId: string;
  readonly findingId: string;
  readonly subjectKey: string;
  readonly valueHash: string | null;
  readonly expiresAt: Date | null;
  readonly comment: string | null;
}

export interface OverdueAcceptance {
  readonly acceptanceId: string;
  readonly findingId: string;
}

/** What `reconcile` has to know: the acceptances of the subjects that are in force or have expired, oldest first. */
export async function listAcceptancesOfSubjects(
  tx: WorkspaceTransaction,
  subjectKeys: readonly string[],
): Promise<(KnownAcceptance & { subjectKey: string })[]> {
  const { rows } = await tx.client.query<{
    id: string;
    findingId: string;
    subjectKey: string;
    valueHash: string | null;
    expiresAt: Date | null;
  }>(
    `select acceptance_id as id, finding_id as "findingId", subject_key as "subjectKey", value_hash as "valueHash",
       expires_at as "expiresAt"
     from driftplane.acceptances
     where workspace_id = $1 and subject_key = any($2) and (ended_because is null or ended_because = 'expired')
     order by created_at, acceptance_id`,
    [tx.workspaceId, subjectKeys],
  );
  return rows.map((row) => ({ ...row, expiresAt: row.expiresAt?.toISOString() ?? null }));
}

export async function insertAcceptances(
  tx: WorkspaceTransaction,
  acceptances: readonly NewAcceptance[],
): Promise<void> {
  if (acceptances.length === 0) return;
  const of = <Key extends keyof NewAcceptance>(key: Key) => acceptances.map((acceptance) => acceptance[key]);
  await tx.client.query(
    `insert into driftplane.acceptances (workspace_id, created_at, created_by, acceptance_id, finding_id, subject_key,
       value_hash, expires_at, comment)
     select $1, $2, $3, r.*
     from unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::timestamptz[], $9::text[]) as r`,
    [
      tx.workspaceId,
      tx.now,
      tx.actor.label,
      of('acceptanceId'),
      of('findingId'),
      of('subjectKey'),
      of('valueHash'),
      of('expiresAt'),
      of('comment'),
    ],
  );
}

/** Ends the acceptances that these findings were given and that nothing has ended yet. */
export async function endAcceptancesOfFindings(
  tx: WorkspaceTransaction,
  findingIds: readonly string[],
  because: AcceptanceEnd,
): Promise<void> {
  if (findingIds.length === 0) return;
  await tx.client.query(
    `update driftplane.acceptances set ended_at = $3, ended_because = $4
     where workspace_id = $1 and finding_id = any($2::uuid[]) and ended_at is null`,
    [tx.workspaceId, findingIds, tx.now, because],
  );
}

export async function endAcceptances(
  tx: WorkspaceTransaction,
  acceptanceIds: readonly string[],
  because: AcceptanceEnd,
): Promise<void> {
  if (acceptanceIds.length === 0) return;
  await tx.client.query(
    `update driftplane.acceptances set ended_at = $3, ended_because = $4
     where workspace_id = $1 and acceptance_id = any($2::uuid[]) and ended_at is null`,
    [tx.workspaceId, acceptanceIds, tx.now, because],
  );
}

/** Acceptances whose time is over and that nothing has ended yet, the oldest first. */
export async function listOverdueAcceptances(
  tx: WorkspaceTransaction,
  limit: number,
): Promise<OverdueAcceptance[]> {
  const { rows } = await tx.client.query<OverdueAcceptance>(
    `select acceptance_id as "acceptanceId", finding_id as "findingId" from driftplane.acceptances
     where workspace_id = $1 and ended_at is null and expires_at <= $2
     order by expires_at limit $3`,
    [tx.workspaceId, tx.now, limit],
  );
  return rows;
}
