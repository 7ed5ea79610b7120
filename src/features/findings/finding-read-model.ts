import { DriftplaneError } from '../../core/errors.ts';
import type { FindingState } from '../../core/finding-lifecycle.ts';
import type { JsonObject } from '../../core/json-value.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { decodeCursor, encodeCursor } from '../../http/page.ts';
import type { FindingEventKind } from './finding-event-store.ts';
import { type FindingSummary, summaryColumns } from './finding-summary.ts';

/** All that there is to say of one finding. */
export interface FindingDetail extends FindingSummary {
  readonly evidence: JsonObject;
  readonly disposition: JsonObject | null;
  readonly planVersionHash: string | null;
  readonly hasPlan: boolean;
  readonly engineVersion: string;
  readonly firstExecutionId: string;
  readonly lastExecutionId: string;
  readonly firstRunId: string;
  readonly lastRunId: string;
  /** Given to this finding and in force. */
  readonly acceptance: Acceptance | null;
  /** The finding whose value it replaced. */
  readonly linkedTo: LinkedFinding | null;
  /** Findings of values that replaced its own, the newest first; a hundred at most. */
  readonly linkedFrom: readonly LinkedFinding[];
}

interface Acceptance {
  readonly acceptanceId: string;
  readonly comment: string | null;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly expiresAt: Date | null;
}

export type LinkedFinding = Pick<
  FindingSummary,
  'findingId' | 'fingerprint' | 'change' | 'severity' | 'state' | 'firstSeenAt'
>;

export interface FindingEventEntry {
  readonly eventNo: number;
  readonly at: Date;
  readonly kind: FindingEventKind;
  readonly fromState: FindingState | null;
  readonly toState: FindingState;
  readonly actor: { readonly kind: string; readonly id: string | null; readonly label: string };
  readonly executionId: string | null;
  readonly runId: string | null;
  readonly detail: JsonObject;
}

const MAX_LINKED = 100;

const linkedColumns = `f.finding_id as "findingId", f.fingerprint, f.change, f.severity, f.state,
  f.first_seen_at as "firstSeenAt"`;

/** Throws `finding_not_found`. */
export async function getFinding(tx: WorkspaceTransaction, findingId: string): Promise<FindingDetail> {
  const row = isUuid(findingId) ? await findRow(tx, findingId) : undefined;
  if (row === undefined) throw new DriftplaneError('finding_not_found', 'there is no such finding');
  const { evidence, disposition } = row;
  const linkedTo =
    row.linkedFindingId === null ? [] : await listLinked(tx, 'finding_id', row.linkedFindingId);
  return {
    ...row,
    evidence: JSON.parse(evidence) as JsonObject,
    disposition: disposition === null ? null : (JSON.parse(disposition) as JsonObject),
    acceptance: (await findAcceptance(tx, findingId)) ?? null,
    linkedTo: linkedTo[0] ?? null,
    linkedFrom: await listLinked(tx, 'linked_finding_id', findingId),
  };
}

type DetailRow = Omit<
  FindingDetail,
  'evidence' | 'disposition' | 'acceptance' | 'linkedTo' | 'linkedFrom'
> & {
  readonly evidence: string;
  readonly disposition: string | null;
};

async function findRow(tx: WorkspaceTransaction, findingId: string): Promise<DetailRow | undefined> {
  const { rows } = await tx.client.query<DetailRow>(
    `select ${summaryColumns}, f.evidence, f.disposition, f.plan_version_hash as "planVersionHash",
       f.has_plan as "hasPlan", f.engine_version as "engineVersion", f.first_execution_id as "firstExecutionId",
       f.last_execution_id as "lastExecutionId", f.first_run_id as "firstRunId", f.last_run_id as "lastRunId"
     from driftplane.findings f where f.workspace_id = $1 and f.finding_id = $2`,
    [tx.workspaceId, findingId],
  );
  return rows[0];
}

async function findAcceptance(tx: WorkspaceTransaction, findingId: string): Promise<Acceptance | undefined> {
  const { rows } = await tx.client.query<Acceptance>(
    `select acceptance_id as "acceptanceId", comment, created_at as "createdAt", created_by as "createdBy",
       expires_at as "expiresAt"
     from driftplane.acceptances
     where workspace_id = $1 and finding_id = $2 and ended_at is null and (expires_at is null or expires_at > $3)`,
    [tx.workspaceId, findingId, tx.now],
  );
  return rows[0];
}

async function listLinked(
  tx: WorkspaceTransaction,
  column: 'finding_id' | 'linked_finding_id',
  findingId: string,
): Promise<LinkedFinding[]> {
  const { rows } = await tx.client.query<LinkedFinding>(
    `select ${linkedColumns} from driftplane.findings f where f.workspace_id = $1 and f.${column} = $2
     order by f.first_seen_at desc, f.finding_id limit $3`,
    [tx.workspaceId, findingId, MAX_LINKED],
  );
  return rows;
}

/** What happened to a finding, the first first. Throws `finding_not_found` and `invalid_cursor`. */
export async function listFindingEvents(
  tx: WorkspaceTransaction,
  query: { readonly findingId: string; readonly cursor?: string | undefined; readonly limit: number },
): Promise<{ items: FindingEventEntry[]; nextCursor: string | null }> {
  const { findingId, cursor, limit } = query;
  if (!isUuid(findingId) || (await findRow(tx, findingId)) === undefined) {
    throw new DriftplaneError('finding_not_found', 'there is no such finding');
  }
  const after = cursor === undefined ? 0 : readEventNo(cursor);
  const { rows } = await tx.client.query<EventRow>(
    `select event_no as "eventNo", at, kind, from_state as "fromState", to_state as "toState",
       actor_kind as "actorKind", actor_id as "actorId", actor_label as "actorLabel",
       execution_id as "executionId", run_id as "runId", detail
     from driftplane.finding_events
     where workspace_id = $1 and finding_id = $2 and event_no > $3 order by event_no limit $4`,
    [tx.workspaceId, findingId, after, limit + 1],
  );
  const items = rows.slice(0, limit).map(({ actorKind, actorId, actorLabel, detail, ...row }) => ({
    ...row,
    actor: { kind: actorKind, id: actorId, label: actorLabel },
    detail: JSON.parse(detail) as JsonObject,
  }));
  const last = items.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { items, nextCursor: hasMore ? encodeCursor('finding_events', [last.eventNo]) : null };
}

type EventRow = Omit<FindingEventEntry, 'actor' | 'detail'> & {
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly actorLabel: string;
  readonly detail: string;
};

/** PostgreSQL's integer, as an event's number is stored. */
const MAX_EVENT_NO = 2 ** 31 - 1;

function readEventNo(cursor: string): number {
  const [eventNo] = decodeCursor('finding_events', cursor, 1);
  if (Number.isInteger(eventNo) && (eventNo as number) >= 0 && (eventNo as number) <= MAX_EVENT_NO) {
    return eventNo as number;
  }
  throw new DriftplaneError('invalid_cursor', 'the cursor does not name a place in this listing');
}
