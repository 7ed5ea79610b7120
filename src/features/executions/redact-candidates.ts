/** What executions held back, and what backtests told of, names items: what has become sensitive goes from there too. */

import { REDACTED } from '../../core/evidence.ts';
import type { ItemType } from '../../core/item-type.ts';
import type { JsonObject } from '../../core/json-value.ts';
import { isLabelSensitive, redactShownChange } from '../../core/redact-shown-change.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';

export interface RedactOptions {
  readonly scopeId: string;
  /** With what it calls sensitive. */
  readonly type: ItemType;
  /** The row behind which it goes on; null: from the first. */
  readonly after: CandidateKey | null;
  readonly limit: number;
}

/** A row of an execution or of a backtest. */
export interface CandidateKey {
  readonly ownerId: string;
  readonly ordinal: number;
}

const FIRST: CandidateKey = { ownerId: '00000000-0000-0000-0000-000000000000', ordinal: 0 };

interface HeldRow extends CandidateKey {
  readonly label: string;
  /** JSON. */
  readonly paths: string;
}

/**
 * Redacts what the executions of a scope held back of one type, at most `limit` of them. Doing it again changes nothing.
 * Returns the row that was looked at last, null where there are no more.
 */
export async function redactHeldCandidates(
  tx: WorkspaceTransaction,
  { scopeId, type, after, limit }: RedactOptions,
): Promise<CandidateKey | null> {
  const { ownerId, ordinal } = after ?? FIRST;
  const { rows } = await tx.client.query<HeldRow>(
    `select h.execution_id as "ownerId", h.ordinal, h.label, h.paths
     from driftplane.executions e
     join driftplane.held_candidates h on h.workspace_id = $1 and h.execution_id = e.execution_id
     where e.workspace_id = $1 and e.scope_id = $2 and h.item_type = $3 and h.execution_id >= $4
       and (h.execution_id, h.ordinal) > ($4, $5)
     order by h.execution_id, h.ordinal limit $6 for update of h`,
    [tx.workspaceId, scopeId, type.name, ownerId, ordinal, limit],
  );
  const hidesLabel = isLabelSensitive(type);
  const changed = rows.flatMap((row): HeldRow[] => {
    const label = hidesLabel ? REDACTED : row.label;
    const paths = JSON.stringify((JSON.parse(row.paths) as string[]).map((path) => redactPath(path, type)));
    return label === row.label && paths === row.paths ? [] : [{ ...row, label, paths }];
  });
  await tx.client.query(
    `update driftplane.held_candidates h set label = r.label, paths = r.paths
     from unnest($2::uuid[], $3::int[], $4::text[], $5::text[]) as r(execution_id, ordinal, label, paths)
     where h.workspace_id = $1 and h.execution_id = r.execution_id and h.ordinal = r.ordinal`,
    [
      tx.workspaceId,
      changed.map((row) => row.ownerId),
      changed.map((row) => row.ordinal),
      changed.map((row) => row.label),
      changed.map((row) => row.paths),
    ],
  );
  return lastOf(rows, limit);
}

interface ChangeRow extends CandidateKey {
  /** JSON. */
  readonly detail: string;
}

/** The same of what the backtests of a workspace told of a scope. */
export async function redactBacktestChanges(
  tx: WorkspaceTransaction,
  { scopeId, type, after, limit }: RedactOptions,
): Promise<CandidateKey | null> {
  const { ownerId, ordinal } = after ?? FIRST;
  const { rows } = await tx.client.query<ChangeRow>(
    `select backtest_id as "ownerId", ordinal, detail from driftplane.plan_backtest_changes
     where workspace_id = $1 and scope_id = $2 and backtest_id >= $3 and (backtest_id, ordinal) > ($3, $4)
     order by backtest_id, ordinal limit $5 for update`,
    [tx.workspaceId, scopeId, ownerId, ordinal, limit],
  );
  const changed = isLabelSensitive(type)
    ? rows.flatMap((row): ChangeRow[] => {
        const detail = JSON.parse(row.detail) as JsonObject;
        if (detail.itemType !== type.name || detail.label === REDACTED) return [];
        return [{ ...row, detail: JSON.stringify({ ...detail, label: REDACTED }) }];
      })
    : [];
  await tx.client.query(
    `update driftplane.plan_backtest_changes c set detail = r.detail
     from unnest($2::uuid[], $3::int[], $4::text[]) as r(backtest_id, ordinal, detail)
     where c.workspace_id = $1 and c.backtest_id = r.backtest_id and c.ordinal = r.ordinal`,
    [
      tx.workspaceId,
      changed.map((row) => row.ownerId),
      changed.map((row) => row.ordinal),
      changed.map((row) => row.detail),
    ],
  );
  return lastOf(rows, limit);
}

function redactPath(path: string, type: ItemType): string {
  return redactShownChange({ path, op: 'replace', before: null, after: null }, type).path;
}

function lastOf(rows: readonly CandidateKey[], limit: number): CandidateKey | null {
  const last = rows.length < limit ? undefined : rows.at(-1);
  return last === undefined ? null : { ownerId: last.ownerId, ordinal: last.ordinal };
}
