import { REDACTED } from '../../core/evidence.ts';
import type { ShownChange } from '../../core/generate.ts';
import type { ItemType } from '../../core/item-type.ts';
import type { JsonObject, JsonValue } from '../../core/json-value.ts';
import { isLabelSensitive, redactShownChange } from '../../core/redact-shown-change.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { lockFindings } from './finding-store.ts';

/**
 * Takes out of the evidence of a scope's findings of one type what `type` calls sensitive, of at most `limit` of them
 * behind `after`. Doing it again changes nothing. `next` is null where there are no more.
 */
export async function redactEvidence(
  tx: WorkspaceTransaction,
  options: { scopeId: string; type: ItemType; after: string | null; limit: number },
): Promise<{ count: number; next: string | null }> {
  const { scopeId, type, after, limit } = options;
  await lockFindings(tx, 'exclusive');
  const { rows } = await tx.client.query<{ finding_id: string; label: string; evidence: string }>(
    `select finding_id, label, evidence from driftplane.findings
     where workspace_id = $1 and scope_id = $2 and item_type = $3 and ($4::uuid is null or finding_id > $4)
     order by finding_id limit $5 for no key update`,
    [tx.workspaceId, scopeId, type.name, after, limit],
  );
  const hidesLabel = isLabelSensitive(type);
  const changed = rows.flatMap(({ finding_id: findingId, label, evidence: text }) => {
    const evidence = redactChanges(JSON.parse(text) as JsonObject, type);
    const shownLabel = hidesLabel ? REDACTED : label;
    const isSame = evidence === null && shownLabel === label;
    return isSame ? [] : [{ findingId, label: shownLabel, text: evidence ?? text }];
  });
  await tx.client.query(
    `update driftplane.findings f set evidence = r.evidence, label = r.label,
       label_search = case when f.label = r.label then f.label_search else r.label end
     from unnest($2::uuid[], $3::text[], $4::text[]) as r(finding_id, evidence, label)
     where f.workspace_id = $1 and f.finding_id = r.finding_id`,
    [
      tx.workspaceId,
      changed.map(({ findingId }) => findingId),
      changed.map(({ text }) => text),
      changed.map(({ label }) => label),
    ],
  );
  if (changed.length > 0) tx.emit({ kind: 'findings.changed', payload: { count: changed.length, scopeId } });
  return { count: changed.length, next: rows.length < limit ? null : (rows.at(-1)?.finding_id ?? null) };
}

/** The evidence with its changes redacted, as text; null where nothing is to be redacted. */
function redactChanges(evidence: JsonObject, type: ItemType): string | null {
  const { changes } = evidence;
  if (!Array.isArray(changes)) return null;
  const before = changes as unknown as ShownChange[];
  const after = before.map((change) => redactShownChange(change, type));
  if (after.every((change, index) => change === before[index])) return null;
  return JSON.stringify({ ...evidence, changes: after as unknown as JsonValue });
}
