import { DriftplaneError } from '../../core/errors.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { FindingAnnouncer } from './finding-changes.ts';
import { lockFindings } from './finding-store.ts';
import type { ReconcileContext, ReconcileCounts, SubjectNow } from './generated-finding.ts';
import { reconcileChunk } from './reconcile-chunk.ts';

/** Most subjects that are looked at together. */
const CHUNK_SUBJECTS = 2_000;
/** Most evidence that waits to be written, in UTF-16 code units of its JSON. */
const CHUNK_LENGTH = 8_000_000;

/**
 * Brings the findings of a scope up to what a run saw, in the caller's transaction. Subjects are taken as they
 * come, some thousand at a time, so a generator of any length needs little memory; each may come once. Call it
 * once per execution: it writes one audit event and, beyond a hundred findings, one stream event for all.
 */
export async function reconcileFindings(
  tx: WorkspaceTransaction,
  context: ReconcileContext,
  subjects: Iterable<SubjectNow> | AsyncIterable<SubjectNow>,
): Promise<ReconcileCounts> {
  await lockFindings(tx, 'shared');
  const counts = noCounts();
  const announcer = new FindingAnnouncer();
  let chunk: SubjectNow[] = [];
  let length = 0;
  const flush = async (): Promise<void> => {
    if (chunk.length > 0) await reconcileChunk(tx, context, chunk, { counts, announcer });
    chunk = [];
    length = 0;
  };
  for await (const subject of subjects) {
    requireSameScope(subject, context);
    chunk.push(subject);
    if (subject.generated !== null) length += JSON.stringify(subject.generated.evidence).length;
    if (chunk.length >= CHUNK_SUBJECTS || length >= CHUNK_LENGTH) await flush();
  }
  await flush();
  announcer.emit(tx, context.scopeId);
  const happened = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  if (Object.keys(happened).length > 0) {
    tx.audit({
      action: 'finding.reconcile',
      target: { kind: 'execution', id: context.executionId },
      detail: { scopeId: context.scopeId, runId: context.runId, counts: happened },
    });
  }
  return counts;
}

function requireSameScope({ subjectKey, generated }: SubjectNow, { scopeId }: ReconcileContext): void {
  if (generated === null || (generated.scopeId === scopeId && generated.subjectKey === subjectKey)) return;
  throw new DriftplaneError('internal_error', `subject ${subjectKey} was generated of another one`);
}

function noCounts(): ReconcileCounts {
  return {
    opened: 0,
    seenAgain: 0,
    recurred: 0,
    reaccepted: 0,
    reverted: 0,
    superseded: 0,
    recorded: 0,
    undone: 0,
    expired: 0,
    flipped: 0,
    markedFlapping: 0,
    calmed: 0,
  };
}
