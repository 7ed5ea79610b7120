import { randomUUID } from 'node:crypto';
import { DriftplaneError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { KnownFinding } from '../../core/known-finding.ts';
import { reconcile } from '../../core/reconcile.ts';
import { applyReconcileAction, type ReconcileAction } from '../../core/reconcile-action.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { endAcceptances, listAcceptancesOfSubjects } from './acceptance-store.ts';
import { type FindingAnnouncer, inState, withEvent } from './finding-changes.ts';
import { type FindingEventKind, insertFindingEvents, type NewFindingEvent } from './finding-event-store.ts';
import {
  insertFindings,
  type LockedFinding,
  lockFindingsOfSubjects,
  updateFindingContents,
  updateFindings,
} from './finding-store.ts';
import type {
  GeneratedFindingInput,
  ReconcileContext,
  ReconcileCounts,
  SubjectNow,
} from './generated-finding.ts';

type FindingAction = Exclude<ReconcileAction, { kind: 'open' }> & { readonly findingId: string };

/** Reconciles some subjects: reads what is known of them, decides by `reconcile`, and writes what follows. */
export async function reconcileChunk(
  tx: WorkspaceTransaction,
  context: ReconcileContext,
  subjects: readonly SubjectNow[],
  told: { readonly counts: ReconcileCounts; readonly announcer: FindingAnnouncer },
): Promise<void> {
  const subjectKeys = subjects.map(({ subjectKey }) => subjectKey);
  const generated = new Map(
    subjects.flatMap((subject) =>
      subject.generated === null ? [] : [[subject.subjectKey, subject.generated]],
    ),
  );
  const fingerprints = [...generated.values()].map(({ fingerprint }) => fingerprint);
  const findings = await lockFindingsOfSubjects(tx, { subjectKeys, fingerprints, runSeq: context.runSeq });
  const acceptances = await listAcceptancesOfSubjects(tx, subjectKeys);
  const findingsOf = Map.groupBy(findings, ({ subjectKey }) => subjectKey);
  const acceptancesOf = Map.groupBy(acceptances, ({ subjectKey }) => subjectKey);
  const actions = reconcile({
    mode: context.mode,
    runSeq: context.runSeq,
    now: tx.now.toISOString(),
    subjects: subjects.map((subject) => ({
      ...subject,
      findings: (findingsOf.get(subject.subjectKey) ?? []).map(known),
      acceptances: acceptancesOf.get(subject.subjectKey) ?? [],
    })),
  });
  const chunk = new ChunkChanges(context, tx.now, generated, findings);
  for (const action of actions) {
    chunk.apply(action);
    count(told.counts, action);
  }
  await chunk.write(tx, told.announcer);
}

/** What reconciling needs of a finding, and nothing else: what it gives back is written as it is. */
function known({
  findingId,
  fingerprint,
  state,
  baselineHash,
  currentHash,
  openedRunSeq,
  isUndone,
  flipRunSeqs,
  isFlapping,
}: LockedFinding): KnownFinding {
  return {
    id: findingId,
    fingerprint,
    state,
    baselineHash,
    currentHash,
    openedRunSeq,
    isUndone,
    flipRunSeqs,
    isFlapping,
  };
}

/** What the actions make of a chunk's findings, before it is written at once. */
class ChunkChanges {
  readonly #context: ReconcileContext;
  readonly #now: Date;
  readonly #generated: ReadonlyMap<string, GeneratedFindingInput>;
  readonly #findings: Map<string, LockedFinding>;
  readonly #opened: { findingId: string; generated: GeneratedFindingInput; linkedTo: string | null }[] = [];
  readonly #touched = new Set<string>();
  readonly #told = new Map<string, GeneratedFindingInput>();
  readonly #events: NewFindingEvent[] = [];
  readonly #expired: string[] = [];

  constructor(
    context: ReconcileContext,
    now: Date,
    generated: ReadonlyMap<string, GeneratedFindingInput>,
    findings: readonly LockedFinding[],
  ) {
    this.#context = context;
    this.#now = now;
    this.#generated = generated;
    this.#findings = new Map(findings.map((finding) => [finding.findingId, finding]));
  }

  apply(action: ReconcileAction): void {
    if (action.kind === 'open') this.#open(action);
    else if (action.findingId !== null) this.#change(action as FindingAction);
  }

  #open({ subjectKey, linkedTo }: Extract<ReconcileAction, { kind: 'open' }>): void {
    const generated = this.#generated.get(subjectKey);
    if (generated === undefined) {
      throw new DriftplaneError('internal_error', `subject ${subjectKey} opens what was not generated`);
    }
    const findingId = randomUUID();
    this.#opened.push({ findingId, generated, linkedTo });
    this.#events.push({
      findingId,
      eventNo: 1,
      kind: 'open',
      fromState: null,
      toState: 'new',
      detail: { linkedTo },
    });
  }

  #change(action: FindingAction): void {
    const before = this.#findings.get(action.findingId);
    if (before === undefined) {
      throw new DriftplaneError('internal_error', `finding ${action.findingId} is not of this chunk`);
    }
    if (action.kind === 'reopen_expired') this.#expired.push(action.acceptanceId);
    const isSilent = isRepetition(action, before, this.#context);
    const after = this.#seen(action, this.#moved(before, action));
    if (isSilent) this.#findings.set(before.findingId, after);
    else {
      const { finding, event } = withEvent(before, after, eventKind(action), detailOf(action));
      this.#findings.set(before.findingId, finding);
      this.#events.push(event);
    }
    this.#touched.add(before.findingId);
  }

  #moved(before: LockedFinding, action: FindingAction): LockedFinding {
    const { id: _id, state, ...rest } = applyReconcileAction(known(before), action, this.#context.runSeq);
    const resolution = action.kind === 'resolve' ? { resolution: action.resolution } : {};
    return state === before.state
      ? { ...before, ...rest }
      : { ...inState(before, state, this.#now, resolution), ...rest };
  }

  /** Brings up to date what says when it was there last, and what it says where that may be another now. */
  #seen(action: FindingAction, finding: LockedFinding): LockedFinding {
    if (!isSighting(action)) return finding;
    const { executionId, runId, runSeq, planVersionHash, engineVersion } = this.#context;
    const generated = this.#generated.get(action.subjectKey);
    if (
      generated?.fingerprint === finding.fingerprint &&
      (generated.label !== finding.label ||
        finding.planVersionHash !== planVersionHash ||
        finding.engineVersion !== engineVersion)
    ) {
      this.#told.set(finding.findingId, generated);
    }
    if (finding.lastRunSeq >= runSeq) return finding;
    return {
      ...finding,
      lastExecutionId: executionId,
      lastRunId: runId,
      lastRunSeq: runSeq,
      lastSeenAt: this.#now,
      occurrenceCount: finding.occurrenceCount + 1,
    };
  }

  async write(tx: WorkspaceTransaction, announcer: FindingAnnouncer): Promise<void> {
    const changed = [...this.#touched].map((id) => this.#findings.get(id) as LockedFinding);
    await insertFindings(tx, this.#context, this.#opened);
    await updateFindings(tx, changed);
    await updateFindingContents(
      tx,
      this.#context,
      [...this.#told].map(([findingId, generated]) => ({ findingId, generated })),
    );
    await insertFindingEvents(tx, this.#events, this.#context);
    await endAcceptances(tx, this.#expired, 'expired');
    for (const { findingId, generated } of this.#opened) {
      announcer.add('finding.opened', { findingId, state: 'new', severity: generated.severity });
    }
    const withEvents = new Set(this.#events.map(({ findingId }) => findingId));
    for (const finding of changed) {
      if (withEvents.has(finding.findingId)) announcer.add('finding.changed', finding);
    }
  }
}

/** Whether the action says that what the finding found is there in this run. */
function isSighting({ kind }: FindingAction): boolean {
  return kind === 'seen_again' || kind === 'recur' || kind === 'reaccept' || kind === 'record';
}

/**
 * Seen in the run before and in this one: no news, so there is no event. Otherwise a pinned baseline would add
 * one to each of its findings with every run.
 */
function isRepetition(
  { kind }: FindingAction,
  { lastRunSeq, isUndone }: LockedFinding,
  { runSeq }: ReconcileContext,
): boolean {
  return (kind === 'seen_again' || kind === 'record') && !isUndone && lastRunSeq >= runSeq - 1;
}

function eventKind(action: FindingAction): FindingEventKind {
  if (action.kind === 'reopen_expired') return 'expire';
  if (action.kind !== 'resolve') return action.kind;
  return action.resolution === 'reverted' ? 'revert' : 'supersede';
}

function detailOf(action: FindingAction): JsonObject {
  if (action.kind === 'record') return { because: action.because };
  if (action.kind === 'flip') return { isBack: action.isBack };
  if (action.kind === 'reopen_expired') return { acceptanceId: action.acceptanceId };
  if (action.kind === 'resolve' && action.resolution === 'superseded') {
    return { byFingerprint: action.byFingerprint };
  }
  return {};
}

function count(counts: ReconcileCounts, action: ReconcileAction): void {
  if (action.kind === 'resolve') counts[action.resolution]++;
  else counts[countOf[action.kind]]++;
}

const countOf: Record<Exclude<ReconcileAction['kind'], 'resolve'>, keyof ReconcileCounts> = {
  open: 'opened',
  seen_again: 'seenAgain',
  recur: 'recurred',
  record: 'recorded',
  undo: 'undone',
  reaccept: 'reaccepted',
  reopen_expired: 'expired',
  flip: 'flipped',
  mark_flapping: 'markedFlapping',
  calm: 'calmed',
};
