import type { CompiledPlan } from '../../core/compiled-plan.ts';
import { ENGINE_VERSION } from '../../core/engine-version.ts';
import type { Database } from '../../db/database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import type { Execution } from '../executions/execution.ts';
import {
  dropOvertaken,
  dropRepetition,
  findExecution,
  listUnfinishedBefore,
  reportProgress,
  startExecution,
  succeedExecution,
} from '../executions/execution-service.ts';
import { HeldCandidateWriter } from '../executions/held-candidates.ts';
import { reconcileFindings } from '../findings/finding-service.ts';
import type { SubjectNow } from '../findings/generated-finding.ts';
import { readSubjectsToReconcile } from '../findings/subject-read-model.ts';
import { countBoundaries } from '../inventory/interval-read-model.ts';
import { RulesByDigest } from '../inventory/rules-read-model.ts';
import { carryValuesOver } from './carry-values-over.ts';
import { generateDriftParts } from './drift-generator.ts';
import { subjectsAsTheyAre, subjectsOfPart } from './drift-subjects.ts';
import { DriftTally, digestInputs } from './drift-tally.ts';
import { resolvePlan } from './resolve-plan.ts';
import { routeOpened } from './route-opened.ts';
import { loadRunPair, pairCoverage, type RunPair } from './run-pair.ts';
import { WaitingSubjects } from './waiting-subjects.ts';

/** How often the progress of a running execution is written down. */
const PROGRESS_MS = 2_000;

export interface DriftJob {
  readonly workspaceId: string;
  readonly executionId: string;
  /** Aborted when the worker stops; nothing half done stays. */
  readonly signal?: AbortSignal | undefined;
  /** Told before an execution is worked on, so that a failure can be written to the right one. */
  readonly onStart?: (executionId: string) => void;
}

/**
 * Generates the drift of an execution and reconciles the findings of its scope with it. Pairs of a scope reconcile
 * in the order of their runs: whatever is unfinished of earlier runs is done first. Done twice it is done once, and
 * one that was dropped meanwhile is done with.
 */
export async function generateDrift(database: Database, job: DriftJob): Promise<void> {
  const { workspaceId, executionId } = job;
  const earlier = await inSystem(database, workspaceId, async (tx) => {
    const execution = await findExecution(tx, executionId);
    if (execution === undefined) return [];
    const { scopeId, current } = await loadRunPair(tx, execution);
    return listUnfinishedBefore(tx, { scopeId, runSeq: current.runSeq });
  });
  for (const next of [...earlier, executionId]) {
    job.signal?.throwIfAborted();
    job.onStart?.(next);
    await generateOne(database, { ...job, executionId: next });
  }
}

async function generateOne(
  database: Database,
  { workspaceId, executionId, signal }: DriftJob,
): Promise<void> {
  const started = await inSystem(database, workspaceId, (tx) => startExecution(tx, executionId));
  if (started === undefined) return;
  const progress = progressReporter(database, workspaceId, executionId);
  await inSystem(database, workspaceId, async (tx) => {
    await lockReconciliation(tx, started.scopeId);
    // Whoever held the lock may have done it, as where a worker was taken for dead and was not.
    const execution = await findExecution(tx, executionId);
    if (execution === undefined || execution.status === 'succeeded') return;
    await reconcilePair(tx, execution, { signal, progress });
  });
}

async function reconcilePair(
  tx: WorkspaceTransaction,
  execution: Execution,
  context: { readonly signal: AbortSignal | undefined; readonly progress: Progress },
): Promise<void> {
  const pair = await loadRunPair(tx, execution);
  const resolved = await resolvePlan(tx, pair.observation);
  const { planVersionHash, planId, planVersion, hasPlan, resolution } = resolved;
  const made = { planVersionHash, engineVersion: ENGINE_VERSION };
  if (await dropRepetition(tx, execution, made)) return;
  const { scopeId } = pair;
  const reconciledRunSeq = await getWatermark(tx, scopeId);
  if (pair.current.runSeq < reconciledRunSeq) {
    await dropOvertaken(tx, { scopeId, runSeq: reconciledRunSeq });
    return;
  }
  const tally = new DriftTally();
  const mode = execution.baselineMode;
  const held = new HeldCandidateWriter(tx, execution.executionId);
  const subjects = subjectsOfPair(tx, { pair, mode, tally, held, plan: resolved.plan, ...context });
  const reconciled = await reconcileFindings(
    tx,
    {
      mode,
      executionId: execution.executionId,
      runId: pair.current.runId,
      runSeq: pair.current.runSeq,
      scopeId,
      hasPlan,
      planId,
      planVersion,
      ...made,
    },
    subjects,
  );
  await held.flush();
  const routing = await routeOpened(tx, { executionId: execution.executionId, pair, resolved });
  await carryValuesOver(tx, pair);
  await raiseWatermark(tx, pair);
  await dropOvertaken(tx, { scopeId, runSeq: pair.current.runSeq });
  await succeedExecution(tx, execution, {
    ...made,
    hasPlan,
    planId,
    planVersion,
    resolution,
    observation: pair.observation,
    routing,
    heldBack: tally.heldBack(),
    inputsDigest: digestInputs(pair, planVersionHash),
    findingsDigest: tally.findingsDigest(),
    coverage: pairCoverage(pair),
    counts: { ...tally.counts(), ...reconciled },
    unproven: tally.unproven(pair),
  });
}

/** Every subject of the pair once: those of the items that drifted, and those with findings that wait for word. */
async function* subjectsOfPair(
  tx: WorkspaceTransaction,
  options: {
    readonly pair: RunPair;
    readonly mode: 'rolling' | 'pinned';
    readonly plan: CompiledPlan;
    readonly tally: DriftTally;
    readonly held: HeldCandidateWriter;
    readonly signal: AbortSignal | undefined;
    readonly progress: Progress;
  },
): AsyncGenerator<SubjectNow> {
  const { pair, mode, plan, tally, held, signal, progress } = options;
  const rules = new RulesByDigest();
  const { scopeId } = pair;
  const waiting = await WaitingSubjects.open(readSubjectsToReconcile(tx, { scopeId, mode }));
  const total = await countBoundaries(tx, pair);
  for await (const parts of generateDriftParts(tx, { pair, plan, tally, signal, rules })) {
    const named = new Set<string>();
    for (const part of parts) {
      if (part.kind === 'drifted') await held.add(part.held);
      for (const subject of subjectsOfPart(part, pair, { rules, plan: plan.content })) {
        named.add(subject.subjectKey);
        yield subject;
      }
    }
    for await (const subjects of waiting.upTo(parts.at(-1)?.item ?? null, named)) {
      yield* await subjectsAsTheyAre(tx, subjects, pair, rules);
    }
    progress(tally.itemCount, total);
  }
  for await (const subjects of waiting.upTo(null)) {
    signal?.throwIfAborted();
    yield* await subjectsAsTheyAre(tx, subjects, pair, rules);
  }
}

type Progress = (done: number, total: number) => void;

/** Writes progress in transactions of its own, one at a time; that one fails is no reason to stop. */
function progressReporter(database: Database, workspaceId: string, executionId: string): Progress {
  let nextAt = Date.now() + PROGRESS_MS;
  return (done, total) => {
    if (Date.now() < nextAt) return;
    nextAt = Number.POSITIVE_INFINITY;
    inSystem(database, workspaceId, (tx) =>
      reportProgress(tx, executionId, { done: Math.min(done, total), total }),
    )
      .catch(() => {})
      .finally(() => {
        nextAt = Date.now() + PROGRESS_MS;
      });
  };
}

/** One pair of a scope at a time, whatever the queue says; ingest does not wait for it. */
async function lockReconciliation(tx: WorkspaceTransaction, scopeId: string): Promise<void> {
  await tx.client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `reconcile:${tx.workspaceId}:${scopeId}`,
  ]);
}

async function getWatermark(tx: WorkspaceTransaction, scopeId: string): Promise<number> {
  const { rows } = await tx.client.query<{ reconciled_run_seq: number }>(
    'select reconciled_run_seq from driftplane.scopes where workspace_id = $1 and scope_id = $2',
    [tx.workspaceId, scopeId],
  );
  return rows[0]?.reconciled_run_seq ?? 0;
}

async function raiseWatermark(tx: WorkspaceTransaction, pair: RunPair): Promise<void> {
  await tx.client.query(
    `update driftplane.scopes set reconciled_run_seq = greatest(reconciled_run_seq, $3)
     where workspace_id = $1 and scope_id = $2`,
    [tx.workspaceId, pair.scopeId, pair.current.runSeq],
  );
}

function inSystem<T>(
  database: Database,
  workspaceId: string,
  work: (tx: WorkspaceTransaction) => Promise<T>,
): Promise<T> {
  return withWorkspace(database.app, { workspaceId, actor: systemActor }, work);
}
