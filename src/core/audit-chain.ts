import { canonicalJson } from './canonical-json.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { sha256Hex } from './sha256.ts';

/** One entry of a workspace's audit trail. */
export interface AuditEvent {
  /** 1 for the first of the workspace, then without gaps. */
  readonly seq: number;
  /** ISO 8601 with milliseconds, in UTC, as it is stored and hashed. */
  readonly at: string;
  readonly actor: AuditActor;
  /** What was done, e.g. `finding.accept`. */
  readonly action: string;
  /** What it was done to; the id is null where there is only one of its kind. */
  readonly target: { readonly kind: string; readonly id: string | null };
  /** What changed, before and after, minimised. Never a secret. */
  readonly detail: JsonValue;
}

export interface AuditActor {
  readonly kind: 'token' | 'system' | 'cli';
  readonly id: string | null;
  readonly label: string;
}

/** An event with its place in the chain: how it is stored and exported. */
export interface ChainedAuditEvent {
  readonly event: AuditEvent;
  readonly previousHash: string;
  readonly hash: string;
}

/** The previous hash of a workspace's first event. */
export const AUDIT_GENESIS_HASH = '0'.repeat(64);

/**
 * SHA-256, in hex, of the canonical form of exactly: the previous event's hash, the workspace and the fields
 * of the event. An event that is altered, moved or taken into another workspace has another hash.
 */
export function auditHash(previousHash: string, workspaceId: string, event: AuditEvent): string {
  const { seq, at, actor, action, target, detail } = event;
  const hashed: JsonObject = {
    previousHash,
    workspaceId,
    seq,
    at,
    actor: { kind: actor.kind, id: actor.id, label: actor.label },
    action,
    target: { kind: target.kind, id: target.id },
    detail,
  };
  return sha256Hex(canonicalJson(hashed));
}

/**
 * Why a chain is broken:
 * - `gap`: events are missing before this one;
 * - `reordered`: it stands behind one that is younger, or stands twice;
 * - `wrong_previous`: it does not name the hash of the one before it;
 * - `hash_mismatch`: its content is not what was hashed.
 */
type AuditBreakReason = 'gap' | 'reordered' | 'wrong_previous' | 'hash_mismatch';

export type AuditVerdict =
  | {
      readonly kind: 'intact';
      readonly count: number;
      /** Null where there was no event. An export that starts later than 1 proves nothing of what was before. */
      readonly firstSeq: number | null;
      readonly isFromStart: boolean;
      readonly lastSeq: number | null;
      /** What to compare with the head that the server names; without it a cut-off end is not seen. */
      readonly headHash: string | null;
    }
  | {
      readonly kind: 'broken';
      /** How many events were intact before the first break. */
      readonly count: number;
      readonly seq: number;
      readonly reason: AuditBreakReason;
    };

export interface AuditVerifier {
  /** Takes the next event of the export. After the first break nothing more is looked at. */
  add(entry: ChainedAuditEvent): void;
  result(): AuditVerdict;
}

/** Verifies an export of a workspace's trail event by event, in constant memory. */
export function createAuditVerifier(workspaceId: string): AuditVerifier {
  let count = 0;
  let firstSeq: number | null = null;
  let last: ChainedAuditEvent | null = null;
  let fault: { readonly seq: number; readonly reason: AuditBreakReason } | null = null;
  return {
    add(entry) {
      if (fault !== null) return;
      const reason = findBreak(last, entry, workspaceId);
      if (reason !== null) {
        fault = { seq: entry.event.seq, reason };
        return;
      }
      firstSeq ??= entry.event.seq;
      last = entry;
      count++;
    },
    result() {
      if (fault !== null) return { kind: 'broken', count, ...fault };
      return {
        kind: 'intact',
        count,
        firstSeq,
        isFromStart: firstSeq === null || firstSeq === 1,
        lastSeq: last?.event.seq ?? null,
        headHash: last?.hash ?? null,
      };
    },
  };
}

function findBreak(
  last: ChainedAuditEvent | null,
  { event, previousHash, hash }: ChainedAuditEvent,
  workspaceId: string,
): AuditBreakReason | null {
  if (last !== null && event.seq <= last.event.seq) return 'reordered';
  if (last !== null && event.seq > last.event.seq + 1) return 'gap';
  // An export may begin in the middle: what its first event follows is then taken on trust.
  const expected = last?.hash ?? (event.seq === 1 ? AUDIT_GENESIS_HASH : previousHash);
  if (previousHash !== expected) return 'wrong_previous';
  return auditHash(previousHash, workspaceId, event) === hash ? null : 'hash_mismatch';
}
