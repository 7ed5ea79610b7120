import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PushedBody } from '../../connectors/push/pushed-records.ts';
import type { AuditActor } from '../../core/audit-chain.ts';
import { compareText } from '../../core/compare-text.ts';
import { DriftplaneError, type ErrorDetail, type ProblemCode } from '../../core/errors.ts';
import type { Problem } from '../../core/problem.ts';
import { type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import type { Source } from '../sources/source.ts';
import { faultProblem } from './ingest/fault-problem.ts';
import { openIngest } from './ingest/open-ingest.ts';
import { type IngestRules, PartReader, type PartSummary } from './ingest/part-reader.ts';
import { findPart, insertPart, listPartNos, lockPart } from './ingest/part-store.ts';
import { getRegistryOfRun } from './ingest/rules-in-force.ts';
import { stagePart } from './ingest/stage-part.ts';
import { fullDisk } from './ingest/storage-fault.ts';
import { settleRun } from './settle-run.ts';
import type { SyncRun } from './sync-run.ts';
import { beginRun, isRunOver, openRun, type SyncContext } from './sync-run-service.ts';
import { getScopeHead, lockRun, recordActivity, recordPart, recordReading } from './sync-run-store.ts';

/** Problems that mean that the part did not arrive as its client meant it: it is refused as a whole. */
const REFUSED: ReadonlySet<ProblemCode> = new Set([
  'invalid_json',
  'invalid_encoding',
  'not_an_object',
  'item_too_large',
  'nesting_too_deep',
]);
/** How often the run of a part that is still coming is told that it is. */
const ACTIVITY_MS = 60_000;
/** What is seen of the live items is kept for each part; more bytes than this would take too long to join. */
const MAX_SEEN_BYTES = 2 ** 31;
/** How many lines a refusal names. */
const MAX_NAMED_LINES = 100;

/** Opens a run that clients push to. It is running, and the scope is its own, until it is closed or falls silent. */
export async function openPush(tx: WorkspaceTransaction, source: Source): Promise<SyncRun> {
  if (source.config.kind !== 'push') {
    throw new DriftplaneError(
      'wrong_source_kind',
      `"${source.name}" is read from files; nothing can be pushed to it`,
    );
  }
  const run = await openRun(tx, source, 'push');
  const head = await getScopeHead(tx, run.scopeId, { isLocked: false });
  return beginRun(tx, run, { baseSeq: head.headSeq, holderKey: null });
}

/** What came of a part. */
export interface ReceivedPart {
  readonly partNo: number;
  readonly summary: PartSummary;
  readonly problems: readonly Problem[];
  /** The same part had come before; nothing was done. */
  readonly isRepeated: boolean;
}

interface PartOptions {
  readonly workspaceId: string;
  readonly actor: AuditActor;
  readonly runId: string;
  readonly partNo: number;
  readonly body: PushedBody;
}

/**
 * Takes in one part of a push, whole or not at all. Parts may come in any order, at the same time and again: the
 * same number with the same bytes changes nothing. Throws `run_not_open`, `part_conflict`, `invalid_part` with
 * all lines that are no JSON objects; `rate_limited` and `overloaded` where too many parts come at once.
 */
export async function receivePart(context: SyncContext, options: PartOptions): Promise<ReceivedPart> {
  return context.turns.run(options.workspaceId, () => receiveInTurn(context, options));
}

async function receiveInTurn(context: SyncContext, options: PartOptions): Promise<ReceivedPart> {
  const { workspaceId, actor, runId, partNo, body } = options;
  const key = { workspaceId, runId, partNo };
  const { database, indexes } = context;
  const opened = await withWorkspace(database.ingest, { workspaceId, actor }, async (tx) => {
    const run = await getOpenPush(tx, runId);
    const known = await findPart(tx, key);
    if (known !== undefined) return { known, rules: null };
    const head = await getScopeHead(tx, run.scopeId, { isLocked: false });
    const registry = await getRegistryOfRun(tx, runId, context.registry);
    const rules = await openIngest(tx, { head, registry, indexes });
    refuseTooManyParts(partNo, rules);
    await recordReading(tx, { runId, registryDigest: registry.digest });
    return { known: null, rules };
  });
  if (opened.rules !== null) {
    const taken = await takeIn(context, options, opened.rules).catch((error: unknown) => {
      throw fullDisk(error) ?? error;
    });
    if ('partNo' in taken) return taken;
    return repetition(partNo, taken.known, await digestOf(body));
  }
  return repetition(partNo, opened.known, await digestOf(body));
}

function refuseTooManyParts(partNo: number, { index }: IngestRules): void {
  const maxParts = Math.floor(MAX_SEEN_BYTES / Math.max(1, index.count / 8));
  if (partNo <= maxParts) return;
  throw new DriftplaneError(
    'invalid_part',
    `a push to a scope of ${index.count} items takes ${maxParts} parts; send larger ones`,
  );
}

/** Reads the body to its end for its digest alone. */
async function digestOf(body: PushedBody): Promise<string> {
  for await (const _ of body.records()) await nextTurn();
  return body.digest();
}

type KnownPart = NonNullable<Awaited<ReturnType<typeof findPart>>>;

function repetition(partNo: number, known: KnownPart, digest: string): ReceivedPart {
  if (known.bodyDigest !== digest) {
    throw new DriftplaneError('part_conflict', `part ${partNo} came before with another content`);
  }
  return { partNo, summary: known.summary, problems: known.problems, isRepeated: true };
}

/** Takes a part in, or finds that the same one came at the same time and was first. */
async function takeIn(
  context: SyncContext,
  options: PartOptions,
  rules: IngestRules,
): Promise<ReceivedPart | { readonly known: KnownPart }> {
  const { workspaceId, actor, runId, partNo, body } = options;
  const { database, metrics } = context;
  const key = { workspaceId, runId, partNo };
  const startedAt = performance.now();
  return withWorkspace(database.ingest, { workspaceId, actor }, async (tx) => {
    await lockPart(tx, key);
    const known = await findPart(tx, key);
    if (known !== undefined) return { known };
    const staged = stagePart(tx, key);
    const reader = new PartReader(rules, staged);
    const activity = reportActivity(context, options);
    try {
      for await (const batch of body.records()) {
        for (const record of batch.records)
          reader.add(record, () => `part ${partNo}:${record.locator.position}`);
        for (const fault of batch.faults) {
          // A part without an item is no fault: a type may be empty.
          if (fault.code === 'empty_file') continue;
          const path = `part ${partNo}:${fault.locator.position}`;
          reader.addProblem(faultProblem(fault, path, rules.registry));
        }
        await staged.drain();
        await activity.report();
        await nextTurn();
      }
      refuseBrokenLines(partNo, reader.problems.listed);
      await staged.end();
    } catch (error) {
      staged.abandon(error as Error);
      throw error;
    }
    await insertPart(tx, key, { bodyDigest: body.digest(), reader });
    await getOpenPush(tx, runId);
    await recordPart(tx, runId);
    const { summary } = reader;
    metrics.ingested({
      bytes: summary.bytes,
      items: summary.records,
      changed: summary.staged,
      seconds: (performance.now() - startedAt) / 1000,
    });
    return { partNo, summary, problems: reader.problems.listed, isRepeated: false };
  });
}

/** Keeps a run from being taken for abandoned while a part of it comes. Throws `run_not_open` where it is over. */
function reportActivity(
  { database }: SyncContext,
  { workspaceId, actor, runId }: PartOptions,
): { report(): Promise<void> } {
  let reportedAt = performance.now();
  return {
    async report() {
      if (performance.now() - reportedAt < ACTIVITY_MS) return;
      reportedAt = performance.now();
      // Not in the transaction of the part, which nobody sees before it ends.
      const isOpen = await withWorkspace(database.app, { workspaceId, actor }, (tx) =>
        recordActivity(tx, runId),
      );
      if (!isOpen) throw new DriftplaneError('run_not_open', `run ${runId} takes no parts any more`);
    },
  };
}

function refuseBrokenLines(partNo: number, problems: readonly Problem[]): void {
  const broken = problems.filter(({ code }) => REFUSED.has(code));
  if (broken.length === 0) return;
  const details = broken
    .map(({ path, code, detail }): ErrorDetail => {
      const line = Number(path.slice(path.lastIndexOf(':') + 1));
      return { pointer: '', line, detail: `${detail} [${code}]` };
    })
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || compareText(a.detail, b.detail));
  const count = details.length === 1 ? '1 line is' : `${details.length} lines are`;
  throw new DriftplaneError('invalid_part', `part ${partNo}: ${count} no JSON object`, {
    details: details.slice(0, MAX_NAMED_LINES),
  });
}

/** The run, if it takes parts. Throws `run_not_found`, `run_not_open`. */
async function getOpenPush(tx: WorkspaceTransaction, runId: string): Promise<SyncRun> {
  const run = await lockRun(tx, runId);
  if (run.trigger !== 'push' || run.status !== 'running') {
    throw new DriftplaneError('run_not_open', `run ${runId} is ${run.status} and takes no parts`);
  }
  return run;
}

/**
 * Closes a push: all parts are there, and the types that are named were enumerated to their end. Applies it at
 * once. Closing it again answers with the run as it was settled. Throws `parts_missing` with the numbers.
 */
export async function closePush(context: SyncContext, options: CloseOptions): Promise<SyncRun> {
  return context.turns.run(options.workspaceId, () => closeInTurn(context, options));
}

interface CloseOptions {
  readonly workspaceId: string;
  readonly actor: AuditActor;
  readonly runId: string;
  /** How many parts were sent; they are numbered from 1. */
  readonly parts: number;
  /** Names or globs; `*` for all types. */
  readonly completeTypes: readonly string[];
}

async function closeInTurn(context: SyncContext, options: CloseOptions): Promise<SyncRun> {
  const { workspaceId, actor, runId, parts, completeTypes } = options;
  const { database } = context;
  const over = await withWorkspace(database.ingest, { workspaceId, actor }, async (tx) => {
    const run = await lockRun(tx, runId);
    if (run.trigger !== 'push') throw new DriftplaneError('run_not_open', `run ${runId} is no push`);
    if (isRunOver(run) || run.status === 'held') return run;
    const present = new Set(await listPartNos(tx, runId));
    const missing = Array.from({ length: parts }, (_, index) => index + 1).filter((no) => !present.has(no));
    if (missing.length > 0 || present.size > parts) {
      const detail = missing.length > 0 ? `parts ${missing.slice(0, 20).join(', ')} are missing` : '';
      const beyond = present.size > parts ? `${present.size} parts came, ${parts} were announced` : '';
      throw new DriftplaneError('parts_missing', [detail, beyond].filter((text) => text !== '').join('; '));
    }
    return null;
  });
  if (over !== null) return over;
  return settleRun(context, {
    workspaceId,
    actor,
    runId,
    enumerated: completeTypes,
    isConfirmed: false,
    expectedParts: parts,
  });
}
