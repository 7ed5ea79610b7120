import type { FindingEvent, FindingState } from '../../core/finding-lifecycle.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';

/** What happened to a finding: the events of its lifecycle, and what changes no state. */
export type FindingEventKind =
  | FindingEvent
  | 'open'
  | 'seen_again'
  | 'record'
  | 'undo'
  | 'flip'
  | 'mark_flapping'
  | 'calm';

export interface NewFindingEvent {
  readonly findingId: string;
  /** The finding's revision after it. */
  readonly eventNo: number;
  readonly kind: FindingEventKind;
  readonly fromState: FindingState | null;
  readonly toState: FindingState;
  readonly detail: JsonObject;
}

/** Adds to the history of findings, in the name of the transaction's actor. */
export async function insertFindingEvents(
  tx: WorkspaceTransaction,
  events: readonly NewFindingEvent[],
  origin: { readonly executionId: string; readonly runId: string } | null = null,
): Promise<void> {
  if (events.length === 0) return;
  const of = <Key extends keyof NewFindingEvent>(key: Key) => events.map((event) => event[key]);
  await tx.client.query(
    `insert into driftplane.finding_events (workspace_id, at, actor_kind, actor_id, actor_label, execution_id, run_id,
       finding_id, event_no, kind, from_state, to_state, detail)
     select $1, $2, $3, $4, $5, $6, $7, r.*
     from unnest($8::uuid[], $9::int[], $10::text[], $11::text[], $12::text[], $13::text[]) as r`,
    [
      tx.workspaceId,
      tx.now,
      tx.actor.kind,
      tx.actor.id,
      tx.actor.label,
      origin?.executionId ?? null,
      origin?.runId ?? null,
      of('findingId'),
      of('eventNo'),
      of('kind'),
      of('fromState'),
      of('toState'),
      events.map(({ detail }) => JSON.stringify(detail)),
    ],
  );
}
