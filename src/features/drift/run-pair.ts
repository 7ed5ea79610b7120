import { compareText } from '../../core/compare-text.ts';
import { EVERY_TYPE, type TypeCoverage } from '../../core/coverage.ts';
import type { NamedItem } from '../../core/diff-report.ts';
import { DriftplaneError } from '../../core/errors.ts';
import type { Observation } from '../../core/observation.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { IdentityList } from '../inventory/identity-list.ts';
import { getSource } from '../sources/source-read-model.ts';

/** An applied run, as far as comparing needs it. */
interface ComparedRun {
  readonly runId: string;
  /** Its ordinal among the applied runs of the scope. */
  readonly runSeq: number;
  /** The boundary at which its items were observed, and the one at which they were under the rules in force. */
  readonly seq: number;
  readonly endSeq: number;
  readonly coverage: readonly TypeCoverage[];
  readonly ambiguous: IdentityList;
  readonly unprovenRemovals: { readonly count: number; readonly items: readonly NamedItem[] };
  readonly contentDigest: string | null;
  readonly registryDigest: string | null;
  /** Who pushed or asked for it. */
  readonly requestedBy: string;
  readonly finishedAt: Date;
}

/** Two runs of one scope that are compared, in any order in time. */
export interface RunPair {
  readonly scopeId: string;
  readonly scopeKey: string;
  readonly sourceId: string;
  /** What plans decide by besides what drifted. */
  readonly observation: Observation;
  readonly baseline: ComparedRun;
  readonly current: ComparedRun;
  /** The boundaries between which the drift lies, whichever of the two runs came first. */
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Whether the baseline came after the current run, so that everything is told the other way round. */
  readonly isBackwards: boolean;
  /** Whether absence at the earlier of the two was proven for this type. */
  provesAbsence(itemType: string): boolean;
  /** Whether one of the two runs said two things about this item. */
  isAmbiguous(itemType: string, externalId: string): boolean;
}

/** Which runs make a pair. */
export interface RunPairIds {
  readonly baselineRunId: string;
  readonly currentRunId: string;
  /** As it was when the pair was generated; without it as the source is bound now. */
  readonly observation?: Observation | null;
}

/** Throws `run_not_found` unless both are applied runs of one scope. */
export async function loadRunPair(tx: WorkspaceTransaction, ids: RunPairIds): Promise<RunPair> {
  const [pair] = await loadRunPairs(tx, [ids]);
  return pair as RunPair;
}

/** Some pairs, in the same few statements as one. Throws `run_not_found` where one of them is none. */
export async function loadRunPairs(
  tx: WorkspaceTransaction,
  pairs: readonly RunPairIds[],
): Promise<RunPair[]> {
  const runIds = new Set(pairs.flatMap(({ baselineRunId, currentRunId }) => [baselineRunId, currentRunId]));
  const runs = await loadRuns(tx, [...runIds]);
  const scopeIds = new Set([...runs.values()].map(({ scope }) => scope.scopeId));
  const completeSince = await loadCompleteSince(tx, [...scopeIds]);
  const loaded: RunPair[] = [];
  for (const { baselineRunId, currentRunId, observation } of pairs) {
    const { scope, run: current } = getRun(runs, currentRunId);
    const { scope: other, run: baseline } = getRun(runs, baselineRunId);
    if (scope.scopeId !== other.scopeId) {
      throw new DriftplaneError(
        'run_not_found',
        'the two runs are not of one scope: they can not be compared',
      );
    }
    loaded.push(
      pairOf({
        scope,
        baseline,
        current,
        observation: observation ?? (await observe(tx, scope.sourceId, current)),
        completeSince: completeSince.get(scope.scopeId) ?? new Map(),
      }),
    );
  }
  return loaded;
}

function pairOf(parts: {
  readonly scope: RunScope;
  readonly baseline: ComparedRun;
  readonly current: ComparedRun;
  readonly observation: Observation;
  readonly completeSince: CompleteSince;
}): RunPair {
  const { scope, baseline, current, observation, completeSince } = parts;
  const isBackwards = baseline.seq > current.seq;
  const [earlier, later] = isBackwards ? [current, baseline] : [baseline, current];
  return {
    ...scope,
    observation,
    baseline,
    current,
    fromSeq: earlier.endSeq,
    toSeq: later.seq,
    isBackwards,
    provesAbsence(itemType) {
      const since = completeSince.has(itemType) ? completeSince.get(itemType) : completeSince.get(EVERY_TYPE);
      return typeof since === 'number' && since <= earlier.endSeq;
    },
    // What the run just before could not tell stands as it was last told: what drifted since then is told now, or
    // no pair would ever tell it. Between runs further apart the value of the baseline itself is asked for.
    isAmbiguous: (itemType, externalId) =>
      current.ambiguous.has(itemType, externalId) ||
      (later.runSeq !== earlier.runSeq + 1 && baseline.ambiguous.has(itemType, externalId)),
  };
}

/**
 * Throws `not_replayable` where versions that lie between the two runs have been swept, or may be by the retention
 * of the workspace: where another run came after the earlier one and is itself too old, and no pin keeps them.
 */
export async function requireIntervals(tx: WorkspaceTransaction, pair: RunPair): Promise<void> {
  const { rowCount } = await tx.client.query(
    `select from driftplane.scopes s
     join driftplane.workspaces w on w.workspace_id = $1
     left join driftplane.sync_runs p on p.workspace_id = $1 and p.run_id = s.pinned_run_id
     where s.workspace_id = $1 and s.scope_id = $2 and (s.kept_since_seq > $3 or (
       (p.end_seq is null or p.end_seq > $3) and exists (
         select from driftplane.sync_runs r
         where r.workspace_id = $1 and r.scope_id = $2 and r.run_seq is not null and r.end_seq > $3
           and r.finished_at < $4::timestamptz - make_interval(days => w.version_retention_days)
       )
     ))`,
    [tx.workspaceId, pair.scopeId, pair.fromSeq, tx.now],
  );
  if (rowCount === 0) return;
  throw new DriftplaneError(
    'not_replayable',
    'the versions that lie between the two runs are older than the retention of the workspace',
  );
}

/** Per item type how far the comparison of a pair could see: the worse of both sides, with the reasons. */
export function pairCoverage(pair: RunPair): TypeCoverage[] {
  const named = new Map(pair.current.coverage.map((entry) => [entry.itemType, entry]));
  for (const { itemType } of pair.baseline.coverage) {
    if (named.has(itemType)) continue;
    const rest = named.get(EVERY_TYPE) ?? { status: 'not_checked', reason: null };
    named.set(itemType, { itemType, status: rest.status, reason: rest.reason });
  }
  return [...named.values()]
    .map((entry): TypeCoverage => {
      if (entry.status !== 'complete' || pair.provesAbsence(entry.itemType)) return entry;
      return {
        itemType: entry.itemType,
        status: 'partial',
        reason: 'baseline: it had not been enumerated completely yet',
      };
    })
    .sort((a, b) => compareText(a.itemType, b.itemType));
}

interface RunRow {
  scope_id: string;
  scope_key: string;
  source_id: string;
  run_id: string;
  run_seq: number;
  seq: number;
  end_seq: number;
  coverage: string;
  counts: string;
  unproven_removals: string | null;
  ambiguous_identities: Buffer | null;
  content_digest: string | null;
  registry_digest: string | null;
  requested_by: string;
  finished_at: Date;
}

type RunScope = Pick<RunPair, 'scopeId' | 'scopeKey' | 'sourceId'>;
type LoadedRuns = ReadonlyMap<string, { readonly scope: RunScope; readonly run: ComparedRun }>;

/** The applied ones of these runs. */
async function loadRuns(tx: WorkspaceTransaction, runIds: readonly string[]): Promise<LoadedRuns> {
  const { rows } = await tx.client.query<RunRow>(
    `select r.scope_id, s.scope_key, s.source_id, r.run_id, r.run_seq, r.seq, r.end_seq, r.coverage, r.counts,
       r.unproven_removals, r.ambiguous_identities, r.content_digest, r.registry_digest,
       r.requested_by, r.finished_at
     from driftplane.sync_runs r
     join driftplane.scopes s on s.workspace_id = r.workspace_id and s.scope_id = r.scope_id
     where r.workspace_id = $1 and r.run_id = any($2::uuid[]) and r.seq is not null`,
    [tx.workspaceId, runIds.filter(isUuid)],
  );
  return new Map(
    rows.map((row) => {
      const scope = { scopeId: row.scope_id, scopeKey: row.scope_key, sourceId: row.source_id };
      return [row.run_id, { scope, run: runOf(row) }];
    }),
  );
}

function runOf(row: RunRow): ComparedRun {
  const counts = JSON.parse(row.counts) as { unprovenRemovals?: number };
  return {
    runId: row.run_id,
    runSeq: row.run_seq,
    seq: row.seq,
    endSeq: row.end_seq,
    coverage: JSON.parse(row.coverage),
    ambiguous: new IdentityList(row.ambiguous_identities),
    unprovenRemovals: {
      count: counts.unprovenRemovals ?? 0,
      items: JSON.parse(row.unproven_removals ?? '[]'),
    },
    contentDigest: row.content_digest,
    registryDigest: row.registry_digest,
    requestedBy: row.requested_by,
    finishedAt: row.finished_at,
  };
}

function getRun(runs: LoadedRuns, runId: string) {
  const found = runs.get(runId);
  if (found !== undefined) return found;
  throw new DriftplaneError('run_not_found', 'there is no such run, or it was not applied');
}

async function observe(tx: WorkspaceTransaction, sourceId: string, run: ComparedRun): Promise<Observation> {
  const { config, binding } = await getSource(tx, sourceId);
  return {
    source: { kind: config.kind, ...binding },
    author: run.requestedBy,
    observedAt: run.finishedAt.toISOString(),
  };
}

/** Since which boundary each type of a scope has been enumerated completely. */
type CompleteSince = ReadonlyMap<string, number | null>;

/** By scope. */
async function loadCompleteSince(
  tx: WorkspaceTransaction,
  scopeIds: readonly string[],
): Promise<Map<string, CompleteSince>> {
  const { rows } = await tx.client.query<{
    scope_id: string;
    item_type: string;
    complete_since_seq: number | null;
  }>(
    `select scope_id, item_type, complete_since_seq from driftplane.scope_types
     where workspace_id = $1 and scope_id = any($2::uuid[])`,
    [tx.workspaceId, scopeIds],
  );
  const byScope = Map.groupBy(rows, (row) => row.scope_id);
  return new Map(
    [...byScope].map(([scopeId, ofScope]) => [
      scopeId,
      new Map(ofScope.map((row) => [row.item_type, row.complete_since_seq])),
    ]),
  );
}
