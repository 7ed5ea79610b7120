import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { KnownSubject } from './generated-finding.ts';

const PAGE = 1_000;

/**
 * The subjects that a run of the scope has to name besides those of the items that changed, as they are when the
 * first page is asked for, in the order of `readDrift` (item type, external id, by their bytes): in rolling mode those
 * that flap or whose acceptance has expired; in pinned mode all that have an unresolved finding. One at a time in a
 * transaction: it holds a cursor.
 */
export async function* readSubjectsToReconcile(
  tx: WorkspaceTransaction,
  wanted: { readonly scopeId: string; readonly mode: 'rolling' | 'pinned' },
): AsyncGenerator<KnownSubject[]> {
  const isPinned = wanted.mode === 'pinned';
  await tx.client.query(
    `declare subjects_to_reconcile no scroll cursor for
     select "subjectKey", "driftType", "itemType", "externalId" from (
       select distinct f.subject_key as "subjectKey", f.drift_type as "driftType", f.item_type as "itemType",
         f.external_id as "externalId"
       from driftplane.findings f
       where f.workspace_id = $1 and f.scope_id = $2 and ${isPinned ? unresolvedSubjects : restlessSubjects}
     ) as subjects
     order by "itemType" collate "C", "externalId" collate "C"`,
    [tx.workspaceId, wanted.scopeId, ...(isPinned ? [] : [tx.now])],
  );
  for (let isEnd = false; !isEnd; ) {
    const { rows } = await tx.client.query<KnownSubject>(`fetch ${PAGE} from subjects_to_reconcile`);
    isEnd = rows.length < PAGE;
    yield rows;
  }
  await tx.client.query('close subjects_to_reconcile');
}

const unresolvedSubjects = "f.state <> 'resolved'";

/** Found by their small indexes, not by going through all findings of the scope. */
const restlessSubjects = `f.finding_id in (
  select flapping.finding_id from driftplane.findings flapping
  where flapping.workspace_id = $1 and flapping.scope_id = $2 and flapping.is_flapping
  union all
  select a.finding_id from driftplane.acceptances a
  where a.workspace_id = $1 and a.ended_at is null and a.expires_at <= $3
)`;
