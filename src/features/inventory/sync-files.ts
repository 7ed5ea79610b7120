import { setImmediate as nextTurn } from 'node:timers/promises';
import { UnreadableFile } from '../../connectors/files/byte-source.ts';
import { openExport, type ReadableFile } from '../../connectors/files/read-export.ts';
import { locatorText } from '../../connectors/files/split-records.ts';
import { DriftplaneError, type ErrorCode } from '../../core/errors.ts';
import { systemActor, withWorkspace } from '../../db/workspace-transaction.ts';
import { resolveSourcePath } from '../sources/source-path.ts';
import { getSource } from '../sources/source-read-model.ts';
import { faultProblem } from './ingest/fault-problem.ts';
import { openIngest } from './ingest/open-ingest.ts';
import { PartReader } from './ingest/part-reader.ts';
import { clearStaging, deleteStagedRows, insertPart } from './ingest/part-store.ts';
import { stagePart } from './ingest/stage-part.ts';
import { storageFault } from './ingest/storage-fault.ts';
import { settleRun } from './settle-run.ts';
import type { SyncRun } from './sync-run.ts';
import { beginRun, endRun, isRunOver, type SyncContext } from './sync-run-service.ts';
import { findRun, getScopeHead, lockRun, recordPart } from './sync-run-store.ts';

/** How often a running sync looks whether it was cancelled. */
const CANCEL_CHECK_MS = 1000;
/** A sync of files has one part. */
const PART_NO = 1;

export interface SyncJob {
  readonly workspaceId: string;
  readonly runId: string;
  /** The process that works on it. */
  readonly holderKey: number;
  /** The worker is stopping: the run fails, nothing of it is applied. */
  readonly signal: AbortSignal;
}

/**
 * Does a queued run of a source of files, from reading to applying, and settles it whatever happens. Handed a
 * run that somebody began before and did not end, it settles it as failed.
 */
export async function syncFiles(context: SyncContext, job: SyncJob): Promise<void> {
  const { workspaceId, runId, holderKey } = job;
  const begun = await withWorkspace(
    context.database.ingest,
    { workspaceId, actor: systemActor },
    async (tx) => {
      const run = await lockRun(tx, runId);
      if (isRunOver(run) || run.status === 'held') return null;
      if (run.status === 'running') {
        await endRun(tx, run, 'fail', interrupted('its process ended before it did'));
        return null;
      }
      const head = await getScopeHead(tx, run.scopeId, { isLocked: false });
      return beginRun(tx, run, { baseSeq: head.headSeq, holderKey });
    },
  );
  if (begun === null) return;
  try {
    await readFiles(context, job, begun);
    await settleRun(context, {
      workspaceId,
      actor: systemActor,
      runId,
      enumerated: null,
      isConfirmed: false,
      expectedParts: 1,
    });
  } catch (error) {
    await settleFailure(context, job, error);
  }
}

async function readFiles(context: SyncContext, job: SyncJob, run: SyncRun): Promise<void> {
  const { database, registry, indexes, metrics } = context;
  const { workspaceId, runId } = job;
  const startedAt = performance.now();
  const actor = systemActor;
  // Short, so that what it notes of the rules does not hold up other scopes while this one is read.
  const { source, rules } = await withWorkspace(database.ingest, { workspaceId, actor }, async (tx) => {
    const head = await getScopeHead(tx, run.scopeId, { isLocked: false });
    return {
      source: await getSource(tx, run.sourceId),
      rules: await openIngest(tx, { head, registry, indexes }),
    };
  });
  if (source.config.kind !== 'files')
    throw new DriftplaneError('wrong_source_kind', 'the source has no files');
  const sourcePath = await resolveSourcePath(source.config, context.fileRoots);
  const opened = openExport(sourcePath);
  await withWorkspace(database.ingest, { workspaceId, actor }, async (tx) => {
    const key = { workspaceId, runId, partNo: PART_NO };
    const staged = stagePart(tx, key);
    const reader = new PartReader(rules, staged);
    const takenBack: { fromOrdinal: number; toOrdinal: number }[] = [];
    const interruption = watchForInterruption(context, job);
    try {
      for (const problem of opened.problems) reader.addProblem(problem);
      const onBatch = async (): Promise<void> => {
        await staged.drain();
        await interruption.check();
      };
      try {
        for await (const file of opened.files()) {
          const taken = await readWholeFile(file, reader, { registry, onBatch });
          if (taken !== null) takenBack.push(taken);
        }
      } catch (error) {
        if (!(error instanceof UnreadableFile)) throw error;
        // An archive that breaks off: what stood in it before is good, what would have followed is unknown.
        reader.addProblem({ code: error.code, path: sourcePath, detail: error.message, itemType: null });
      }
      await staged.end();
    } catch (error) {
      staged.abandon(error as Error);
      throw error;
    }
    for (const range of takenBack) await deleteStagedRows(tx, key, range);
    await insertPart(tx, key, { bodyDigest: '', reader });
    await recordPart(tx, runId);
    const { bytes, records, staged: changed } = reader.summary;
    metrics.ingested({ bytes, items: records, changed, seconds: (performance.now() - startedAt) / 1000 });
  });
}

/** Reads a file, or nothing of it where it can't be read to its end: then the rows to delete again. */
async function readWholeFile(
  file: ReadableFile,
  reader: PartReader,
  options: { registry: SyncContext['registry']; onBatch: () => Promise<void> },
): Promise<{ fromOrdinal: number; toOrdinal: number } | null> {
  reader.begin();
  try {
    await readFile(file, reader, options);
    return null;
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    const taken = reader.takeBack();
    reader.addProblem({ code: error.code, path: file.path, detail: error.message, itemType: null });
    return taken;
  }
}

async function readFile(
  file: ReadableFile,
  reader: PartReader,
  options: { registry: SyncContext['registry']; onBatch: () => Promise<void> },
): Promise<void> {
  for await (const batch of file.records()) {
    for (const record of batch.records) reader.add(record, () => file.path + locatorText(record.locator));
    for (const fault of batch.faults) {
      reader.addProblem(faultProblem(fault, file.path + locatorText(fault.locator), options.registry));
    }
    await options.onBatch();
    // Reading is synchronous: let requests and heartbeats through.
    await nextTurn();
  }
}

/** Throws when the run was cancelled or the worker stops. */
function watchForInterruption(context: SyncContext, job: SyncJob): { check(): Promise<void> } {
  let checkedAt = performance.now();
  return {
    async check() {
      if (job.signal.aborted) throw new DriftplaneError('run_interrupted', 'the server was stopped');
      if (performance.now() - checkedAt < CANCEL_CHECK_MS) return;
      checkedAt = performance.now();
      const { workspaceId, runId } = job;
      const run = await withWorkspace(
        context.database.app,
        { workspaceId, actor: systemActor, isReadOnly: true },
        (tx) => findRun(tx, runId),
      );
      if (run === undefined || run.isCancelRequested) {
        throw new DriftplaneError('run_cancelled', 'it was cancelled while it was read');
      }
      if (run.status !== 'running')
        throw new DriftplaneError('run_interrupted', `it is ${run.status} meanwhile`);
    },
  };
}

async function settleFailure(context: SyncContext, job: SyncJob, error: unknown): Promise<void> {
  const { workspaceId, runId } = job;
  const reason = reasonOf(error);
  const isEnded = await withWorkspace(
    context.database.ingest,
    { workspaceId, actor: systemActor },
    async (tx) => {
      const run = await lockRun(tx, runId);
      // Settled after all, such as by a commit whose answer was lost: what it has staged may still be wanted.
      if (run.status !== 'running') return false;
      const isCancelled = reason.code === 'run_cancelled';
      await endRun(tx, run, isCancelled ? 'cancel' : 'fail', reason);
      context.metrics.runSettled({
        status: isCancelled ? 'cancelled' : 'failed',
        trigger: run.trigger,
        seconds: (tx.now.getTime() - (run.startedAt ?? tx.now).getTime()) / 1000,
      });
      return true;
    },
  );
  if (isEnded) await clearStaging(context.database.ingest, workspaceId, runId);
  // What was not foreseen is for the log of the worker, too.
  if (!(error instanceof DriftplaneError) || storageFault(error.cause) !== null) throw error;
}

/** What people are told: the text of our own errors, of others only that they happened. */
function reasonOf(error: unknown): { code: ErrorCode; message: string } {
  if (error instanceof DriftplaneError) return { code: error.code, message: error.message };
  const fault = storageFault(error);
  if (fault !== null) return { code: fault.code, message: fault.message };
  return { code: 'internal_error', message: 'the sync failed; the log of the server says more' };
}

function interrupted(detail: string): { code: ErrorCode; message: string } {
  return { code: 'run_interrupted', message: detail };
}
