import type pg from 'pg';
import { type AuditActor, auditHash } from '../core/audit-chain.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { DriftplaneError } from '../core/errors.ts';
import type { JsonObject } from '../core/json-value.ts';

/** What a person, a token or the system did, for the audit trail. `detail` holds no secret. */
export interface AuditEntry {
  readonly action: string;
  readonly target: { readonly kind: string; readonly id: string | null };
  readonly detail: JsonObject;
}

/** What the event stream tells its readers: ids and states, no facts. */
export interface StreamEvent {
  readonly kind: string;
  readonly payload: JsonObject;
}

/** The channel on which the readers of event streams are woken; the payload is `workspaceId:seq`. */
export const STREAM_CHANNEL = 'driftplane_stream';

/**
 * Appends what a transaction did to the audit trail and the event stream, as its last act: the row that it
 * locks makes the order of the sequence the order of the commits, so a reader never skips a late one.
 */
export async function appendPending(
  transaction: {
    readonly client: pg.ClientBase;
    readonly workspaceId: string;
    readonly actor: AuditActor;
    readonly now: Date;
  },
  pending: { readonly audit: readonly AuditEntry[]; readonly events: readonly StreamEvent[] },
): Promise<void> {
  const { audit, events } = pending;
  if (audit.length === 0 && events.length === 0) return;
  const { client, workspaceId, now, actor } = transaction;
  const { rows } = await client.query<{ audit_seq: number; audit_hash: string; event_seq: number }>(
    'select audit_seq, audit_hash, event_seq from driftplane.workspace_heads where workspace_id = $1 for update',
    [workspaceId],
  );
  const [head] = rows;
  if (head === undefined) throw new DriftplaneError('workspace_not_found', 'there is no such workspace');
  let { audit_seq: auditSeq, audit_hash: previousHash, event_seq: eventSeq } = head;
  const auditRows = audit.map(({ action, target, detail }) => {
    auditSeq++;
    const event = { seq: auditSeq, at: now.toISOString(), actor, action, target, detail };
    const hash = auditHash(previousHash, workspaceId, event);
    const row = {
      seq: auditSeq,
      action,
      target_kind: target.kind,
      target_id: target.id,
      detail: canonicalJson(detail),
      previous_hash: previousHash,
      hash,
    };
    previousHash = hash;
    return row;
  });
  if (auditRows.length > 0) {
    await client.query(
      `insert into driftplane.audit_events (workspace_id, seq, at, actor_kind, actor_id, actor_label,
         action, target_kind, target_id, detail, previous_hash, hash)
       select $1, r.seq, $2, $3, $4, $5, r.action, r.target_kind, r.target_id, r.detail, r.previous_hash, r.hash
       from unnest($6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
         as r(seq, action, target_kind, target_id, detail, previous_hash, hash)`,
      [
        workspaceId,
        now,
        actor.kind,
        actor.id,
        actor.label,
        auditRows.map((row) => row.seq),
        auditRows.map((row) => row.action),
        auditRows.map((row) => row.target_kind),
        auditRows.map((row) => row.target_id),
        auditRows.map((row) => row.detail),
        auditRows.map((row) => row.previous_hash),
        auditRows.map((row) => row.hash),
      ],
    );
  }
  if (events.length > 0) {
    await client.query(
      `insert into driftplane.stream_events (workspace_id, seq, at, kind, payload)
       select $1, $2 + r.n, $3, r.kind, r.payload
       from unnest($4::text[], $5::text[]) with ordinality as r(kind, payload, n)`,
      [
        workspaceId,
        eventSeq,
        now,
        events.map(({ kind }) => kind),
        events.map(({ payload }) => canonicalJson(payload)),
      ],
    );
    eventSeq += events.length;
  }
  await client.query(
    `update driftplane.workspace_heads set audit_seq = $2, audit_hash = $3, event_seq = $4 where workspace_id = $1`,
    [workspaceId, auditSeq, previousHash, eventSeq],
  );
  if (events.length > 0) {
    await client.query('select pg_notify($1, $2)', [STREAM_CHANNEL, `${workspaceId}:${eventSeq}`]);
  }
}
