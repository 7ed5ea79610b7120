import type { FindingState } from '../../core/finding-lifecycle.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { DismissReason, Resolution } from './finding-decision.ts';
import type { FindingEventKind, NewFindingEvent } from './finding-event-store.ts';
import type { LockedFinding } from './finding-store.ts';

/** What belongs to one state only. */
interface StateDetail {
  readonly snoozedUntil?: Date;
  readonly dismissReason?: DismissReason;
  readonly resolution?: Resolution;
}

/** The finding in `state`, with what belongs to that state and nothing of the one before. */
export function inState(
  finding: LockedFinding,
  state: FindingState,
  now: Date,
  detail: StateDetail = {},
): LockedFinding {
  return {
    ...finding,
    state,
    stateChangedAt: state === finding.state ? finding.stateChangedAt : now,
    snoozedUntil: detail.snoozedUntil ?? null,
    dismissReason: detail.dismissReason ?? null,
    resolution: detail.resolution ?? null,
    resolvedAt: state === 'resolved' ? now : null,
  };
}

/** A finding with one more event in its history, and that event. */
export function withEvent(
  before: LockedFinding,
  after: LockedFinding,
  kind: FindingEventKind,
  detail: JsonObject = {},
): { readonly finding: LockedFinding; readonly event: NewFindingEvent } {
  const revision = before.revision + 1;
  return {
    finding: { ...after, revision },
    event: {
      findingId: before.findingId,
      eventNo: revision,
      kind,
      fromState: before.state,
      toState: after.state,
      detail,
    },
  };
}

/** Above this a transaction tells of all its findings at once. */
const MAX_SINGLE_EVENTS = 100;

/** Gathers what the readers of the event stream are told about findings, in bounded memory. */
export class FindingAnnouncer {
  #count = 0;
  readonly #first: { kind: 'finding.opened' | 'finding.changed'; payload: JsonObject }[] = [];

  add(
    kind: 'finding.opened' | 'finding.changed',
    finding: { findingId: string; state: string; severity: string },
  ) {
    this.#count++;
    if (this.#first.length > MAX_SINGLE_EVENTS) return;
    const { findingId, state, severity } = finding;
    this.#first.push({ kind, payload: { findingId, state, severity } });
  }

  /** `scopeId` where all of them are of one. */
  emit(tx: WorkspaceTransaction, scopeId: string | null): void {
    if (this.#count > MAX_SINGLE_EVENTS) {
      tx.emit({ kind: 'findings.changed', payload: { count: this.#count, scopeId } });
    } else for (const event of this.#first) tx.emit(event);
  }
}
