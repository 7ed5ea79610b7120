import type pg from 'pg';
import type { AuditActor } from '../../core/audit-chain.ts';
import { compareText } from '../../core/compare-text.ts';
import { DriftplaneError } from '../../core/errors.ts';
import { type FindingState, findingStates, transition } from '../../core/finding-lifecycle.ts';
import type { JsonObject } from '../../core/json-value.ts';
import { pgErrorCode, pgErrorCodes } from '../../db/pg-errors.ts';
import { SqlParams } from '../../db/sql-params.ts';
import { withinTime } from '../../db/time-limit.ts';
import { type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import { FindingAnnouncer } from './finding-changes.ts';
import { type FindingDecision, requireFuture } from './finding-decision.ts';
import { type FindingFilter, filterCondition } from './finding-filter.ts';
import { lockFindings, lockFindingsById } from './finding-store.ts';
import { decisionDetail, isAllowed, writeDecision } from './triage-changes.ts';

/** Which findings a person means: some by their ids, or those of a filter. */
export type BulkTarget =
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | {
      readonly kind: 'filter';
      readonly filter: FindingFilter;
      /** The filter as it was asked for, for the audit trail. */
      readonly asked: JsonObject;
    };

export interface BulkTriage {
  readonly target: BulkTarget;
  readonly decision: FindingDecision;
  readonly isDryRun: boolean;
  readonly expectedCount: number | null;
}

export interface BulkResult {
  readonly isDryRun: boolean;
  readonly matched: number;
  readonly changed: number;
  readonly refused: readonly { readonly state: FindingState; readonly count: number }[];
  readonly changedMeanwhile: number;
  readonly notFound: number;
}

/** Most findings of one request; beyond, the filter is too broad to know what one does. */
const MAX_BULK_FINDINGS = 100_000;
/** Findings of one transaction. */
const BATCH = 500;
const MAX_SEARCH_SECONDS = 30;
/** How long a batch waits for a run whose findings are being written. */
const MAX_WAIT_SECONDS = 20;

/**
 * Carries out one decision about many findings, in batches that are a transaction each: what was done stays done
 * when a later batch fails. Findings whose state does not allow it are left as they are, and counted. A dry run
 * says the same and does nothing. Throws `query_too_broad`, `count_mismatch`, `invalid_request` (a time in the
 * past), `overloaded` (a run is writing its findings for longer than we wait).
 */
export async function triageFindings(
  pool: pg.Pool,
  who: { readonly workspaceId: string; readonly actor: AuditActor },
  bulk: BulkTriage,
): Promise<BulkResult> {
  const { target, decision, isDryRun, expectedCount } = bulk;
  const { found, notFound } = await withWorkspace(pool, { ...who, isReadOnly: true }, async (tx) => {
    requireFuture(decision, tx.now);
    return findTargets(tx, target);
  });
  if (expectedCount !== null && expectedCount !== found.length) {
    throw new DriftplaneError('count_mismatch', `${found.length} findings match, not ${expectedCount}`, {
      extensions: { matched: found.length },
    });
  }
  const tally = new Tally();
  if (isDryRun) {
    for (const { state } of found) tally.add(state, transition(state, decision.event) !== null);
  } else {
    for (let start = 0; start < found.length; start += BATCH) {
      const ids = found.slice(start, start + BATCH).map(({ findingId }) => findingId);
      await withWorkspace(pool, who, (tx) => triageBatch(tx, ids, bulk, tally));
    }
  }
  return { isDryRun, matched: found.length, notFound, ...tally.result() };
}

interface Target {
  readonly findingId: string;
  readonly state: FindingState;
}

async function findTargets(
  tx: WorkspaceTransaction,
  target: BulkTarget,
): Promise<{ found: Target[]; notFound: number }> {
  const params = new SqlParams([tx.workspaceId]);
  const ids = target.kind === 'ids' ? [...new Set(target.ids.map((id) => id.toLowerCase()))] : null;
  const condition =
    target.kind === 'ids'
      ? `f.finding_id = any(${params.add(ids)}::uuid[])`
      : filterCondition(target.filter, params);
  const { rows } = await withinTime(tx, MAX_SEARCH_SECONDS, () =>
    tx.client.query<Target>(
      `select f.finding_id as "findingId", f.state from driftplane.findings f
       where f.workspace_id = $1 and ${condition} limit ${MAX_BULK_FINDINGS + 1}`,
      params.values,
    ),
  );
  if (rows.length > MAX_BULK_FINDINGS) {
    throw new DriftplaneError(
      'query_too_broad',
      `more than ${MAX_BULK_FINDINGS} findings match; that is the most for one request`,
    );
  }
  return { found: rows, notFound: ids === null ? 0 : ids.length - rows.length };
}

async function triageBatch(
  tx: WorkspaceTransaction,
  ids: readonly string[],
  { target, decision }: BulkTriage,
  tally: Tally,
): Promise<void> {
  await waitForRuns(tx);
  const params = new SqlParams([tx.workspaceId, ids]);
  const sql = target.kind === 'ids' ? 'true' : filterCondition(target.filter, params);
  // Looked at again: somebody may have dealt with some of them since they were found.
  const locked = await lockFindingsById(tx, ids, { sql, params: params.values.slice(2) });
  const allowed = locked.filter((finding) => isAllowed(finding, decision));
  const changed = await writeDecision(tx, allowed, decision);
  for (const finding of locked) tally.add(finding.state, isAllowed(finding, decision));
  tally.changedMeanwhile += ids.length - locked.length;
  if (changed.length === 0) return;
  tx.audit({
    action: `finding.${decision.event}`,
    target: { kind: 'finding', id: null },
    detail: {
      before: idsByState(allowed),
      after: { state: changed[0]?.state ?? null, ...decisionDetail(decision) },
      count: changed.length,
      ...(target.kind === 'filter' ? { filter: target.asked } : {}),
    },
  });
  const announcer = new FindingAnnouncer();
  for (const finding of changed) announcer.add('finding.changed', finding);
  announcer.emit(tx, null);
}

/** Which findings were in which state, so that the trail alone says what a decision about many did. */
function idsByState(findings: readonly { readonly findingId: string; readonly state: string }[]): JsonObject {
  const byState = [...Map.groupBy(findings, ({ state }) => state)].sort(([a], [b]) => compareText(a, b));
  return Object.fromEntries(
    byState.map(([state, some]) => [state, some.map(({ findingId }) => findingId).sort()]),
  );
}

async function waitForRuns(tx: WorkspaceTransaction): Promise<void> {
  await tx.client.query(`set local lock_timeout = '${MAX_WAIT_SECONDS}s'`);
  try {
    await lockFindings(tx, 'exclusive');
  } catch (error) {
    if (pgErrorCode(error) !== pgErrorCodes.lockNotAvailable) throw error;
    throw new DriftplaneError(
      'overloaded',
      'a run is writing its findings; what was done before stays done',
      {
        cause: error,
      },
    );
  }
  await tx.client.query('set local lock_timeout = default');
}

/** What became of the findings, state by state. */
class Tally {
  changed = 0;
  changedMeanwhile = 0;
  readonly #refused = new Map<FindingState, number>();

  add(state: FindingState, isTaken: boolean): void {
    if (isTaken) this.changed++;
    else this.#refused.set(state, (this.#refused.get(state) ?? 0) + 1);
  }

  result() {
    const refused = findingStates.flatMap((state) => {
      const count = this.#refused.get(state);
      return count === undefined ? [] : [{ state, count }];
    });
    return { changed: this.changed, changedMeanwhile: this.changedMeanwhile, refused };
  }
}
