import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { KnownSubject } from './generated-finding.ts';

/**
 * The subjects that a run of the scope has to name besides those of the items that changed, sorted by subject
 * key, from behind `after`: in rolling mode those that flap or whose acceptance has expired; in pinned mode
 * all that have an unresolved finding.
 */
export async function listSubjectsToReconcile(
  tx: WorkspaceTransaction,
  wanted: {
    readonly scopeId: string;
    readonly mode: 'rolling' | 'pinned';
    readonly after: string | null;
    readonly limit: number;
  },
): Promise<KnownSubject[]> {
  const subjects = wanted.mode === 'pinned' ? unresolvedSubjects : restlessSubjects;
  const { rows } = await tx.client.query<KnownSubject>(
    `select distinct on (f.subject_key) f.subject_key as "subjectKey", f.drift_type as "driftType",
       f.item_type as "itemType", f.external_id as "externalId"
     from driftplane.findings f
     where f.workspace_id = $1 and f.scope_id = $2 and f.subject_key > $3 and ${subjects}
     order by f.subject_key limit $4`,
    [
      tx.workspaceId,
      wanted.scopeId,
      wanted.after ?? '',
      wanted.limit,
      ...(wanted.mode === 'pinned' ? [] : [tx.now]),
    ],
  );
  return rows;
}

const unresolvedSubjects = "f.state <> 'resolved'";

/** Found by their small indexes, not by going through all findings of the scope. */
const restlessSubjects = `f.finding_id in (
  select flapping.finding_id from driftplane.findings flapping
  where flapping.workspace_id = $1 and flapping.scope_id = $2 and flapping.is_flapping
  union all
  select a.finding_id from driftplane.acceptances a
  where a.workspace_id = $1 and a.ended_at is null and a.expires_at <= $5
)`;
